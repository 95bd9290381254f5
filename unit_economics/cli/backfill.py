"""`unit-economics backfill`: the days that are missing, and only those; or what that would be.

Here: the plan and its words. Not here: a day's state (day_states.py), running (runs.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import click

from unit_economics import gaps
from unit_economics.business_days import shown
from unit_economics.cli.opening import opened
from unit_economics.cli.options import (
    chosen_days,
    config_option,
    day_options,
    json_option,
    restatement_window,
    verbose_option,
)
from unit_economics.cli.outcome_report import report
from unit_economics.cli.run import told_run
from unit_economics.cli.table import coloured, show_json, strong
from unit_economics.day_states import DayStates, day_states

STATES = ("done", "missing", "red", "open")


@dataclass(frozen=True)
class Plan:
    """The days by state, and the runs that would be started, oldest first."""

    days: Mapping[str, Sequence[date]]
    runs: Sequence[gaps.Ask]


@click.command("backfill")
@day_options(default="the last closed day")
@click.option("--dry-run", is_flag=True, help="Only say what would be run.")
@verbose_option
@json_option
@config_option
def command(
    first: date | None,
    last: date | None,
    *,
    dry_run: bool,
    verbose: bool,
    as_json: bool,
    config: Path | None,
) -> int:
    """Compute the days that are missing or red, and only those; without days, of the restatement window.

    Exit code 1 when a check is red or a day is absent afterwards.
    """
    of = opened(config)
    plan = planned(day_states(of, chosen_days(first, last, restatement_window(of))))
    if dry_run:
        show_json(_document(plan)) if as_json else _show(plan)
        return 0
    outcomes = [told_run(of, ask.days, list(ask.assets), verbose=verbose) for ask in plan.runs]
    if not outcomes and not as_json:
        click.echo("Nothing is missing.")
        return 0
    return report(outcomes, as_json=as_json)


def planned(states: DayStates) -> Plan:
    """What there is to do: what is missing or red with all that is made of it; consecutive days in one run."""
    due = {asset: [day for day in states.days if _is_due(states, asset, day)] for asset in states.graph}
    wanted = {asset: sorted({day for name in _with_upstream(states, asset) for day in due[name]}) for asset in due}
    by_state: dict[str, list[date]] = {state: [] for state in STATES}
    for day in states.days:
        by_state[_state(states, wanted, day)].append(day)
    runs = gaps.asks(
        states.graph, wanted, in_flight=(), tries={}, rules=gaps.Rules(1, timedelta()), most=len(states.days)
    )
    return Plan(by_state, runs[::-1])


def _is_due(states: DayStates, asset: str, day: date) -> bool:
    return day <= states.last_closed and (day in states.missing[asset] or (asset, day) in states.red)


def _state(states: DayStates, wanted: Mapping[str, Sequence[date]], day: date) -> str:
    if day > states.last_closed:
        return "open"
    if any((asset, day) in states.red for asset in states.graph):
        return "red"
    return "missing" if any(day in days for days in wanted.values()) else "done"


def _with_upstream(states: DayStates, asset: str) -> set[str]:
    direct = states.graph[asset]
    return {asset}.union(*(_with_upstream(states, name) for name in direct))


def _show(plan: Plan) -> None:
    click.echo()
    for state, days in plan.days.items():
        if days:
            word = {"missing": "warn", "red": "fail", "done": "ok"}.get(state, "skip")
            click.echo(f"  {coloured(word, f'{len(days):>5} {state:8}')} {_few(days)}")
    click.echo(f"\n{strong(_runs_in_words(plan))}\n")
    for ask in plan.runs:
        click.echo(f"  {len(ask.days):>5} day{'s' if len(ask.days) > 1 else ' '}  {ask.days}  {', '.join(ask.assets)}")
    if plan.runs:
        click.echo("\n  No source was read and no day was written. Leave out --dry-run to start.\n")


def _runs_in_words(plan: Plan) -> str:
    if not plan.runs:
        return "Nothing is missing"
    return "1 run would be started" if len(plan.runs) == 1 else f"{len(plan.runs)} runs would be started, in this order"


def _few(days: Sequence[date]) -> str:
    text = shown(days)
    return text if len(text) <= 70 else f"{text[:70].rpartition(',')[0]}, ... up to {max(days)}"


def _document(plan: Plan) -> dict[str, object]:
    return {
        "days": {state: {"count": len(days), "days": days} for state, days in plan.days.items()},
        "runs": [{"from": ask.days.first, "to": ask.days.last, "assets": ask.assets} for ask in plan.runs],
    }
