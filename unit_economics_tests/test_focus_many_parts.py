"""A delivery of very many files: read with few handles, one bad file found among them, and none while it moves."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unit_economics.cost_sources.focus import delivery, reading
from unit_economics.refusals import Refusal
from unit_economics_tests.focus_bills import CHARGE, DAY, billed, charge, csv_text, read_bill

FEW, MANY = 300, 10_000


def as_csv(folder: Path, nth: int) -> Path:
    path = folder / f"part-{nth:05}.csv"
    path.write_text(csv_text([charge(ChargeDescription=f"part {nth}")]))
    return path


def as_parquet(folder: Path, nth: int) -> Path:
    path = folder / f"part-{nth:05}.parquet"
    row = {**CHARGE, "ChargeDescription": f"part {nth}"}
    pq.write_table(pa.table({name: [value] for name, value in row.items()}), path)
    return path


WRITERS = {"csv": as_csv, "parquet": as_parquet}


@contextmanager
def few_handles(most: int) -> Iterator[None]:
    """A process that may hold so many files open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.parametrize("kind", WRITERS)
def test_more_parts_than_a_process_may_open_are_read(tmp_path: Path, kind: str) -> None:
    for nth in range(FEW):
        WRITERS[kind](tmp_path, nth)
    with few_handles(len(list(Path("/proc/self/fd").iterdir())) + FEW // 3):
        delivered = read_bill(tmp_path, tag_keys=["app"])
    assert billed(delivered) == FEW * Decimal("1.5")
    assert list(delivered.charges["charge_rows"]) == [FEW]


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def overwritten(path: Path) -> None:
    """Its footer is whole, its pages are not."""
    data = path.read_bytes()
    path.write_bytes(data[:4] + bytes(200) + data[204:])


def not_a_cost(path: Path) -> None:
    path.write_text(path.read_text().replace("1.5", "free"))


BAD: dict[str, tuple[str, Callable[[Path], None], str]] = {
    "a Parquet file that is cut off": ("parquet", cut, "damaged, cut off or no Parquet"),
    "a Parquet file with broken pages": ("parquet", overwritten, "damaged, cut off or no Parquet"),
    "a CSV file that is cut off": ("csv", cut, "row 2"),
    "a CSV file with a text for a cost": ("csv", not_a_cost, "row 2, field BilledCost: 'free'"),
}


@pytest.mark.parametrize("case", BAD)
def test_one_bad_part_among_many_is_named_and_nothing_is_handed_over(tmp_path: Path, case: str) -> None:
    kind, spoil, said = BAD[case]
    paths = [WRITERS[kind](tmp_path, nth) for nth in range(FEW)]
    spoil(paths[FEW // 2])
    with pytest.raises(Refusal, match=paths[FEW // 2].name.replace(".", r"\.")) as refused:
        read_bill(tmp_path, tag_keys=["app"])
    assert said in str(refused.value)


def test_duckdb_alone_leaves_out_a_cut_row_of_one_file_among_many(tmp_path: Path) -> None:
    """The reason for counting quotes: remove it when this test fails."""
    paths = [as_csv(tmp_path, nth) for nth in range(10)]
    cut(paths[5])
    options = "header=true, strict_mode=true, null_padding=false, ignore_errors=false, all_varchar=true, delim=','"
    with duckdb.connect() as connection:
        found = connection.execute(f"select count(*) from read_csv('{tmp_path}/*.csv', {options})").fetchall()
    assert found == [(9,)]


@pytest.fixture
def rewritten_during(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Let a part be rewritten, with as many bytes, while the delivery is read; a second passes on its clock."""

    def arrange(path: Path) -> None:
        real = reading.layouts_of

        def and_then(*args: object) -> object:
            layouts = real(*args)  # type: ignore[arg-type]
            stat = path.stat()
            path.write_bytes(path.read_bytes().replace(b"1.5", b"9.5"))
            os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
            assert path.stat().st_size == stat.st_size
            return layouts

        monkeypatch.setattr(reading, "layouts_of", and_then)

    return arrange


def test_a_part_that_changes_while_it_is_read_is_refused_though_its_size_stays(
    tmp_path: Path, rewritten_during: Callable[[Path], None]
) -> None:
    paths = [as_csv(tmp_path, nth) for nth in range(5)]
    rewritten_during(paths[3])
    with pytest.raises(Refusal, match=r"file part-00003\.csv: changed while it was read"):
        read_bill(tmp_path)


def test_without_the_look_afterwards_a_part_that_changed_would_count(
    tmp_path: Path, rewritten_during: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [as_csv(tmp_path, nth) for nth in range(5)]
    rewritten_during(paths[3])
    monkeypatch.setattr(delivery, "refuse_changed", lambda *_: None)
    assert billed(read_bill(tmp_path)) == 4 * Decimal("1.5") + Decimal("9.5")


def test_each_header_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for nth in range(5):
        as_parquet(tmp_path, nth)
    looked_at: list[str] = []
    real = reading.layout_of
    monkeypatch.setattr(reading, "layout_of", lambda storage, part: looked_at.append(part.name) or real(storage, part))
    read_bill(tmp_path)
    assert looked_at == [f"part-{nth:05}.parquet" for nth in range(5)]


@pytest.mark.soak
@pytest.mark.parametrize("kind", WRITERS)
def test_ten_thousand_parts_are_read_in_a_minute_of_computing(tmp_path: Path, kind: str) -> None:
    for nth in range(MANY):
        WRITERS[kind](tmp_path, nth)
    began = sum(os.times()[:2])
    delivered = read_bill(tmp_path, DAY, tag_keys=["app"])
    assert list(delivered.charges["charge_rows"]) == [MANY]
    assert sum(os.times()[:2]) - began < 60
