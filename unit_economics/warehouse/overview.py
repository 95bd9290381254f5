"""An overview of the mart for people: tries, messages that wait, unit costs, its own state.

Here: questions to the published views. Not here: anything that writes, and what an asset asks (ledger.py, reading.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

from psycopg import sql

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Connection

EXPORTED = (
    *("metric", "business_date", "cost_scope", "billing_currency", "cost_basis", "cost", "charge_rows", "quantity"),
    *("unit", "unit_cost", "status", "reason", "complete_through", "version", "recorded_at", "run_id"),
)

NOWCASTS = ("nowcast_unit_cost", "low_unit_cost", "high_unit_cost")
"""What a provisional day will come to for one unit, and between which two it is to end; empty for any other day."""

EXPORTED_MARGINS = (
    *("metric", "business_date", "currency", "quantity", "unit", "gross", "discounts", "refunds", "chargebacks"),
    *("refunds_basis", "net_revenue", "fees", "fully_loaded_cost", "run_cost", "variable_cost", "margin_after"),
    *("contribution_margin", "revenue_per_unit", "variable_cost_per_unit", "contribution_margin_per_unit"),
    *("contribution_margin_percent", "status", "reason", "complete_through", "version", "recorded_at", "run_id"),
)


def unit_cost_over(connection: Connection, metric: str, days: DayRange) -> Sequence[tuple[Any, ...]]:
    """The unit cost over a window: scope, currency, cost, quantity, unit cost, days that count and that don't."""
    text: LiteralString = (
        "select cost_scope, billing_currency, cost, quantity, unit_cost, days, days_without"
        " from unit_cost_over(%s, %s, %s) order by 1, 2"
    )
    return connection.execute(text, [metric, days.first, days.last]).fetchall()


def last_tries(connection: Connection, days: DayRange) -> dict[tuple[str, date], tuple[int, datetime, str | None]]:
    """How often each asset's day was ever tried, when it last was, and why it is not there since.

    The reason is the newest try's that came to an end: what the source said of the day, or why the try failed.
    """
    rows = connection.execute(
        "select asset, d::date, count(*), max(started_at), (array_agg(coalesce(absent ->> d::date::text, failure)"
        " order by attempt desc) filter (where committed_at is not null or failure is not null))[1]"
        " from attempts cross join generate_series("
        "greatest(first_day, %s), least(last_day, %s), interval '1 day') d group by 1, 2",
        [days.first, days.last],
    )
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in rows}


@dataclass(frozen=True)
class Waiting:
    """Alerts that nobody has received yet."""

    messages: int
    tried: int
    oldest: datetime | None
    last_error: str | None

    def is_stuck(self, channels: Collection[str]) -> bool:
        """Whether there is a channel that does not take them."""
        return bool(channels) and self.tried > 0


UNSTICK = "unit-economics doctor"
"""What to type when alerts are stuck: it looks at every channel."""


def waiting_alerts(connection: Connection) -> Waiting:
    """The outbox: what waits, and what was tried in vain."""
    row = connection.execute(
        "select count(*), count(*) filter (where tries > 0), min(created_at), max(last_error)"
        " from alerts where sent_at is null"
    ).fetchone()
    return Waiting(*row) if row else Waiting(0, 0, None, None)


@dataclass(frozen=True)
class Told:
    """A message: what it is about, and whether it has reached everybody; `sent_at` is empty while it waits."""

    cause: str
    title: str
    created_at: datetime
    tries: int
    last_error: str | None
    sent_at: datetime | None


def alerts_since(connection: Connection, since: datetime, most: int = 500) -> Sequence[Told]:
    """The messages of late, newest first."""
    rows = connection.execute(
        "select cause, title, created_at, tries, last_error, sent_at from alerts where created_at >= %s"
        " order by message desc limit %s",
        [since, most],
    )
    return [Told(*row) for row in rows]


