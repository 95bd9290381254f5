"""The status that each day of the bill is stored with: by the rule of every cost source that covers it.

Here: asking the sources and putting their words together. Not here: the rule (entries/completeness.py), what a source
says (cost_sources/), or the status of what is made of the bill (storing.state_by_inputs).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.entries.completeness import Complete, Moment, Seen, Sign, complete_by_all
from unit_economics.warehouse import reading
from unit_economics.warehouse.completeness_kept import keep_completeness
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt
from unit_economics.warehouse.replace_days import DayState

_LOOK_BACK = timedelta(days=35)
"""A service that comes late is known by its charges of the weeks before: on its newest days it has none yet."""


@dataclass(frozen=True)
class BillSigns:
    """What each cost source said of itself, and when, before the bill was read: what came since is not in the bill."""

    of: Deployment
    days: DayRange
    at: datetime
    signs: Mapping[str, Sign]

    def judged(self, seen: set[Seen]) -> "BillComplete":
        """What is complete of the days, given the providers and services that the bill has charges of."""
        found: dict[str, tuple[list[date], Complete]] = {}
        for name, source in self.of.catalogue.cost_sources.items():
            covered = [day for day in self.days if source.covers(day)]
            moment = Moment(self.at, self.of.calendar, self.signs[name])
            found[name] = covered, source.rule.complete(covered, seen, moment)
        return BillComplete(self, found)


@dataclass(frozen=True)
class BillComplete:
    """by_source: the days that each source covers, and what is complete of them by its rule."""

    signs: BillSigns
    by_source: Mapping[str, tuple[list[date], Complete]]

    def states(self, days: Iterable[date], absent: Mapping[date, str]) -> dict[date, DayState]:
        """The state of each of the days that is there."""
        complete = complete_by_all(list(self.by_source.values()))
        return {
            day: DayState("complete" if day in complete.days else "provisional", complete.through)
            for day in days
            if day not in absent
        }

    def keep(self, connection: Connection, attempt: Attempt) -> None:
        """Keep how far each source is complete, where that is another day than was kept last."""
        for name, (_, complete) in self.by_source.items():
            source, sign = self.signs.of.catalogue.cost_sources[name], self.signs.signs[name]
            keep_completeness(connection, attempt, name, str(source.rule), complete.through, sign.delivered_at)


def ask(of: Deployment, days: DayRange) -> BillSigns:
    """Ask every cost source what it says of itself; raises `Refusal`."""
    at, sources = of.outside.now(), of.catalogue.cost_sources.items()
    signs = {name: source.sign(days, calendar=of.calendar, outside=of.outside) for name, source in sources}
    return BillSigns(of, days, at, signs)


def seen_in(charges: pd.DataFrame) -> set[Seen]:
    """The providers and services of these charges."""
    pairs = charges[["provider_name", "service_name"]].drop_duplicates()
    return {(provider, service) for provider, service in pairs.itertuples(index=False, name=None)}


def seen_before(of: Deployment, connection: Connection, days: DayRange) -> set[Seen]:
    """Those of the stored bill of these days and the weeks before; asked only where a source has slower ones."""
    if not any(source.slower for source in of.catalogue.cost_sources.values()):
        return set()
    return reading.services_seen(connection, DayRange(days.first - _LOOK_BACK, days.last))
