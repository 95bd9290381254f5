"""An explanation as text: the number, the books, the charges, the rules, and what it all rests on.

Here: what stands where. Not here: gathering it (explanation.py), the charges (charge_table.py), the rules
(rules_told.py).
"""

import shlex
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal
from functools import reduce

import click

from unit_economics.allocation.books import Posting
from unit_economics.allocation.keys import ZERO
from unit_economics.cli.allocation.accounts import Account
from unit_economics.cli.allocation.charge_table import less, show_charges
from unit_economics.cli.allocation.explanation import Explanation
from unit_economics.cli.allocation.rules_told import rules_in_words
from unit_economics.cli.table import coloured, faint, harmless, indented, short_decimal, show_table, strong
from unit_economics.exact import total
from unit_economics.warehouse.explaining import Band, Number

_SHORT_ID = 8
_SHOWN = Context(prec=6)


def show(found: Explanation) -> None:
    """Print it."""
    click.echo(f"\n{strong(found.named.full)} on {found.day}, {found.named.entry.basis} cost\n")
    if found.named.is_whole:
        _show_all(found)
    else:
        for account in found.accounts:
            _show_account(found, account)
    _show_rules(rules_in_words(found))
    _show_made_of(found)


def _show_all(found: Explanation) -> None:
    """One line a target or value, and their sum: the bill."""
    for currency in sorted({account.currency for account in found.accounts}):
        accounts = [account for account in found.accounts if account.currency == currency]
        metrics = list(dict.fromkeys(number.metric for account in accounts for number in account.numbers))
        whole = ["all", *_parts(accounts), *["" for _ in metrics]]
        rows = [[account.scope, *_parts([account]), *_unit_costs(account, metrics)] for account in accounts]
        show_table(["scope", "direct", "shared", currency, *metrics], [*rows, whole])
    if found.accounts:
        scope = shlex.quote(harmless(found.accounts[0].scope))
        one = f"unit-economics allocation explain {found.day} {scope}"
        click.echo(f"\n  {faint(f'for the charges behind one: {one}')}\n")


def _parts(accounts: Sequence[Account]) -> list[str]:
    """Direct, shared and whole cost; without rules, all of it is direct."""
    postings = [posting for account in accounts for posting in account.postings]
    shared = _total(posting.amount for posting in postings if posting.step > 0)
    whole = _total(account.total for account in accounts)
    return [short_decimal(amount) for amount in (less(whole, [shared]), shared, whole)]


def _unit_costs(account: Account, metrics: Sequence[str]) -> list[str]:
    known = {number.metric: number.unit_cost for number in account.numbers}
    return [_ratio(known.get(metric)) for metric in metrics]


def _show_account(found: Explanation, account: Account) -> None:
    for number in account.numbers:
        click.echo(f"  {strong(number.metric)}  {_number(number)}")
    for band in account.bands:
        click.echo(f"  {_band(band)}")
    click.echo(f"\n{strong('Books')}")
    if found.named.entry.allocation is None:
        click.echo("  The scope has no rules: it is the sum of its charges.")
    elif account.postings:
        show_table(["rule", "how", "charges", account.currency], [*map(_line, account.postings)], right_from=2)
    else:
        click.echo("  Nothing came to it on this day.")
    click.echo(f"  = {strong(short_decimal(account.total))} {account.currency}, {_compared(account)}\n")
    show_charges(account.charges, account.currency)


def _compared(account: Account) -> str:
    if not account.numbers:
        return "with no stored unit cost to compare with"
    return coloured("fail", "not the stored cost") if account.differing else "the stored cost"


def _line(posting: Posting) -> list[str]:
    charges = str(posting.charge_rows) if posting.step == 0 else ""
    return [posting.rule, _how(posting), charges, short_decimal(posting.amount)]


def _how(posting: Posting) -> str:
    if posting.pool is None:
        return "direct"
    if posting.share is None:
        return f"gives {short_decimal(posting.pool.gave)} of the {short_decimal(posting.pool.had)} it has"
    weights = ", ".join(f"{name} {short_decimal(weight)}" for name, weight in posting.weights.items())
    part = f"{posting.share:.2%} of the {short_decimal(posting.pool.gave)} that {posting.pool.name} gives"
    return f"{part} ({weights})" if weights else part


def _show_rules(words: dict[str, str]) -> None:
    if words:
        click.echo(strong("Rules"))
        for name, text in words.items():
            click.echo(f"  {name}\n{indented(text)}")
        click.echo()


def _show_made_of(found: Explanation) -> None:
    click.echo(strong("Made of"))
    rows = [
        [
            *(row.asset, str(row.version), row.status, f"{row.recorded_at:%Y-%m-%d %H:%M}", row.run_id[:_SHORT_ID]),
            f"{row.definition} ({'as it is now' if found.is_current[row.asset] else 'an earlier one'})",
        ]
        for row in found.made_of
    ]
    show_table(["asset", "version", "status", "recorded (UTC)", "run", "definition"], rows, right_from=6)
    for remark in found.remarks:
        click.echo(f"  {coloured('warn', harmless(remark))}")
    click.echo()


def _number(number: Number) -> str:
    if number.unit_cost is None:
        return f"none: {number.reason}"
    units = f"{short_decimal(number.quantity)} {number.unit}"
    return f"{short_decimal(number.cost)} {number.billing_currency} / {units} = {_ratio(number.unit_cost)}"


def _band(band: Band) -> str:
    if band.lowest == band.highest:
        return f"the same by each of the {band.keys} keys that are declared"
    ends = [(band.lowest, band.lowest_by), (band.highest, band.highest_by)]
    low, high = [f"{_ratio(value)} ({by or 'the declared key'})" for value, by in ends]
    return f"from {low} to {high}: so much is a choice among {band.keys} keys"


def _ratio(value: Decimal | None) -> str:
    """Six digits of a ratio, which has no last one; --json has them all."""
    return short_decimal(None if value is None else _SHOWN.plus(value))


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    return reduce(total, amounts, ZERO)
