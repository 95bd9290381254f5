"""The four numbers of the executive page: unit cost, cost, units and margin, each with change, target and trend.

Here: which numbers, and whether a change is good. Not here: how numbers are written (numbers.py).
"""

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from markupsafe import Markup

from unit_economics.dashboard.facts.margin import earned
from unit_economics.dashboard.facts.weekly import by_week, weekly
from unit_economics.dashboard.mart.comparison import Comparison
from unit_economics.dashboard.mart.series import Total
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.numbers import Numbers
from unit_economics.insight.bridge import Bridge, cost_bridge, rounded

Tone = Literal["good", "bad", "flat"]
Write = Callable[[Decimal], str]
_POINT, _HUNDREDTH, _LOOKS_EQUAL = Decimal("0.05"), Decimal("0.01"), Decimal("0.1")


@dataclass(frozen=True)
class Change:
    """A change in words with its direction, None where it is too small to be written, and whether that is good."""

    text: str
    is_up: bool | None
    tone: Tone


@dataclass(frozen=True)
class Tile:
    """One number; what can't be told is a dash with the reason as its detail."""

    title: str
    value: str
    detail: str
    change: Change | None = None
    target: str = ""
    is_off_target: bool = False
    spark: Markup = field(default_factory=Markup)


@dataclass(frozen=True)
class Tiles:
    """The row of tiles."""

    tiles: Sequence[Tile]
    template: str = "panels/tiles.html"


def tiles(scene: Scene) -> Tiles:
    """What is known of the four; no tile for what the reader may not see or nobody measures."""
    found = scene.comparison
    if found is None:
        return Tiles([])
    shown = [_unit_cost(scene, found), _cost(scene, found), _units(scene, found)]
    return Tiles([*shown, _margin(scene, found)] if scene.revenue else shown)


def _unit_cost(scene: Scene, found: Comparison) -> Tile:
    numbers, value, scale = scene.numbers, found.after.unit_cost, scene.scale
    target, is_lower_better = scene.targets.unit_cost, scene.metric.direction == "lower"
    against = ("", False)
    if target is not None and value is not None:
        over = (value - target) * scale
        said = _verdict(over, numbers.money, numbers.smallest_money, worse_when_over=is_lower_better)
        against = (f"target {numbers.money(target * scale)} · {said}", over != 0 and (over > 0) == is_lower_better)
    return Tile(
        f"Cost per {scene.per}",
        numbers.money(None if value is None else value * scale),
        f"{numbers.compact_money(found.after.cost)} ÷ {numbers.compact_count(found.after.quantity)} {scene.units_name}",
        _change(scene, found, lambda total: total.unit_cost, bad_when_up=is_lower_better),
        *against,
        spark=weekly(scene, lambda total: total.unit_cost, "c-ratio", "cost per unit"),
    )


def _cost(scene: Scene, found: Comparison) -> Tile:
    numbers = scene.numbers
    against = _against_month(
        scene,
        scene.targets.monthly_cost,
        found.after,
        found.after.cost,
        (numbers.compact_money, numbers.money, numbers.smallest_money),
        worse_when_over=True,
    )
    return Tile(
        "Cloud cost",
        numbers.compact_money(found.after.cost),
        _cost_detail(scene, found),
        _change(scene, found, lambda total: total.cost / total.days, bad_when_up=None),
        *against,
        spark=weekly(scene, lambda total: total.cost if total.is_whole else None, "c-cost", "cost"),
    )


def _cost_detail(scene: Scene, found: Comparison) -> str:
    if scene.slice_windows is None or scene.even_windows is None:
        return f"{scene.numbers.compact_money(found.after.cost / found.after.days)} a day" if found.after.days else ""
    bridge = rounded(cost_bridge(*scene.even_windows), Decimal(1))
    volume = _sum(bridge, "volume")
    rest = bridge.change - volume
    return f"volume {scene.numbers.signed_money(volume, 0)} · price {scene.numbers.signed_money(rest, 0)}"


def _sum(bridge: Bridge[Decimal], kind: str) -> Decimal:
    return sum((term.amount for term in bridge.terms if term.kind == kind), Decimal(0))


def _units_detail(scene: Scene, total: Total) -> str:
    """How the units of the window came to be one number."""
    if total.rule == "sum":
        return f"{scene.numbers.compact_count(Decimal(round(total.quantity / total.days)))} a day" if total.days else ""
    return {"mean": "on average", "last": "on the last day", "distinct": "different ones"}[total.rule]


