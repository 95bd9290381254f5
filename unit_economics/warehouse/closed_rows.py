"""What a close pack holds of the mart: a month as it was believed at one moment, in an order that never changes.

Here: the questions. Not here: the files (closing/), the record of closes (month_closes.py). Revenue is in none of them:
a pack is for everybody who may see costs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString

from psycopg import sql

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Connection

_BELIEVED: LiteralString = (
    " business_date between %(first)s and %(last)s and recorded_at <= %(at)s"
    " and (superseded_at is null or superseded_at > %(at)s)"
)
_DAYS: LiteralString = "select * from day_versions where not is_revenue(asset) and" + _BELIEVED

_OBSERVATIONS: LiteralString = (
    "select metric, business_date, cost_scope, billing_currency, cost_basis, unit_cost, cost, quantity, unit,"
    " charge_rows, status, reason, complete_through, version, recorded_at, definition, catalogue_version,"
    " code_version, input_versions, content_hash, run_id from unit_cost_versions where"
    + _BELIEVED
    + ' order by metric collate "C", business_date, cost_scope collate "C", billing_currency'
)
_FIGURES: LiteralString = (
    "select asset, business_date, figure, subject, unit, value, reason, status, complete_through, version, definition,"
    " content_hash, run_id from as_of(%(at)s) where business_date between %(first)s and %(last)s"
    ' and not is_revenue(asset) order by asset collate "C", business_date, figure, subject collate "C",'
    ' unit collate "C", value'
)
_INPUTS: LiteralString = (
    "select d.asset, d.business_date, d.version, d.rows_version, d.status, w.attempt, w.source_hash, d.content_hash,"
    " d.definition, d.catalogue_version, d.code_version, d.input_versions, d.run_id from (" + _DAYS + ") d"
    " join day_versions w on (w.asset, w.business_date, w.version) = (d.asset, d.business_date, d.rows_version)"
    ' order by d.asset collate "C", d.business_date'
)
_SOURCES: LiteralString = (
    "select attempt, asset, first_day, last_day, started_at, committed_at, definition, catalogue_version,"
    " code_version, source_fingerprint, run_id from attempts where source_fingerprint <> '' and attempt in ("
    " select w.attempt from (" + _DAYS + ") d join day_versions w"
    " on (w.asset, w.business_date, w.version) = (d.asset, d.business_date, d.rows_version)) order by attempt"
)
_DEFINITIONS: LiteralString = (
    "select asset, definition, meaning from definitions where first_seen <= %(at)s and (asset, definition) in"
    " (select asset, definition from (" + _DAYS + ") d) order by 1, 2"
)
_CATALOGUES: LiteralString = (
    "select v.catalogue_version, c.body from (select %(catalogue)s as catalogue_version union"
    " select w.catalogue_version from (" + _DAYS + ") d join day_versions w"
    " on (w.asset, w.business_date, w.version) = (d.asset, d.business_date, d.rows_version)) v"
    " left join catalogues c on c.catalogue_version = v.catalogue_version and c.first_seen <= %(at)s order by 1"
)
_MOVED_BEFORE: LiteralString = (
    "select n.metric, n.business_date, n.cost_scope, n.billing_currency, f.unit_cost as first_stored,"
    " n.unit_cost as as_closed, n.unit_cost - f.unit_cost as difference, n.version from ("
    "select * from unit_cost_versions where" + _BELIEVED + ") n"
    " join unit_cost_versions f on (f.metric, f.business_date, f.cost_scope, f.billing_currency, f.version)"
    " = (n.metric, n.business_date, n.cost_scope, n.billing_currency, 1)"
    " where f.unit_cost is distinct from n.unit_cost"
    ' order by n.metric collate "C", n.business_date, n.cost_scope collate "C", n.billing_currency'
)
_RESTATED: LiteralString = (
    "select month, metric, business_date, cost_scope, billing_currency, unit_cost_as_closed, unit_cost_now,"
    " difference, cost_as_closed, cost_now, quantity_as_closed, quantity_now from restated_after_close_as_of(%(at)s)"
    ' where month <> %(first)s order by month, metric collate "C", business_date, cost_scope collate "C", 5'
)
_FIRST_STORED: LiteralString = (
    "select min(recorded_at) from day_versions where business_date between %(first)s and %(last)s"
    " and recorded_at <= %(at)s"
)


@dataclass(frozen=True)
class Rows:
    """The answer to a question: the names of its columns and its rows."""

    names: Sequence[str]
    rows: Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class ClosedMonth:
    """A month as it was believed at a moment; catalogue: the version that closed it."""

    connection: Connection
    days: DayRange
    at: datetime
    catalogue: str

    def observations(self) -> Rows:
        """Every unit cost with its halves, its status and what it was made of."""
        return self.asked(_OBSERVATIONS)

    def figures(self) -> Rows:
        """Every figure that is no revenue and rests on none."""
        return self.asked(_FIGURES)

    def inputs(self) -> Rows:
        """Every day of every asset that is no revenue: its version, its hashes, and the attempt that wrote its rows."""
        return self.asked(_INPUTS)

    def sources(self) -> Rows:
        """What these attempts read."""
        return self.asked(_SOURCES)

    def moved_before(self) -> Rows:
        """The unit costs of the month that were another number when they were first stored."""
        return self.asked(_MOVED_BEFORE)

    def restated_months(self) -> Rows:
        """The unit costs of months that had been closed by then and were other numbers again."""
        return self.asked(_RESTATED)

    def definitions(self) -> Mapping[str, Mapping[str, object]]:
        """What each version of a definition meant, by asset."""
        found: dict[str, dict[str, object]] = {}
        for asset, definition, meaning in self.asked(_DEFINITIONS).rows:
            found.setdefault(asset, {})[definition] = meaning
        return found

    def catalogues(self) -> Mapping[str, str | None]:
        """The text of every catalogue that computed a part of it; None where it was not kept."""
        return dict(self.asked(_CATALOGUES).rows)

    def first_stored(self) -> datetime | None:
        """When the first of it was stored."""
        return self.asked(_FIRST_STORED).rows[0][0]

    def asked(self, question: LiteralString | sql.Composed) -> Rows:
        """The answer to a question that names the `first` and `last` day and the moment `at`."""
        values: Mapping[str, date | datetime | str] = {
            "first": self.days.first,
            "last": self.days.last,
            "at": self.at,
            "catalogue": self.catalogue,
        }
        cursor = self.connection.execute(question, values)
        return Rows([column.name for column in cursor.description or ()], cursor.fetchall())
