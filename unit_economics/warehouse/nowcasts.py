"""Curves and nowcasts in the mart: what they are made of, storing them, and reading them back.

Here: append-only tables, in which what is as it was is not written again. Not here: the estimates (nowcasting.py), what
was seen of a day (snapshots.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any, LiteralString

from psycopg import sql
from psycopg.rows import class_row

from unit_economics.asset_names import units_asset
from unit_economics.business_days import DayRange
from unit_economics.entries.cost_scope import Basis
from unit_economics.insight.curve_points import CurvePoint
from unit_economics.nowcasting import Estimate, Observed
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Run

_OBSERVED: LiteralString = """
    select v.metric, v.business_date as day, v.cost_scope as scope, v.billing_currency as currency, v.cost, v.quantity,
        v.unit, v.version, v.definition, b.definition as bill_definition,
        coalesce(u.status <> 'provisional', false) as units_complete
    from unnest(%s::text[], %s::text[]) as m (metric, units)
    join unit_cost_versions v on v.metric = m.metric and v.superseded_at is null
    join day_versions b on b.asset = 'cloud_costs' and b.business_date = v.business_date
        and b.version = (v.input_versions ->> 'cloud_costs')::integer
    left join day_versions u on u.asset = m.units and u.business_date = v.business_date and u.superseded_at is null
    where v.status = 'provisional' and v.cost is not null and v.business_date between %s and %s
    order by v.metric, v.business_date, v.cost_scope, v.billing_currency
"""


def provisional(connection: Connection, metrics: Sequence[str], days: DayRange) -> Sequence[Observed]:
    """The current unit costs of these days that are provisional and have a cost."""
    units = [units_asset(metric) for metric in metrics]
    with connection.cursor(row_factory=class_row(Observed)) as cursor:
        return cursor.execute(_OBSERVED, [list(metrics), units, days.first, days.last]).fetchall()


@dataclass(frozen=True)
class Learnt:
    """A curve as it is to be stored."""

    basis: Basis
    complete_at: int
    days: DayRange
    points: Sequence[CurvePoint]

    @property
    def content_hash(self) -> str:
        """The same where every point is."""
        return sha256("\n".join([str(self.complete_at), *map(repr, self.points)]).encode()).hexdigest()


def store_curve(connection: Connection, run: Run, learnt: Learnt) -> int:
    """The number of the curve: that of the newest where it says the same. Call it under the lock."""
    newest = connection.execute(
        "select curve, content_hash from learnt_curve where cost_basis = %s order by curve desc limit 1",
        [learnt.basis],
    ).fetchone()
    if newest and newest[1] == learnt.content_hash:
        return newest[0]
    row = connection.execute(
        "insert into learnt_curve (cost_basis, complete_at, first_day, last_day, content_hash, run_id, code_version,"
        " catalogue_version) values (%s, %s, %s, %s, %s, %s, %s, %s) returning curve",
        [
            *(learnt.basis, learnt.complete_at, learnt.days.first, learnt.days.last, learnt.content_hash),
            *(run.run_id, run.code_version, run.catalogue_version),
        ],
    ).fetchone()
    assert row is not None  # noqa: S101  # INSERT ... RETURNING always returns its row
    with connection.cursor() as cursor, cursor.copy("copy learnt_cell from stdin") as copy:
        for point in learnt.points:
            copy.write_row([row[0], *_cell(point)])
    return row[0]


def _cell(point: CurvePoint) -> list[Any]:
    step = point.step
    own = (step.factor, step.sigma2, step.weight) if step else (None, None, None)
    return [*point.cell, point.age, point.source, point.snapshots, point.factor, point.spread, *own]


_KEY = ("metric", "business_date", "cost_scope", "billing_currency")
_CONTENT = (
    *("version", "age_days", "observed_cost", "nowcast_cost", "low_cost", "high_cost", "quantity", "unit"),
    *("nowcast_unit_cost", "low_unit_cost", "high_unit_cost", "reason", "method", "snapshots", "level", "curve"),
    *("definition", "bill_definition"),
)
_WRITER = ("run_id", "code_version", "catalogue_version")


def store_nowcasts(
    connection: Connection, run: Run, level: Decimal, curves: Mapping[Basis, int], made: Iterable[Estimate]
) -> int:
    """How many were written: those that differ from the newest of their day and scope. Call it under the lock."""
    rows = [_row(one, level, curves[one.basis]) for one in made]
    known = _newest(connection, [row[: len(_KEY)] for row in rows])
    new = [row for row in rows if known.get(row[: len(_KEY)]) != row[len(_KEY) :]]
    columns = (*_KEY, *_CONTENT, *_WRITER)
    text = sql.SQL("copy nowcast ({}) from stdin").format(sql.SQL(", ").join(map(sql.Identifier, columns)))
    with connection.cursor() as cursor, cursor.copy(text) as copy:
        for row in new:
            copy.write_row([*row, run.run_id, run.code_version, run.catalogue_version])
    return len(new)


def _row(made: Estimate, level: Decimal, curve: int) -> tuple[Any, ...]:
    of, cost = made.of, made.cost
    per_unit = [made.per_unit(amount) for amount in (cost.cost, cost.low, cost.high)]
    return (
        *(of.metric, of.day, of.scope, of.currency),
        *(of.version, made.age, of.cost, cost.cost, cost.low, cost.high, of.quantity, of.unit),
        *(*per_unit, made.reason, cost.method, cost.snapshots, level, curve, of.definition, of.bill_definition),
    )


def _newest(connection: Connection, keys: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    columns = sql.SQL(", ").join(map(sql.Identifier, (*_KEY, *_CONTENT)))
    text = sql.SQL(
        "select distinct on (metric, business_date, cost_scope, billing_currency) {} from nowcast"
        " where business_date = any(%s) order by metric, business_date, cost_scope, billing_currency, nowcast desc"
    )
    rows = connection.execute(text.format(columns), [sorted({key[1] for key in keys})]).fetchall()
    return {row[: len(_KEY)]: row[len(_KEY) :] for row in rows}
