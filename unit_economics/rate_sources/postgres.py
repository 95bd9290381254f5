"""Exchange rates in a relation of PostgreSQL: a row a day and currency.

Here: the entry of the catalogue and its question. Not here: the connection and its failures
(unit_sources/postgres/session.py), the judgement of each row (quoting.py).
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Literal

from psycopg import sql
from pydantic import Field

from unit_economics.business_days import DayRange
from unit_economics.database_url import server_of
from unit_economics.entries.entry import Variable
from unit_economics.entries.rates import Quotes, RateSource
from unit_economics.outside import Outside
from unit_economics.rate_sources.quoting import Judge, Row
from unit_economics.refusals import Refusal
from unit_economics.unit_sources.postgres import ColumnName, RelationName
from unit_economics.unit_sources.postgres.question import Question, Relation
from unit_economics.unit_sources.postgres.session import Session, ask


class PostgresRates(RateSource):
    """A table or view with a day, a currency and a rate; its columns are called so unless said otherwise."""

    kind: Literal["postgres"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    dsn: Variable
    relation: RelationName
    date: ColumnName = "date"
    currency: ColumnName = "currency"
    rate: ColumnName = "rate"
    base: ColumnName | None = Field(None, description="The column that names the catalogue's currency, if one does")
    statement_timeout: timedelta = Field(timedelta(seconds=60), gt=timedelta(), le=timedelta(hours=1))

    def read(self, days: DayRange, *, into: str, outside: Outside) -> Quotes:
        """The rates of these days, in one question."""
        server = server_of(outside.secret(self.dsn), self.dsn)
        where = f"{self.relation} in {self.dsn}"

        def conversation(session: Session) -> list[tuple[object, ...]]:
            columns = [self.date, self.currency, self.rate, *([self.base] if self.base else [])]
            types = session.types(Relation(self.relation), columns, where)
            if types[self.date] != "date" or types[self.rate] not in ("numeric", "int4", "int8", "int2"):
                what = f"{self.date} is {types[self.date]} and {self.rate} is {types[self.rate]}"
                raise Refusal(what, where=where, remedy="Make them a date and a numeric, in a view if need be")
            return session.rows(self._question(days))

        rows = ask(server, where, self.statement_timeout, conversation)
        return Judge(where, into, self.quoted == "per_reporting").quotes(_rows(rows), days)

    def _question(self, days: DayRange) -> Question:
        """As text, so that no driver rounds; a row without a day is asked for too, to be refused."""
        text = sql.SQL(
            "select {day}::text, {currency}::text, {rate}::text, {base}::text from {relation}"
            " where {day} >= %s and {day} < %s or {day} is null order by 1, 2"
        ).format(
            day=sql.Identifier(self.date),
            currency=sql.Identifier(self.currency),
            rate=sql.Identifier(self.rate),
            base=sql.Identifier(self.base) if self.base else sql.SQL("''"),
            relation=Relation(self.relation).identifier,
        )
        return Question(text, [days.first, days.end])


def _rows(rows: list[tuple[object, ...]]) -> Iterator[Row]:
    for values in rows:
        day, currency, rate, base = ("" if value is None else str(value) for value in values)
        yield Row(f"{currency or 'a row'} of {day or 'no day'}", day, currency, rate, base)
