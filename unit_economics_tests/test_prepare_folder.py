"""The folder of a prepared delivery: what its manifest promises, what is opened of it, and that it is always whole."""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cli import main
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.prepared import placing
from unit_economics.cost_sources.focus.prepared.manifest import Manifest
from unit_economics.cost_sources.focus.prepared.rewriting import Rewrite
from unit_economics.cost_sources.focus.scan import Row, Scan
from unit_economics.entries.adapters import Delivery, Kept
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics_tests.focus_bills import DAY, billed, charge, read_bill, write_bill
from unit_economics_tests.prepared_bills import assert_same, manifest_in, prepare

PERIOD = "data/BILLING_PERIOD=2024-{}/part.csv"
MONTH = [date(2024, 9, 1) + timedelta(days=n) for n in range(30)]


def on(day: date, **changes: str) -> dict[str, str]:
    return charge(ChargePeriodStart=f"{day}T10:00:00Z", ChargePeriodEnd=f"{day}T11:00:00Z", **changes)


@pytest.fixture
def month(tmp_path: Path) -> Path:
    """A prepared month, one charge a day, beside the bill it was made of."""
    write_bill(tmp_path / "bill", *(on(day, BilledCost=str(day.day)) for day in MONTH), name=PERIOD.format("09"))
    prepare(tmp_path / "bill", tmp_path / "p", tag_keys=["app"])
    return tmp_path / "p"


def part_of(folder: Path, day: date) -> Path:
    [path] = (folder / f"day={day}").iterdir()
    return path


def spoil(path: Path) -> None:
    """Other bytes, as many as before."""
    path.write_bytes(bytes(byte ^ 1 for byte in path.read_bytes()))


def opened(read: Delivery) -> list[str]:
    """The folders of the parts that were read."""
    return [file["name"].split("/")[0] for file in json.loads(read.fingerprint)["files"]]


def glance(folder: Path, day: date) -> str | None:
    calendar = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
    return FocusFiles(path=str(folder)).glance(DayRange(day, day), calendar=calendar, kept=Kept(), outside=Outside({}))


def test_one_day_of_thirty_opens_no_part_but_its_own(month: Path) -> None:
    for day in MONTH:
        if day != DAY:
            spoil(part_of(month, day))
    assert billed(read_bill(month, DAY)) == 10
    assert opened(read_bill(month, DAY)) == [f"day={DAY}"]
    with pytest.raises(Refusal, match="is not what was prepared"):
        read_bill(month, DAY, DAY + timedelta(days=1))


def test_a_local_day_opens_the_two_utc_days_that_it_covers(tmp_path: Path) -> None:
    hours = [f"2024-09-{day:02}T{hour:02}:00:00Z" for day in range(9, 13) for hour in range(24)]
    write_bill(tmp_path / "bill", *(charge(ChargePeriodStart=hour, ChargePeriodEnd=hour) for hour in hours))
    prepare(tmp_path / "bill", tmp_path / "p")
    read = read_bill(tmp_path / "p", DAY, zone="America/New_York")
    assert opened(read) == ["day=2024-09-10", "day=2024-09-11"]
    assert billed(read) == 24 * Decimal("1.5")


def test_a_day_that_a_long_charge_reaches_opens_the_day_it_starts_on_only_where_charges_are_spread(
    tmp_path: Path,
) -> None:
    long = charge(ChargePeriodStart="2024-09-01T00:00:00Z", ChargePeriodEnd="2024-09-21T00:00:00Z", BilledCost="20")
    write_bill(tmp_path / "bill", long, on(date(2024, 9, 2)), on(DAY))
    prepare(tmp_path / "bill", tmp_path / "p")
    days = {how: opened(read_bill(tmp_path / "p", long_charges=how)) for how in ("start", "spread")}
    assert days == {"start": ["day=2024-09-10"], "spread": ["day=2024-09-01", "day=2024-09-10"]}
    assert billed(read_bill(tmp_path / "p", long_charges="spread")) == Decimal("2.5")


def test_the_manifest_says_what_was_read_and_what_every_part_holds(month: Path) -> None:
    manifest = manifest_in(month)
    [read] = manifest.inputs
    assert (read.name, read.billing_period, manifest.billing_periods) == (PERIOD.format("09"), "2024-09", ["2024-09"])
    assert read.content.startswith("sha256:")
    assert [part.charges.sums["USD"].billed_cost for part in manifest.parts] == [day.day for day in MONTH]
    assert [part.bytes for part in manifest.parts] == [(month / part.name).stat().st_size for part in manifest.parts]
    assert (manifest.totals["USD"].rows, manifest.totals["USD"].billed_cost) == (30, 465)


