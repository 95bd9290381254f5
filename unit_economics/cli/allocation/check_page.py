"""What the check found, as text: rules that do nothing, charges matched twice or never, and rules to paste.

Here: tables and words. Not here: the findings (examination.py), what no rule takes (open_charges.py).
"""

import click

from unit_economics.allocation.rule_words import rule_in_words
from unit_economics.business_days import shown
from unit_economics.cli.allocation.examination import Examination, Examined
from unit_economics.cli.allocation.open_charges import show_open
from unit_economics.cli.table import coloured, grouped, short_decimal, show_table, strong
from unit_economics.entries.allocation import Allocation


def show(found: Examination) -> None:
    """Print it."""
    for scope in found.scopes:
        click.echo(f"\n{strong(scope.name)}, {found.days}\n")
        if scope.kinds:
            _show_rules(scope)
            _show_twice(scope)
            show_open(scope)
            _show_shares(scope)
    for text, days in grouped((one.day, one.text) for one in found.found):
        click.echo(f"  {coloured('warn', text)} ({shown(days)})")
    for reason, days in grouped(found.absent.items()):
        click.echo(f"  {coloured('fail', 'not looked at')} {shown(days)}: {reason}")
    click.echo()


def _show_rules(scope: Examined) -> None:
    idle = [*((name, "no charge matches it") for name in scope.matches.never)]
    idle += [(name, f"comes too late, after {', '.join(first)}") for name, first in scope.matches.shadowed.items()]
    if not idle:
        click.echo("  Every rule in force took a charge.\n")
        return
    words = {scope.allocation.name_of(n): rule_in_words(rule) for n, rule in enumerate(scope.allocation.rules)}
    click.echo(f"  {coloured('warn', 'Rules that took nothing')}")
    show_table(["rule", "why", "it asks"], [[name, why, words[name]] for name, why in idle], right_from=3)
    click.echo()


def _show_twice(scope: Examined) -> None:
    if not scope.matches.twice:
        click.echo("  No charge is matched by more than one rule.\n")
        return
    click.echo(f"  {coloured('warn', 'Matched by more than one rule')}: {_who_wins(scope.allocation)}")
    rows = [
        [twice.first, twice.later, str(twice.charge_rows), f"{short_decimal(twice.amount)} {twice.currency}"]
        for twice in scope.matches.twice
    ]
    show_table(["first", "later", "charges", "cost"], rows, right_from=2)
    click.echo()


def _who_wins(allocation: Allocation) -> str:
    if allocation.overlap == "first_wins":
        return "the first takes the charge"
    return "each takes the whole charge, and `overlap` takes it off"


def _show_shares(scope: Examined) -> None:
    allocation = scope.allocation
    unallocated = [(one.unallocated_share, one) for one in scope.shares if one.unallocated_share is not None]
    untagged = [(one.untagged_share, one) for one in scope.shares if one.untagged_share is not None]
    for word, known, limit in (
        ("unallocated", unallocated, allocation.max_unallocated),
        ("untagged", untagged, allocation.max_untagged),
    ):
        if known and (limit is not None or any(share for share, _ in known)):
            share, worst = max(known, key=lambda one: one[0])
            most = "no limit is set" if limit is None else f"at most {limit:.1%} is accepted"
            click.echo(f"  {word}: {share:.1%} of the {worst.currency} of {worst.day}, the highest; {most}")
