"""What a destination holds against what was sent: somebody editing a value there by hand is seen the next morning."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from unit_economics.business_days import DayRange
from unit_economics.definitions import code_location
from unit_economics.demo.vantage_books import Books, Metric
from unit_economics.demo.vantage_server import serving
from unit_economics.entries.adapters import Held
from unit_economics.outside import Outside
from unit_economics.proof.read_back import CHECK, NAME
from unit_economics.sinks.vantage import VantageMetric
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.roles import VIEWER
from unit_economics_tests.focus_bills import charge_on, write_bill
from unit_economics_tests.readers import acting_as
from unit_economics_tests.vantage_contract import ContractTransport, audit_every_client
from unit_economics_tests.world import World

SOURCE = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.money, day: day, quantity: %s}"
CATALOGUE = f"""
cost_sources:
  bill: {{kind: focus, path: ./focus}}
restatement_window: P2D
metrics:
  cost_per_order:
    unit: Order
    units: {SOURCE % "orders"}
    publish: {{vantage: {{business_metric: ORDERS_METRIC_ID}}}}
    revenue:
      gross: {SOURCE % "gross"}
      publish: {{vantage: {{business_metric: REVENUE_METRIC_ID}}}}
"""
FIRST, SECOND, THIRD, LAST = DAYS = ("2026-03-01", "2026-03-02", "2026-03-03", "2026-03-04")
UNITS, REVENUE = "vantage_business_metric", "vantage_business_metric_order_revenue"


@pytest.fixture
def books() -> Books:
    books = Books("test-token")
    books.add_metric("Orders")
    books.add_metric("Revenue")
    return books


@pytest.fixture
def shop(world: Callable[..., World], books: Books) -> Iterator[World]:
    """Four published days of 100 orders and 1000 revenue, on the morning after the last of them."""
    with serving(books) as address:
        orders, revenue = books.metrics
        named = {"ORDERS_METRIC_ID": orders, "REVENUE_METRIC_ID": revenue}
        shop = world(CATALOGUE, VANTAGE_API_URL=address, VANTAGE_API_TOKEN="test-token", **named)
        shop.now = datetime(2026, 3, 5, 9, tzinfo=UTC)
        shop.sql("create table public.money (day date, orders bigint, gross numeric)")
        for day in DAYS:
            shop.sql("insert into public.money values (%s, 100, 1000)", day)
        write_bill(shop.folder / "focus", *(charge_on(day, EffectiveCost="10") for day in DAYS))
        assert shop.run(FIRST, LAST).success
        yield shop


def orders(books: Books) -> Metric:
    return next(iter(books.metrics.values()))


def revenue(books: Books) -> Metric:
    return list(books.metrics.values())[1]


def by_hand(metric: Metric, day: str, amount: int | str, *, label: str = "", hour: int = 0) -> None:
    """Somebody writes a value in Vantage's own pages."""
    moment = datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)
    metric.merge([(moment, label, Decimal(amount))])


def delete(metric: Metric, day: str) -> None:
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert metric.delete(moment, moment + timedelta(days=1), None) == 1


def prove(shop: World) -> dg.ExecuteInProcessResult:
    found = code_location(shop.deployment()).assets or ()
    (asset,) = [one for one in found if isinstance(one, dg.AssetsDefinition) and one.key == dg.AssetKey(NAME)]
    return dg.materialize([asset], instance=shop.instance, raise_on_error=False)


def check(result: dg.ExecuteInProcessResult) -> Any:
    (one,) = [one for one in result.get_asset_check_evaluations() if one.check_name == CHECK]
    return one


def drift(shop: World, asset: str = UNITS) -> list[tuple[Any, ...]]:
    return shop.sql(
        "select business_date::text, verdict, held, sent, ours from unit_economics.read_backs"
        " where asset = %s and verdict <> 'same' order by 1",
        asset,
    )


def alerts(shop: World, kind: str) -> list[tuple[str, str]]:
    return shop.sql("select title, body from unit_economics.outbox where cause like %s order by message", f"{kind}/%")


def counted(shop: World, table: str) -> int:
    return shop.sql(f"select count(*) from unit_economics.{table}")[0][0]


def test_what_is_held_as_it_was_sent_is_the_same_and_nobody_is_told(shop: World) -> None:
    result = prove(shop)
    assert result.success
    assert check(result).passed
    assert drift(shop) == drift(shop, REVENUE) == []
    assert counted(shop, "read_back") == 8
    assert alerts(shop, "proof") == alerts(shop, "touched") == []


