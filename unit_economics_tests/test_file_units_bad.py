"""Files of units that must not become a number: each is refused by file, row and field."""

import gzip
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unit_economics.entries.adapters import Count
from unit_economics.object_storage import Storage
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable
from unit_economics.unit_sources.files import FileUnits
from unit_economics_tests.test_file_units import BOTH, NOW, UTC_DAYS, parquet_bytes

GOOD = b"at,id,hours\n2025-03-03T10:00:00Z,1,1.5\n2025-03-03T11:00:00Z,2,2\n"
LINES = b'{"at": "2025-03-03T10:00:00Z", "id": 1, "hours": 1.5}\n{"at": "2025-03-03T11:00:00Z", "id": 2, "hours": 2}\n'
ENTRY: dict[str, Any] = {"kind": "files", "path": "files", "timestamp": "at", "quantity": "hours"}


def count(folder: Path, **more: object) -> Count:
    source = FileUnits.model_validate(ENTRY | more)
    outside = Outside({}, folder=folder, now=lambda: NOW)
    return source.count(BOTH, calendar=UTC_DAYS, unit="Hour", outside=outside)


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / "files" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    return path


def big_parquet() -> bytes:
    return parquet_bytes([{"at": f"2025-03-03T10:00:00.{n:06}Z", "id": n, "hours": f"{n}.5"} for n in range(5_000)])


