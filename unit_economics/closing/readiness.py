"""Whether a month can be closed: it is over, and every day of every metric is there, green and final.

Here: the refusals. Not here: closing (the package's front page).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from unit_economics.business_days import ONE_DAY, DayRange, shown
from unit_economics.day_states import STORED, DayStates, states_in
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.month_closes import is_being_written

_NAMED = 3
_BEFORE = "before"
_PROVISIONAL = "provisional"
_WAITS = "waits"
_LONGEST_MONTH = timedelta(days=31)


def days_of(month: date) -> DayRange:
    """The days of the month that begins on this day."""
    return DayRange(month, (month + _LONGEST_MONTH).replace(day=1) - ONE_DAY)


def refuse_unready(
    of: Deployment, connection: Connection, month: date, at: datetime, *, with_provisional: bool
) -> None:
    """Raise `Refusal` with every day that is not final, in one sentence."""
    days, where = days_of(month), f"{month:%Y-%m}"
    if days.last > of.calendar.last_closed_day(of.outside.now()):
        over = of.calendar.closed_at(days.last)
        raise Refusal("the month is not over", where=where, remedy=f"Close it after {over.isoformat()}")
    if is_being_written(connection, days, at):
        raise Refusal("its days are being written right now", where=where, remedy="Run the same again in a minute")
    states = states_in(connection, of, days)
    if all(states.state(metric, day) == _BEFORE for metric in of.catalogue.measured for day in days):
        raise Refusal("no day of it is stored", where=where, remedy="`unit-economics status` shows which months are")
    wanting = list(_wanting(of, states, with_provisional=with_provisional))
    if wanting:
        raise Refusal(_told(states, wanting), where=where, remedy=_remedy(wanting))


Wanting = tuple[str, str, Sequence[date]]
"""An asset, a state, and its days."""


def _wanting(of: Deployment, states: DayStates, *, with_provisional: bool) -> Iterator[Wanting]:
    final = {_BEFORE, *STORED} - (set() if with_provisional else {_PROVISIONAL})
    for asset in _asked(of):
        found: dict[str, list[date]] = {}
        for day in states.days:
            state = states.state(asset, day)
            if state not in final and of.expects(asset, day):
                found.setdefault(state, []).append(day)
        yield from ((asset, state, days) for state, days in found.items())


def _asked(of: Deployment) -> list[str]:
    """The metrics that people are told of, after what they are made of: the cause comes first."""
    metrics = [metric for metric in of.catalogue.measured if not of.is_quiet(metric)]
    return list(dict.fromkeys([name for metric in metrics for name in [*of.chain(metric), metric]]))


def _told(states: DayStates, wanting: Sequence[Wanting]) -> str:
    named = "; ".join(_one(states, *one) for one in wanting[:_NAMED])
    more = f"; and {len(wanting) - _NAMED} more" if len(wanting) > _NAMED else ""
    return f"not every day is final: {named}{more}"


def _one(states: DayStates, asset: str, state: str, days: Sequence[date]) -> str:
    how = states.reason(asset, days[0]) if state == _WAITS else f"is {state}"
    return f"{asset} {how} on {shown(days)}"


def _remedy(wanting: Sequence[Wanting]) -> str:
    states = {state for _, state, _ in wanting}
    if states == {_PROVISIONAL}:
        return "Wait until they are complete, or close them as they are with --with-provisional"
    if states == {_WAITS}:  # for nothing that anybody expects: a source that ought to be late would be named as missing
        return "No source covers those days: move its `covers_until` or `covers_from` in the catalogue, then run them"
    first, last = min(days[0] for *_, days in wanting), max(days[-1] for *_, days in wanting)
    return f"`unit-economics status --from {first} --to {last}` says why, and what to type"