def test_rows_are_sorted_by_what_people_filter_by_and_every_column_is_kept(tmp_path: Path) -> None:
    names = [("GCP", "b", "2"), ("AWS", "b", "1"), ("AWS", "a", "3"), ("AWS", "a", "1")]
    rows = [
        charge(ProviderName=provider, ServiceName=service, Tags=f'{{"app":"{app}"}}', x_Own=f"{provider}{app}")
        for provider, service, app in names
    ]
    write_bill(tmp_path / "bill", *rows)
    prepare(tmp_path / "bill", tmp_path / "p", tag_keys=["app"])
    table = pq.read_table(part_of(tmp_path / "p", DAY), partitioning=None).to_pydict()
    assert table["tag_0:app"] == ["1", "3", "1", "2"]
    assert table["x_Own"] == ["AWS1", "AWS3", "AWS1", "GCP2"]
    assert set(rows[0]) < set(table)


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a changed byte": (spoil, "its content is not what was prepared"),
    "a missing part": (Path.unlink, "it is missing"),
    "a part that is longer": (lambda path: path.write_bytes(path.read_bytes() + b"x"), "its size is not what"),
    "an extra part": (lambda path: shutil.copyfile(path, path.with_name("more.parquet")), "it is no part of what was"),
    "an extra CSV": (lambda path: write_bill(path.parent.parent, charge()), "it is no part of what was prepared"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_folder_that_is_not_as_it_was_prepared_is_refused_and_can_be_mended(month: Path, damage: str) -> None:
    act, says = DAMAGES[damage]
    act(part_of(month, DAY))
    with pytest.raises(Refusal, match=says):
        read_bill(month, DAY)
    if damage.startswith("an extra"):
        return
    assert prepare(month.parent / "bill", month, tag_keys=["app"]) == ["2024-09"]
    assert billed(read_bill(month, DAY)) == 10


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"version": 1', '"version": 2', "its format is version 2"),
        ('"rows": 30', '"rows": "many"', "damaged or was changed by hand"),
        ('"totals"', '"totals', "damaged or was changed by hand"),
    ],
)
def test_a_manifest_that_cannot_be_understood_is_refused(month: Path, old: str, new: str, says: str) -> None:
    path = month / "manifest.json"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(Refusal, match=says):
        read_bill(month, DAY)


@pytest.mark.parametrize("name", ["../kept.txt", "/kept.txt", "day=2024-09-10/../../kept.txt", "day=2024-09-10"])
@pytest.mark.parametrize("place", ["passing", "parts"])
def test_a_manifest_that_names_a_file_outside_its_folder_deletes_nothing(month: Path, name: str, place: str) -> None:
    kept = month.parent / "kept.txt"
    kept.write_text("mine")
    named = str(kept) if name.startswith("/") else name
    manifest = json.loads((month / "manifest.json").read_text())
    manifest[place] = [named] if place == "passing" else [{**manifest["parts"][0], "name": named}]
    (month / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refusal, match=r"was changed by hand.*into a new folder"):
        prepare(month.parent / "bill", month, tag_keys=["team"])
    assert kept.read_text() == "mine"


