"""How each asset stands on each day, and why: from the ledger, the gate and the gaps to one word a day.

Here: the table behind `status` and `backfill --dry-run`. Not here: questions (warehouse/overview.py), the look of it
(status.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from unit_economics import gaps
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.warehouse import gate, ledger, overview
from unit_economics.warehouse.ledger import LedgerDay

STORED = ("complete", "closed", "provisional", "restated")
NEEDS_ATTENTION = ("red", "missing")
Key = tuple[str, date]


@dataclass(frozen=True)
class DayStates:
    """The states of a window: one of `STORED`, or red, missing, waits (for an input), open, before (the first day).

    graph: each asset's inputs, upstream first; missing: the gaps of each asset; begins: the first day ever stored.
    """

    days: DayRange
    last_closed: date
    begins: date | None
    graph: Mapping[str, Sequence[str]]
    stored: Mapping[Key, LedgerDay]
    red: Mapping[Key, str]
    missing: Mapping[str, Sequence[date]]
    tries: Mapping[Key, tuple[int, datetime, str | None]]

    def state(self, asset: str, day: date) -> str:
        """The state of one asset on one day."""
        if day > self.last_closed:
            return "open"
        if (asset, day) in self.red:
            return "red"
        if day in self.missing[asset]:
            return "before" if self.begins and day < self.begins else "missing"
        row = self.stored.get((asset, day))
        if any(self.state(name, day) == "red" for name in self._upstream(asset)):
            return "waits"
        if row is None:
            return "before" if self.begins and day < self.begins else "waits"
        return row.status

    def reason(self, asset: str, day: date) -> str:
        """Why a day is red, missing or waits; empty where it is fine."""
        match self.state(asset, day):
            case "red":
                return self.red[asset, day]
            case "waits":
                bad = [name for name in self.graph[asset] if self.state(name, day) not in STORED]
                return f"waits for {', '.join(bad)}"
            case "missing" if self.graph[asset]:
                return "its inputs have changed since" if (asset, day) in self.stored else "has not been computed"
            case "missing":
                return self._tried(asset, day)
            case _:
                return ""

    def latest_good(self, asset: str) -> date | None:
        """The newest day that is stored and not in doubt."""
        good = [day for day in self.days if self.state(asset, day) in STORED]
        return max(good, default=None)

    def wrong(self) -> Iterator[tuple[str, date, str]]:
        """Every asset and day that needs attention, with the reason; what only waits is left out."""
        for asset in self.graph:
            for day in self.days:
                if self.state(asset, day) in NEEDS_ATTENTION:
                    yield asset, day, self.reason(asset, day)

    def _tried(self, asset: str, day: date) -> str:
        if (asset, day) not in self.tries:
            return "has never been tried"
        count, last, absence = self.tries[asset, day]
        times = "once" if count == 1 else f"{count} times"
        return f"{absence or 'still not there'}; tried {times}, last at {last:%Y-%m-%d %H:%M} UTC"

    def _upstream(self, asset: str) -> set[str]:
        direct = set(self.graph[asset])
        return direct.union(*(self._upstream(name) for name in direct))


def day_states(of: Deployment, days: DayRange) -> DayStates:
    """Ask the mart, in one snapshot."""
    last_closed = of.calendar.last_closed_day(of.outside.now())
    graph = of.inputs
    with of.warehouse.snapshot() as connection:
        stored = ledger.current(connection, list(graph), days)
        red = gate.red_reasons(connection, days)
        tries = overview.last_tries(connection, days)
        begins = ledger.first_day(connection)
    closed = DayRange(days.first, min(days.last, last_closed)) if days.first <= last_closed else None
    missing = gaps.gaps(gaps.Ledger.of(of, stored, red), closed) if closed else {asset: [] for asset in graph}
    return DayStates(days, last_closed, begins, graph, stored, red, missing, tries)
