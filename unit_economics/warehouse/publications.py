"""What is to be published, read under the publication's own lock, and what became of it.

Here: the gate of a publication, its record, and what that says was sent. Not here: talking to a destination (sinks/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.business_days import DayRange
from unit_economics.entries.adapters import Publication
from unit_economics.schemas import UNITS
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt


@dataclass(frozen=True)
class Publishable:
    """The days that may be published, with their quantities, and those that may not, with the reason.

    never: the days that are settled without being sent, whatever comes, since no destination takes them.
    """

    wanted: Mapping[date, Decimal]
    held_back: Mapping[date, str]
    never: Mapping[date, str] = field(default_factory=dict)

    @property
    def not_sent(self) -> Mapping[date, str]:
        """Every day that is not sent, with the reason."""
        return {**self.held_back, **self.never}

    def without(self, overtaken: Mapping[date, str]) -> "Publishable":
        """The same, but for days that a newer attempt has published."""
        wanted = {day: quantity for day, quantity in self.wanted.items() if day not in overtaken}
        never = {day: why for day, why in self.never.items() if day not in overtaken}
        return Publishable(wanted, {**self.held_back, **overtaken}, never)


def publishable(
    connection: Connection, units_asset: str, metric: str, days: DayRange, made_of: Sequence[str]
) -> Publishable:
    """Read the gate: a day may go out when units and unit cost are stored and no check of the day's chain is red.

    made_of: every asset that the unit cost is made of, units among them.
    """
    asked = {"first": days.first, "last": days.last, "units": units_asset, "metric": metric}
    rows = connection.execute(
        "select d::date, q.quantity, c.business_date is not null, coalesce(g.red, '{}')"
        " from generate_series(%(first)s::date, %(last)s::date, interval '1 day') d"
        " left join (select l.business_date, sum(r.quantity) as quantity from ledger l join unit_quantity r"
        "   on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)"
        "   where l.asset = %(units)s and l.superseded_at is null"
        "   and l.business_date between %(first)s and %(last)s group by 1) q on q.business_date = d::date"
        " left join ledger c on c.asset = %(metric)s and c.business_date = d::date and c.superseded_at is null"
        " left join (select business_date, array_agg(asset order by asset) as red from gate"
        "   where not passed and asset = any(%(chain)s)"
        "   and business_date between %(first)s and %(last)s group by 1) g on g.business_date = d::date"
        " order by 1",
        {**asked, "chain": [*made_of, metric]},
    ).fetchall()
    wanted = {day: quantity for day, quantity, computed, red in rows if quantity is not None and computed and not red}
    held_back = {
        day: _reason(quantity, red, units_asset, metric) for day, quantity, _, red in rows if day not in wanted
    }
    return Publishable(wanted, held_back)


def _reason(quantity: Decimal | None, red: Sequence[str], units_asset: str, metric: str) -> str:
    if red:
        return f"a check is red on {', '.join(red)}"
    return f"{units_asset} has no such day" if quantity is None else f"{metric} has not been computed"


def record_publication(
    connection: Connection, attempt: Attempt, wanted: Mapping[date, Decimal], publication: Publication
) -> None:
    """Keep what was sent for each day that differed, what was held before, and what a read-back showed."""
    columns = "asset, business_date, quantity, held_before, read_back, converged, attempt, run_id"
    with connection.cursor() as cursor, cursor.copy(f"copy publication ({columns}) from stdin") as copy:
        for difference in publication.differences:
            held = publication.read_back.get(difference.day)
            values = [difference.wanted, difference.held, held, held == wanted[difference.day]]
            copy.write_row([attempt.asset, difference.day, *values, attempt.number, attempt.run.run_id])


def as_units(wanted: Mapping[date, Decimal], unit: str) -> pd.DataFrame:
    """The published quantities as rows of `schemas.UNITS`."""
    rows = [(day, "all", quantity, unit) for day, quantity in wanted.items()]
    return pd.DataFrame(rows, columns=list(UNITS.columns), dtype=object)


def last_sent(connection: Connection, asset: str, days: DayRange) -> dict[date, list[Decimal]]:
    """What each day was last seen to hold, then what was sent since and never seen to arrive: `drift.Sent`.

    A day that already held what was wanted was never sent, and is in the ledger all the same.
    """
    rows = connection.execute(
        "select l.business_date, r.quantity, 0 as number from ledger l join unit_quantity r"
        "   on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)"
        " where l.asset = %(asset)s and l.superseded_at is null and l.business_date between %(first)s and %(last)s"
        " union all select p.business_date, p.quantity, p.publication from publication p"
        " where p.asset = %(asset)s and p.business_date between %(first)s and %(last)s and not exists ("
        "   select from publication c where (c.asset, c.business_date) = (p.asset, p.business_date)"
        "   and c.converged and c.publication > p.publication)"
        " order by 1, 3",
        {"asset": asset, "first": days.first, "last": days.last},
    ).fetchall()
    found: dict[date, list[Decimal]] = {}
    for day, quantity, _ in rows:
        found.setdefault(day, []).append(quantity)
    return found


def first_published(connection: Connection, asset: str) -> date | None:
    """The earliest day that this destination was ever made to hold."""
    row = connection.execute(
        "select min(business_date) from ledger where asset = %s and superseded_at is null", [asset]
    ).fetchone()
    return row[0] if row else None
