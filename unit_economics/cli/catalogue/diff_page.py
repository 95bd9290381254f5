"""The answer of `catalogue diff`: what is known of a change, as text, Markdown for a pull request, or JSON.

Here: words and columns. Not here: any judgement (diff_told.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from decimal import Context, Decimal
from typing import TypeVar

import click

from unit_economics.business_days import shown
from unit_economics.cli.catalogue.diff_told import Diff
from unit_economics.cli.table import grouped, harmless, show_json, show_table, strong
from unit_economics.definition_diff import EntryChange, Uncompared
from unit_economics.exact import EXACT
from unit_economics.markdown_table import as_quiet, table
from unit_economics.number_diff import Number, NumberChange, Place, Value

MOST_ROWS = 100
_Side = TypeVar("_Side")
_SHOWN = Context(prec=6)


def _as_text(told: Diff) -> None:
    click.echo(f"\n{strong(told.verdict)}\n")
    for title, head, rows in _tables(told):
        click.echo(title)
        show_table(head, rows, right_from=len(head) - (3 if head[-1] == "change" and len(head) > 3 else 0))
        click.echo()
    for line in _reasons(told):
        click.echo(f"Not recomputed: {line}")
    for one in told.not_compared:
        click.echo(f"Not compared: {_uncompared(one)}")


def _as_markdown(told: Diff) -> None:
    click.echo(f"### Catalogue against `{as_quiet(told.against)}`\n\n{told.verdict}\n")
    for title, head, rows in _tables(told):
        click.echo("\n".join([f"**{title}**", "", *table(head, rows, as_quiet), ""]))
    for line in _reasons(told):
        click.echo(f"- Not recomputed: {as_quiet(line)}")
    for one in told.not_compared:
        click.echo(f"- Not compared: {as_quiet(_uncompared(one))}")


def _as_json(told: Diff) -> None:
    show_json(
        {
            "ok": told.is_fine,
            "verdict": told.verdict,
            "catalogue_versions": {"before": told.versions[0], "after": told.versions[1]},
            "entries": [asdict(one) for one in told.entries],
            "definitions": [asdict(one) for one in told.definitions],
            "days": told.days,
            "numbers": [
                {**one.place._asdict(), "old": _value(one.old), "new": _value(one.new), "percent": one.percent}
                for one in told.numbers
            ],
            "slices": [_named(one, "slices", "cell", "currency") for one in told.slices],
            "cells": [asdict(one) for one in told.cells],
            "values": [_named(one, "asset", "what", "unit") for one in told.values],
            "totals": [{**asdict(one), "percent": one.percent} for one in told.totals],
            "not_recomputed": [
                {"metric": metric, "day": day, "reason": reason} for (metric, day), reason in told.left_out.items()
            ],
            "not_compared": [asdict(one) for one in told.not_compared],
        }
    )


def _named(one: NumberChange, *names: str) -> dict[str, object]:
    """A change with its place under the names that fit its kind."""
    place = dict(zip([*names, "day"], one.place, strict=True))
    return {**place, "old": _value(one.old), "new": _value(one.new), "percent": one.percent}


def _value(value: Number | None) -> dict[str, object] | None:
    return asdict(value) if value else None


def _tables(told: Diff) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
    if told.entries:
        rows = [[_name(one), one.change, ", ".join(one.fields)] for one in told.entries]
        yield "Entries of the catalogue", ["entry", "change", "fields"], rows
    if told.definitions:
        rows = [[one.asset, _or_none(one.before), _or_none(one.after)] for one in told.definitions]
        yield "Definitions", ["asset", "before", "after"], rows
    for title, name, what, changes in (
        ("The unit cost of each day", "metric", "scope", told.numbers),
        ("The cells of slices", "slices", "cell", told.slices),
        ("Other numbers of each day", "asset", "number", told.values),
    ):
        if changes:
            more = f", the first {MOST_ROWS} of {len(changes)} (json has all)" if len(changes) > MOST_ROWS else ""
            head = ["day", name, what, "before", "after", "change"]
            yield f"{title}{more}", head, [_row(one) for one in changes[:MOST_ROWS]]
    if told.cells:
        rows = [[one.slices, one.name, f"{one.changed} of {one.cells}"] for one in told.cells]
        yield "The slices", ["asset", "slice", "cells that change"], rows
    if told.totals:
        rows = [
            [
                *(f"{one.days} days", one.metric, f"{one.scope} ({one.currency})"),
                *(_brief(one.old), _brief(one.new), _percent(one.percent)),
            ]
            for one in told.totals
        ]
        yield (
            "The unit cost of the sample, as ratio of sums",
            ["", "metric", "scope", "before", "after", "change"],
            rows,
        )


def _row(one: NumberChange) -> list[str]:
    return [str(one.place.day), one.place.metric, _what(one.place), *before_and_after(one)]


def _what(place: Place) -> str:
    return f"{place.scope} ({place.currency})" if place.currency else place.scope


def _name(one: EntryChange) -> str:
    return f"{one.section}.{one.name}" if one.name else one.section


def before_and_after(one: NumberChange) -> list[str]:
    """Before, after, change; where the unit cost is the same and its halves are not, these.

    In few digits where these tell the two apart, else in all.
    """
    old, new = one.old, one.new
    if isinstance(old, Value) and isinstance(new, Value) and old.unit_cost == new.unit_cost:
        return [*_apart(old, new, _halves), "same ratio"]
    return [*_apart(old, new, _told), _percent(one.percent)]


def _apart(old: _Side, new: _Side, told: Callable[[_Side, Context], str]) -> list[str]:
    brief = [told(side, _SHOWN) for side in (old, new)]
    return brief if brief[0] != brief[1] else [told(side, EXACT) for side in (old, new)]


def _told(value: Number | None, digits: Context) -> str:
    return "not there" if value is None else value.reason or _brief(value.number, digits)


def _halves(value: Value, digits: Context) -> str:
    return f"{_brief(value.cost, digits)} / {_brief(value.quantity, digits)}"


def _brief(value: Decimal | None, digits: Context = _SHOWN) -> str:
    return "none" if value is None else f"{digits.normalize(value):f}"


def _percent(value: Decimal | None) -> str:
    return "" if value is None else f"{value:+.2f} %"


def _or_none(version: str | None) -> str:
    return "not there" if version is None else version or "(no meaning of its own)"


def _reasons(told: Diff) -> Iterator[str]:
    by_metric: dict[str, list[tuple[date, str]]] = {}
    for (metric, day), reason in sorted(told.left_out.items()):
        by_metric.setdefault(metric, []).append((day, reason))
    for metric, reasons in by_metric.items():
        for reason, days in grouped(reasons):
            yield f"{metric} on {shown(days)}: {harmless(reason)}"


def _uncompared(one: Uncompared) -> str:
    return f"{one.name} means something else now: {harmless(one.reason)}"


FORMS: Mapping[str, Callable[[Diff], None]] = {"text": _as_text, "json": _as_json, "markdown": _as_markdown}
