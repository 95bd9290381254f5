"""Real and third-party bills, read as a user would, against answers that plain SQL gave."""

import csv
import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from unit_economics.entries.adapters import Delivery
from unit_economics_tests.focus_bills import read_bill

NOVEMBER = (date(2018, 11, 1), date(2018, 11, 30))
SEPTEMBER = (date(2024, 9, 1), date(2024, 9, 15))
MAY = (date(2026, 5, 1), date(2026, 5, 31))
D1 = "d1_retail_aws_nov2018"
D2 = "d2_official_focus10_sep2024"
D3 = "d3_synthetic_focus12_13"


def answers(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def in_scope(charges: pd.DataFrame, scope: str) -> pd.DataFrame:
    if scope == "all":
        return charges
    kind, _, value = scope.partition(":")
    if kind == "tag":
        key, _, wanted = value.partition("=")
        held = charges["tags"].map(lambda text: json.loads(text).get(key, "(none)"))
        return charges[held == wanted]
    return charges[charges[{"subaccount": "sub_account_id", "provider": "provider_name"}[kind]] == value]


def assert_sums(rows: pd.DataFrame, answer: dict[str, str], where: str) -> None:
    assert sum(rows["charge_rows"]) == int(answer["cost_rows"]), where
    for column, cost in (("cost_billed", "billed_cost"), ("cost_effective", "effective_cost")):
        if not answer[column]:
            assert rows.empty, where
            continue
        wanted, got = Decimal(answer[column]), sum(rows[cost], Decimal(0))
        assert abs(got - wanted) <= max(Decimal("1e-8"), abs(wanted) / 10**6), f"{where} {cost}: {got}, not {wanted}"


def assert_answers(delivery: Delivery, path: Path) -> None:
    expected = answers(path)
    assert expected
    for answer in expected:
        rows = in_scope(delivery.charges, answer["scope"])
        held = rows["business_date"].map(str) == answer["day"]
        assert_sums(rows[held], answer, f"{answer['day']} {answer['scope']}")


def assert_categories(delivery: Delivery, path: Path) -> None:
    expected = answers(path)
    charges = delivery.charges
    assert len(expected) == len(charges[["business_date", "charge_category"]].drop_duplicates())
    for answer in expected:
        held = (charges["business_date"].map(str) == answer["day"]) & (
            charges["charge_category"] == answer["charge_category"]
        )
        assert_sums(charges[held], answer, str(answer))


def providers(version: str) -> Callable[[Path, Path], Path]:
    """The three providers' files of one version in a folder, the contract commitments beside them."""

    def deliver(data: Path, folder: Path) -> Path:
        for file in (data / D3 / "input").glob(f"focus_{version}_*.csv"):
            shutil.copyfile(file, folder / file.name)
        return folder

    return deliver


@pytest.mark.parametrize("form", ["focus_parquet", "focus_csv"])
@pytest.mark.parametrize(("long_charges", "suffix"), [("start", "utc"), ("spread", "utc_spread")])
def test_a_real_aws_month_gives_the_reference_answers(
    shared_data: Path, form: str, long_charges: str, suffix: str
) -> None:
    case = shared_data / D1
    delivery = read_bill(case / "input" / form, *NOVEMBER, tag_keys=["department"], long_charges=long_charges)
    assert_answers(delivery, case / f"expected_{suffix}.csv")
    assert_categories(delivery, case / f"expected_by_category_{suffix}.csv")
    assert not delivery.absent


def test_parquet_and_csv_of_one_bill_give_the_same_charges(shared_data: Path) -> None:
    frames = [
        read_bill(shared_data / D1 / "input" / form, *NOVEMBER, tag_keys=["department"]).charges
        for form in ("focus_parquet", "focus_csv")
    ]
    pd.testing.assert_frame_equal(*frames)


def test_the_finops_foundations_sample_gives_the_reference_answers(shared_data: Path) -> None:
    case = shared_data / D2
    delivery = read_bill(case / "input" / "focus_*.csv", *SEPTEMBER, tag_keys=["environment"])
    assert_answers(delivery, case / "expected_utc.csv")
    assert_categories(delivery, case / "expected_by_category_utc.csv")


def test_a_single_file_can_be_the_bill(shared_data: Path) -> None:
    delivery = read_bill(shared_data / D2 / "input" / "focus_multi_provider.csv", *SEPTEMBER)
    assert sum(delivery.charges["charge_rows"]) == 445


def test_tag_keys_are_exact_so_that_a_key_with_a_space_is_another_key(shared_data: Path) -> None:
    delivery = read_bill(shared_data / D2 / "input" / "focus_multi_provider.csv", *SEPTEMBER, tag_keys=["org", " org"])
    held: list[dict[str, Any]] = [json.loads(text) for text in delivery.charges["tags"]]
    assert any(" org" in tags for tags in held)
    assert any("org" in tags for tags in held)


@pytest.mark.parametrize(("version", "suffix"), [("1_2", "v12"), ("1_3", "v13")])
def test_three_providers_in_one_folder_give_the_reference_answers(
    shared_data: Path, tmp_path: Path, version: str, suffix: str
) -> None:
    folder = providers(version)(shared_data, tmp_path)
    delivery = read_bill(folder, *MAY)
    assert_answers(delivery, shared_data / D3 / f"expected_utc_{suffix}.csv")
    assert_categories(delivery, shared_data / D3 / f"expected_by_category_utc_{suffix}.csv")
    assert len(delivery.absent) == 3


def test_versions_may_lie_together_and_each_file_is_read_as_its_own(shared_data: Path, tmp_path: Path) -> None:
    for version in ("1_2", "1_3"):
        providers(version)(shared_data, tmp_path)
    assert sum(read_bill(tmp_path, *MAY).charges["charge_rows"]) == 3000


def test_source_totals_equal_the_charges_exactly(shared_data: Path, tmp_path: Path) -> None:
    delivery = read_bill(providers("1_3")(shared_data, tmp_path), *MAY)
    for total in delivery.source_totals.to_dict("records"):
        rows = delivery.charges[
            (delivery.charges["business_date"] == total["business_date"])
            & (delivery.charges["billing_currency"] == total["billing_currency"])
        ]
        for column in ("charge_rows", "billed_cost", "effective_cost", "list_cost", "contracted_cost"):
            assert sum(rows[column]) == total[column]
