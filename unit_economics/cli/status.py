"""`unit-economics status`: every asset, the last 28 days, one character a day; what is wrong, what to type.

Here: the picture, the words and the JSON. Not here: what a day's state is (day_states.py).
"""

import sys
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from unit_economics.business_days import DayRange, shown
from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, day_options, json_option
from unit_economics.cli.table import coloured, faint, grouped, indented, show_json, strong
from unit_economics.day_states import DayStates, day_states
from unit_economics.deployment import Deployment
from unit_economics.warehouse import overview
from unit_economics.warehouse.completeness_kept import CompleteThrough, complete_through
from unit_economics.warehouse.overview import UNSTICK, Waiting

WINDOW = 28
_MOST = 4
MARKS: dict[str, tuple[str, str, str | None]] = {
    "complete": ("●", "#", "green"),
    "closed": ("■", "=", "green"),
    "provisional": ("◐", "~", "cyan"),
    "restated": ("↻", "R", "yellow"),
    "red": ("✗", "X", "red"),
    "missing": ("·", ".", "red"),
    "waits": ("-", "-", "yellow"),
    "open": ("○", "o", "bright_black"),
    "before": (" ", " ", None),
}
"""State: the character, the one where the output knows only ASCII, and the colour."""


@click.command("status")
@day_options(default="today; the 28 days up to it")
@json_option
@config_option
def command(first: date | None, last: date | None, *, as_json: bool, config: Path | None) -> int:
    """Every asset and day at a glance: the last 28 days, what is wrong and why, and what to type next.

    Exit code 1 when something needs attention.
    """
    of = opened(config)
    today = of.outside.now().astimezone(of.calendar.timezone).date()
    states = day_states(of, _window(first, last or today))
    with of.warehouse.connection() as connection:
        waiting = overview.waiting_alerts(connection)
        through = complete_through(connection)
    needs_attention = states.next_step is not None or waiting.is_stuck(of.catalogue.alerts.urls)
    if as_json:
        show_json(
            {"ok": not needs_attention, **_document(of, states, waiting), "complete_through": _known(of, through)}
        )
    else:
        _show(of, states, waiting)
        _show_through(of, through)
        click.echo(f"{strong('Next')}  {_next(of, states, waiting)}\n")
    return int(needs_attention)


def _window(first: date | None, last: date) -> DayRange:
    return DayRange(first or last - timedelta(days=WINDOW - 1), last)


def _show(of: Deployment, states: DayStates, waiting: Waiting) -> None:
    now = of.outside.now().astimezone(of.calendar.timezone)
    click.echo(f"\n{strong('Business days')} in {of.calendar.timezone.key}, {states.days}, seen {now:%Y-%m-%d %H:%M}\n")
    width = max(map(len, states.graph))
    click.echo(f"  {'':{width}}  {faint(_ruler(states.days))}  {faint('latest good')}")
    for asset in states.graph:
        line = "".join(_mark(states.state(asset, day)) for day in states.days)
        click.echo(f"  {asset:{width}}  {line}  {states.latest_good(asset) or '-'}")
    click.echo(f"\n  {_legend()}\n")
    _show_wrong(states)
    _show_waiting(of, waiting)


def _show_wrong(states: DayStates) -> None:
    of_asset = {asset: [(day, why) for name, day, why in states.wrong() if name == asset] for asset in states.graph}
    for asset, wrong in of_asset.items():
        reasons = list(grouped(wrong))
        for reason, days in reasons[:_MOST]:
            state = states.state(asset, days[0])
            click.echo(f"  {coloured('fail', state)} {strong(asset)} {shown(days)}\n{indented(reason)}")
        if len(reasons) > _MOST:
            click.echo(f"  ... and {len(reasons) - _MOST} more of {asset}; --json has all of them")
    if any(of_asset.values()):
        click.echo()


def _show_through(of: Deployment, through: Sequence[CompleteThrough]) -> None:
    """How far the bill and every metric are complete: a metric is as complete as its least complete half."""
    shown_ones = [one for one in through if one.name in {*of.catalogue.cost_sources, *of.catalogue.measured}]
    if not shown_ones:
        return
    width = max(len(one.name) for one in shown_ones)
    click.echo(strong("Complete through"))
    for one in shown_ones:
        delivered = f", last delivered {one.delivered_at:%Y-%m-%d %H:%M} UTC" if one.delivered_at else ""
        rule = faint(f"  ({one.rule}{delivered})") if one.rule else ""
        click.echo(f"  {one.name:{width}}  {one.complete_through or '-'}{rule}")
    click.echo()


def _known(of: Deployment, through: Sequence[CompleteThrough]) -> list[dict[str, object]]:
    names = {*of.catalogue.cost_sources, *of.graph}
    return [vars(one) for one in through if one.name in names]


def _show_waiting(of: Deployment, waiting: Waiting) -> None:
    if not waiting.messages:
        return
    count = f"{waiting.messages} alert{'s' if waiting.messages > 1 else ''}"
    if not of.catalogue.alerts.urls:
        click.echo(f"  {count} for nobody: the catalogue names no channel under alerts.urls\n")
    else:
        error = f" ({waiting.last_error})" if waiting.last_error else ""
        click.echo(f"  {coloured('warn', f'{count} not sent yet')}, {waiting.tried} tried in vain{error}\n")


def _next(of: Deployment, states: DayStates, waiting: Waiting) -> str:
    """The command to type: the cause first."""
    step = states.next_step
    if step:
        return f"{step.before}, then: {step.command}" if step.before else step.command
    if waiting.is_stuck(of.catalogue.alerts.urls):
        return UNSTICK
    return "nothing needs doing"


def _document(of: Deployment, states: DayStates, waiting: Waiting) -> dict[str, Any]:
    return {
        "timezone": of.calendar.timezone.key,
        "from": states.days.first,
        "to": states.days.last,
        "last_closed_day": states.last_closed,
        "assets": [
            {
                "asset": asset,
                "latest_good_day": states.latest_good(asset),
                "days": [
                    {"day": day, "state": states.state(asset, day), "reason": states.reason(asset, day) or None}
                    for day in states.days
                ],
            }
            for asset in states.graph
        ],
        "alerts": {
            "waiting": waiting.messages,
            "tried_in_vain": waiting.tried,
            "oldest": waiting.oldest,
            "last_error": waiting.last_error,
            "channels": list(of.catalogue.alerts.urls),
        },
        "next": _next(of, states, waiting),
    }


def _mark(state: str) -> str:
    sign, plain, colour = MARKS[state]
    return click.style(sign if _speaks_unicode() else plain, fg=colour)


def _speaks_unicode() -> bool:
    return (sys.stdout.encoding or "ascii").lower().replace("-", "").startswith("utf")


def _legend() -> str:
    words: Sequence[str] = ("complete", "closed", "provisional", "restated", "red", "missing", "waits", "open")
    return "  ".join(f"{_mark(word)} {faint(word)}" for word in words)


def _ruler(days: DayRange) -> str:
    """The day of the month over every Monday, where there is room for it."""
    line = ""
    for n, day in enumerate(days):
        if day.weekday() == 0 and len(line) <= n and n + 2 <= len(days):
            line += " " * (n - len(line)) + f"{day:%d}"
    return f"{line:{len(days)}}"
