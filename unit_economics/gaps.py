"""Which days are missing, pure: closed days minus days done, what could be done minus what is in flight.

Here: the arithmetic of the gap sensor. Not here: asking PostgreSQL or Dagster (automation.py), running anything.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from unit_economics.business_days import DayRange, ranges
from unit_economics.deployment import Deployment
from unit_economics.warehouse.ledger import LedgerDay, Tried


@dataclass(frozen=True)
class Ledger:
    """What the ledger says of the days in question.

    days: what is current; red: the asset and day pairs whose gate is red; graph: each asset's inputs, upstream first;
    need_all: the assets that can't be made while one of their inputs is missing; definitions: what each asset means
    now; expected: whether an asset's source is to have a day at all; kept_before: older days keep the definition that
    they were stored under.
    """

    graph: Mapping[str, Sequence[str]]
    days: Mapping[tuple[str, date], LedgerDay]
    red: Collection[tuple[str, date]]
    need_all: Collection[str] = ()
    definitions: Mapping[str, str] = field(default_factory=dict)
    expected: Callable[[str, date], bool] = lambda _asset, _day: True
    kept_before: date = date.min

    @classmethod
    def of(
        cls,
        deployment: Deployment,
        days: Mapping[tuple[str, date], LedgerDay],
        red: Collection[tuple[str, date]],
    ) -> "Ledger":
        """What the ledger says, and what this deployment's catalogue makes of it."""
        graph = deployment.inputs
        definitions = {asset: deployment.definition(asset) for asset in graph}
        kept_before = deployment.definitions_kept_before
        return cls(graph, days, red, deployment.publications, definitions, deployment.expects, kept_before)

    def is_redefined(self, asset: str, day: date) -> bool:
        """Whether the day was stored under another definition."""
        row = self.days.get((asset, day))
        return row is not None and row.definition != self.definitions.get(asset, row.definition)


def gaps(ledger: Ledger, closed: DayRange) -> dict[str, list[date]]:
    """The days of each asset that are not done although they could be.

    A root is a gap where it has no row, or is red: its source may have been mended. A derived asset is one where it was
    not made of what is now current, unless an input is red or nothing is there to make it of. Either is one where it
    was stored under another definition, unless it is to keep that; and nothing new is made of what is kept so.
    """
    return {asset: [day for day in closed if _is_gap(ledger, asset, day)] for asset in ledger.graph}


def _is_gap(ledger: Ledger, asset: str, day: date) -> bool:
    row = ledger.days.get((asset, day))
    inputs = ledger.graph[asset]
    is_kept = day < ledger.kept_before
    outdated = ledger.is_redefined(asset, day) and not is_kept
    if not inputs:
        return ledger.expected(asset, day) and (row is None or outdated or (asset, day) in ledger.red)
    upstream = _upstream(ledger.graph, asset)
    if any((name, day) in ledger.red for name in upstream):
        return False
    if is_kept and any(ledger.is_redefined(name, day) for name in upstream):
        return False
    versions = {name: ledger.days[name, day].version for name in inputs if (name, day) in ledger.days}
    enough = len(versions) == len(inputs) if asset in ledger.need_all else bool(versions)
    return enough and (row is None or outdated or dict(row.input_versions) != versions)


def _upstream(graph: Mapping[str, Sequence[str]], asset: str) -> set[str]:
    direct = set(graph[asset])
    return direct.union(*(_upstream(graph, name) for name in direct))


@dataclass(frozen=True)
class Rules:
    """How often a day may be tried, and the pause after the first try, which doubles with every further one."""

    max_tries: int
    pause: timedelta

    def allow(self, tried: Tried | None) -> bool:
        """Whether it is time for another try."""
        if tried is None:
            return True
        return tried.times < self.max_tries and tried.ago >= self.pause * 2 ** (tried.times - 1)


@dataclass(frozen=True)
class Ask:
    """One run that should be started."""

    days: DayRange
    assets: tuple[str, ...]


def asks(
    graph: Mapping[str, Sequence[str]],
    missing: Mapping[str, Sequence[date]],
    in_flight: Collection[date],
    tries: Mapping[tuple[str, date], Tried],
    rules: Rules,
    most: int,
) -> list[Ask]:
    """The fewest runs for what is missing and all that is made of it, newest days first and `most` at once.

    Days in flight are left out, and so is what was tried too often or only just now.
    """
    wanted: dict[date, set[str]] = {}
    for asset, days in missing.items():
        for day in days:
            if day not in in_flight and rules.allow(tries.get((asset, day))):
                wanted.setdefault(day, set()).add(asset)
    runs = [
        Ask(part, _with_downstream(graph, set[str]().union(*(wanted[day] for day in part)))) for part in ranges(wanted)
    ]
    return sorted(runs, key=lambda ask: ask.days.last, reverse=True)[:most]


def _with_downstream(graph: Mapping[str, Sequence[str]], assets: set[str]) -> tuple[str, ...]:
    return tuple(asset for asset in graph if asset in assets or assets & _upstream(graph, asset))


def given_up(
    missing: Mapping[str, Sequence[date]], tries: Mapping[tuple[str, date], Tried], max_tries: int
) -> dict[str, list[date]]:
    """The days of each asset that were tried `max_tries` times and are still missing."""
    return {
        asset: hopeless
        for asset, days in missing.items()
        if (hopeless := [day for day in days if (asset, day) in tries and tries[asset, day].times >= max_tries])
    }