def _units(scene: Scene, found: Comparison) -> Tile:
    numbers, quantity = scene.numbers, found.after.quantity
    is_sum = found.after.rule == "sum"
    return Tile(
        scene.units_title,
        numbers.compact_count(quantity),
        _units_detail(scene, found.after),
        _change(scene, found, lambda total: total.quantity / (total.days if is_sum else 1), bad_when_up=False),
        *_against_month(
            scene,
            scene.targets.monthly_units if is_sum else None,
            found.after,
            quantity,
            (_in_whole(numbers.compact_count), _in_whole(numbers.count), Decimal(1)),
            worse_when_over=False,
        ),
        spark=weekly(scene, lambda total: total.quantity if total.is_whole else None, "c-units", scene.units_name),
    )


def _margin(scene: Scene, found: Comparison) -> Tile:
    numbers = scene.numbers
    now, before = earned(scene, found.after.window), earned(scene, found.before.window)
    share, former = now.share, before.share
    target = scene.targets.margin_percent
    points = None if share is None or former is None or found.why_not else (share - former) * 100
    short = None if share is None or target is None else target - share * 100
    digits = 2 if short is not None and 0 < short <= _LOOKS_EQUAL else 1
    change = None if points is None else _in_points(scene, points)
    paid = "cloud cost" if scene.is_headline_scope else f"the cost of {scene.view.scope}"
    paid = f"{paid} and fees" if scene.metric.fees else paid
    return Tile(
        "Contribution margin",
        numbers.percent(share, digits),
        f"{numbers.compact_money(now.left)} after {paid}" if share is not None else "no revenue is there",
        change,
        "" if target is None else f"target {numbers.percent(target / 100, digits)}{_missed(scene, short)}",
        short is not None and short > 0,
        by_week(scene, lambda week: earned(scene, week).share, "c-good", "margin"),
    )


def _missed(scene: Scene, short: Decimal | None) -> str:
    if short is None:
        return ""
    return f", missed by {_at_least(short, _points(scene), _HUNDREDTH)} pt" if short > 0 else ", met"


def _points(scene: Scene) -> Write:
    return lambda points: scene.numbers.count(points.quantize(_HUNDREDTH))


def _in_points(scene: Scene, points: Decimal) -> Change:
    text = _points(scene)(abs(points))
    is_up = None if text == scene.numbers.count(Decimal(0)) else points > 0
    return Change(f"{text} pt", is_up, _tone(points, _POINT, bad_when_up=False))


def _in_whole(write: Write) -> Write:
    return lambda quantity: write(Decimal(round(quantity)))


def _change(
    scene: Scene, found: Comparison, of: Callable[[Total], Decimal | None], *, bad_when_up: bool | None
) -> Change | None:
    if found.why_not:
        return None
    now, before = of(found.after), of(found.before)
    if now is None or before is None or now < 0 or before <= 0:  # a ratio of these would tell nothing
        return None
    change = now / before - 1
    tone: Tone = "flat" if bad_when_up is None else _tone(change, Decimal("0.005"), bad_when_up=bad_when_up)
    return relative(scene.numbers, change, tone)


def relative(numbers: Numbers, change: Decimal, tone: Tone) -> Change:
    """A relative change; up and down only where that is seen at the digits that are written."""
    text = numbers.percent(abs(change))
    return Change(text, None if text == numbers.percent(Decimal(0)) else change > 0, tone)


def _tone(change: Decimal, least: Decimal, *, bad_when_up: bool) -> Tone:
    if abs(change) < least:
        return "flat"
    return "bad" if (change > 0) == bad_when_up else "good"


def _against_month(
    scene: Scene,
    target: Decimal | None,
    total: Total,
    value: Decimal,
    written: tuple[Write, Write, Decimal],
    *,
    worse_when_over: bool,
) -> tuple[str, bool]:
    """A target for a month, for as many days as were counted: each has its month's share.

    written: in short and in full, and the least that is written; in full only where both look equal and are not.
    """
    if target is None:
        return "", False
    in_short, in_full, least = written
    days = scene.series.counted(total.window)
    share = sum((target / monthrange(day.day.year, day.day.month)[1] for day in days), Decimal(0))
    is_off = value != share and (value > share) == worse_when_over
    write = in_full if is_off and in_short(value) == in_short(share) else in_short
    verdict = _verdict(value - share, in_short, least, worse_when_over=worse_when_over)
    return f"target {write(share)} for {len(days)} day{'s' if len(days) > 1 else ''} · {verdict}", is_off


def _verdict(over: Decimal, write: Write, least: Decimal, *, worse_when_over: bool) -> str:
    """`met`, or by how much it is not: `$23.64 over`, `1.2K under`."""
    if not over or (over > 0) != worse_when_over:
        return "met"
    return f"{_at_least(abs(over), write, least)} {'over' if over > 0 else 'under'}"


def _at_least(gap: Decimal, write: Write, least: Decimal) -> str:
    """A gap is never written as 0."""
    return f"less than {write(least)}" if write(gap) == write(Decimal(0)) else write(gap)
