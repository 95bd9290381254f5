"""What a scan takes of the machine: it keeps to its memory and its folder, minds the disk, and says how far it is."""

import shutil
from collections import namedtuple
from contextlib import nullcontext
from pathlib import Path
from threading import Event
from typing import cast

import duckdb
import pytest
from pydantic import ValidationError

from unit_economics.cost_sources.focus import progress, scan
from unit_economics.cost_sources.focus.limits import Limits
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics_tests.focus_bills import charge, read_bill, write_bill

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every folder that was made to spill to."""
    made: list[Path] = []
    real = scan.TemporaryDirectory

    def noted(**where: Path) -> object:
        made.append(where["dir"])
        return real(**where)

    monkeypatch.setattr(scan, "TemporaryDirectory", noted)
    return made


def test_a_scan_spills_to_the_named_folder_and_leaves_nothing_there(tmp_path: Path, folders: list[Path]) -> None:
    (tmp_path / "room").mkdir()
    bill = write_bill(tmp_path / "bill", charge())
    read_bill(bill, outside=Outside({}, folder=tmp_path), scan=Limits(spill="room"))
    assert folders == [tmp_path / "room"]
    assert list((tmp_path / "room").iterdir()) == []


def test_a_folder_to_spill_to_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="the folder that the scan may spill to is not there"):
        read_bill(write_bill(tmp_path, charge()), scan=Limits(spill=str(tmp_path / "nowhere")))


@pytest.mark.parametrize(("free", "refused"), [(99, True), (100, False)])
def test_a_disk_with_less_than_a_quarter_of_the_files_is_refused_before_the_scan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, refused: bool
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, free << 20))
    limits = Limits(spill=str(tmp_path))
    if not refused:
        limits.refuse_small_disk(400 << 20)
        return
    with pytest.raises(Refusal, match="99 MB of disk are free; to scan 400 MB may take 100 MB of it") as said:
        limits.refuse_small_disk(400 << 20)
    assert str(tmp_path) in str(said.value)
    assert "set `scan: {spill: ...}`" in str(said.value)


def test_a_scan_that_does_not_fit_says_how_much_it_had(tmp_path: Path) -> None:
    bill = write_bill(tmp_path, *(charge(RegionId=f"region-{nth}") for nth in range(2_000)))
    with pytest.raises(Refusal, match=r"takes more than 1MB of memory, or the folder .* is full"):
        read_bill(bill, scan=Limits(memory="1MB"))


@pytest.mark.parametrize("memory", ["200", "-1MB", "0MB", "2 GB", "1TB", "MB"])
def test_a_memory_that_is_no_size_is_refused(memory: str) -> None:
    with pytest.raises(ValidationError):
        Limits(memory=memory)


class HalfWay:
    """A session whose query is half done."""

    def query_progress(self) -> float:
        return 49.6


def test_a_query_that_takes_long_says_how_far_it_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0)
    said: list[str] = []
    spoken = Event()

    def say(text: str) -> None:
        said.append(text)
        spoken.set()

    with progress.told(cast("duckdb.DuckDBPyConnection", HalfWay()), "scanning", say):
        assert spoken.wait(10)
    assert set(said) == {"scanning: 50 %"}


def test_a_scan_speaks_to_whom_it_was_told_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[object, ...]] = []
    monkeypatch.setattr(scan, "told", lambda _, *what: heard.append(what) or nullcontext())
    bill = write_bill(tmp_path, charge())
    read_bill(bill, outside=Outside({}, say=print))
    assert heard == [(f"scanning {bill}", print)]


def test_a_short_scan_says_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    read_bill(write_bill(tmp_path, charge()), outside=Outside({}, say=said.append))
    assert said == []
