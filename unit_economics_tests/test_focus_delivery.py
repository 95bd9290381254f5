"""Which files are the bill: folders, globs, billing periods, what lies beside it, and what moves while it is read."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb
import pytest

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.scan import Row, Scan
from unit_economics.entries.adapters import Kept
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics_tests.focus_bills import DAY, billed, charge, read_bill, write_bill

PERIOD = "data/BILLING_PERIOD=2024-{}/part.csv"


def test_parts_are_found_at_any_depth_and_a_later_period_corrects_an_earlier_day(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), name=PERIOD.format("09"))
    write_bill(tmp_path, charge(BilledCost="-0.5", ChargeCategory="Credit"), name=PERIOD.format("11"))
    assert billed(read_bill(tmp_path)) == Decimal(1)


def test_a_billing_period_more_than_a_month_before_the_days_is_not_opened(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), name=PERIOD.format("09"))
    old = write_bill(tmp_path, charge(), name=PERIOD.format("07"))
    old.write_text("not a bill")
    assert billed(read_bill(tmp_path)) == Decimal("1.5")


def test_spread_opens_every_billing_period(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), name=PERIOD.format("09"))
    year = charge(ChargePeriodStart="2024-01-01T00:00:00Z", ChargePeriodEnd="2025-01-01T00:00:00Z", BilledCost="366")
    write_bill(tmp_path, year, name=PERIOD.format("01"))
    assert billed(read_bill(tmp_path, long_charges="spread")) == Decimal("2.5")


@pytest.mark.parametrize("path", ["bill", "bill/*.csv", "bill/**/*.csv", "b*", "bill/sub/../bill.csv"])
def test_the_path_may_be_a_folder_a_glob_or_a_file_relative_to_the_catalogue(tmp_path: Path, path: str) -> None:
    write_bill(tmp_path / "bill", charge())
    (tmp_path / "bill" / "sub").mkdir()
    assert billed(read_bill(path, outside=Outside({}, folder=tmp_path))) == Decimal("1.5")


def test_a_glob_takes_only_what_it_names(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), name="aws-1.csv")
    write_bill(tmp_path, charge(), name="gcp-1.csv")
    write_bill(tmp_path, charge(BilledCost="7"), name="deep/aws-2.csv")
    assert billed(read_bill(tmp_path / "aws-*.csv")) == Decimal("1.5")
    assert billed(read_bill(tmp_path / "**" / "aws-[12].csv")) == Decimal("8.5")


def test_a_folder_whose_name_looks_like_a_glob_is_taken_by_its_name(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill[1]*", charge(), name="part?.csv")
    assert billed(read_bill(tmp_path / "bill[1]*")) == Decimal("1.5")


def test_a_quote_in_a_name_is_only_a_letter(tmp_path: Path) -> None:
    write_bill(tmp_path / "o'brien", charge(), name="it's.csv")
    assert billed(read_bill(tmp_path / "o'brien", tag_keys=["it's"])) == Decimal("1.5")


def test_links_are_followed_once_even_in_a_circle(tmp_path: Path) -> None:
    write_bill(tmp_path / "real", charge())
    (tmp_path / "bill").mkdir()
    (tmp_path / "bill" / "linked").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "circle").symlink_to(tmp_path / "bill")
    assert billed(read_bill(tmp_path / "bill")) == Decimal("1.5")


def test_manifests_hidden_files_and_other_extensions_lie_beside_the_bill(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    for name in ("Manifest.json", ".bill.csv", "_SUCCESS", "notes.txt", ".tmp/part.csv", "_temporary/part.parquet"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert billed(read_bill(tmp_path)) == Decimal("1.5")


@pytest.mark.parametrize("name", [None, "Manifest.json"])
def test_a_folder_without_a_bill_is_refused_and_never_no_data(tmp_path: Path, name: str | None) -> None:
    if name:
        (tmp_path / name).write_text("{}")
    with pytest.raises(Refusal, match="no Parquet, CSV"):
        read_bill(tmp_path)


def test_a_path_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match="nothing at this path"):
        read_bill(tmp_path / "nowhere")


def test_contract_commitments_alone_are_no_bill(tmp_path: Path) -> None:
    write_bill(tmp_path, {"ContractCommitmentId": "1", "ContractCommitmentType": "RI", "BillingCurrency": "USD"})
    with pytest.raises(Refusal, match="only contract commitments"):
        read_bill(tmp_path)


@pytest.mark.parametrize("path", ["http://bills.example/bill.csv", "ftp://x/y"])
def test_a_place_that_cannot_be_read_is_refused_by_its_scheme(path: str) -> None:
    with pytest.raises(UsageRefusal, match="can't be read"):
        read_bill(path)


def test_absent_days_say_whether_the_delivery_or_the_charge_is_missing(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), name=PERIOD.format("09"))
    assert read_bill(tmp_path, date(2024, 9, 30), date(2024, 10, 1)).absent == {
        date(2024, 9, 30): "the bill has no charge of this day yet",
        date(2024, 10, 1): "there is no delivery for billing period 2024-10",
    }


def test_an_absent_day_that_means_zero_is_not_reported(tmp_path: Path) -> None:
    write_bill(tmp_path, charge())
    assert read_bill(tmp_path, date(2024, 9, 9), DAY, absent_day="zero").absent == {}


def test_days_that_the_source_does_not_cover_are_neither_read_nor_absent(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), charge(ChargePeriodStart="2024-09-09T10:00:00Z"))
    delivery = read_bill(tmp_path, date(2024, 9, 1), date(2024, 9, 30), covers_from=DAY, covers_until=DAY)
    assert set(delivery.charges["business_date"]) == {DAY}
    assert delivery.absent == {}
    nothing = read_bill(tmp_path / "nowhere", date(2024, 9, 1), covers_from=DAY)
    assert nothing.charges.empty
    assert nothing.absent == {}


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is put in here happens while the bill is being read."""
    acts: list[object] = []
    rows = Scan.rows

    def with_acts(scan: Scan) -> list[Row]:
        for act in acts:
            assert callable(act)
            act()
        return rows(scan)

    monkeypatch.setattr(Scan, "rows", with_acts)
    return acts


