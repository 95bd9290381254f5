"""How each asset stands on each day, and why: from the ledger, the gate and the gaps to one word a day.

Here: the table behind `status`, `backfill --dry-run` and the dashboard. Not here: questions (warehouse/overview.py),
the look of it (cli/status.py, dashboard/).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from unit_economics import gaps
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.warehouse import gate, ledger, overview
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import LedgerDay

STORED = ("complete", "closed", "provisional", "restated")
NEEDS_ATTENTION = ("red", "missing")
Key = tuple[str, date]


@dataclass(frozen=True)
class Step:
    """What to do next: the command to type, and what has to be done by hand before; empty where nothing has."""

    command: str
    before: str = ""


@dataclass(frozen=True)
class Problem:
    """The days of one asset that need attention for one reason.

    state: red or missing; tries, last_try: of the day that was tried most often, and when any of them last was.
    """

    asset: str
    state: str
    reason: str
    days: Sequence[date]
    tries: int = 0
    last_try: datetime | None = None

    @property
    def step(self) -> Step:
        """What to do about it."""
        return _step(self.state, self.days)


def _step(state: str, days: Sequence[date]) -> Step:
    span = f"--from {min(days)} --to {max(days)}"
    if state == "red":
        return Step(f"unit-economics run {span}", "mend what is red")
    return Step(f"unit-economics backfill {span}")


@dataclass(frozen=True)
class DayStates:
    """The states of a window: one of `STORED`, or red, missing, waits (for an input), open, before (the first day).

    graph: each asset's inputs, upstream first; missing: the gaps of each asset; begins: the first day that was ever
    judged, or before that the catalogue's first one.
    """

    days: DayRange
    last_closed: date
    begins: date
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
            return "before" if day < self.begins else "missing"
        row = self.stored.get((asset, day))
        if any(self.state(name, day) == "red" for name in self._upstream(asset)):
            return "waits"
        if row is None:
            return "before" if day < self.begins else "waits"
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
                changed = "its inputs have changed since" if (asset, day) in self.stored else "has not been computed"
                return self._said(asset, day) or changed
            case "missing":
                return self._absence(asset, day).removesuffix(".") + self._tried(asset, day)
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

    def problems(self) -> Sequence[Problem]:
        """What needs attention, an asset and a reason at a time, upstream first."""
        found: dict[tuple[str, str, str], list[date]] = {}
        for asset, day, reason in self.wrong():
            is_absent = self.state(asset, day) == "missing" and not self.graph[asset]
            why = self._absence(asset, day) if is_absent else reason
            found.setdefault((asset, self.state(asset, day), why), []).append(day)
        return [self._problem(*key, days) for key, days in found.items()]

    @property
    def next_step(self) -> Step | None:
        """What to do about all of it, the cause first; None where nothing needs attention."""
        wrong = [(self.state(asset, day), day) for asset, day, _ in self.wrong()]
        red = [day for state, day in wrong if state == "red"]
        if red:
            return _step("red", red)
        return _step("missing", [day for _, day in wrong]) if wrong else None

    def _problem(self, asset: str, state: str, reason: str, days: Sequence[date]) -> Problem:
        tries = [self.tries[asset, day] for day in days if (asset, day) in self.tries]
        count = max((one[0] for one in tries), default=0)
        return Problem(asset, state, reason, days, count, max((one[1] for one in tries), default=None))

    def _absence(self, asset: str, day: date) -> str:
        if (asset, day) not in self.tries:
            return "has never been tried"
        return self._said(asset, day) or "still not there"

    def _said(self, asset: str, day: date) -> str | None:
        return self.tries[asset, day][2] if (asset, day) in self.tries else None

    def _tried(self, asset: str, day: date) -> str:
        if (asset, day) not in self.tries:
            return ""
        count, last, _ = self.tries[asset, day]
        times = "once" if count == 1 else f"{count} times"
        return f"; tried {times}, last at {last:%Y-%m-%d %H:%M} UTC"

    def _upstream(self, asset: str) -> set[str]:
        direct = set(self.graph[asset])
        return direct.union(*(self._upstream(name) for name in direct))


def day_states(of: Deployment, days: DayRange) -> DayStates:
    """Ask the mart, in one snapshot."""
    with of.warehouse.snapshot() as connection:
        return states_in(connection, of, days)


def states_in(connection: Connection, of: Deployment, days: DayRange) -> DayStates:
    """Ask the mart in a snapshot that is open already."""
    last_closed = of.calendar.last_closed_day(of.outside.now())
    graph = of.inputs
    stored = ledger.current(connection, list(graph), days)
    red = gate.red_reasons(connection, days)
    tries = overview.last_tries(connection, days)
    begins = ledger.first_day(connection) or of.catalogue.business_day.first_day
    closed = DayRange(days.first, min(days.last, last_closed)) if days.first <= last_closed else None
    missing = gaps.gaps(gaps.Ledger.of(of, stored, red), closed) if closed else {asset: [] for asset in graph}
    return DayStates(days, last_closed, begins, graph, stored, red, missing, tries)
