"""Which alerts speak of a problem, and whether anybody has heard them.

Here: matching and words. Not here: what alerts say (alerts.py), reading them (warehouse/overview.py).
"""

import re
from collections.abc import Sequence

from unit_economics.day_states import Problem
from unit_economics.warehouse.overview import Told

_KINDS = {"red": ("check",), "missing": ("missing", "stale")}
_DAYS = re.compile(r"(\d{4}-\d{2}-\d{2})(?: to (\d{4}-\d{2}-\d{2}))?")


def about(told: Sequence[Told], problem: Problem) -> Sequence[Told]:
    """The alerts about this asset and any of these days, in the order given."""
    return [one for one in told if _is_about(one, problem)]


def _is_about(one: Told, problem: Problem) -> bool:
    kind, _, rest = one.cause.partition("/")
    if kind not in _KINDS[problem.state] or rest.partition("/")[0] != problem.asset:
        return False
    named = [(first, last or first) for first, last in _DAYS.findall(one.title)]
    return any(first <= str(day) <= last for first, last in named for day in problem.days)


def heard(newest: Told | None, channels: Sequence[str], said: str) -> str:
    """Whether people were told; `said` is the moment it was sent, in words."""
    if newest and newest.sent_at:
        return f"announced {said}"
    if not channels:
        return "nobody is told: the catalogue names no channel under alerts.urls"
    if newest is None:
        return "not announced yet"
    if newest.tries:
        error = f": {newest.last_error}" if newest.last_error else ""
        return f"tried {newest.tries} times in vain{error}" if newest.tries > 1 else f"tried once in vain{error}"
    return "waits to be sent"
