"""Everything that made the cost of a scope on one day: its accounts, what they rest on, and what to know of them.

Here: one snapshot, and the remarks. Not here: the accounts (accounts.py), showing it (explain_page.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.asset_names import units_asset
from unit_economics.business_days import DayRange
from unit_economics.cli.allocation.accounts import Account, Asked, accounts
from unit_economics.cli.allocation.named import Named
from unit_economics.deployment import Deployment
from unit_economics.graph import ALLOCATED_COSTS, CLOUD_COSTS
from unit_economics.warehouse import ledger
from unit_economics.warehouse.ledger import LedgerDay


@dataclass(frozen=True)
class Explanation:
    """The accounts of a day, and the stored days that they rest on; `is_current`: by the catalogue as it is now."""

    day: date
    named: Named
    accounts: Sequence[Account]
    made_of: Sequence[LedgerDay]
    is_current: Mapping[str, bool]
    remarks: Sequence[str]


def explained(of: Deployment, day: date, named: Named) -> Explanation:
    """What made the cost of a scope on a day."""
    of.calendar.refuse_open(DayRange(day, day), of.outside.now())
    with of.warehouse.snapshot() as connection:
        rows = {
            asset: row for (asset, _), row in ledger.current(connection, list(of.inputs), DayRange(day, day)).items()
        }
        asked = Asked(of, connection, day, named, rows)
        found = accounts(asked)
    made_of = [rows[asset] for asset in _rests_on(asked, found) if asset in rows]
    is_current = {row.asset: asked.is_current(row) for row in made_of}
    return Explanation(day, named, found, made_of, is_current, list(_remarks(asked, found, made_of)))


def _rests_on(asked: Asked, found: Sequence[Account]) -> list[str]:
    by_rules = [ALLOCATED_COSTS, *asked.of.catalogue.allocated_by] if asked.named.entry.allocation else []
    metrics = [number.metric for account in found for number in account.numbers]
    return list(dict.fromkeys([CLOUD_COSTS, *by_rules, *(units_asset(name) for name in metrics), *metrics]))


def _remarks(asked: Asked, found: Sequence[Account], made_of: Sequence[LedgerDay]) -> Iterator[str]:
    """What a reader has to know before believing it."""
    for row in made_of:
        if not asked.is_current(row):
            yield f"{row.asset} of this day was made by an earlier catalogue; the words of rules are those of today"
        for name, version in row.input_versions.items():
            newest = asked.rows.get(name)
            if newest and newest.version != version:
                yield f"{row.asset} was made of version {version} of {name}, which by now is at {newest.version}"
    for account in found:
        for number in account.differing:
            yield f"{account.scope}: {number.metric} has {number.cost}, the books say {account.total}"