@pytest.mark.parametrize("what", ["grown", "rewritten", "gone", "new"])
def test_f9_a_delivery_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, during: list[object], what: str
) -> None:
    path = write_bill(tmp_path, charge())
    write_bill(tmp_path, charge(BilledCost="3"), name="other.csv")
    text = path.read_text()
    acts = {
        "grown": lambda: path.write_text(text + text.splitlines()[1] + "\n"),
        "rewritten": lambda: path.write_text(text.replace("1.5", "9.5")),
        "gone": path.unlink,
        "new": lambda: write_bill(tmp_path, charge(), name="new.csv"),
    }
    during.append(acts[what])
    with pytest.raises(Refusal, match="changed while it was read"):
        read_bill(tmp_path)


def test_a_changed_manifest_is_no_changed_bill(tmp_path: Path, during: list[object]) -> None:
    write_bill(tmp_path, charge())
    during.append(lambda: (tmp_path / "Manifest.json").write_text("{}"))
    assert billed(read_bill(tmp_path)) == Decimal("1.5")


def test_the_fingerprint_names_every_file_with_size_and_hash_and_no_folder(tmp_path: Path) -> None:
    path = write_bill(tmp_path, charge(), name=PERIOD.format("09"))
    fingerprint = read_bill(tmp_path).fingerprint
    (file,) = json.loads(fingerprint)["files"]
    assert (file["name"], file["size"]) == (PERIOD.format("09"), path.stat().st_size)
    assert str(tmp_path) not in fingerprint
    path.write_text(path.read_text().replace("1.5", "9.5"))
    assert read_bill(tmp_path).fingerprint != fingerprint


MARCH = "data/BILLING_PERIOD=2026-03"


def march(folder: Path, *names: str) -> None:
    """One delivery after another of the same month; each was corrected a little, so that no two are copies."""
    for nth, name in enumerate(names):
        write_bill(folder, charge(ChargeDescription=f"delivery {nth}"), name=f"{MARCH}/{name}")


def glance(folder: Path) -> str | None:
    calendar = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
    return FocusFiles(path=str(folder)).glance(DayRange(DAY, DAY), calendar=calendar, kept=Kept(), outside=Outside({}))


TWICE = {
    "two runs": (("run1/part.csv", "run2/part.csv"), "run1 and run2"),
    "a run beside the files": (("part.csv", "run1/part.csv"), "the folder itself and run1"),
    "runs below each other": (("run1/part.csv", "run1/again/part.csv"), "run1 and run1/again"),
    "runs below partitions": (("region=eu/run1/part.csv", "region=us/run2/part.csv"), "run1 and run2"),
    "partitions below runs": (("run1/region=eu/part.csv", "run2/region=eu/part.csv"), "run1 and run2"),
    "seven runs": (tuple(f"run{n}/part.csv" for n in range(7)), "run0, run1, run2, run3, run4 and 2 more"),
}