def test_an_edit_before_the_restatement_window_is_found_by_the_proof_and_told_once(shop: World, books: Books) -> None:
    by_hand(orders(books), FIRST, 999)
    result = prove(shop)
    assert result.success
    assert not check(result).passed
    assert check(result).severity == dg.AssetCheckSeverity.ERROR
    assert drift(shop) == [(FIRST, "edited", 999, 100, 100)]
    ((title, body),) = alerts(shop, "proof")
    assert UNITS in title
    assert f"{FIRST} edited: it holds 999, ours is 100" in body
    assert f"unit-economics publish --from {FIRST} --to {FIRST}" in body
    prove(shop)
    assert len(alerts(shop, "proof")) == 1


def test_proving_twice_writes_nothing_and_sends_nothing(shop: World, books: Books) -> None:
    by_hand(orders(books), FIRST, "999.12345678901234567")
    prove(shop)
    before, held = counted(shop, "read_back"), list(orders(books).rows)
    prove(shop)
    assert counted(shop, "read_back") == before
    assert orders(books).rows == held


def test_what_the_message_says_to_type_puts_it_right_and_the_drift_is_closed(shop: World, books: Books) -> None:
    by_hand(orders(books), FIRST, 999)
    prove(shop)
    shop.run(FIRST, FIRST, UNITS)
    assert check(prove(shop)).passed
    assert drift(shop) == []
    of_day = "asset = %s and business_date = %s order by read_back"
    history = f"select verdict from unit_economics.read_back_versions where {of_day}"
    assert shop.sql(history, UNITS, FIRST) == [("edited",), ("same",)]


def test_an_edit_inside_the_window_is_put_right_by_the_morning_and_told_once(shop: World, books: Books) -> None:
    by_hand(orders(books), THIRD, 999)
    shop.run(THIRD, LAST)
    shop.run(THIRD, LAST)
    assert {amount for _, _, amount in orders(books).rows} == {100}
    ((title, body),) = alerts(shop, "touched")
    assert title == f"{UNITS}: somebody else changed {THIRD} there"
    assert f"{THIRD}: edited there: it held 999 where 100 had been sent, and 100 was sent in its place" in body
    assert check(prove(shop)).passed


def test_a_day_that_was_deleted_there_is_seen_by_the_publication_and_by_the_proof(shop: World, books: Books) -> None:
    delete(orders(books), FIRST)
    delete(orders(books), THIRD)
    shop.run(THIRD, LAST)
    ((_, body),) = alerts(shop, "touched")
    assert f"{THIRD}: deleted there: it held nothing where 100 had been sent, and 100 was sent in its place" in body
    prove(shop)
    assert drift(shop) == [(FIRST, "deleted", None, 100, 100)]


def test_a_restatement_of_our_own_is_nobody_s_edit(shop: World) -> None:
    shop.sql("update public.money set orders = 101 where day = %s", THIRD)
    shop.run(THIRD, LAST)
    assert alerts(shop, "touched") == []
    assert check(prove(shop)).passed


def test_an_edit_to_what_the_restatement_says_is_no_drift(shop: World, books: Books) -> None:
    shop.sql("update public.money set orders = 101 where day = %s", THIRD)
    by_hand(orders(books), THIRD, 101)
    shop.run(THIRD, LAST)
    assert alerts(shop, "touched") == []
    assert drift(shop) == []


def test_what_the_mart_moved_on_from_is_behind_and_only_a_warning(shop: World) -> None:
    shop.sql("update public.money set orders = 101 where day = %s", FIRST)
    shop.run(FIRST, FIRST, "daily_orders", "cloud_costs", "cost_per_order")
    found = check(prove(shop))
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert drift(shop) == [(FIRST, "behind", 100, 100, 101)]
    assert alerts(shop, "proof") == []


def test_values_that_were_never_sent_are_foreign(shop: World, books: Books) -> None:
    by_hand(orders(books), FIRST, 5, label="eu")
    orders(books).rows = [row for row in orders(books).rows if str(row[0].date()) != SECOND]
    by_hand(orders(books), SECOND, 60, hour=5)
    by_hand(orders(books), SECOND, 40, hour=9)
    shop.now = datetime(2026, 3, 6, 9, tzinfo=UTC)
    by_hand(orders(books), "2026-03-05", 7)
    found = check(prove(shop))
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert drift(shop) == [
        (FIRST, "foreign", 100, 100, 100), (SECOND, "foreign", 100, 100, 100), ("2026-03-05", "foreign", 7, None, None)
    ]  # fmt: skip
    beside = dict(shop.sql("select business_date::text, beside from unit_economics.read_backs where beside <> ''"))
    assert beside == {FIRST: "5 labelled 'eu'", SECOND: "2 rows, or another hour than midnight"}


