"""What changed since a moment: each cause by its name, what moved by how much, which published copies are wrong."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.cli import main
from unit_economics.insight.restating import Moved, Restatements
from unit_economics.proof.proof import Proved
from unit_economics.proof.restatement import restated, restatement_report
from unit_economics.warehouse import replace_days
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt
from unit_economics.warehouse.restatements import Span, settled_moment
from unit_economics_tests.focus_bills import charge_on, write_bill
from unit_economics_tests.world import World

DAYS = [f"2026-03-{n:02}" for n in range(1, 6)]
CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
"""


def row(day: str, cost: str = "10", service: str = "EC2", category: str = "Usage") -> dict[str, str]:
    return charge_on(day, ServiceName=service, ChargeCategory=category, EffectiveCost=cost, BilledCost=cost)


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    """Five complete days of 10 USD and 100 orders each."""
    shop = world(CATALOGUE)
    shop.now = datetime(2026, 3, 20, 12, tzinfo=UTC)
    shop.sql(
        "create table public.orders as select d::date as date, 100 as orders"
        f" from generate_series('{DAYS[0]}'::date, '{DAYS[-1]}', '1 day') d"
    )
    deliver(shop, [row(day) for day in DAYS])
    return shop


def deliver(shop: World, rows: Sequence[dict[str, str]]) -> None:
    write_bill(shop.folder / "focus", *rows)
    assert shop.run(DAYS[0], DAYS[-1]).success


def now(shop: World) -> datetime:
    return shop.sql("select clock_timestamp()")[0][0]


def since(shop: World, moment: datetime) -> Restatements:
    of = shop.deployment()
    with of.warehouse.snapshot() as connection:
        return restated(of, connection, Span(moment, now(shop)))


def moves(found: Restatements) -> list[tuple[str, str, str, list[str]]]:
    made_of = ["daily_orders", "cloud_costs", "allocated_costs", "exchange_rates", "cost_per_order"]
    return [
        (str(one.day), f"{one.unit_cost_before:f}", f"{one.unit_cost:f}", [*found.causes(one, made_of)])
        for one in found.moved
    ]


def test_what_never_changed_is_in_no_report(shop: World) -> None:
    before = now(shop)
    deliver(shop, [row(day) for day in DAYS])
    assert since(shop, before).is_empty


@pytest.mark.parametrize(
    ("more", "unit_cost", "cause"),
    [
        ([row(DAYS[1], "5")], "0.15", "late charges"),
        ([row(DAYS[1], "-5", category="Credit")], "0.05", "credit"),
        ([row(DAYS[1], "-5", category="Adjustment")], "0.05", "correction"),
    ],
)
def test_rows_that_come_later_are_told_by_what_they_are(
    shop: World, more: list[dict[str, str]], unit_cost: str, cause: str
) -> None:
    before = now(shop)
    deliver(shop, [*(row(day) for day in DAYS), *more])
    assert moves(since(shop, before)) == [(DAYS[1], "0.1", unit_cost, [cause])]


def test_rows_that_are_worth_something_else_are_a_correction(shop: World) -> None:
    before = now(shop)
    deliver(shop, [row(day, "12" if day == DAYS[3] else "10") for day in DAYS])
    found = since(shop, before)
    assert moves(found) == [(DAYS[3], "0.1", "0.12", ["correction"])]
    [part] = found.charges
    assert (part.service_name, part.effective_before, part.effective) == ("EC2", 10, 12)


def test_orders_that_come_later_move_the_unit_cost_by_units_alone(shop: World) -> None:
    before = now(shop)
    shop.sql("update public.orders set orders = 125 where date = %s", DAYS[2])
    assert shop.run(DAYS[0], DAYS[-1]).success
    found = since(shop, before)
    assert moves(found) == [(DAYS[2], "0.1", "0.08", ["late units"])]
    assert (found.moved[0].by_cost, found.moved[0].by_units) == (0, Fraction(-1, 50))


