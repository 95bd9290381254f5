"""All that is read from sources for some days, under two catalogues: from the mart where both mean the same by it.

Here: what is taken as it is stored, what is read from its source again, and why a day can't be had. Nothing is written.
Not here: how a kind of asset is read (readers.py), what is made of it (recomputing.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from unit_economics.business_days import DayRange, ranges
from unit_economics.cli.catalogue.readers import WAYS, Got, Read
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal
from unit_economics.schemas import empty
from unit_economics.warehouse import ledger
from unit_economics.warehouse.connection import Connection


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

    def of(self, asset: str, sides: Sequence[Deployment]) -> list[Got]:
        """The rows of each side that has this asset; nothing on the other."""
        nodes = [of.graph[asset] for of in sides if asset in of.graph]
        way = WAYS[nodes[-1].kind]
        nothing = empty(way.schema)
        if asset in self.changed:
            return [_read(way.reader(of, asset), self.mart.days, nothing) for of in sides]
        kept = self.mart.stored(asset, sides[-1].definition(asset))
        of_mart = [
            Got(way.stored(self.mart.connection, nodes[-1], part)) for part in ranges(kept) if self.mart.connection
        ]
        others = [day for day in self.mart.days if day not in set(kept)]
        return [_joined([*of_mart, _read(way.reader(sides[-1], asset), others, nothing)], nothing)] * len(sides)


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
