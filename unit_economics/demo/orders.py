"""The demo's orders: how many a day, each of them, and the table and views that hold them.

Here: pure rows, and one function that writes them. Not here: the bill.
"""

import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

import psycopg

from unit_economics.business_days import DayRange
from unit_economics.demo.answer_key import Event
from unit_economics.demo.events import holds
from unit_economics.refusals import Refusal

_WEEKDAYS = (1.05, 1.0, 0.98, 1.02, 1.12, 0.95, 0.88)
_HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 10, 12, 13, 13, 14, 13, 12, 12, 13, 14, 16, 18, 18, 14, 9, 5)
_STATUSES = ("completed", "cancelled", "returned")
_COUNTRIES = ("US", "GB", "DE", "FR", "NL", "CA")
_OURS = "unit_economics demo shop"
_NAMES = ["public.orders", "public.total_orders", "public.order_counts", "public.daily_revenue"]

_MAKE = f"""
    drop view if exists public.total_orders, public.order_counts, public.daily_revenue;
    drop table if exists public.orders;
    create table public.orders (
        order_id bigint primary key,
        ordered_at timestamptz not null,
        status text not null,
        amount numeric(12, 2) not null,
        currency text not null,
        country text not null
    );
    comment on table public.orders is '{_OURS}';
    create view public.total_orders (date, total_orders) as
        select (ordered_at at time zone 'UTC')::date, count(*)
        from public.orders where status = 'completed' group by 1;
    create view public.order_counts (date, region, payment, orders) as
        select (ordered_at at time zone 'UTC')::date, case when country in ('US', 'CA') then 'us' else 'eu' end,
            (array['card', 'card', 'card', 'paypal', 'invoice'])[1 + order_id % 5], count(*)
        from public.orders where status = 'completed' group by 1, 2, 3;
    create view public.daily_revenue (date, revenue) as
        select (ordered_at at time zone 'UTC')::date, sum(amount)
        from public.orders where status = 'completed' group by 1;
"""
_FINISH = "create index on public.orders (ordered_at); analyze public.orders"


@dataclass(frozen=True)
class Order:
    """One row of public.orders."""

    order_id: int
    ordered_at: datetime
    status: str
    amount: Decimal
    currency: str
    country: str


def orders_of(days: DayRange, events: list[Event], seed: int) -> Iterator[tuple[date, list[Order]]]:
    """The orders of each day; equal for equal arguments, on any machine."""
    next_id = 100_001
    for day in days:
        chance = random.Random(f"orders {seed} {day}")  # noqa: S311  # a made-up shop, no secret
        number = _how_many(day, events, chance)
        yield day, [_order(next_id + n, day, chance) for n in range(number)]
        next_id += number


def completed(orders: Iterable[Order]) -> list[Order]:
    """Those of them that count."""
    return [order for order in orders if order.status == "completed"]


def write_orders(database_url: str, orders: Iterable[Order]) -> None:
    """Replace the demo's table and views, in one transaction; a table that is not the demo's is left alone."""
    with psycopg.connect(database_url) as connection:
        _refuse_foreign_table(connection)
        connection.execute(_MAKE)
        with connection.cursor() as cursor, cursor.copy("copy public.orders from stdin") as copy:
            for o in orders:
                copy.write_row((o.order_id, o.ordered_at, o.status, o.amount, o.currency, o.country))
        connection.execute(_FINISH)


def _refuse_foreign_table(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    asked = (
        "select to_regclass(name)::text, obj_description(to_regclass('public.orders')) from unnest(%s::text[]) as name"
    )
    found = connection.execute(asked, [_NAMES]).fetchall()
    if any(name is not None and comment != _OURS for name, comment in found):
        raise Refusal(
            "there already is a table orders, or a view on orders, that the demo did not make",
            where="demo database",
            remedy="Give the demo a database of its own",
        )


def _how_many(day: date, events: list[Event], chance: random.Random) -> int:
    season = 1 + 0.14 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 250) / 365)
    expected = 360 * _WEEKDAYS[day.weekday()] * season * chance.uniform(0.95, 1.05)
    factor = 2.2 if holds(events, "volume_spike", day) else 0.2 if holds(events, "outage", day) else 1.0
    return round(expected * factor)


def _order(order_id: int, day: date, chance: random.Random) -> Order:
    [hour] = chance.choices(range(24), _HOURS)
    moment = datetime.combine(day, time(hour), tzinfo=UTC) + timedelta(seconds=chance.randrange(3600))
    [status] = chance.choices(_STATUSES, (93, 4, 3))
    amount = Decimal(chance.randrange(900, 18_000)).scaleb(-2)
    [country] = chance.choices(_COUNTRIES, (40, 20, 15, 10, 8, 7))
    return Order(order_id, moment, status, amount, "USD", country)