@pytest.mark.parametrize("case", TWICE)
def test_two_deliveries_of_one_billing_period_are_refused_and_never_summed(tmp_path: Path, case: str) -> None:
    names, folders = TWICE[case]
    march(tmp_path, *names)
    for act in (read_bill, glance):
        with pytest.raises(Refusal, match="delivered more than once") as refused:
            act(tmp_path)
        assert "2026-03" in str(refused.value)
        assert f"in {folders}:" in str(refused.value)
        assert "Keep only the newest delivery" in str(refused.value)


def test_a_naive_sum_over_two_deliveries_would_double_the_cost(tmp_path: Path) -> None:
    march(tmp_path, "run1/part.csv", "run2/part.csv")
    each = [billed(read_bill(tmp_path / MARCH / run)) for run in ("run1", "run2")]
    with duckdb.connect() as connection:
        files = f"{tmp_path}/{MARCH}/*/*.csv"
        [naive] = connection.execute(f"select sum(BilledCost::decimal(38, 12)) from read_csv('{files}')").fetchall()
    assert each == [Decimal("1.5"), Decimal("1.5")]
    assert naive == (Decimal("3.0"),)


@pytest.mark.parametrize(
    "names",
    [
        ("one.csv", "two.csv"),
        ("run1/one.csv", "run1/two.csv"),
        ("region=eu/one.csv", "region=us/two.csv"),
        ("region=eu/account=1/one.csv", "two.csv"),
        ("region=eu/run1/one.csv", "region=us/run1/two.csv"),
    ],
)
def test_files_and_partitions_of_one_delivery_are_summed(tmp_path: Path, names: tuple[str, ...]) -> None:
    march(tmp_path, *names)
    assert billed(read_bill(tmp_path)) == Decimal(3)
    assert glance(tmp_path)


def test_two_exports_side_by_side_may_each_deliver_the_same_billing_period(tmp_path: Path) -> None:
    march(tmp_path / "one-export", "run1/part.csv")
    march(tmp_path / "other-export", "run1/part.csv", "run1/part-2.csv")
    write_bill(tmp_path / "one-export", charge(), name="data/BILLING_PERIOD=2026-04/run9/part.csv")
    assert billed(read_bill(tmp_path)) == Decimal("4.5")


def test_what_is_no_part_of_the_bill_is_no_second_delivery(tmp_path: Path) -> None:
    march(tmp_path, "run2/part.csv")
    manifest = tmp_path / MARCH / "run1" / "Manifest.json"
    manifest.parent.mkdir()
    manifest.write_text("{}")
    assert billed(read_bill(tmp_path)) == Decimal("1.5")


def test_a_path_that_names_one_of_two_deliveries_reads_that_one(tmp_path: Path) -> None:
    march(tmp_path, "run1/part.csv", "run2/part.csv")
    assert billed(read_bill(tmp_path / "data" / "*" / "run2")) == Decimal("1.5")


@pytest.mark.parametrize("form", ["focus_parquet", "focus_csv"])
def test_the_layout_of_a_real_aws_delivery_is_one_delivery(shared_data: Path, form: str) -> None:
    (case,) = shared_data.glob("d1_*")
    assert glance(case / "input" / form)


def test_two_runs_of_an_azure_export_of_one_month_are_refused_and_one_is_read(tmp_path: Path) -> None:
    for run in ("0a1b", "9c8d"):
        write_bill(tmp_path, charge(), name=f"export/20240901-20240930/{run}/part_0_0001.csv")
    with pytest.raises(Refusal, match=r"folder 20240901-20240930: .* delivered more than once, in 0a1b and 9c8d"):
        read_bill(tmp_path)
    (tmp_path / "export/20240901-20240930/0a1b/part_0_0001.csv").unlink()
    assert billed(read_bill(tmp_path)) == Decimal("1.5")


def test_a_month_that_an_azure_export_delivered_earlier_is_not_opened_for_a_later_day(tmp_path: Path) -> None:
    write_bill(tmp_path, charge(), name="20240901-20240930/run/part.csv")
    old = tmp_path / "20240301-20240331/run"
    old.mkdir(parents=True)
    (old / "part.csv").write_text("not a bill")
    assert billed(read_bill(tmp_path)) == Decimal("1.5")
