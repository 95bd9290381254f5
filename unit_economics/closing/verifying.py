"""A pack against its manifest, against the mart, and against what its stored inputs give: which number differs.

Here: the four questions, in the order in which an answer explains the next. Not here: making a pack (pack.py),
computing a day again (recomputing/).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from unit_economics.closing import made_again
from unit_economics.closing.differing import differing
from unit_economics.closing.pack import MANIFEST, hash_of
from unit_economics.closing.readiness import days_of
from unit_economics.deployment import Deployment
from unit_economics.recomputing import Verified, verified
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.month_closes import MonthClose
from unit_economics.warehouse.stored_days import stored_days


@dataclass(frozen=True)
class Proof:
    """What was found. values: how many stored values came out again; left_out: those that can't be computed again."""

    findings: Sequence[str]
    values: int
    left_out: Sequence[Verified]


def proved(of: Deployment, connection: Connection, close: MonthClose, files: Mapping[str, bytes]) -> Proof:
    """All that is wrong with a pack, each in one sentence; files: of its folder, by name."""
    found = [*_by_manifest(files), *_by_record(close, files), *_by_mart(files, made_again(of, connection, close))]
    done = list(_recomputed(connection, close))
    found += [f"recomputed: {one}" for day in done for one in day.differences]
    return Proof(found, sum(day.equal for day in done), [day for day in done if day.why_not])


def _by_manifest(files: Mapping[str, bytes]) -> Iterator[str]:
    """The files of the folder against the hashes beside them."""
    named = _hashes(files.get(MANIFEST))
    if named is None:
        yield f"{MANIFEST} is not there, or is no manifest"
        return
    for name, sha256 in sorted(named.items()):
        if name not in files:
            yield f"{name} is not there"
        elif hash_of(files[name]) != sha256:
            yield f"{name} is not the file that {MANIFEST} names: its hash is another one"
    yield from (f"{name} is no part of the pack" for name in sorted(files.keys() - named.keys() - {MANIFEST}))


def _hashes(content: bytes | None) -> dict[str, str] | None:
    try:
        return {name: str(told["sha256"]) for name, told in json.loads(content or b"")["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _by_record(close: MonthClose, files: Mapping[str, bytes]) -> Iterator[str]:
    if MANIFEST in files and hash_of(files[MANIFEST]) != close.manifest_sha256:
        yield f"{MANIFEST} is not the one that was recorded when {close.month:%Y-%m} was closed"


def _by_mart(files: Mapping[str, bytes], made: Mapping[str, bytes]) -> Sequence[str]:
    """The files of the pack made again against those in the folder; the manifest where it alone is another one."""
    others = sorted(name for name in made if name in files and files[name] != made[name])
    told = [name for name in others if name != MANIFEST] or others
    return [one for name in told for one in differing(name, files[name], made[name])]


def _recomputed(connection: Connection, close: MonthClose) -> Iterator[Verified]:
    """Everything of the pack that is computed, out of the versions that it was computed from; no revenue is in it."""
    days = stored_days(connection, days_of(close.month), as_of=close.closed_at)
    rows = connection.execute("select distinct asset from ledger where not is_revenue(asset)").fetchall()
    shown = {name for (name,) in rows}
    return verified(connection, [day for day in days if day.asset in shown])