def test_charges_that_only_moved_within_a_service_are_a_correction_and_no_release(shop: World) -> None:
    def costs(ours: str, theirs: str) -> list[dict[str, str]]:
        paid = (("a", ours), ("b", theirs))
        return [{**row(DAYS[1], cost), "SubAccountId": account} for account, cost in paid]

    shop.catalogue = CATALOGUE.replace("all: {}", "ours: {where: {sub_account_id: a}}")
    deliver(shop, costs("10", "5"))
    before = now(shop)
    deliver(shop, costs("5", "10"))
    assert moves(since(shop, before)) == [(DAYS[1], "0.1", "0.05", ["correction"])]


def test_units_that_are_counted_for_the_first_time_are_late_and_no_release(shop: World) -> None:
    later = "2026-03-06"
    write_bill(shop.folder / "focus", *(row(day) for day in [*DAYS, later]))
    shop.run(later, later)
    before = now(shop)
    shop.sql("insert into public.orders values (%s, 100)", later)
    assert shop.run(later, later).success
    found = since(shop, before)
    [one] = found.moved
    assert (one.unit_cost_before, one.unit_cost) == (None, Decimal("0.1"))
    assert found.causes(one, ["daily_orders", "cloud_costs", "cost_per_order"]) == ["late units"]


def test_another_definition_is_told_as_one_and_not_as_a_correction(shop: World) -> None:
    before = now(shop)
    shop.catalogue = CATALOGUE.replace("all: {}", "all: {basis: list}")
    assert shop.run(DAYS[0], DAYS[-1]).success
    found = since(shop, before)
    assert {tuple(causes) for *_, causes in moves_or_empty(found)} == {("definition change",)}


def moves_or_empty(found: Restatements) -> list[tuple[str, list[str]]]:
    return [(str(one.day), [*found.causes(one, ["cost_per_order", "cloud_costs"])]) for one in found.moved]


def test_what_came_and_went_again_between_two_moments_is_no_change(shop: World) -> None:
    before = now(shop)
    deliver(shop, [row(day, "12") for day in DAYS])
    deliver(shop, [row(day) for day in DAYS])
    assert since(shop, before).is_empty


def test_a_moment_in_between_is_the_end_of_an_earlier_report(shop: World) -> None:
    before = now(shop)
    deliver(shop, [row(day, "12") for day in DAYS[:1]] + [row(day) for day in DAYS[1:]])
    between = now(shop)
    deliver(shop, [row(day) for day in DAYS])
    of = shop.deployment()
    with of.warehouse.snapshot() as connection:
        found = restated(of, connection, Span(before, between))
    assert [day for day, *_ in moves(found)] == [DAYS[0]]


def prove(shop: World) -> Proved:
    of = shop.deployment()
    return restatement_report(of).prove(of.run("proof"))


def test_each_report_begins_where_the_last_one_ended_and_nothing_new_writes_none(shop: World) -> None:
    prove(shop)
    deliver(shop, [row(day, "12" if day == DAYS[3] else "10") for day in DAYS])
    told = prove(shop)
    assert told.shown["moved"] == "1 day of cost_per_order moved, 1 of them after they had been complete."
    assert (
        f"| {DAYS[3]} | cost_per_order | all USD | 0.1 | 0.12 | +0.02 | +0.02 | +0 | correction |"
        in (told.markdown["report"])
    )
    kept = shop.sql("select body from unit_economics.restatement_reports order by report")
    assert kept[-1] == (told.markdown["report"],)
    prove(shop)
    assert shop.sql("select body from unit_economics.restatement_reports order by report") == kept


def test_a_report_never_reaches_back_behind_the_last_one(shop: World) -> None:
    with psycopg.connect(shop.url) as other:
        other.execute("select 1")
        deliver(shop, [row(day, "12") for day in DAYS])
        prove(shop)
        other.execute("select pg_current_xact_id()")
        assert prove(shop).shown["unit_costs_moved"] == 0
    assert shop.sql("select count(*) from unit_economics.restatement_reports") == [(1,)]