def test_values_outside_of_what_was_published_are_nobody_s_business(shop: World, books: Books) -> None:
    by_hand(orders(books), "2026-02-28", 7)
    by_hand(orders(books), "2026-03-05", 7)
    assert check(prove(shop)).passed


def test_an_amount_of_revenue_is_told_to_finance_only(shop: World, books: Books) -> None:
    by_hand(revenue(books), FIRST, 4321)
    by_hand(revenue(books), THIRD, 8765)
    shop.run(THIRD, LAST)
    found = prove(shop)
    ((_, body),) = alerts(shop, "proof")
    assert FIRST in body
    assert all(amount not in f"{body} {check(found).description}" for amount in ("4321", "1000"))
    with_rights = drift(shop, REVENUE)
    assert with_rights == [(FIRST, "edited", 4321, 1000, 1000)]
    seen = as_viewer(shop)
    assert all(amount not in seen for amount in ("4321", "8765", "1000"))
    assert "edited" in seen


def as_viewer(shop: World) -> str:
    views = ("read_backs", "read_back_versions", "alerts", "gate")
    with acting_as(Warehouse(shop.url), VIEWER) as connection:
        return "".join(str(connection.execute(f"select * from {one}".encode()).fetchall()) for one in views)


def test_a_metric_that_can_t_be_read_is_listed_and_the_others_are_judged(shop: World, books: Books) -> None:
    del books.metrics[next(iter(books.metrics))]
    (left,) = books.metrics.values()
    by_hand(left, FIRST, 1)
    found = check(prove(shop))
    assert found.severity == dg.AssetCheckSeverity.ERROR
    assert f"{UNITS} could not be read" in (found.description or "")
    assert drift(shop, REVENUE) == [(FIRST, "edited", 1, 1000, 1000)]


def test_the_requests_of_the_proof_keep_the_contract_and_only_read(
    shop: World, monkeypatch: pytest.MonkeyPatch, vantage_contract: Path
) -> None:
    audited: list[ContractTransport] = audit_every_client(monkeypatch, vantage_contract)
    assert check(prove(shop)).passed
    asked = [one for transport in audited for one in transport.checked]
    assert len(asked) == 2
    assert all(one.startswith("GET ") for one in asked)


def test_a_value_that_was_written_before_anything_was_sent_is_replaced_and_told(shop: World, books: Books) -> None:
    by_hand(orders(books), "2026-03-05", 7)
    shop.now = datetime(2026, 3, 6, 9, tzinfo=UTC)
    shop.sql("insert into public.money values ('2026-03-05', 100, 1000)")
    shop.run("2026-03-05", "2026-03-05")
    ((_, body),) = alerts(shop, "touched")
    assert "2026-03-05: written there: it held 7, which was never sent from here" in body


def test_a_day_that_was_right_before_we_came_counts_as_sent(shop: World, books: Books) -> None:
    by_hand(orders(books), "2026-03-05", 100)
    shop.now = datetime(2026, 3, 6, 9, tzinfo=UTC)
    shop.sql("insert into public.money values ('2026-03-05', 100, 1000)")
    shop.run("2026-03-05", "2026-03-05")
    assert alerts(shop, "touched") == []
    by_hand(orders(books), "2026-03-05", 7)
    prove(shop)
    assert drift(shop) == [("2026-03-05", "edited", 7, 100, 100)]


def test_a_publication_while_the_proof_reads_is_nobody_s_edit(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    read = VantageMetric.held

    def held(sink: VantageMetric, days: DayRange, *, outside: Outside) -> Held:
        found = read(sink, days, outside=outside)
        shop.run(FIRST, FIRST, "daily_orders", "cloud_costs", "cost_per_order", UNITS)
        return found

    shop.sql("update public.money set orders = 101 where day = %s", FIRST)
    monkeypatch.setattr(VantageMetric, "held", held)
    assert check(prove(shop)).severity == dg.AssetCheckSeverity.WARN
    assert drift(shop) == [(FIRST, "behind", 100, 101, 101)]


def test_without_anything_published_there_is_no_proof(world: Callable[..., World]) -> None:
    text = "\n".join(line for line in CATALOGUE.splitlines() if "publish" not in line)
    names = [
        one.key.to_user_string()
        for one in code_location(world(text).deployment()).assets or ()
        if isinstance(one, dg.AssetsDefinition)
    ]
    assert NAME not in names
