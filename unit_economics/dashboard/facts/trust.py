"""What the checks said of a day's number, and what of it was published and read back.

Here: both in a few words. Not here: judging (checks.py), sending (sinks/), what is wrong now (troubles.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from unit_economics.asset_names import sink_asset
from unit_economics.dashboard.scene import Scene

_GATE = """
    select asset, passed, failures, warnings from gate where business_date = %s and asset = any(%s) order by asset
"""
_PUBLISHED = """
    select distinct on (p.asset) p.asset, p.quantity, p.held_before, p.read_back, p.converged, p.recorded_at
    from publications p where p.business_date = %s and p.asset = any(%s) order by p.asset, p.publication desc
"""


@dataclass(frozen=True)
class Sent:
    """The newest publication of one day: what was sent, what was there before, what was read back."""

    quantity: Decimal
    held_before: Decimal | None
    read_back: Decimal | None
    converged: bool
    recorded_at: datetime


def checks_of(scene: Scene, day: date) -> str:
    """`green: cloud_costs, daily_orders`, or what is red, and what is worth a look."""
    assets = [*scene.of.made_of(scene.view.metric), scene.view.metric, *_sinks(scene)]
    found = scene.connection.execute(_GATE, [day, assets]).fetchall()
    red = [f"{asset} is red ({_said(failures)})" for asset, passed, failures, _ in found if not passed]
    warned = [f"{asset} warns ({_said(warnings)})" for asset, _, _, warnings in found if warnings]
    green = [asset for asset, passed, *_ in found if passed]
    return "; ".join([*red, *warned, *([f"green: {', '.join(green)}"] if green else [])]) or "never judged"


def publications_of(scene: Scene, day: date) -> str:
    """What each destination was last sent of this day, and what it showed when read back."""
    sinks = _sinks(scene)
    if not sinks:
        return f"nowhere: {'it is a draft' if scene.metric.publish else 'the catalogue names no destination'}"
    found = {row[0]: Sent(*row[1:]) for row in scene.connection.execute(_PUBLISHED, [day, sinks])}
    return "; ".join(f"{asset}: {_told(scene, found[asset]) if asset in found else 'not yet'}" for asset in sinks)


def _told(scene: Scene, sent: Sent) -> str:
    numbers, zone = scene.numbers, scene.of.calendar.timezone
    held = f", {numbers.count(sent.held_before)} there before" if sent.held_before is not None else ""
    back = "nothing" if sent.read_back is None else numbers.count(sent.read_back)
    verdict = "agrees" if sent.converged else "does not agree"
    when = numbers.moment(sent.recorded_at.astimezone(zone))
    return f"{numbers.count(sent.quantity)} {scene.units_name} sent{held}, {back} read back: {verdict} ({when})"


def _sinks(scene: Scene) -> list[str]:
    return [sink_asset(scene.view.metric, sink) for sink in scene.metric.published]


def _said(words: Sequence[Mapping[str, str]]) -> str:
    return "; ".join(f"{one['check']}: {one['what']}" for one in words)