# A nowcast is of one version of a day, as in unit_cost_nowcasts.
_NOWCAST: LiteralString = """ left join lateral (
    select n.nowcast_unit_cost, n.low_unit_cost, n.high_unit_cost from nowcast_versions n
    where c.status = 'provisional' and n.metric = c.metric and n.business_date = c.business_date
        and n.cost_scope = c.cost_scope and n.billing_currency = c.billing_currency and n.version = c.version
        and n.recorded_at <= coalesce(%(as_of)s::timestamptz, 'infinity')
    order by n.nowcast desc limit 1
) nowcast on true """


def unit_costs(
    connection: Connection,
    days: DayRange | None,
    metric: str | None,
    as_of: datetime | None,
    *,
    with_nowcasts: bool = False,
) -> Sequence[tuple[Any, ...]]:
    """Rows of `EXPORTED` and, if asked for, `NOWCASTS`, in a fixed order; as believed at `as_of` where it is given."""
    columns: LiteralString = (
        "metric, business_date, cost_scope, billing_currency, cost_basis, cost, charge_rows, quantity, unit, unit_cost,"
        " status, reason, complete_through, version, recorded_at, run_id"
    )
    conditions: LiteralString = (
        " where (%(metric)s::text is null or metric = %(metric)s)"
        " and (%(first)s::date is null or business_date between %(first)s and %(last)s)"
        " order by metric, business_date, cost_scope, billing_currency"
    )
    source: LiteralString = "unit_costs c" if as_of is None else "unit_costs_as_of(%(as_of)s) c"
    if with_nowcasts:
        columns, source = columns + ", nowcast.*", source + _NOWCAST
    values: Mapping[str, object] = {
        "metric": metric,
        "first": days.first if days else None,
        "last": days.last if days else None,
        "as_of": as_of,
    }
    return connection.execute("select " + columns + " from " + source + conditions, values).fetchall()


def complete_days(connection: Connection, assets: Sequence[str], until: date, most: int) -> list[date]:
    """The last so many days on which any of these assets is stored and can no longer grow, oldest first."""
    rows = connection.execute(
        "select distinct business_date from day_versions where asset = any(%s) and business_date <= %s"
        " and superseded_at is null and status <> 'provisional' order by 1 desc limit %s",
        [list(assets), until, most],
    )
    return [day for (day,) in rows][::-1]


def unit_margins(
    connection: Connection, days: DayRange | None, metric: str | None, as_of: datetime | None
) -> Sequence[tuple[Any, ...]]:
    """Rows of `EXPORTED_MARGINS`, in a fixed order; as they were believed at `as_of` where it is given."""
    text: LiteralString = (
        "select {} from unit_margin_versions where (%(metric)s::text is null or metric = %(metric)s)"
        " and (%(first)s::date is null or business_date between %(first)s and %(last)s)"
        " and recorded_at <= coalesce(%(as_of)s::timestamptz, 'infinity')"
        " and (superseded_at is null or superseded_at > %(as_of)s) order by metric, business_date"
    )
    values = {"metric": metric, "first": days and days.first, "last": days and days.last, "as_of": as_of}
    columns = sql.SQL(", ").join(map(sql.Identifier, EXPORTED_MARGINS))
    return connection.execute(sql.SQL(text).format(columns), values).fetchall()


@dataclass(frozen=True)
class MartState:
    """What the mart's server says of itself."""

    server_version: int
    now: datetime
    migrations: Mapping[int, str]


def mart_state(connection: Connection) -> MartState:
    """Server version as a number like 150004, its clock, and the applied migrations by number with their checksums."""
    row = connection.execute(
        "select current_setting('server_version_num')::int, clock_timestamp(),"
        " to_regclass('unit_economics.migration') is not null"
    ).fetchone()
    assert row is not None  # noqa: S101  # a select without a FROM returns one row
    applied = connection.execute("select number, checksum from migration").fetchall() if row[2] else []
    return MartState(row[0], row[1], dict(applied))
