"""What is asked of Prometheus: PromQL text, and the moments between which it is evaluated.

Here: pure composition. Not here: sending it and reading the answer (asking.py).
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from unit_economics.unit_sources.samples import Window

MOST_POINTS = 11_000
"""Points a series that one range query may give; Prometheus refuses more."""
_LONGEST_DAY = timedelta(hours=25)


def increase(selector: str, labels: Sequence[str], window: Window) -> dict[str, str]:
    """The increase over exactly this day, by labels: an instant query at its end."""
    grown = f"increase({selector}[{_length(window)}s])"
    return _instant(f"sum by ({', '.join(labels)}) ({grown})" if labels else f"sum({grown})", window)


def coverage(selector: str, step: timedelta, window: Window) -> dict[str, str]:
    """At how many steps of the day any of the series was there.

    A second before its end: the step at midnight is the next day's, and that at its start is within either kind of
    range, closed on the left (Prometheus 2) or open (3).
    """
    steps = f"{_length(window)}s:{step // timedelta(seconds=1)}s"
    return _instant(f"count_over_time(count({selector})[{steps}])", window, before_end=timedelta(seconds=1))


def samples(query: str, step: timedelta, of: Sequence[Window], *, closed_right: bool) -> dict[str, str]:
    """One sample a step, half-open: without the first moment where a sample stands for what was before it."""
    shift = step if closed_right else timedelta()
    return {
        "query": query,
        "start": _moment(of[0].start + shift),
        "end": _moment(of[-1].end - step + shift),
        "step": str(step // timedelta(seconds=1)),
    }


def portions(of: Sequence[Window], step: timedelta) -> Iterator[Sequence[Window]]:
    """As many days at once as one query may give."""
    days = max(1, MOST_POINTS // (_LONGEST_DAY // step))
    yield from (of[n : n + days] for n in range(0, len(of), days))


def _instant(query: str, window: Window, *, before_end: timedelta = timedelta()) -> dict[str, str]:
    return {"query": query, "time": _moment(window.end - before_end)}


def _length(window: Window) -> int:
    return (window.end - window.start) // timedelta(seconds=1)


def _moment(moment: datetime) -> str:
    return str(int(moment.timestamp()))
