"""The answer of `catalogue diff`: what is known of a change, as text, Markdown for a pull request, or JSON.

Here: words and columns. Not here: any judgement but whether it is fine.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Context, Decimal
from typing import TYPE_CHECKING

import click

from unit_economics.business_days import shown
from unit_economics.catalogue import Catalogue
from unit_economics.cli.table import grouped, harmless, show_json, show_table, strong
from unit_economics.definition_diff import (
    DefinitionChange,
    EntryChange,
    Uncompared,
    affected,
    definition_changes,
    entry_changes,
    window_changes,
)
from unit_economics.number_diff import NumberChange, Total, Value, number_changes, totals

if TYPE_CHECKING:
    from unit_economics.cli.catalogue.recomputing import Recomputed

MOST_ROWS = 100
NOTHING_CHANGED = "No definition changed, so no number does."
_SHOWN = Context(prec=6)
_MARKUP = {ord(sign): f"&#{ord(sign)};" for sign in "\\`*_[]<>|@#&"}


@dataclass(frozen=True)
class Diff:
    """All that is to be told. affected: the assets whose numbers may differ; days: the sample."""

    against: str
    versions: tuple[str, str]
    entries: Sequence[EntryChange]
    definitions: Sequence[DefinitionChange]
    affected: Sequence[str]
    days: Sequence[date]
    numbers: Sequence[NumberChange]
    totals: Sequence[Total]
    left_out: Mapping[tuple[str, date], str]
    not_compared: Sequence[Uncompared]

    @classmethod
    def of(
        cls, against: str, old: Catalogue, new: Catalogue, days: Sequence[date], done: "Recomputed | None"
    ) -> "Diff":
        """What two catalogues, and the days recomputed under both, differ in."""
        return cls(
            against,
            (old.version, new.version),
            entry_changes(old, new),
            definition_changes(old, new),
            affected(old, new),
            days,
            number_changes(done.old, done.new) if done else [],
            [one for one in totals(done.old, done.new) if _adds_up(new, one.metric)] if done else [],
            done.left_out if done else {},
            [*window_changes(old, new), *(done.not_compared if done else [])],
        )

    @property
    def rewritten(self) -> Sequence[NumberChange]:
        """The numbers that there were, and that would be others."""
        return [one for one in self.numbers if one.rewrites]

    @property
    def is_unverified(self) -> bool:
        """Whether something may differ and no day could be looked at."""
        return bool(self.affected) and not self.days

    @property
    def is_fine(self) -> bool:
        """Whether no number changes, and that was seen of all that may and on every day of the sample."""
        return not (self.rewritten or self.left_out or self.not_compared or self.is_unverified)

    @property
    def verdict(self) -> str:
        """The answer in few sentences."""
        blind = f" {len(self.not_compared)} changed and could not be compared." if self.not_compared else ""
        if not self.affected:
            return f"No definition of a day changed, so no day's number does.{blind}" if blind else NOTHING_CHANGED
        if self.is_unverified:
            return f"Definitions changed, and no complete day is stored on which that could be looked at.{blind}"
        days = f"{len(self.days)} day{'' if len(self.days) == 1 else 's'}"
        lost = f" {len(self.left_out)} could not be recomputed." if self.left_out else ""
        if not self.rewritten:
            return f"Definitions changed; of {days} no number that could be recomputed did.{lost}{blind}"
        return f"{len(self.rewritten)} numbers of {days} would change.{lost}{blind}"


def _adds_up(catalogue: Catalogue, metric: str) -> bool:
    """Whether the units of several days are their sum; else a ratio of sums would mean nothing."""
    return metric in catalogue.metrics and catalogue.metrics[metric].over_days == "sum"


def _as_text(told: Diff) -> None:
    click.echo(f"\n{strong(told.verdict)}\n")
    for title, head, rows in _tables(told):
        click.echo(title)
        show_table(head, rows, right_from=len(head) - (3 if "unit cost" in title else 0))
        click.echo()
    for line in _reasons(told):
        click.echo(f"Not recomputed: {line}")
    for one in told.not_compared:
        click.echo(f"Not compared: {_uncompared(one)}")


def _as_markdown(told: Diff) -> None:
    click.echo(f"### Catalogue against `{_cell(told.against)}`\n\n{told.verdict}\n")
    for title, head, rows in _tables(told):
        click.echo(f"**{title}**\n\n| {' | '.join(head)} |\n|{' --- |' * len(head)}")
        for row in rows:
            click.echo(f"| {' | '.join(map(_cell, row))} |")
        click.echo()
    for line in _reasons(told):
        click.echo(f"- Not recomputed: {_cell(line)}")
    for one in told.not_compared:
        click.echo(f"- Not compared: {_cell(_uncompared(one))}")


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
            "totals": [{**asdict(one), "percent": one.percent} for one in told.totals],
            "not_recomputed": [
                {"metric": metric, "day": day, "reason": reason} for (metric, day), reason in told.left_out.items()
            ],
            "not_compared": [asdict(one) for one in told.not_compared],
        }
    )


def _value(value: Value | None) -> dict[str, object] | None:
    return asdict(value) if value else None


def _tables(told: Diff) -> Iterator[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
    if told.entries:
        rows = [[_name(one), one.change, ", ".join(one.fields)] for one in told.entries]
        yield "Entries of the catalogue", ["entry", "change", "fields"], rows
    if told.definitions:
        rows = [[one.asset, _or_none(one.before), _or_none(one.after)] for one in told.definitions]
        yield "Definitions", ["asset", "before", "after"], rows
    if told.numbers:
        rows = [
            [str(one.place.day), one.place.metric, f"{one.place.scope} ({one.place.currency})", *_numbers(one)]
            for one in told.numbers
        ]
        more = f", the first {MOST_ROWS} of {len(rows)} (json has all)" if len(rows) > MOST_ROWS else ""
        head = ["day", "metric", "scope", "before", "after", "change"]
        yield f"The unit cost of each day{more}", head, rows[:MOST_ROWS]
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


def _name(one: EntryChange) -> str:
    return f"{one.section}.{one.name}" if one.name else one.section


def _numbers(one: NumberChange) -> list[str]:
    """Before, after, change; where the unit cost is the same and its halves are not, these."""
    old, new = one.old, one.new
    if old and new and old.unit_cost == new.unit_cost:
        return [_halves(old), _halves(new), "same ratio"]
    return [_told(old), _told(new), _percent(one.percent)]


def _told(value: Value | None) -> str:
    return "not there" if value is None else value.reason or _brief(value.unit_cost)


def _halves(value: Value) -> str:
    return f"{_brief(value.cost)} / {_brief(value.quantity)}"


def _brief(value: Decimal | None) -> str:
    return "none" if value is None else f"{_SHOWN.plus(value).normalize():f}"


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


def _cell(text: str) -> str:
    """A stranger's text in a table of Markdown: no new cell, no markup, nobody mentioned."""
    return harmless(text).translate(_MARKUP)


FORMS: Mapping[str, Callable[[Diff], None]] = {"text": _as_text, "json": _as_json, "markdown": _as_markdown}
