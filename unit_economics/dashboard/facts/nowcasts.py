"""What the provisional days of the view will come to, as the page draws and says it, beside what is there of them.

Here: at the page's scale, and in words with the error that was measured so far. Not here: making nowcasts (proof/), the
drawing (charts/trend_nowcasts.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.dashboard.charts.trend_data import Expected
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.numbers import EMPTY
from unit_economics.warehouse.nowcast_reading import Error, Shown, errors_of_scope

MEASURED_DAYS = 90
"""How far back errors are measured: what a nowcast was a year ago says little of this one."""


def expected(scene: Scene, shown: DayRange) -> Mapping[int, Expected]:
    """The nowcasts of the unit cost, at shown scale, by their places in the range."""
    known = {day: _amounts(scene, one) for day, one in scene.nowcasts.items() if day in shown}
    return {(day - shown.first).days: Expected(*map(float, amounts)) for day, amounts in known.items() if amounts}


def written(scene: Scene, day: date) -> str:
    """`$1.07, $1.03 to $1.10`; a dash where the day has no nowcast, or its unit cost can't be told."""
    amounts = _amounts(scene, scene.nowcasts[day]) if day in scene.nowcasts else ()
    if not amounts:
        return EMPTY
    value, low, high = map(scene.numbers.money, amounts)
    return f"{value}, {low} to {high}"


def about(scene: Scene) -> Sequence[str]:
    """What a nowcast is, what these were made by, and how far off such ones were; empty where there is none."""
    if not scene.nowcasts:
        return ()
    some = next(iter(scene.nowcasts.values()))
    by = " and ".join(dict.fromkeys(one.by for one in scene.nowcasts.values()))
    level = scene.numbers.percent(some.level, 0)
    what = f"Nowcast: what a day whose bill may still grow will come to, by {by}. It is in no total."
    return what, f"{level} of such days are to end inside their band.", _measured(scene)


def _amounts(scene: Scene, one: Shown) -> Sequence[Decimal]:
    """The nowcast and its interval; empty where its unit cost can't be told."""
    each = (one.nowcast_unit_cost, one.low_unit_cost, one.high_unit_cost)
    known = [amount * scene.scale for amount in each if amount is not None]
    return known if len(known) == len(each) else ()


def _measured(scene: Scene) -> str:
    since = scene.today - timedelta(days=MEASURED_DAYS)
    currency = scene.of.catalogue.currency
    errors = errors_of_scope(scene.connection, scene.view.metric, scene.view.scope, currency, since)
    if not errors:
        return "How far off they are is not known yet: no day that had one is complete."
    said = "; ".join(_error(scene, one) for one in errors)
    return f"Off so far, in the middle: {said}."


def _error(scene: Scene, one: Error) -> str:
    nowcast, raw = (_percent(scene, share) for share in (one.nowcast, one.raw))
    days = "1 day" if one.age == 1 else f"{one.age} days"
    return f"{nowcast} at {days} of age, where the figure as it stood was {raw} off ({one.days} seen)"


def _percent(scene: Scene, share: float | None) -> str:
    return scene.numbers.percent(None if share is None else Decimal(repr(share)))
