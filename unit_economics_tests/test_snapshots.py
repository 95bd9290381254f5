"""A day counts as seen at an age only where somebody looked then: neither a gap nor a backfill teaches anything."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

import pytest

from unit_economics.business_days import DayRange
from unit_economics.insight.completion import Cell, Snapshot
from unit_economics.warehouse.snapshots import snapshots
from unit_economics_tests.mornings import CATALOGUE, FIRST, Mornings
from unit_economics_tests.world import World

EC2, S3 = Cell("AWS", "EC2", "USD"), Cell("AWS", "S3", "USD")


@pytest.fixture
def mornings(world: Callable[..., World]) -> Mornings:
    return Mornings(world(CATALOGUE))


def seen(mornings: Mornings, last: int) -> Mapping[tuple[date, int], Snapshot]:
    of = mornings.shop.deployment()
    days = DayRange(FIRST, mornings.day(last))
    with of.warehouse.snapshot() as connection:
        return snapshots(connection, days, 3, "effective", of.calendar)


def test_a_morning_that_was_missed_and_days_of_a_backfill_are_not_known(mornings: Mornings) -> None:
    mornings.pass_by(to=1)
    mornings.shop.sql("insert into public.orders select date + n, 100 from orders, generate_series(1, 5) n")
    mornings.bill(6)
    mornings.look(6, days=6)
    found = seen(mornings, 6)
    assert set(found) == {(mornings.day(1), 1), (mornings.day(4), 3), (mornings.day(5), 2), (mornings.day(6), 1)}
    assert found[mornings.day(1), 1].costs == {EC2: Decimal(61), S3: Decimal(6)}
    assert found[mornings.day(4), 3].costs == {EC2: Decimal(100), S3: Decimal(10)}


def test_a_morning_on_which_nothing_had_changed_is_known_as_well_as_one_on_which_it_had(mornings: Mornings) -> None:
    mornings.pass_by(to=1)
    mornings.look(2, days=2)
    found = seen(mornings, 2)
    assert found[mornings.day(1), 2].costs == found[mornings.day(1), 1].costs
    assert (mornings.day(2), 1) not in found


def test_a_refused_delivery_leaves_the_age_unknown_though_the_former_value_stands(mornings: Mornings) -> None:
    mornings.pass_by(to=1)
    mornings.costs = {**mornings.costs, 2: {"S3": 9}}
    mornings.pass_by(since=2, to=2, good=False)
    found = seen(mornings, 2)
    assert (mornings.day(1), 2) not in found
    assert (mornings.day(1), 1) in found


def test_versions_keep_the_definition_of_their_bill(mornings: Mornings) -> None:
    mornings.pass_by(to=1)
    mornings.shop.catalogue = f"tags: [app]\n{CATALOGUE}"
    mornings.pass_by(since=2, to=2)
    found = seen(mornings, 2)
    assert found[mornings.day(1), 1].definition != found[mornings.day(1), 2].definition