def test_a_manifest_of_somebody_else_is_none_of_ours(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    (tmp_path / "manifest.json").write_text('{"format": "hudi"}')
    assert billed(read_bill(tmp_path)) == Decimal("1.5")


def test_an_unchanged_bill_is_not_prepared_again(month: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in month.rglob("[!.]*.*")}
    assert prepare(month.parent / "bill", month, tag_keys=["app"]) == []
    assert {path: path.stat().st_mtime_ns for path in month.rglob("[!.]*.*")} == before


def test_only_the_billing_period_that_changed_is_prepared_again(month: Path) -> None:
    bill = month.parent / "bill"
    october = date(2024, 10, 1)
    write_bill(bill, on(october), name=PERIOD.format("10"))
    assert prepare(bill, month, tag_keys=["app"]) == ["2024-10"]
    kept = {day: part_of(month, day).stat().st_mtime_ns for day in MONTH}
    write_bill(bill, on(october, BilledCost="3"), on(DAY, BilledCost="-1"), name=PERIOD.format("10"))
    seen = {day: glance(month, day) for day in (DAY, MONTH[0])}
    assert prepare(bill, month, tag_keys=["app"]) == ["2024-10"]
    assert billed(read_bill(month, DAY, october)) == sum(range(10, 31)) + 2
    assert_same(bill, month, (MONTH[0], october), tag_keys=["app"])
    assert {day: next((month / f"day={day}").glob("*2024-09*")).stat().st_mtime_ns for day in MONTH} == kept
    assert {day: glance(month, day) == seen[day] for day in seen} == {DAY: False, MONTH[0]: True}


def test_a_billing_period_that_is_gone_leaves_no_part_behind(month: Path) -> None:
    bill = month.parent / "bill"
    write_bill(bill, on(date(2024, 10, 1)), name=PERIOD.format("10"))
    prepare(bill, month, tag_keys=["app"])
    shutil.rmtree((bill / PERIOD.format("09")).parent)
    assert prepare(bill, month, tag_keys=["app"]) == []
    assert [path.name for path in sorted(month.iterdir())] == [".lock", "day=2024-10-01", "manifest.json"]
    assert_same(bill, month, (DAY, date(2024, 10, 1)))


def test_other_tags_in_the_catalogue_are_another_preparation(month: Path) -> None:
    assert prepare(month.parent / "bill", month, tag_keys=["team"]) == ["2024-09"]
    assert manifest_in(month).settings.tag_keys == ["team"]
    assert_same(month.parent / "bill", month, (DAY, DAY), tag_keys=["app", "team"])


class Killed(BaseException):
    """The process ends here."""


STEPS = {
    "before anything is moved": ("_write", 0),
    "after the names that are coming": ("_write", 1),
    "between two parts": ("move", 3),
    "after the last part": ("move", 31),
    "before old parts are dropped": ("_drop_if_empty", 0),
    "between two that are dropped": ("_drop_if_empty", 7),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_anywhere_leaves_the_delivery_before_or_the_one_after(
    month: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    bill = month.parent / "bill"
    write_bill(bill, *(on(day, BilledCost=str(day.day + 1)) for day in MONTH), name=PERIOD.format("09"))
    what, times = STEPS[step]
    with monkeypatch.context() as patched:
        _kill(patched, what, times)
        with pytest.raises(Killed):
            prepare(bill, month, tag_keys=["app"])
    expected = 495 if what == "_drop_if_empty" else 465
    assert billed(read_bill(month, MONTH[0], MONTH[-1])) == expected
    prepare(bill, month, tag_keys=["app"])
    assert_same(bill, month, (MONTH[0], MONTH[-1]), tag_keys=["app"])
    assert len(list(month.rglob("*.parquet"))) == 30


def _kill(patched: pytest.MonkeyPatch, what: str, times: int) -> None:
    owner, name = (Path, "replace") if what == "move" else (placing, what)
    done = getattr(owner, name)
    left = [times]

    def until(*args: object) -> object:
        left[0] -= 1
        if left[0] < 0:
            raise Killed
        return done(*args)

    patched.setattr(owner, name, until)


def test_parts_that_came_unannounced_would_have_made_the_delivery_before_unreadable(
    month: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bill = month.parent / "bill"
    write_bill(bill, *(on(day, BilledCost="1") for day in MONTH), name=PERIOD.format("09"))
    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "without", lambda manifest, _: manifest)
        _kill(patched, *STEPS["between two parts"])
        with pytest.raises(Killed):
            prepare(bill, month, tag_keys=["app"])
    with pytest.raises(Refusal, match="it is no part of what was prepared"):
        read_bill(month, DAY)


def test_a_first_preparation_that_was_killed_reads_as_nothing_rather_than_as_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bill(tmp_path / "bill", on(DAY), on(date(2024, 9, 11)))
    with monkeypatch.context() as patched:
        _kill(patched, "move", 2)  # the manifest, and one of two parts
        with pytest.raises(Killed):
            prepare(tmp_path / "bill", tmp_path / "p")
    assert len(list((tmp_path / "p").rglob("*.parquet"))) == 1
    with pytest.raises(Refusal, match="has not been prepared to the end"):
        read_bill(tmp_path / "p")
    assert prepare(tmp_path / "bill", tmp_path / "p") == [None]
    assert billed(read_bill(tmp_path / "p")) == Decimal("1.5")


def test_a_rewriting_that_loses_a_row_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_bill(tmp_path / "bill", charge(), charge(BilledCost="0"))
    rows = Rewrite._rows
    monkeypatch.setattr(Rewrite, "_rows", lambda rewrite: f"select * from ({rows(rewrite)}) limit 1")
    with pytest.raises(Refusal, match="what was written for 2024-09-10 is not what was read"):
        prepare(tmp_path / "bill", tmp_path / "p")
    assert not (tmp_path / "p" / "manifest.json").exists()


def test_a_bill_that_changes_while_it_is_prepared_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_bill(tmp_path / "bill", charge())
    rows = Scan.rows

    def meanwhile(scan: Scan) -> list[Row]:
        if scan.storage.shown == str(tmp_path / "bill"):
            path.write_text(path.read_text() + path.read_text().splitlines()[1] + "\n")
        return rows(scan)

    monkeypatch.setattr(Scan, "rows", meanwhile)
    with pytest.raises(Refusal, match="changed while it was read"):
        prepare(tmp_path / "bill", tmp_path / "p")


def test_columns_that_differ_only_in_case_are_refused_rather_than_one_of_them_lost(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge(resourceid="1", ResourceId="2"))
    with pytest.raises(Refusal, match="the columns resourceid and ResourceId differ only in upper and lower case"):
        prepare(tmp_path / "bill", tmp_path / "p")


@pytest.mark.parametrize("to", ["bill", "bill/below", "."])
def test_the_folder_may_not_lie_in_the_delivery_nor_the_delivery_in_it(tmp_path: Path, to: str) -> None:
    write_bill(tmp_path / "bill", charge())
    with pytest.raises(UsageRefusal, match="lies within"):
        prepare(tmp_path / "bill", tmp_path / to)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge())
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "letter.txt").write_text("dear all")
    with pytest.raises(UsageRefusal, match="holds other files"):
        prepare(tmp_path / "bill", tmp_path / "p")
    assert (tmp_path / "p" / "letter.txt").read_text() == "dear all"


def test_two_preparations_of_one_folder_do_not_meet(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge())
    with placing.owned(tmp_path / "p"), pytest.raises(UsageRefusal, match="another `prepare` is at work"):
        prepare(tmp_path / "bill", tmp_path / "p")


def test_a_disk_that_is_too_full_is_said_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bill(tmp_path / "bill", charge())
    monkeypatch.setattr(placing.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10}))
    with pytest.raises(Refusal, match="are needed to prepare this delivery"):
        prepare(tmp_path / "bill", tmp_path / "p")


