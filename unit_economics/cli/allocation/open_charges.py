"""What no rule takes, and the rules that would catch it, ready to paste.

Here: the table and the lines. Not here: which rules (allocation/suggestions.py), quoting them (pasted.py).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import accumulate

import click

from unit_economics.allocation.rule_words import match_in_words
from unit_economics.cli.allocation.charge_table import less
from unit_economics.cli.allocation.examination import Examined
from unit_economics.cli.allocation.pasted import pasted
from unit_economics.cli.table import coloured, faint, short_decimal, show_table
from unit_economics.exact import total

Amounts = Mapping[str, Decimal | None]


def show_open(scope: Examined) -> None:
    """Print it."""
    count = sum(kind.charge_rows for kind in scope.kinds if kind.is_open)
    if not count:
        click.echo("  Every charge is taken.\n")
        return
    click.echo(f"  {coloured('warn', 'Matched by no rule')}: {_money(scope.left)} in {count} charges")
    if scope.suggestions:
        show_table(["a rule that asks", "charges", "would catch", "of the cost", "cumulated"], [*_rows(scope, count)])
        _show_lines(scope)
    click.echo()


def _rows(scope: Examined, count: int) -> Iterator[list[str]]:
    """One a suggestion, and one for what none of them would catch."""
    shares = [scope.share(one) for one in scope.suggestions]
    for one, share, so_far in zip(scope.suggestions, shares, accumulate(shares, _plus), strict=True):
        asks, caught = match_in_words(one.rule.where), _money(one.caught)
        yield [asks, str(one.charge_rows), caught, _percent(share), _percent(so_far)]
    others = count - sum(one.charge_rows for one in scope.suggestions)
    if others:
        rest = {
            currency: less(left, [one.caught.get(currency, Decimal(0)) for one in scope.suggestions])
            for currency, left in scope.left.items()
        }
        yield ["other", str(others), _money(rest), "", ""]


def _show_lines(scope: Examined) -> None:
    where = f"cost_scopes.{scope.name}.allocation.rules"
    click.echo(f"\n  {faint(f'To paste at the end of {where}; give the targets the names you use:')}")
    for one in scope.suggestions:
        click.echo(f"        {pasted(one.rule)}")
    if scope.allocation.overlap == "every_match":
        click.echo(f"  {faint('Each would also take what others take whole; check again after that.')}")


def _money(amounts: Amounts) -> str:
    """Amounts by currency: `12.5 USD + 3 EUR`."""
    return " + ".join(f"{short_decimal(amount)} {currency}" for currency, amount in amounts.items())


def _percent(shares: Amounts) -> str:
    return " + ".join("-" if share is None else f"{share:.1%}" for share in shares.values())


def _plus(one: Amounts, other: Amounts) -> Amounts:
    return {
        currency: total(one.get(currency, Decimal(0)), other.get(currency, Decimal(0)))
        for currency in dict.fromkeys([*one, *other])
    }
