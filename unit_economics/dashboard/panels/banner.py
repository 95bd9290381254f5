"""The first line of the on-call page: what needs you, whom it hurts, what to type; short when nothing does.

Here: one sentence, and the way out. Not here: all that is wrong (alerts.py), the words of `status` (cli/status.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.dashboard.mart.series import COMPLETE
from unit_economics.dashboard.mart.troubles import Trouble
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.dagster_links import partition_url
from unit_economics.dashboard.words.spans import counted, spans
from unit_economics.day_states import Problem, Step
from unit_economics.warehouse.overview import UNSTICK, Waiting, waiting_alerts

_LONGEST = 240


@dataclass(frozen=True)
class Banner:
    """The sentence: how many things, the first of them, why; the step that mends it and the link to it.

    tone: bad, warn or ok; count: empty where nothing needs anybody.
    """

    tone: str
    count: str
    first: str
    reason: str = ""
    hurts: str = ""
    step: Step | None = None
    href: str = ""
    template: str = "panels/banner.html"


def banner(scene: Scene) -> Banner:
    """What is red comes before what is missing, and the dearer before the cheaper: a cause before what follows."""
    channels = scene.of.catalogue.alerts.urls
    waiting = waiting_alerts(scene.connection)
    stuck = waiting.is_stuck(channels)
    urgent = sorted(scene.troubles, key=lambda one: one.problem.state != "red")
    if urgent:
        return _urgent(scene, urgent, len(urgent) + stuck)
    return _stuck(waiting) if stuck else Banner("ok", "", "Nothing needs you.", _all_is_well(scene))


def _urgent(scene: Scene, urgent: Sequence[Trouble], count: int) -> Banner:
    first, dashboard = urgent[0].problem, scene.of.catalogue.dashboard
    return Banner(
        "bad" if first.state == "red" else "warn",
        f"{count} things need you" if count > 1 else "1 thing needs you",
        f"{first.asset} {verb(first)} {spans(scene.numbers, first.days)}",
        shortened(first.reason, _LONGEST),
        hurts(urgent[0]),
        scene.states.next_step,
        partition_url(dashboard, first.asset, first.days[0]),
    )


def _stuck(waiting: Waiting) -> Banner:
    many = waiting.tried > 1
    first = f"{waiting.tried} alerts have not reached you" if many else "an alert has not reached you"
    return Banner("warn", "1 thing needs you", first, waiting.last_error or "no channel took it", step=Step(UNSTICK))


def verb(problem: Problem) -> str:
    """What is wrong with the days that follow."""
    return "failed a check on" if problem.state == "red" else "needs a run for"


def hurts(trouble: Trouble) -> str:
    """Whom it hurts: `cost_per_order (finops@example.com)`."""
    return " and ".join(f"{what} ({owner or 'no owner is named'})" for what, owner in trouble.hurt)


def shortened(text: str, longest: int) -> str:
    """The text, or its beginning."""
    return text if len(text) <= longest else f"{text[:longest].rstrip()}…"


def _all_is_well(scene: Scene) -> str:
    states, numbers = scene.states, scene.numbers
    if not states.stored:
        return "Nothing has been computed yet, and no day is due."
    complete = [day for day in states.days if all(_is_complete(scene, asset, day) for asset in states.graph)]
    if not complete:
        return f"Everything that is due is there; none of the last {counted(list(states.days))} is complete yet."
    last = max(complete)
    later = "" if last == states.last_closed else " Later bills may still grow."
    return f"{numbers.short_day(last)} is complete, everything that is due is there.{later}"


def _is_complete(scene: Scene, asset: str, day: date) -> bool:
    return scene.states.state(asset, day) in COMPLETE
