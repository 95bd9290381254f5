"""Preparing a bill in the tests, and reading it beside the original.

Here: the two acts. Not here: expectations.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.prepared.bill import Period
from unit_economics.cost_sources.focus.prepared.manifest import Manifest, manifest_of
from unit_economics.cost_sources.focus.prepared.preparing import Preparation
from unit_economics.entries.adapters import Delivery, Kept
from unit_economics.entries.allocation import Allocation
from unit_economics.object_storage import storage_of
from unit_economics.outside import Outside
from unit_economics_tests.focus_bills import assert_same_sums, read_bill


def prepare(
    path: Path | str,
    folder: Path,
    *,
    tag_keys: Sequence[str] = (),
    allocations: Mapping[str, Allocation] | None = None,
    **settings: object,
) -> list[Period]:
    """Prepare the delivery into the folder; returns the billing periods that were rewritten."""
    entry = FocusFiles.model_validate({"kind": "focus", "path": str(path), **settings})
    _, new = Preparation(entry, Kept(tag_keys, allocations or {}), folder).run(Outside({}), lambda _: None)
    return new


def manifest_in(folder: Path) -> Manifest:
    """The manifest of a prepared delivery."""
    manifest = manifest_of(storage_of(str(folder), Outside({})))
    assert manifest
    return manifest


def assert_reads_alike(one: Delivery, other: Delivery) -> None:
    """The same charges, totals and absent days, to the last digit."""
    assert_same_sums(one, other)
    assert one.absent == other.absent


def assert_same(path: Path | str, folder: Path, days: tuple[date, date], **how: object) -> None:
    """A reading of the prepared delivery gives what one of the original gives."""
    assert_reads_alike(read_bill(folder, *days, **how), read_bill(path, *days, **how))  # type: ignore[arg-type]
