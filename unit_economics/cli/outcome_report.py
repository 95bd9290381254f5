"""The answer of `run`, `backfill` and `publish`: a line an asset, then what is wrong and what to type.

Here: words and JSON of outcomes. Not here: what a state means (outcome.py).
"""

from collections.abc import Sequence
from typing import Any

import click

from unit_economics.business_days import DayRange, shown
from unit_economics.cli.outcome import STATES, STORED, Outcome
from unit_economics.cli.table import coloured, grouped, indented, show_json, show_table, strong

_OF_ASSET = 5


def report(outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    """Print what became of these runs; returns the exit code."""
    if as_json:
        show_json({"ok": not worst(outcomes), "runs": [document(outcome) for outcome in outcomes]})
    else:
        for outcome in outcomes:
            _show(outcome)
    return worst(outcomes)


def worst(outcomes: Sequence[Outcome]) -> int:
    """The exit code of several runs: the highest."""
    return max((outcome.exit_code for outcome in outcomes), default=0)


def document(outcome: Outcome) -> dict[str, Any]:
    """A run as JSON: counts and every day of every asset, with the reason where it was not stored."""
    return {
        "from": outcome.days.first,
        "to": outcome.days.last,
        "assets": [
            {
                "asset": asset,
                "counts": outcome.counts(asset),
                "days": [
                    {
                        "day": day,
                        "state": outcome.state(asset, day),
                        "reason": outcome.reason(asset, day),
                        "warning": outcome.assets[asset].warned.get(day),
                    }
                    for day in outcome.days
                ],
            }
            for asset in outcome.assets
        ],
    }


def _show(outcome: Outcome) -> None:
    counts = {asset: outcome.counts(asset) for asset in outcome.assets}
    columns = [
        state
        for state in STATES
        if state in ("new", "restated", "same", "red", "absent") or any(of[state] for of in counts.values())
    ]
    days = f"{len(outcome.days)} day{'s' if len(outcome.days) > 1 else ''}"
    click.echo(f"\n{strong(str(outcome.days))}, {days}\n")
    rows = [
        [asset, *(coloured(state, str(of[state])) if of[state] else "·" for state in columns)]
        for asset, of in counts.items()
    ]
    show_table(["asset", *columns], rows)
    _show_reasons(outcome)
    click.echo()


def _show_reasons(outcome: Outcome) -> None:
    for asset in outcome.assets:
        # A day that waits for another one says nothing new.
        wrong = [day for day in outcome.days if outcome.state(asset, day) in ("red", "absent", "failed")]
        reasons = list(grouped((day, outcome.reason(asset, day) or "") for day in wrong))
        for reason, days in reasons[:_OF_ASSET]:
            state = outcome.state(asset, days[0])
            click.echo(f"\n  {coloured(state)} {strong(asset)} {shown(days)}\n{indented(reason)}")
        if len(reasons) > _OF_ASSET:
            click.echo(f"\n  ... and {len(reasons) - _OF_ASSET} more of {asset}; --json has all of them")
    _show_warnings(outcome)
    if outcome.exit_code:
        bad = [day for day in outcome.days if any(outcome.state(a, day) not in STORED for a in outcome.assets)]
        again = DayRange(min(bad), max(bad))
        click.echo(f"\n  Mend the cause, then: unit-economics run --from {again.first} --to {again.last}")


def _show_warnings(outcome: Outcome) -> None:
    """What is stored and looks odd: shown, and no reason to fail."""
    for asset, of_asset in outcome.assets.items():
        stored = [(day, text) for day, text in sorted(of_asset.warned.items()) if outcome.state(asset, day) in STORED]
        for text, days in list(grouped(stored))[:_OF_ASSET]:
            click.echo(f"\n  {coloured('warn')} {strong(asset)} {shown(days)}\n{indented(text)}")