def test_what_is_being_written_is_after_every_settled_moment(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[tuple[datetime, datetime]] = []
    write = replace_days._copy_ledger  # pyright: ignore[reportPrivateUsage]

    def looked_at(connection: Connection, attempt: Attempt, steps: Any, source_hash: str, moment: datetime) -> None:
        with shop.deployment().warehouse.connection() as other:
            settled.append((settled_moment(other), moment))
        write(connection, attempt, steps, source_hash, moment)

    monkeypatch.setattr(replace_days, "_copy_ledger", looked_at)
    shop.run("2026-03-06", "2026-03-06", "daily_orders", "cloud_costs")
    shop.sql("insert into public.orders values ('2026-03-06', 100)")
    shop.run("2026-03-06", "2026-03-06", "daily_orders", "cloud_costs")
    assert settled
    assert all(before < moment for before, moment in settled)


amounts = st.decimals(min_value="-1000", max_value="1000", places=6)
counts = st.decimals(min_value="0.001", max_value="100000", places=3)


@given(amounts, amounts, counts, counts)
def test_the_two_halves_of_a_move_are_the_move_exactly(
    cost_before: Decimal, cost: Decimal, quantity_before: Decimal, quantity: Decimal
) -> None:
    moved = Moved(
        *("cost_per_order", date(2026, 3, 1), "all", "USD"),
        *(cost_before, cost, quantity_before, quantity, cost_before / quantity_before, cost / quantity),
    )
    exact = Fraction(cost) / Fraction(quantity) - Fraction(cost_before) / Fraction(quantity_before)
    assert moved.by_cost is not None
    assert moved.by_units is not None
    assert moved.by_cost + moved.by_units == exact


@pytest.mark.parametrize("missing", ["cost", "cost_before", "quantity", "quantity_before"])
def test_a_half_that_is_not_there_leaves_the_parts_empty(missing: str) -> None:
    halves = {"cost_before": Decimal(1), "cost": Decimal(2), "quantity_before": Decimal(3), "quantity": Decimal(4)}
    moved = Moved(
        *("cost_per_order", date(2026, 3, 1), "all", "USD"),
        **{**halves, missing: None},
        unit_cost_before=None,
        unit_cost=None,
    )
    assert (moved.by_cost, moved.by_units) == (None, None)


def test_the_command_prints_the_report_and_ends_with_1_where_something_moved(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE_URL", shop.url)
    monkeypatch.setenv("ORDERS_DATABASE_URL", shop.url)
    since_then = [
        "restatements",
        "--since",
        now(shop).isoformat(),
        "--config",
        str(shop.folder / "unit_economics.yaml"),
    ]
    quiet = CliRunner().invoke(main, since_then)
    assert (quiet.exit_code, "No unit cost that was stored is another one now." in quiet.output) == (0, True)
    deliver(shop, [row(day, "12" if day == DAYS[3] else "10") for day in DAYS])
    told = CliRunner().invoke(main, since_then)
    assert told.exit_code == 1
    assert "| correction |" in told.output
    document = json.loads(CliRunner().invoke(main, [*since_then, "--json"]).output)
    [moved] = document["unit_costs"]
    assert (moved["day"], moved["unit_cost_before"], moved["unit_cost"], moved["causes"]) == (
        DAYS[3],
        "0.1",
        "0.12",
        ["correction"],
    )


def test_moments_in_the_wrong_order_are_refused(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE_URL", shop.url)
    monkeypatch.setenv("ORDERS_DATABASE_URL", shop.url)
    words = ["--since", "2026-03-02T00:00:00Z", "--until", "2026-03-01T00:00:00Z"]
    told = CliRunner().invoke(main, ["restatements", *words, "--config", str(shop.folder / "unit_economics.yaml")])
    assert told.exit_code == 2
    assert "is not before" in told.output
