"""The mart's schema, one numbered SQL file a step, each applied once and never edited after a release.

Applying them is safe from several processes at once: one advisory lock, one transaction. Plain SQL files and this page
are smaller than a migration framework's environment for a schema that only ever goes forward.
"""

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources

from psycopg import sql

from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.roles import grant_reading

LOCK = "unit_economics.migrations"
_ALL_ADD_UP: Mapping[str, str] = {}


@dataclass(frozen=True)
class Migration:
    """One step: its number, its name, and its SQL."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """What an applied step is recognised by: a released file is never edited."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def shipped() -> list[Migration]:
    """The migrations of this release, in order."""
    files = [entry for entry in resources.files(__name__).iterdir() if entry.name.endswith(".sql")]
    parts = [(re.fullmatch(r"(\d{4})_(\w+)\.sql", entry.name), entry) for entry in files]
    found = [Migration(int(match[1]), match[2], entry.read_text("utf-8")) for match, entry in parts if match]
    return sorted(found, key=lambda migration: migration.number)


def migrate(warehouse: Warehouse, assets: Mapping[str, str], over_days: Mapping[str, str] = _ALL_ADD_UP) -> list[str]:
    """Bring the mart to this release, give the assets their views and the readers their rights.

    assets: each by name with its kind, as `graph.Node` has them; over_days: by metric how the units of several days
    become one number (`over_days.OverDays`), a sum where nothing is said. Returns the steps that were taken. What is
    earned is for finance only, which a view's name tells (`is_revenue`).
    """
    with warehouse.transaction() as connection:
        connection.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])
        taken = [_apply(connection, step) for step in _pending(connection)]
        for asset in _without_view(connection, assets):
            if make := _VIEWS.get(assets[asset]):
                make(connection, asset)
        _tell_units(connection, over_days)
        grant_reading(connection)
    return taken


def _tell_units(connection: Connection, over_days: Mapping[str, str]) -> None:
    """What SQL needs to know of the catalogue to total units; nothing is written where it is known."""
    known = dict(connection.execute("select metric, over_days from unit_economics.metric_unit").fetchall())
    for metric, rule in over_days.items():
        if known.get(metric) != rule:
            connection.execute(
                "insert into unit_economics.metric_unit values (%s, %s)"
                " on conflict (metric) do update set over_days = excluded.over_days",
                [metric, rule],
            )


def _pending(connection: Connection) -> list[Migration]:
    connection.execute("create schema if not exists unit_economics")
    connection.execute(
        "create table if not exists unit_economics.migration (number integer primary key, name text not null,"
        " checksum text not null, applied_at timestamptz not null default clock_timestamp())"
    )
    done = {row[0]: row[1] for row in connection.execute("select number, checksum from unit_economics.migration")}
    steps = shipped()
    _refuse_foreign(done, steps)
    return [step for step in steps if step.number not in done]


def _refuse_foreign(done: dict[int, str], steps: list[Migration]) -> None:
    known = {step.number: step.checksum for step in steps}
    for number, checksum in done.items():
        if known.get(number) != checksum:
            raise Refusal(
                f"migration {number} in the database is not the one of this release",
                where="schema unit_economics",
                remedy="Run the release that last wrote to this database, or a newer one",
            )


def _apply(connection: Connection, step: Migration) -> str:
    connection.execute(step.text.encode())
    connection.execute(
        "insert into unit_economics.migration (number, name, checksum) values (%s, %s, %s)",
        [step.number, step.name, step.checksum],
    )
    return f"{step.number:04} {step.name}"


def _without_view(connection: Connection, names: Iterable[str]) -> list[str]:
    """A view is made once: to replace it would wait for everybody who is just reading it."""
    there = connection.execute("select viewname from pg_views where schemaname = 'unit_economics'").fetchall()
    return [name for name in names if (name,) not in there]


def _units_view(connection: Connection, asset: str) -> None:
    # The barrier: a reader's own function in a condition would otherwise see the rows of revenue as well.
    text = """create view unit_economics.{view} with (security_barrier) as
        select r.business_date, r.segment, r.quantity::numeric as quantity, r.unit, l.status, l.version, l.recorded_at,
            l.run_id, r.dimensions
        from unit_economics.ledger l join unit_economics.unit_quantity r
            on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
        where l.asset = {asset} and l.superseded_at is null"""
    connection.execute(sql.SQL(text).format(view=sql.Identifier(asset), asset=sql.Literal(asset)))
    _comment(connection, asset, "The current quantity of each business day and segment, as its source counted it")


def _metric_view(connection: Connection, metric: str) -> None:
    text = "create view unit_economics.{view} as select * from unit_economics.unit_costs where metric={name}"
    connection.execute(sql.SQL(text).format(view=sql.Identifier(metric), name=sql.Literal(metric)))
    _comment(connection, metric, "The current unit cost of each business day and cost scope, or why there is none")


def _margin_view(connection: Connection, asset: str) -> None:
    metric = f"cost_per_{asset.removeprefix('margin_per_')}"
    text = "create view unit_economics.{view} as select * from unit_economics.unit_margins where metric={name}"
    connection.execute(sql.SQL(text).format(view=sql.Identifier(asset), name=sql.Literal(metric)))
    _comment(connection, asset, "What each business day's units earned beside what they cost, or why that is empty")


def _slices_view(connection: Connection, asset: str) -> None:
    text = "create view unit_economics.{view} as select * from unit_economics.unit_cost_slices where metric = {name}"
    metric = asset.removesuffix("_slices")
    connection.execute(sql.SQL(text).format(view=sql.Identifier(asset), name=sql.Literal(metric)))
    _comment(connection, asset, "The current unit cost of every part of each slice, or why there is none")


def _formula_view(connection: Connection, asset: str) -> None:
    """Of what rests on revenue its asset's name begins with finance_, and so does the view that holds its values."""
    head, formula = ("finance_", asset.removeprefix("finance_")) if asset.startswith("finance_") else ("", asset)
    text = """create view unit_economics.{view} with (security_barrier) as
        select * from unit_economics.{values} where formula = {formula}"""
    values, name = sql.Identifier(f"{head}formula_values"), sql.Literal(formula)
    connection.execute(sql.SQL(text).format(view=sql.Identifier(asset), values=values, formula=name))
    _comment(connection, asset, "The current value of this formula on each business day, or why there is none")


def _comment(connection: Connection, view: str, words: str) -> None:
    text = sql.SQL("comment on view unit_economics.{} is {}")
    connection.execute(text.format(sql.Identifier(view), sql.Literal(words)))


_VIEWS: Mapping[str, Callable[[Connection, str], None]] = {
    **dict.fromkeys(("units", "driver", "revenue", "quantity"), _units_view),
    "unit_cost": _metric_view,
    "margin": _margin_view,
    "slices": _slices_view,
    "formula": _formula_view,
}
"""By kind of asset, what makes its view; the others have none of their own."""
