"""A prepared delivery reads as the original does: the same charges, totals and absent days, whatever is asked."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unit_economics.entries.allocation import Allocation
from unit_economics.refusals import Refusal
from unit_economics_tests.focus_bills import DAY, billed, charge, read_bill, write_bill
from unit_economics_tests.prepared_bills import assert_same, manifest_in, prepare
from unit_economics_tests.test_focus_real_bills import D1, D2, MAY, NOVEMBER, SEPTEMBER, providers

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"]
PERIOD = "data/BILLING_PERIOD=2024-{}/part.csv"
SEPTEMBER_10_TO_12 = (date(2024, 9, 10), date(2024, 9, 12))


@pytest.mark.parametrize("form", ["focus_parquet", "focus_csv"])
def test_a_real_aws_month_reads_alike_from_both(shared_data: Path, tmp_path: Path, form: str) -> None:
    source = shared_data / D1 / "input" / form
    prepare(source, tmp_path / "p", tag_keys=["department"])
    for long_charges in ("start", "spread"):
        assert_same(source, tmp_path / "p", NOVEMBER, tag_keys=["department"], long_charges=long_charges)
    late = (date(2018, 11, 28), date(2018, 12, 2))
    assert_same(source, tmp_path / "p", late, tag_keys=["department"], zone="America/New_York")
    assert_same(source, tmp_path / "p", (date(2018, 11, 7), date(2018, 11, 7)), long_charges="spread")


def test_the_finops_foundations_sample_reads_alike_with_tags_that_have_columns_and_with_others(
    shared_data: Path, tmp_path: Path
) -> None:
    source = shared_data / D2 / "input" / "focus_multi_provider.csv"
    prepare(source, tmp_path / "p", tag_keys=["org", " org"])
    for keys in (["org", " org"], ["environment"], ["environment", "org"], []):
        assert_same(source, tmp_path / "p", SEPTEMBER, tag_keys=keys)


@pytest.mark.parametrize("version", ["1_2", "1_3"])
def test_three_providers_read_alike_day_by_day(shared_data: Path, tmp_path: Path, version: str) -> None:
    (tmp_path / "bill").mkdir()
    source = providers(version)(shared_data, tmp_path / "bill")
    prepare(source, tmp_path / "p")
    assert_same(source, tmp_path / "p", MAY)
    for day in (1, 15, 31):
        assert_same(source, tmp_path / "p", (date(2026, 5, day), date(2026, 5, day)), zone="Europe/Berlin")


moments = st.datetimes(datetime(2024, 2, 20), datetime(2024, 4, 10), timezones=st.just(UTC))  # noqa: DTZ001
lengths = st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=1)]) | st.timedeltas(
    timedelta(minutes=1), timedelta(days=40)
)
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=12, allow_nan=False)
texts = st.sampled_from(["AWS", "GCP", "NULL", "o'brien", 'a "quoted" name', "Zürich, 東京", "x,y"])
tags = st.sampled_from(
    ["", "{}", "no json", '{"app":"a"}', '{"app":"","App":"b"}', '{"app":{"x":1},"n":1.50}', '["a"]']
)
lines = st.tuples(moments, lengths, amounts, texts, tags)
bills = st.dictionaries(st.sampled_from(["02", "03", "04"]), st.lists(lines, min_size=1, max_size=12), min_size=1)


def row(start: datetime, length: timedelta, amount: Decimal, text: str, stated: str) -> Mapping[str, str]:
    period = {"ChargePeriodStart": start.isoformat(), "ChargePeriodEnd": (start + length).isoformat()}
    return charge(**period, BilledCost=f"{amount:f}", ListCost="", ServiceName=text, Tags=stated)


@pytest.mark.parametrize("zone", ZONES)
@settings(max_examples=8)
@given(bill=bills, first=st.integers(0, 50), length=st.integers(0, 20), spread=st.booleans())
def test_any_bill_reads_alike_for_any_days_in_any_zone(
    zone: str, bill: dict[str, list[tuple]], first: int, length: int, *, spread: bool
) -> None:
    days = (date(2024, 2, 19) + timedelta(days=first), date(2024, 2, 19) + timedelta(days=first + length))
    with TemporaryDirectory() as name:
        source, folder = Path(name) / "bill", Path(name) / "prepared"
        for month, rows in bill.items():
            write_bill(source, *(row(*one) for one in rows), name=PERIOD.format(month))
        prepare(source, folder, tag_keys=["app", "App"])
        how = {"zone": zone, "long_charges": "spread" if spread else "start", "tag_keys": ["App", "app", "n"]}
        assert_same(source, folder, days, **how)
        assert sum(total.billed_cost or 0 for total in manifest_in(folder).totals.values()) == sum(
            amount for rows in bill.values() for _, _, amount, _, _ in rows
        )


def test_rules_take_the_same_charges_by_columns_and_tags_that_only_they_look_at(tmp_path: Path) -> None:
    rules = [
        {"to": "first", "where": {"resource_id": {"glob": "vm-1*"}, "tags": {"team": "a"}}},
        {"to": "second", "where": {"pricing_category": "Standard", "tags": {"env": {"present": True}}}},
    ]
    pools = {"pools": Allocation.model_validate({"rules": rules})}
    lines = [
        charge(ResourceId=f"vm-{n}", PricingCategory="Standard", Tags=json.dumps({"team": "ab"[n % 2], "env": "x" * n}))
        for n in range(12)
    ]
    write_bill(tmp_path / "bill", *lines)
    for allocations in (pools, {}):
        prepare(tmp_path / "bill", tmp_path / "p", allocations=allocations)
        assert_same(tmp_path / "bill", tmp_path / "p", SEPTEMBER_10_TO_12, allocations=pools)
    held = read_bill(tmp_path / "p", allocations=pools).charges
    assert dict(zip(held["taken_by"], held["charge_rows"], strict=True)) == {
        '{"pools":"first"}': 1,
        '{"pools":"second"}': 10,
        '{"pools":"unallocated"}': 1,
    }


def test_rows_that_are_alike_in_two_billing_periods_both_count(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge(), name=PERIOD.format("09"))
    write_bill(tmp_path / "bill", charge(), charge(ChargePeriodStart="2024-09-01T00:00:00Z"), name=PERIOD.format("10"))
    prepare(tmp_path / "bill", tmp_path / "p")
    assert billed(read_bill(tmp_path / "p")) == 3
    assert_same(tmp_path / "bill", tmp_path / "p", SEPTEMBER_10_TO_12)


def test_two_forms_of_one_file_both_count(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge())
    write_bill(tmp_path / "bill", charge(), name="bill.csv.gz")
    prepare(tmp_path / "bill", tmp_path / "p")
    assert billed(read_bill(tmp_path / "p")) == 3


def test_a_billing_period_that_the_days_cannot_be_in_is_not_read_in_either(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge(), name=PERIOD.format("09"))
    write_bill(tmp_path / "bill", charge(BilledCost="7"), name=PERIOD.format("07"))
    prepare(tmp_path / "bill", tmp_path / "p")
    assert billed(read_bill(tmp_path / "p")) == Decimal("1.5")
    assert_same(tmp_path / "bill", tmp_path / "p", SEPTEMBER_10_TO_12)
    assert_same(tmp_path / "bill", tmp_path / "p", (date(2024, 7, 1), DAY))


def test_a_day_without_charges_is_absent_for_the_same_reason(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge(), name=PERIOD.format("09"))
    (tmp_path / "bill" / PERIOD.format("11")).parent.mkdir()
    (tmp_path / "bill" / PERIOD.format("11")).write_text(",".join(charge()) + "\n")
    prepare(tmp_path / "bill", tmp_path / "p")
    absent = read_bill(tmp_path / "p", DAY, date(2024, 12, 1)).absent
    assert absent[date(2024, 9, 30)] == absent[date(2024, 11, 1)] == "the bill has no charge of this day yet"
    assert absent[date(2024, 10, 1)] == "there is no delivery for billing period 2024-10"
    assert_same(tmp_path / "bill", tmp_path / "p", (DAY, date(2024, 12, 1)))


def test_a_bill_without_a_single_charge_can_be_prepared(tmp_path: Path) -> None:
    (tmp_path / "bill.csv").write_text(",".join(charge()) + "\n")
    prepare(tmp_path / "bill.csv", tmp_path / "p")
    assert_same(tmp_path / "bill.csv", tmp_path / "p", SEPTEMBER_10_TO_12)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"BilledCost": "1,5"}, "row 3, field BilledCost: '1,5' is no finite decimal"),
        ({"ChargePeriodStart": "soon"}, "row 3, field ChargePeriodStart: 'soon' is no date"),
        ({"BillingCurrency": ""}, "row 3, field BillingCurrency: is empty"),
        ({"Tags": '{"app":"\\u0000"}'}, "row 3, field Tags"),
    ],
)
def test_a_row_that_cannot_be_counted_is_refused_as_a_reading_refuses_it(
    tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    write_bill(tmp_path / "bill", charge(), charge(**changes))
    for act in (
        lambda: prepare(tmp_path / "bill", tmp_path / "p", tag_keys=["app"]),
        lambda: read_bill(tmp_path / "bill", tag_keys=["app"]),
    ):
        with pytest.raises(Refusal) as refused:
            act()
        assert f"file bill.csv, {says}" in str(refused.value)
    assert not (tmp_path / "p" / "manifest.json").exists()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    write_bill(tmp_path / "bill", charge())
    (tmp_path / "bill" / "other.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(Refusal, match=r"other\.parquet: it is damaged"):
        prepare(tmp_path / "bill", tmp_path / "p")
