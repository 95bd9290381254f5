"""`unit-economics reconcile`: every invoice beside what was billed for it, and what to type next.

Here: the command, its table and its JSON. Not here: holding them (proof/held_invoices.py), or the words of one
(proof/reconciliation.py).
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import click

from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, json_option
from unit_economics.cli.table import coloured, faint, indented, show_json, show_table, strong
from unit_economics.invoices import PERIOD_IS, period_of
from unit_economics.proof.held_invoices import Held, held
from unit_economics.proof.reconciliation import HEAD, judged, line, title, told
from unit_economics.refusals import UsageRefusal
from unit_economics.warehouse.reconciling import Stands

_RUN = "unit-economics reconcile"
_OF_IT = " of that period"


@click.command("reconcile")
@click.option("--period", metavar="MONTH", help="Only the invoices of this month, like 2026-10.")
@json_option
@config_option
def command(period: str | None, *, as_json: bool, config: Path | None) -> int:
    """Hold every invoice against what was billed for it, as the proof does each morning, and keep what is new.

    Exit code 1 where an invoice that is issued has more unexplained than the tolerance.
    """
    of = opened(config)
    rules = of.catalogue.reconciliation
    if rules is None:
        remedy = "Write `reconciliation: {}` there, then run `unit-economics backfill`"
        raise UsageRefusal("the catalogue reads nothing by invoice", where="reconciliation", remedy=remedy)
    found = held(of, rules, of.run(_RUN))
    chosen = _of_period(found.stands, period)
    show_json(_document(found, chosen)) if as_json else _show(found, chosen)
    return int(any(not one.passed and one.severity == "error" for one in map(judged, chosen)))


def _of_period(stands: Sequence[Stands], period: str | None) -> Sequence[Stands]:
    if period is None:
        return stands
    asked = period_of(period)
    if asked is None:
        raise UsageRefusal(f"{period!r} is no period", where="--period", remedy=f"Write {PERIOD_IS}")
    return [one for one in stands if _touches(one, *asked)]


def _touches(one: Stands, start: date, end: date) -> bool:
    return one.recorded.invoice.period_start < end and one.recorded.invoice.period_end > start


def _show(found: Held, chosen: Sequence[Stands]) -> None:
    if chosen:
        show_table(list(HEAD), [line(one) for one in chosen], right_from=2)
    else:
        click.echo(f"No invoice{_OF_IT if found.stands else ''} is stated. Add one: unit-economics invoice add --help")
    for one in chosen:
        _show_behind(one)
    for source, why in found.unreadable.items():
        click.echo(f"\n{coloured('warn', 'not readable by invoice')} {strong(source)}\n{indented(why)}")


def _show_behind(one: Stands) -> None:
    """What explains it, and what is wrong with it."""
    items, said = one.answer.items, judged(one)
    if items or not said.passed or one.answer.reason:
        click.echo(f"\n{strong(title(one))}")
    for item in items:
        click.echo(f"  {item.kind}  {item.amount.normalize():f}  {faint(item.evidence)}")
    if not said.passed:
        click.echo(indented(told(one)))
    elif one.answer.reason:
        click.echo(indented(one.answer.reason))


def _document(found: Held, chosen: Sequence[Stands]) -> dict[str, object]:
    return {"invoices": [_invoice(one) for one in chosen], "unreadable_sources": dict(found.unreadable)}


def _invoice(one: Stands) -> dict[str, object]:
    answer = one.answer
    return {
        **vars(one.recorded.invoice),
        "source": one.recorded.source,
        "billed": one.charged.billed,
        "charge_rows": one.charged.charge_rows,
        **{name: getattr(answer, name) for name in ("difference", "score", "explained", "unexplained")},
        "tolerance": one.tolerance,
        "state": answer.state,
        "reason": answer.reason,
        "items": [vars(item) for item in answer.items],
    }