def twice_parquet() -> bytes:
    sink = pa.BufferOutputStream()
    texts = pa.array(["2025-03-03T10:00:00Z"])
    pq.write_table(pa.Table.from_arrays([texts, texts, pa.array(["1"])], names=["at", "at", "hours"]), sink)
    return sink.getvalue().to_pybytes()


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "CSV column missing": ("a.csv", GOOD.replace(b"hours", b"time"), r"a\.csv: the column hours is missing\. Name one"),
    "CSV column twice": ("a.csv", GOOD.replace(b"id", b"hours"), "row 1: the column hours is there more than once"),
    "CSV column in another case": ("a.csv", GOOD.replace(b"hours", b"Hours"), "the column hours is missing"),
    "CSV by semicolons": ("a.csv", GOOD.replace(b",", b";"), "the column at is missing"),
    "CSV without a header": ("a.csv", GOOD.partition(b"\n")[2], "the column at is missing"),
    "CSV one field more": ("a.csv", GOOD + b"2025-03-03T12:00:00Z,3,2,\n", "row 4: it has 4 fields, the header has 3"),
    "CSV one field less": ("a.csv", GOOD + b"2025-03-03T12:00:00Z,3\n", "row 4: it has 2 fields, the header has 3"),
    "CSV unquoted comma": ("a.csv", GOOD + b"2025-03-03T12:00:00Z,a,b,3\n", "row 4: it has 4 fields"),
    "CSV quote never closed": ("a.csv", GOOD + b'2025-03-03T12:00:00Z,"3,2\n', "row 4: its quotes don't match"),
    "CSV text after a quote": ("a.csv", GOOD + b'2025-03-03T12:00:00Z,"3"x,2\n', "row 4: its quotes don't match"),
    "CSV cut off in a row": ("a.csv", GOOD[:-6], "row 3: it has 1 fields, the header has 3"),
    "CSV not UTF-8": ("a.csv", GOOD + "2025-03-03T12:00:00Z,ä,2\n".encode("latin1"), "row 4: it is not UTF-8"),
    "CSV UTF-16": ("a.csv", GOOD.decode().encode("utf-16"), "row 1: it is not UTF-8"),
    "CSV NUL": ("a.csv", GOOD.replace(b"Z,2", b"Z,\0"), "row 3: it holds a NUL"),
    "CSV endless line": ("a.csv", GOOD + b"x" * (1 << 22), "row 4: the line is longer than 4 MB"),
    "CSV no time": (
        "a.csv",
        GOOD.replace(b"2025-03-03T11", b"3/3/2025 11"),
        r"row 3, field at: '3/3/2025 11:00:00Z' is no",
    ),
    "CSV no such day": (
        "a.csv",
        GOOD.replace(b"03-03T11", b"02-30T11"),
        "row 3, field at: '2025-02-30T11:00:00Z' is no",
    ),
    "CSV time without zone": ("a.csv", GOOD.replace(b"11:00:00Z", b"11:00:00"), "row 3, field at: .*add `local_zone`"),
    "CSV infinity": ("a.csv", GOOD.replace(b"2025-03-03T11:00:00Z", b"infinity"), "field at: 'infinity' is no time"),
    "CSV thousands": ("a.csv", GOOD.replace(b",1.5", b',"1,500"'), "row 2, field hours: '1,500' is no exact number"),
    "CSV word": ("a.csv", GOOD.replace(b"1.5", b"free"), "row 2, field hours: 'free' is no exact number"),
    "CSV NaN": ("a.csv", GOOD.replace(b"1.5", b"NaN"), "row 2, field hours: 'NaN' is no exact number"),
    "CSV underscore": ("a.csv", GOOD.replace(b"1.5", b"1_5"), "row 2, field hours: '1_5' is no exact number"),
    "CSV Arabic digits": ("a.csv", GOOD.replace(b"1.5", "\u0661".encode()), "row 2, field hours"),
    "CSV too large": ("a.csv", GOOD.replace(b"1.5", b"1e300"), "row 2, field hours: '1e300' is no exact number"),
    "CSV too fine": ("a.csv", GOOD.replace(b"1.5", b"0." + b"1" * 28), "row 2, field hours"),
    "gzip cut off": ("a.csv.gz", gzip.compress(GOOD)[:-9], r"a\.csv\.gz: it is damaged, cut off or no CSV\.gz"),
    "gzip flipped": ("a.csv.gz", gzip.compress(GOOD)[:-8] + b"12345678", r"a\.csv\.gz: it is damaged"),
    "gzip is none": ("a.jsonl.gz", LINES, r"a\.jsonl\.gz: it is damaged, cut off or no JSON Lines\.gz"),
    "JSON cut off": ("a.jsonl", LINES[:-5], "row 2: it is no JSON, or only half of it"),
    "JSON array": ("a.jsonl", b"[1]\n", "row 1: it is no JSON object"),
    "JSON field twice": ("a.jsonl", b'{"at": 1, "at": 2}\n', "row 1: it is no JSON.* a field twice"),
    "JSON NaN": ("a.jsonl", LINES.replace(b"1.5", b"NaN"), "row 1: it is no JSON"),
    "JSON field missing": ("a.jsonl", LINES.replace(b"hours", b"time"), r"a\.jsonl: the column hours is missing"),
    "JSON nested": ("a.jsonl", LINES.replace(b"1.5", b"[1.5]"), "row 1, field hours: it is no single value"),
    "JSON deep": ("a.jsonl", b'{"at": ' + b"[" * 100_000 + b"\n", "row 1: it is no JSON"),
    "JSON half a character": ("a.jsonl", LINES.replace(b'"2025-03-03T10:00:00Z"', rb'"\ud800"'), "half a character"),
    "JSON word": ("a.jsonl", LINES.replace(b"1.5", b'"free"'), "row 1, field hours: 'free' is no exact number"),
    "JSON not UTF-8": ("a.jsonl", LINES.replace(b"10:00", b"\xff"), "row 1: it is not UTF-8"),
    "Parquet cut off": ("a.parquet", big_parquet()[:-100], r"a\.parquet: it is damaged, cut off or no Parquet"),
    "Parquet damaged inside": ("a.parquet", big_parquet()[:4] + bytes(9000) + big_parquet()[9004:], "it is damaged"),
    "Parquet empty": ("a.parquet", b"", "it is damaged"),
    "Parquet is CSV": ("a.parquet", GOOD, "it is damaged"),
    "Parquet column missing": ("a.parquet", parquet_bytes([{"at": "x", "id": 1}]), "the column hours is missing"),
    "Parquet column twice": ("a.parquet", twice_parquet(), "the column at is there more than once"),
    "Parquet nested": (
        "a.parquet",
        parquet_bytes([{"at": "2025-03-03", "hours": [1]}]),
        "field hours: a column of type list.* holds no single value",
    ),
    "Parquet NaN": (
        "a.parquet",
        parquet_bytes([{"at": "2025-03-03", "hours": 1.0}, {"at": "2025-03-03", "hours": float("nan")}]),
        "row 2, field hours: 'nan' is no exact number",
    ),
    "Parquet bytes": (
        "a.parquet",
        parquet_bytes([{"at": "2025-03-03", "hours": b"\xff"}]),
        "field hours: it is not UTF-8",
    ),
    "archive": ("a.zip", b"PK", r"a\.zip: archives are not opened"),
    "compressed otherwise": ("a.csv.zst", b"", "archives are not opened"),
    "nothing": ("README.md", b"", "files: there is no .parquet, .csv"),
}


