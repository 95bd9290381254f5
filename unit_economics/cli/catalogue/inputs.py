"""The inputs of a unit cost on some days, under two catalogues: from the mart where both mean the same by them.

Here: what is taken as it is stored, what is read from its source again, and why a day can't be had. Nothing is written.
Not here: what is made of it (recomputing.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from unit_economics.business_days import DayRange, ranges
from unit_economics.cost_sources.together import Asked, read_all
from unit_economics.deployment import Deployment
from unit_economics.graph import CLOUD_COSTS
from unit_economics.refusals import Refusal
from unit_economics.schemas import CHARGES, UNITS, empty
from unit_economics.unit_sources.counting import over_time
from unit_economics.warehouse import ledger, reading
from unit_economics.warehouse.connection import Connection


@dataclass(frozen=True)
class Got:
    """The rows of some days; absent: the days that the source does not have; failed: those that can't be told."""

    rows: pd.DataFrame
    absent: Mapping[date, str] = field(default_factory=dict)
    failed: Mapping[date, str] = field(default_factory=dict)


Read = Callable[[DayRange], Got]


@dataclass(frozen=True)
class Mart:
    """What is stored; connection: None where there is no mart yet."""

    connection: Connection | None
    days: Sequence[date]

    def stored(self, asset: str, definition: str) -> list[date]:
        """The days that are stored under this definition."""
        if self.connection is None or not self.days:
            return []
        found = ledger.current(self.connection, [asset], DayRange(min(self.days), max(self.days)))
        return [day for day in self.days if (asset, day) in found and found[asset, day].definition == definition]


@dataclass(frozen=True)
class Inputs:
    """Both sides' inputs. changed: the assets by which the two catalogues mean something else."""

    mart: Mart
    changed: frozenset[str]

    def charges(self, sides: Sequence[Deployment]) -> list[Got]:
        """The charges of each side, as `schemas.CHARGES`."""
        return self._of(CLOUD_COSTS, empty(CHARGES), sides, reading.current_charges, _charges_of)

    def counted(self, asset: str, sides: Sequence[Deployment]) -> list[Got]:
        """The units of each side that has this asset, as `schemas.UNITS`; nothing on the other."""

        def stored(connection: Connection, days: DayRange) -> pd.DataFrame:
            return reading.current_units(connection, asset, days)

        return self._of(asset, empty(UNITS), sides, stored, lambda of: _count_of(of, asset))

    def _of(
        self,
        asset: str,
        nothing: pd.DataFrame,
        sides: Sequence[Deployment],
        stored: Callable[[Connection, DayRange], pd.DataFrame],
        reader: Callable[[Deployment], Read],
    ) -> list[Got]:
        if asset in self.changed:
            return [_read(reader(of), self.mart.days, nothing) for of in sides]
        kept = self.mart.stored(asset, sides[-1].definition(asset))
        of_mart = [Got(stored(self.mart.connection, part)) for part in ranges(kept)] if self.mart.connection else []
        others = [day for day in self.mart.days if day not in set(kept)]
        return [_joined([*of_mart, _read(reader(sides[-1]), others, nothing)], nothing)] * len(sides)


def _charges_of(of: Deployment) -> Read:
    def read(days: DayRange) -> Got:
        found = read_all(of.catalogue.cost_sources, Asked(days, of.calendar, of.catalogue.kept, of.outside))
        return Got(found.charges, found.absent)

    return read


def _count_of(of: Deployment, asset: str) -> Read:
    node = of.graph.get(asset)
    source, unit = (node.source, node.unit) if node else (None, "")
    per = of.catalogue.metrics[node.entry].per if node and node.kind == "units" else None

    def read(days: DayRange) -> Got:
        if source is None:
            return Got(empty(UNITS), absent=dict.fromkeys(days, "this catalogue has no such asset"))
        found = over_time(source.count(days, calendar=of.calendar, unit=unit, outside=of.outside), per)
        return Got(found.units, found.absent, found.refused)

    return read


def _read(read: Read, days: Sequence[date], nothing: pd.DataFrame) -> Got:
    return _joined([_told(read, part, nothing) for part in ranges(days)], nothing)


def _told(read: Read, days: DayRange, nothing: pd.DataFrame) -> Got:
    """The range in one reading; where that is refused, day by day, so that one bad day takes no other with it."""
    try:
        return read(days)
    except Refusal as refusal:
        if len(days) > 1:
            return _joined([_told(read, DayRange(day, day), nothing) for day in days], nothing)
        return Got(nothing, failed={days.first: str(refusal)})


def _joined(parts: Sequence[Got], nothing: pd.DataFrame) -> Got:
    frames = [part.rows for part in parts if len(part.rows)]
    return Got(
        pd.concat(frames, ignore_index=True) if frames else nothing,
        {day: why for part in parts for day, why in part.absent.items()},
        {day: why for part in parts for day, why in part.failed.items()},
    )
