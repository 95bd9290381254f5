"""Several cost sources as one: exact sums, whole days or none, and only the days that a source covers.

Here: merging, with sources of our own. Not here: any real source.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from pydantic import PrivateAttr

from unit_economics import schemas
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.together import Asked, glance_all, read_all
from unit_economics.entries.adapters import CostSource, Delivery, Kept
from unit_economics.outside import Outside

FIRST, SECOND, THIRD = (date(2024, 9, day) for day in (1, 2, 3))
TOTALS = ["business_date", "billing_currency", "charge_rows", *schemas.COSTS]
Costs = tuple[str | None, str | None, str | None, str | None]


def asked(last: date = SECOND) -> Asked:
    calendar = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
    return Asked(DayRange(FIRST, last), calendar, Kept(["app"]), Outside({}))


def frame(columns: Sequence[str], rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype=object).astype({"charge_rows": "int64"})


class Shelf(CostSource):
    """A source that holds one charge a day, and remembers what it was asked for."""

    kind: str = "shelf"
    costs: dict[date, Costs]
    sub_account_id: str | None = "1"
    currency: str = "USD"
    looks: str | None = "seen"
    _read: list[DayRange] = PrivateAttr(default_factory=list)

    def glance(
        self,
        days: DayRange,
        *,
        calendar: BusinessCalendar,  # noqa: ARG002  # the signature of a source
        kept: Kept,  # noqa: ARG002
        outside: Outside,  # noqa: ARG002
    ) -> str | None:
        return self.looks and f"{self.looks} {days.first} {days.last}"

    def read(
        self,
        days: DayRange,
        *,
        calendar: BusinessCalendar,  # noqa: ARG002  # the signature of a source
        kept: Kept,
        outside: Outside,  # noqa: ARG002
    ) -> Delivery:
        assert kept == Kept(["app"])
        self._read.append(days)
        held = {day: [cost and Decimal(cost) for cost in self.costs[day]] for day in days if day in self.costs}
        charges = [
            (day, "AWS", self.sub_account_id, "EC2", None, "Usage", "{}", self.currency, "{}", False, *costs, 2)
            for day, costs in held.items()
        ]
        totals = [(day, self.currency, 2, *costs) for day, costs in held.items()]
        return Delivery(
            frame(list(schemas.CHARGES.columns), charges),
            frame(TOTALS, totals),
            {day: "nothing here yet" for day in days if day not in held},
            f"{len(held)} days",
        )


def shelf(costs: Mapping[date, str | Costs], **more: object) -> Shelf:
    """A shelf with these costs; a single one is the billed and the effective cost."""
    stated = {day: (cost, cost, None, None) if isinstance(cost, str) else cost for day, cost in costs.items()}
    return Shelf.model_validate({"costs": stated, **more})


def costs_of(delivery: Delivery, cost: str = "billed_cost") -> dict[date, object]:
    schemas.CHARGES.validate(delivery.charges, lazy=True)
    assert list(delivery.source_totals.columns) == TOTALS
    return dict(zip(delivery.charges["business_date"], delivery.charges[cost], strict=True))


def test_days_that_no_source_covers_are_all_absent_and_nothing_is_read() -> None:
    late = shelf({}, covers_from=date(2025, 1, 1))
    delivery = read_all({"late": late}, asked())
    assert delivery.absent == dict.fromkeys((FIRST, SECOND), "no cost source covers this day")
    assert costs_of(delivery) == {}
    assert delivery.source_totals.empty
    assert glance_all({"late": late}, asked()) is None
    assert late._read == []


def test_one_source_alone_is_handed_over_under_its_name() -> None:
    delivery = read_all({"aws": shelf({FIRST: "1", SECOND: "2"})}, asked())
    assert costs_of(delivery) == {FIRST: Decimal(1), SECOND: Decimal(2)}
    assert (delivery.absent, delivery.fingerprint) == ({}, "aws=2 days")


def test_the_same_charge_in_two_sources_is_summed_exactly_beyond_28_digits() -> None:
    large, small = "99999999999999999999999", "0.000000000001"
    delivery = read_all({"aws": shelf({FIRST: large}), "also": shelf({FIRST: small})}, asked(FIRST))
    assert costs_of(delivery) == {FIRST: Decimal("99999999999999999999999.000000000001")}
    assert delivery.source_totals["billed_cost"].tolist() == [Decimal("99999999999999999999999.000000000001")]
    assert (delivery.charges["charge_rows"].tolist(), delivery.source_totals["charge_rows"].tolist()) == ([4], [4])
    assert delivery.fingerprint == "aws=1 days; also=1 days"


def test_a_cost_that_nobody_states_stays_none_and_one_that_one_states_is_kept() -> None:
    delivery = read_all(
        {"aws": shelf({FIRST: ("1", None, "5", None)}), "also": shelf({FIRST: ("2", None, None, None)})}, asked(FIRST)
    )
    assert costs_of(delivery) == {FIRST: Decimal(3)}
    for found in (delivery.charges, delivery.source_totals):
        assert [found[cost].tolist() for cost in schemas.COSTS[1:]] == [[None], [Decimal(5)], [None]]


def test_a_dimension_that_is_empty_in_both_sources_is_one_charge_and_stays_none() -> None:
    sources = {name: shelf({FIRST: "1"}, sub_account_id=None) for name in ("aws", "also")}
    (charge,) = read_all(sources, asked(FIRST)).charges.to_dict("records")
    assert (charge["sub_account_id"], charge["region_id"], charge["billed_cost"]) == (None, None, Decimal(2))


def test_different_accounts_and_currencies_stay_apart() -> None:
    sources = {
        "aws": shelf({FIRST: "1"}),
        "also": shelf({FIRST: "2"}, sub_account_id="2"),
        "euro": shelf({FIRST: "4"}, currency="EUR"),
    }
    delivery = read_all(sources, asked(FIRST))
    schemas.CHARGES.validate(delivery.charges, lazy=True)
    assert sorted(delivery.charges["billed_cost"]) == [1, 2, 4]
    totals = delivery.source_totals.set_index("billing_currency")["billed_cost"]
    assert totals.to_dict() == {"USD": Decimal(3), "EUR": Decimal(4)}


def test_a_day_that_one_covering_source_lacks_is_absent_altogether_with_its_name() -> None:
    sources = {"aws": shelf({FIRST: "1", SECOND: "2"}), "gcp": shelf({FIRST: "4"}, sub_account_id="2")}
    delivery = read_all(sources, asked())
    assert delivery.absent == {SECOND: "gcp: nothing here yet"}
    assert set(delivery.charges["business_date"]) == set(delivery.source_totals["business_date"]) == {FIRST}
    assert delivery.source_totals["billed_cost"].tolist() == [Decimal(5)]


def test_a_day_that_every_covering_source_lacks_leaves_no_row() -> None:
    delivery = read_all({"aws": shelf({}), "gcp": shelf({})}, asked(FIRST))
    assert list(delivery.absent) == [FIRST]
    assert costs_of(delivery) == {}


def test_a_source_is_only_asked_for_the_days_it_covers() -> None:
    old = shelf({FIRST: "1"}, covers_until=FIRST)
    new = shelf({SECOND: "2"}, covers_from=SECOND, covers_until=SECOND)
    delivery = read_all({"old": old, "new": new}, asked(THIRD))
    assert (old._read, new._read) == ([DayRange(FIRST, FIRST)], [DayRange(SECOND, SECOND)])
    assert costs_of(delivery) == {FIRST: Decimal(1), SECOND: Decimal(2)}
    assert delivery.absent == {THIRD: "no cost source covers this day"}


@pytest.mark.parametrize(
    ("looks", "expected"),
    [("seen", "seen 2024-09-01 2024-09-01; seen 2024-09-01 2024-09-02"), (None, None)],
)
def test_all_is_only_told_without_reading_when_every_source_can(looks: str | None, expected: str | None) -> None:
    sources = {"old": shelf({}, covers_until=FIRST), "new": shelf({}, looks=looks)}
    assert glance_all(sources, asked()) == expected
    assert sources["old"]._read == sources["new"]._read == []
