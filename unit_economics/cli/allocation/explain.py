"""`unit-economics allocation explain DATE SCOPE`: which charges and which rules made the number.

Here: the command line, and the answer as JSON. Not here: gathering it (explanation.py), showing it (explain_page.py).
"""

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import click

from unit_economics.cli.allocation.accounts import Account
from unit_economics.cli.allocation.explain_page import show
from unit_economics.cli.allocation.explanation import Explanation, explained
from unit_economics.cli.allocation.named import named
from unit_economics.cli.allocation.rules_told import rules_in_words
from unit_economics.cli.opening import opened
from unit_economics.cli.options import Day, config_option, json_option
from unit_economics.cli.table import show_json


@click.command("explain")
@click.argument("day", type=Day(), metavar="DATE")
@click.argument("scope")
@json_option
@config_option
def command(day: date, scope: str, *, as_json: bool, config: Path | None) -> int:
    """Which charges and which rules made the cost of a SCOPE on a day: teams:checkout, or teams for every target.

    Everything is read in one snapshot, for the versions that the stored number was made of. Exit code 1 when the books
    don't come to the stored number.
    """
    of = opened(config)
    found = explained(of, day, named(of.catalogue, scope))
    if as_json:
        show_json(_document(found))
    else:
        show(found)
    return int(any(account.differing for account in found.accounts))


def _document(found: Explanation) -> dict[str, Any]:
    return {
        "day": found.day,
        "scope": found.named.full,
        "basis": found.named.entry.basis,
        "accounts": [_account(account) for account in found.accounts],
        "rules": rules_in_words(found),
        "made_of": [
            {
                **{name: getattr(row, name) for name in ("asset", "version", "status", "recorded_at", "run_id")},
                "is_current_catalogue": found.is_current[row.asset],
            }
            for row in found.made_of
        ],
        "remarks": found.remarks,
    }


def _account(account: Account) -> dict[str, Any]:
    whole = account.charges[0] if account.charges else None
    hidden = ("all_kinds", "all_amount", "all_charge_rows")
    kinds = [{**asdict(kind), "tags": json.loads(kind.tags)} for kind in account.charges]
    return {
        "scope": account.scope,
        "currency": account.currency,
        "total": account.total,
        "equals_stored": not account.differing,
        "unit_costs": [asdict(number) for number in account.numbers],
        "bands": [asdict(band) for band in account.bands],
        "lines": [asdict(posting) for posting in account.postings],
        "charges": [{name: value for name, value in kind.items() if name not in hidden} for kind in kinds],
        "all_charges": {name.removeprefix("all_"): getattr(whole, name) for name in hidden} if whole else None,
    }
