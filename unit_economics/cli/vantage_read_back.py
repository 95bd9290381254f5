"""`unit-economics vantage read-back`: what Vantage holds and shows right now, against ours.

Here: the command and its answer; it sends and stores nothing. Not here: the verdicts (drift.py, insight/apart.py), the
same questions each morning (proof/).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, json_option
from unit_economics.cli.table import faint, short_decimal, show_json, show_table, strong
from unit_economics.deployment import Deployment
from unit_economics.drift import Holding
from unit_economics.graph import Node
from unit_economics.insight.apart import PARTS
from unit_economics.nearest import closest
from unit_economics.proof.read_back import look
from unit_economics.proof.vantage_asked import Asked, asked_of
from unit_economics.proof.vantage_compared import Comparison, compare
from unit_economics.proof.vantage_unit_cost import short_amount
from unit_economics.refusals import UsageRefusal
from unit_economics.vantage.report_days import ReportDays

_MOST = 40

Looked = Sequence[tuple[Node, Sequence[Holding]]]
Compared = Sequence[tuple[Asked, Sequence[Comparison], ReportDays]]


@click.command("read-back")
@click.argument("metric", required=False)
@json_option
@config_option
def command(metric: str | None, config: Path | None, *, as_json: bool) -> int:
    """What Vantage holds of every published day, and its own unit cost where a cost report is named, against ours.

    Nothing is sent. The exit code is 1 where a value is not the one that we sent, or a unit cost drifts.
    """
    of = opened(config)
    nodes = _nodes(of, metric)
    looked = [(node, look(of, node)) for node in nodes]
    compared = [(one, *compare(of, one)) for one in asked_of(of) if metric in (None, one.metric)]
    if as_json:
        show_json({"destinations": _held_document(looked), "unit_costs": _unit_cost_document(compared)})
    else:
        _show_held(looked)
        _show_unit_costs(compared)
    return int(_is_adrift(looked, compared))


def _nodes(of: Deployment, metric: str | None) -> list[Node]:
    published = [node for node in of.graph.values() if node.sink]
    chosen = [node for node in published if metric in (None, node.entry)]
    if not chosen:
        names = sorted({node.entry for node in published})
        what = f"{metric} is not published; {closest(metric, names)}" if metric and names else "nothing is published"
        remedy = "Add `publish: {vantage: ...}` to the catalogue"
        raise UsageRefusal(what, where="vantage read-back", remedy=remedy)
    return chosen


def _is_adrift(looked: Looked, compared: Compared) -> bool:
    is_held = all(one.verdict == "same" for _, found in looked for one in found)
    return not is_held or any(each.word(one.tolerance) == "drift" for one, found, _ in compared for each in found)


def _show_held(looked: Looked) -> None:
    for node, found in looked:
        counted = Counter(one.verdict for one in found)
        click.echo(
            f"\n{strong(node.name)}  {', '.join(f'{n} {word}' for word, n in counted.items()) or 'nothing sent'}"
        )
        drifted = [one for one in found if one.verdict != "same"]
        rows = [
            [str(one.day), one.verdict, *map(short_decimal, (one.held, one.sent, one.ours)), one.beside]
            for one in drifted[:_MOST]
        ]
        if rows:
            show_table(["day", "", "held", "sent", "ours", "beside"], rows, right_from=2)
        if days := [one.day for one in drifted if one.verdict != "foreign"]:
            click.echo(f"\n  Send ours again with: unit-economics publish --from {min(days)} --to {max(days)}")
        _show_more(len(drifted))


def _show_unit_costs(compared: Compared) -> None:
    for one, found, theirs in compared:
        words = Counter(each.word(one.tolerance) if each.walk else "without a comparison" for each in found)
        click.echo(
            f"\n{strong(one.metric)}  Vantage's own unit cost: {', '.join(f'{n} {w}' for w, n in words.items())}"
        )
        click.echo(faint(f"  asked  {_settings(one.settings.stated)}\n  saved  {_settings(theirs.saved.stated)}"))
        apart = [each for each in found if each.word(one.tolerance) != "same"]
        if apart:
            head = ["day", "there", "here", *PARTS, ""]
            show_table(head, [_row(one, each) for each in apart[:_MOST]])
        _show_more(len(apart))


def _show_more(count: int) -> None:
    if count > _MOST:
        click.echo(f"  ... and {count - _MOST} more; --json has all of them")


def _row(one: Asked, each: Comparison) -> list[str]:
    if each.walk is None:
        return [str(each.kept.business_date), *["-"] * (2 + len(PARTS)), each.kept.reason or ""]
    numbers = [each.walk.shown, each.walk.unit_cost, *(getattr(each.walk, part) for part in PARTS)]
    texts = [f"{short_amount(number):f}" for number in numbers]
    return [str(each.kept.business_date), *texts, each.word(one.tolerance)]


def _settings(stated: Mapping[str, bool | None]) -> str:
    said = {True: "yes", False: "no", None: "not stated"}
    return ", ".join(f"{name.removeprefix('include_')} {said[value]}" for name, value in stated.items())


def _held_document(looked: Looked) -> list[dict[str, object]]:
    return [
        {
            "asset": node.name,
            "days": [
                {"day": one.day, "verdict": one.verdict, "held": one.held, "sent": one.sent, "ours": one.ours}
                | {"beside": one.beside}
                for one in found
            ],
        }
        for node, found in looked
    ]


def _unit_cost_document(compared: Compared) -> list[dict[str, object]]:
    return [
        {
            "metric": one.metric,
            "cost_report": one.report,
            "asked": dict(one.settings.stated),
            "saved": dict(theirs.saved.stated),
            "days": [_day_document(one, each) for each in found],
        }
        for one, found, theirs in compared
    ]


def _day_document(one: Asked, each: Comparison) -> dict[str, object]:
    kept, walk = each.kept, each.walk
    parts = {part: getattr(walk, part) for part in PARTS} if walk else {"reason": kept.reason}
    named = {"day": kept.business_date, "status": kept.status, "unit_cost": kept.unit_cost, "shown": kept.shown}
    return {**named, **parts, "word": each.word(one.tolerance) if walk else None}
