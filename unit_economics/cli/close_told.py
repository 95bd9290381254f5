"""What `unit-economics close` says: a month that was closed, all of them, a pack that was proved.

Here: the words. Not here: the command line (close.py).
"""

from collections.abc import Sequence
from pathlib import Path

import click

from unit_economics.cli.table import coloured, faint, harmless, short_decimal, show_json, strong
from unit_economics.closing import Closed
from unit_economics.closing.verifying import Proof
from unit_economics.deployment import Deployment
from unit_economics.warehouse.month_closes import MonthClose, RestatedMonth

_MOST = 5


def show_closed(closed: Closed, folder: Path, *, as_json: bool) -> None:
    """The month, where its pack is, and by which hash it is known."""
    close = closed.close
    if as_json:
        show_json({**vars(close), "folder": str(folder), "files": sorted(closed.files), "is_new": closed.is_new})
        return
    done = "closed" if closed.is_new else f"was closed by {harmless(close.closed_by)}; its pack is written again"
    click.echo(f"\n{strong(f'{close.month:%Y-%m}')} {done}: what was believed at {close.closed_at.isoformat()}")
    click.echo(f"  {len(closed.files)} files in {folder}")
    click.echo(f"  manifest.json has the SHA-256 {close.manifest_sha256}")
    click.echo(f"\n  Prove it with: unit-economics close {close.month:%Y-%m} --verify\n")


def show_closes(closes: Sequence[MonthClose], moved: Sequence[RestatedMonth], *, as_json: bool) -> None:
    """Every closed month with what is another number in it now; of split scopes only where no whole one moved."""
    if as_json:
        show_json([{**vars(one), "restated": [vars(of) for of in _of(one, moved)]} for one in closes])
        return
    click.echo("" if closes else "\nNo month is closed; close one with: unit-economics close 2026-01\n")
    for one in sorted(closes, key=lambda close: close.month):
        restated = _of(one, moved)
        state = coloured("restated", "restated since") if restated else coloured("ok", "as closed")
        by = faint(f"closed {one.closed_at:%Y-%m-%d %H:%M} UTC by {harmless(one.closed_by)}")
        click.echo(f"  {one.month:%Y-%m}  {state}  {by}")
        for of in [of for of in restated if ":" not in of.cost_scope] or restated[:_MOST]:
            click.echo(harmless(f"           {_told(of)}"))


def _of(close: MonthClose, moved: Sequence[RestatedMonth]) -> list[RestatedMonth]:
    return [of for of in moved if of.month == close.month]


def _told(of: RestatedMonth) -> str:
    days = f"{of.days} day{'s' if of.days > 1 else ''}"
    by = "" if of.cost_difference is None else f", cost {short_decimal(of.cost_difference)} {of.billing_currency}"
    return f"{of.metric} {of.cost_scope}: {days}{by}"


def show_proof(of: Deployment, close: MonthClose, proof: Proof, *, as_json: bool) -> None:
    """What differs, or that nothing does."""
    left_out = sum(day.day.rows for day in proof.left_out)
    if as_json:
        show_json({"month": close.month, "findings": proof.findings, "equal": proof.values, "not_recomputed": left_out})
        return
    click.echo(
        f"\n{strong(f'{close.month:%Y-%m}')} closed {close.closed_at.isoformat()} by {harmless(close.closed_by)}\n"
    )
    for finding in proof.findings:
        click.echo(f"  {coloured('red', 'differs')}  {harmless(finding)}")
    if not proof.findings:
        click.echo(f"  {coloured('ok')}  every file is what it was when the month was closed")
    click.echo(f"  {proof.values} stored values come out again, to the last bit, from their recorded inputs")
    if left_out:
        reasons = ", ".join(sorted({day.why_not for day in proof.left_out}))
        click.echo(f"  {coloured('skip', 'not recomputed')}  {left_out} values: {reasons}")
    if proof.findings and close.code_version != of.code_version:
        click.echo(f"\n  It was made by release {close.code_version}, and compared by {of.code_version}.")
    click.echo()