def test_the_command_prepares_a_source_by_name_and_later_finds_its_way_back(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge())
    config, folder = tmp_path / "catalogue.yaml", tmp_path / "p"
    _catalogue(config, tmp_path / "bill")
    done = _call("bill", "--to", str(folder), "--config", str(config))
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(f"{folder}: 1 charges, 1.50 USD billed; 1 parts")
    _catalogue(config, folder)
    assert "already prepared" in _call("bill", "--config", str(config)).stdout
    write_bill(tmp_path / "bill", charge(BilledCost="4"))
    assert "4.00 USD billed" in _call("bill", "--config", str(config)).stdout
    assert manifest_in(folder).settings.tag_keys == ["app"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nobody"], "no source of FOCUS files called 'nobody'"),
        (["bill"], "Name a folder with --to"),
        (["bill", "--to", "s3://bucket/bill"], "only a local folder can be prepared into"),
    ],
)
def test_a_command_that_cannot_be_meant_says_so(tmp_path: Path, words: list[str], says: str) -> None:
    write_bill(tmp_path / "bill", charge())
    _catalogue(tmp_path / "catalogue.yaml", tmp_path / "bill")
    done = _call(*words, "--config", str(tmp_path / "catalogue.yaml"))
    assert done.exit_code == 2
    assert says in done.stderr


def _call(*words: str) -> Result:
    return CliRunner().invoke(main, ["prepare", *words])


def _catalogue(path: Path, bill: Path) -> None:
    path.write_text(f"""
cost_sources:
  bill: {{kind: focus, path: {bill}}}
cost_scopes:
  by_app: {{by: {{tag: app}}}}
metrics:
  cost_per_order:
    unit: Order
    units: {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: orders}}
""")
