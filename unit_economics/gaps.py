"""Which days are missing, pure: closed days minus days done, what could be done minus what is in flight.

Here: the arithmetic of the gap sensor. Not here: asking PostgreSQL or Dagster (automation.py), running anything.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.business_days import DayRange, ranges
from unit_economics.warehouse.ledger import LedgerDay


@dataclass(frozen=True)
class Ledger:
    """What the ledger says of the days in question.

    days: what is current; red: the asset and day pairs whose gate is red; graph: each asset's inputs, upstream first;
    need_all: the assets that can't be made while one of their inputs is missing.
    """

    graph: Mapping[str, Sequence[str]]
    days: Mapping[tuple[str, date], LedgerDay]
    red: Collection[tuple[str, date]]
    need_all: Collection[str] = ()


def gaps(ledger: Ledger, closed: DayRange) -> dict[str, list[date]]:
    """The days of each asset that are not done although they could be.

    A root is a gap where it has no row. A derived asset is one where it was not made of what is now current, unless an
    input is red or nothing is there to make it of.
    """
    return {asset: [day for day in closed if _is_gap(ledger, asset, day)] for asset in ledger.graph}


def _is_gap(ledger: Ledger, asset: str, day: date) -> bool:
    row = ledger.days.get((asset, day))
    inputs = ledger.graph[asset]
    if not inputs:
        return row is None
    if any((name, day) in ledger.red for name in _upstream(ledger.graph, asset)):
        return False
    versions = {name: ledger.days[name, day].version for name in inputs if (name, day) in ledger.days}
    enough = len(versions) == len(inputs) if asset in ledger.need_all else bool(versions)
    return enough and (row is None or dict(row.input_versions) != versions)


def _upstream(graph: Mapping[str, Sequence[str]], asset: str) -> set[str]:
    direct = set(graph[asset])
    return direct.union(*(_upstream(graph, name) for name in direct))


@dataclass(frozen=True)
class Ask:
    """One run that should be started."""

    days: DayRange
    assets: tuple[str, ...]


def asks(
    graph: Mapping[str, Sequence[str]],
    missing: Mapping[str, Sequence[date]],
    in_flight: Collection[date],
    tries: Mapping[tuple[str, date], int],
    max_tries: int,
    most: int,
) -> list[Ask]:
    """The fewest runs for what is missing and all that is made of it, newest days first and `most` at once.

    Days in flight are left out, and so is what was tried too often.
    """
    wanted: dict[date, set[str]] = {}
    for asset, days in missing.items():
        for day in days:
            if day not in in_flight and tries.get((asset, day), 0) < max_tries:
                wanted.setdefault(day, set()).add(asset)
    runs = [
        Ask(part, _with_downstream(graph, set[str]().union(*(wanted[day] for day in part)))) for part in ranges(wanted)
    ]
    return sorted(runs, key=lambda ask: ask.days.last, reverse=True)[:most]


def _with_downstream(graph: Mapping[str, Sequence[str]], assets: set[str]) -> tuple[str, ...]:
    return tuple(asset for asset in graph if asset in assets or assets & _upstream(graph, asset))


def given_up(
    missing: Mapping[str, Sequence[date]], tries: Mapping[tuple[str, date], int], max_tries: int
) -> dict[str, list[date]]:
    """The days of each asset that were tried `max_tries` times and are still missing."""
    return {
        asset: hopeless
        for asset, days in missing.items()
        if (hopeless := [day for day in days if tries.get((asset, day), 0) >= max_tries])
    }