@pytest.mark.parametrize(("name", "data", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_a_file_that_is_no_count_is_refused_by_file_row_and_field(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    write(tmp_path, name, data)
    with pytest.raises(Refusal, match=said) as caught:
        count(tmp_path)
    assert str(caught.value).startswith("files")


@pytest.mark.parametrize("day", ["2025-03-03T00:00:00Z", "20250303", "3.3.2025", ""])
def test_what_is_no_day_is_refused(tmp_path: Path, day: str) -> None:
    write(tmp_path, "a.csv", f"day,orders\n2025-03-03,1\n{day},7\n".encode())
    with pytest.raises(Refusal, match=r"row 3, field day: (is empty|.* is no day like)"):
        count(tmp_path, timestamp=None, day="day", quantity="orders")


def test_the_first_row_at_fault_of_the_first_file_is_told(tmp_path: Path) -> None:
    bad = GOOD.replace(b",2\n", b",two\n")
    write(tmp_path, "b.csv", GOOD.replace(b"1.5", b"one"))
    write(tmp_path, "a.csv", bad)
    with pytest.raises(Refusal, match=r"files, file a\.csv, row 3, field hours: 'two'"):
        count(tmp_path)


def test_nothing_at_the_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="files: there is nothing at this path"):
        count(tmp_path)
    with pytest.raises(Refusal, match="ftp:// can't be read"):
        count(tmp_path, path="ftp://host/files")


def test_a_folder_that_may_not_be_read_is_refused_and_not_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "a.csv", GOOD)
    closed = tmp_path / "files" / "closed"
    closed.mkdir()
    listed = os.scandir

    def scandir(path: str) -> Any:
        if Path(path) == closed:
            raise PermissionError(13, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(Unreachable, match="did not allow the request"):
        count(tmp_path)


def test_files_that_change_while_they_are_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, "a.csv", GOOD)
    opened = Storage.open

    def grown(storage: Storage, *args: Any, **more: Any) -> Any:
        stream = opened(storage, *args, **more)
        path.write_bytes(GOOD + GOOD.partition(b"\n")[2])
        return stream

    monkeypatch.setattr(Storage, "open", grown)
    with pytest.raises(Refusal, match=r"file a\.csv: changed while it was read\. Try again"):
        count(tmp_path)


def test_a_file_that_comes_or_goes_meanwhile_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "a.csv", GOOD)
    opened = Storage.open

    def joined(storage: Storage, *args: Any, **more: Any) -> Any:
        write(tmp_path, "b.csv", GOOD)
        return opened(storage, *args, **more)

    monkeypatch.setattr(Storage, "open", joined)
    with pytest.raises(Refusal, match=r"file b\.csv: changed while it was read"):
        count(tmp_path)


def test_reading_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", GOOD)
    with pytest.raises(Refusal, match="are not read within 1e-06 s"):
        count(tmp_path, reading_timeout=timedelta(microseconds=1))


def test_blank_lines_and_a_byte_order_mark_are_no_rows(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", b"\xef\xbb\xbf" + GOOD.replace(b"\n", b"\r\n\r\n"))
    write(tmp_path, "b.jsonl", LINES + b"\n\n")
    write(tmp_path, "c.csv", b"")
    assert sum(count(tmp_path).units["quantity"]) == 7


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(st.binary(max_size=40), st.sampled_from(["a.csv", "a.jsonl", "a.csv.gz", "a.parquet"]), st.integers(0, 60))
def test_whatever_the_bytes_are_there_is_a_count_or_a_refusal(tmp_path: Path, junk: bytes, name: str, at: int) -> None:
    for path in (tmp_path / "files").glob("*"):
        path.unlink()
    write(tmp_path, name, GOOD[:at] + junk + GOOD[at:])
    try:
        count(tmp_path)
    except Refusal as refusal:
        assert str(refusal).startswith("files")  # noqa: PT017
