"""What is wrong now, the dearest first: days, money, since when, who was told, what to type.

Here: problems of the last 28 days and alerts that belong to none. Not here: the money (dashboard/troubles.py), which
alert speaks of what (dashboard/announced.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from unit_economics.dashboard.mart.announced import about, heard
from unit_economics.dashboard.mart.troubles import USUAL_DAYS, Trouble
from unit_economics.dashboard.panels.banner import hurts, shortened, verb
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.dagster_links import partition_url
from unit_economics.dashboard.words.spans import counted, lasted, spans
from unit_economics.day_states import Problem, Step
from unit_economics.warehouse.overview import Told, alerts_since

_MOST_PROBLEMS, _MOST_OTHERS, _LONGEST = 12, 5, 600
_JUST = timedelta(minutes=1)


@dataclass(frozen=True)
class Alert:
    """One problem as text."""

    state: str
    title: str
    reason: str
    money: str
    facts: Sequence[str]
    step: Step
    href: str


@dataclass(frozen=True)
class Other:
    """A message that waits and speaks of no day that is wrong now."""

    title: str
    age: str
    heard: str


@dataclass(frozen=True)
class Alerts:
    """Open problems and other messages; `hidden` and `older` are how many of each are not shown."""

    alerts: Sequence[Alert]
    others: Sequence[Other]
    hidden: int
    older: int
    reckoned: str
    template: str = "panels/alerts.html"


def alerts(scene: Scene) -> Alerts:
    """What is open."""
    since = datetime.combine(scene.states.days.first, time(), tzinfo=UTC)
    told = alerts_since(scene.connection, since)
    of_problems = {one for trouble in scene.troubles for one in about(told, trouble.problem)}
    others = [one for one in told if one.sent_at is None and one not in of_problems]
    return Alerts(
        [_alert(scene, trouble, told) for trouble in scene.troubles[:_MOST_PROBLEMS]],
        [_other(scene, one) for one in others[:_MOST_OTHERS]],
        max(0, len(scene.troubles) - _MOST_PROBLEMS),
        max(0, len(others) - _MOST_OTHERS),
        f"What those days cost in the metrics that rest on them; where a day's cost is not there, the mean of the last"
        f" {USUAL_DAYS} complete days.",
    )


def _alert(scene: Scene, trouble: Trouble, told: Sequence[Told]) -> Alert:
    problem = trouble.problem
    return Alert(
        problem.state,
        f"{problem.asset} {verb(problem)} {spans(scene.numbers, problem.days)}",
        shortened(problem.reason, _LONGEST),
        scene.numbers.compact_money(trouble.money),
        _facts(scene, trouble, about(told, problem)),
        problem.step,
        partition_url(scene.of.catalogue.dashboard, problem.asset, problem.days[0]),
    )


def _facts(scene: Scene, trouble: Trouble, told: Sequence[Told]) -> Sequence[str]:
    problem, newest = trouble.problem, next(iter(told), None)
    tries = [
        f"tried {'once' if problem.tries == 1 else f'{problem.tries} times'}, last {_ago(scene, problem.last_try)}"
    ]
    sent = _moment(scene, newest.sent_at) if newest and newest.sent_at else ""
    return [
        counted(problem.days),
        f"since {_since(scene, problem, newest)}",
        *(tries if problem.tries else []),
        *([f"hurts {hurts(trouble)}"] if trouble.hurt else []),
        heard(newest, scene.of.catalogue.alerts.urls, sent),
    ]


def _since(scene: Scene, problem: Problem, newest: Told | None) -> str:
    """Red since it was said to be; missing since the first of its days was over."""
    if problem.state == "red" and newest:
        return _moment(scene, newest.created_at)
    return _moment(scene, scene.of.calendar.closed_at(problem.days[0]))


def _other(scene: Scene, one: Told) -> Other:
    return Other(one.title, _ago(scene, one.created_at), heard(one, scene.of.catalogue.alerts.urls, ""))


def _moment(scene: Scene, moment: datetime) -> str:
    return scene.numbers.moment(moment.astimezone(scene.of.calendar.timezone))


def _ago(scene: Scene, moment: datetime | None) -> str:
    if moment is None:
        return "never"
    ago = scene.now - moment
    return f"{lasted(ago)} ago" if ago >= _JUST else "just now"
