"""An explanation as text: the number, the books, the charges, the rules, and what it all rests on.

Here: tables and words. Not here: gathering (explanation.py), the words of a condition (rule_words.py).
"""

import json
from collections.abc import Iterable, Sequence
from decimal import Decimal

import click

from unit_economics.allocation_entry import LEFT_OUT, OVERLAP, PARTS, UNALLOCATED, UNUSED_COMMITMENT, Allocation
from unit_economics.books import Posting
from unit_economics.cli.allocation.explanation import Account, Explanation
from unit_economics.cli.table import coloured, faint, indented, short_decimal, show_table, strong
from unit_economics.exact import EXACT
from unit_economics.rule_words import match_in_words, rule_in_words, share_in_words
from unit_economics.rules import UNUSED
from unit_economics.warehouse.explaining import Band, ChargeKind, Number


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


def rules_in_words(found: Explanation) -> dict[str, str]:
    """Every rule and share that took part, by the name it has in the books."""
    allocation = found.named.entry.allocation
    if allocation is None:
        return {}
    took_part = {posting.rule for account in found.accounts for posting in account.postings}
    words = {allocation.name_of(n): rule_in_words(rule) for n, rule in enumerate(allocation.rules)}
    words |= _own_lines(allocation)
    pools = {p.pool.name for account in found.accounts for p in account.postings if p.pool}
    shares = [share for share in allocation.shared if share.cost_of in pools and share.holds_on(found.day)]
    return {name: text for name, text in words.items() if name in took_part} | {
        f"sharing {share.cost_of}": share_in_words(share) for share in shares
    }


def _own_lines(allocation: Allocation) -> dict[str, str]:
    parts = " or ".join(match_in_words(PARTS[part]) for part in allocation.leave_out)
    return {
        UNUSED_COMMITMENT: f"{match_in_words(UNUSED)}, before any rule is asked",
        LEFT_OUT: f"declared out: {parts}",
        UNALLOCATED: "no rule takes the charge",
        OVERLAP: "takes off again what several rules took whole",
    }


def _show_all(found: Explanation) -> None:
    """One line a target or value, and their sum: the bill."""
    for currency in sorted({account.currency for account in found.accounts}):
        accounts = [account for account in found.accounts if account.currency == currency]
        rows = [
            [account.scope, *(short_decimal(_sum(account.postings, shared=shared)) for shared in (False, True))]
            if found.named.entry.allocation
            else [account.scope]
            for account in accounts
        ]
        costs = [[short_decimal(account.total), "; ".join(map(_number, account.numbers)) or "-"] for account in accounts]
        head = ["scope", *(["direct", "shared"] if found.named.entry.allocation else []), currency, "unit cost"]
        whole = ["total", *[""] * (len(head) - 3), short_decimal(_total(account.total for account in accounts)), ""]
        show_table(head, [*([*row, *cost] for row, cost in zip(rows, costs, strict=True)), whole])
    click.echo(f"\n  {faint(f'for the charges behind one: explain {found.day} {found.accounts[0].scope}')}\n")


def _show_account(found: Explanation, account: Account) -> None:
    for number in account.numbers:
        click.echo(f"  {strong(number.metric)}  {_number(number)}")
    for band in account.bands:
        click.echo(f"  {_band(band)}")
    click.echo(f"\n{strong('Books')}")
    if found.named.entry.allocation is None:
        click.echo("  The scope has no rules: it is the sum of its charges.")
    elif account.postings:
        show_table(["rule", "charges", account.currency, "how"], [*map(_line, account.postings)], right_from=1)
    equal = coloured("fail", "not the stored cost") if account.differing else "the stored cost"
    equal = equal if account.numbers else "in no metric"
    click.echo(f"  = {strong(short_decimal(account.total))} {account.currency}, {equal}\n")
    _show_charges(account)


def _line(posting: Posting) -> list[str]:
    charges = str(posting.charge_rows) if posting.step == 0 else ""
    return [posting.rule, charges, short_decimal(posting.amount), _how(posting)]


def _how(posting: Posting) -> str:
    if posting.pool is None:
        return "direct"
    if posting.share is None:
        return f"gives {short_decimal(posting.pool.gave)} of the {short_decimal(posting.pool.had)} it has"
    weights = ", ".join(f"{name} {short_decimal(weight)}" for name, weight in posting.weights.items())
    part = f"{posting.share:.2%} of the {short_decimal(posting.pool.gave)} from {posting.pool.name}"
    return f"{part} ({weights})" if weights else part


def _show_charges(account: Account) -> None:
    if not account.charges:
        return
    whole = account.charges[0]
    rows = [_charge(kind) for kind in account.charges]
    others = whole.all_kinds - len(account.charges)
    if others:
        rest = _less(whole.all_amount, [kind.amount for kind in account.charges])
        count = whole.all_charge_rows - sum(kind.charge_rows for kind in account.charges)
        rows.append([f"other ({others} kinds)", *[""] * 6, str(count), short_decimal(rest)])
    rows.append(["direct", *[""] * 6, str(whole.all_charge_rows), short_decimal(whole.all_amount)])
    head = ["rule", "provider", "service", "account", "region", "category", "tags", "charges", account.currency]
    click.echo(strong("Charges"))
    show_table(head, rows, right_from=7)
    click.echo()


def _charge(kind: ChargeKind) -> list[str]:
    tags = " ".join(f"{key}={value}" for key, value in json.loads(kind.tags).items())
    where = [kind.provider_name, kind.service_name, kind.sub_account_id, kind.region_id, kind.charge_category]
    texts = [kind.rule or "-", *(text or "-" for text in where), tags or "-"]
    return [*texts, str(kind.charge_rows), short_decimal(kind.amount)]


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
            *(row.asset, f"version {row.version}", row.status, f"{row.recorded_at:%Y-%m-%d %H:%M}", row.run_id),
            f"definition {row.definition}, {'as now' if found.is_current[row.asset] else 'an earlier catalogue'}",
        ]
        for row in found.made_of
    ]
    show_table(["asset", "version", "status", "recorded (UTC)", "run", "catalogue"], rows, right_from=6)
    for remark in found.remarks:
        click.echo(f"  {coloured('warn', remark)}")
    click.echo()


def _number(number: Number) -> str:
    money, units = f"{short_decimal(number.cost)} {number.billing_currency}", short_decimal(number.quantity)
    if number.unit_cost is None:
        return f"none: {number.reason}"
    return f"{money} / {units} {number.unit} = {short_decimal(number.unit_cost)}"


def _band(band: Band) -> str:
    ends = [(band.lowest, band.lowest_by), (band.highest, band.highest_by)]
    low, high = [f"{short_decimal(value)} ({by or 'the declared key'})" for value, by in ends]
    return f"from {low} to {high}, by the {band.keys} keys that are declared"


def _sum(postings: Sequence[Posting], *, shared: bool) -> Decimal | None:
    return _total(posting.amount for posting in postings if (posting.step > 0) == shared)


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = list(amounts)
    stated = [amount for amount in known if amount is not None]
    return sum(stated, Decimal(0)) if len(stated) == len(known) else None


def _less(whole: Decimal | None, parts: Sequence[Decimal | None]) -> Decimal | None:
    known = _total(parts)
    return None if whole is None or known is None else EXACT.subtract(whole, known)


