"""Everything that made the cost of a scope on one day, gathered from the mart in one snapshot.

Here: gathering. Not here: the questions (warehouse/explaining.py), the books (books.py), showing it (explain_page.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

from unit_economics import books
from unit_economics.allocation import Line, Quantities
from unit_economics.allocation_keys import ZERO
from unit_economics.books import Posting
from unit_economics.business_days import DayRange
from unit_economics.catalogue import driver_asset, units_asset
from unit_economics.cli.allocation.named import Named, nearest, targets_of
from unit_economics.dashboard.mart.taken_charges import conditions_of, where_sql
from unit_economics.deployment import ALLOCATED_COSTS, CLOUD_COSTS, Deployment
from unit_economics.exact import EXACT
from unit_economics.refusals import Refusal
from unit_economics.warehouse import explaining, ledger
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.explaining import Band, ChargeKind, Number, Taken
from unit_economics.warehouse.ledger import LedgerDay

MOST_CHARGES = 10


@dataclass(frozen=True)
class Account:
    """One scope or target in one currency: what it comes to, the unit costs made of it, and what it is made of."""

    scope: str
    currency: str
    total: Decimal | None
    numbers: Sequence[Number]
    bands: Sequence[Band]
    postings: Sequence[Posting]
    charges: Sequence[ChargeKind]

    @property
    def differing(self) -> list[Number]:
        """The stored numbers that are not the sum of these books."""
        return [number for number in self.numbers if number.cost != self.total]


@dataclass(frozen=True)
class Explanation:
    """The accounts of a day, and the stored days that they rest on; `is_current`: by the catalogue as it is now."""

    day: date
    named: Named
    accounts: Sequence[Account]
    made_of: Sequence[LedgerDay]
    is_current: Mapping[str, bool]
    remarks: Sequence[str]


@dataclass(frozen=True)
class _Asked:
    of: Deployment
    connection: Connection
    day: date
    named: Named
    rows: Mapping[str, LedgerDay]

    @property
    def numbers(self) -> Sequence[Number]:
        return explaining.numbers(self.connection, self.day, self.named.full, slices=self.named.is_whole)

    def stored(self, asset: str) -> LedgerDay:
        """The day of an asset that has to be there."""
        if asset not in self.rows:
            again = f"Run `unit-economics run --from {self.day} --to {self.day}`"
            raise Refusal("nothing is stored of this day", where=f"{asset} {self.day}", remedy=again)
        return self.rows[asset]

    def is_current(self, row: LedgerDay) -> bool:
        return row.definition == self.of.catalogue.definition(row.asset)


def explained(of: Deployment, day: date, named: Named) -> Explanation:
    """What made the cost of a scope on a day."""
    of.calendar.refuse_open(DayRange(day, day), of.outside.now())
    with of.warehouse.snapshot() as connection:
        rows = {asset: row for (asset, _), row in ledger.current(connection, list(of.inputs), DayRange(day, day)).items()}
        asked = _Asked(of, connection, day, named, rows)
        accounts = list(_of_rules(asked) if named.entry.allocation else _of_charges(asked))
    made_of = [rows[asset] for asset in _rests_on(asked, accounts) if asset in rows]
    is_current = {row.asset: asked.is_current(row) for row in made_of}
    return Explanation(day, named, accounts, made_of, is_current, list(_remarks(asked, accounts, made_of)))


def _of_rules(asked: _Asked) -> Iterator[Account]:
    """The account of each target that is meant, by currency."""
    made, name = asked.stored(ALLOCATED_COSTS), asked.named.name
    lines = explaining.lines(asked.connection, asked.day, name)
    allocation = asked.of.catalogue.allocations[name]
    targets = targets_of(allocation, sorted({line.target for line in lines}))
    if asked.named.part is not None and asked.named.part not in targets:
        raise nearest("target", asked.named.full, [f"{name}:{target}" for target in targets])
    quantities = _quantities(asked, made)
    for currency in sorted({line.currency for line in lines}):
        of_currency = [line for line in lines if line.currency == currency]
        weights = books.weights_of(allocation, asked.day, of_currency, quantities) if asked.is_current(made) else {}
        for target in targets if asked.named.part is None else [asked.named.part]:
            yield _account(asked, made, of_currency, target, books.postings(of_currency, target, weights))


def _account(
    asked: _Asked, made: LedgerDay, lines: Sequence[Line], target: str, found: Sequence[Posting]
) -> Account:
    name, currency = asked.named.name, lines[0].currency
    rules = [posting.rule for posting in found if posting.step == 0]
    taken = Taken(asked.day, made.input_versions[CLOUD_COSTS], currency, f"{asked.named.entry.basis}_cost")
    charges = explaining.taken_charges(asked.connection, taken, name, rules, MOST_CHARGES) if rules else []
    total = books.amount_of(line for line in lines if line.target == target)
    return _with_numbers(asked, f"{name}:{target}", currency, total, found, charges)


def _of_charges(asked: _Asked) -> Iterator[Account]:
    """A scope without rules: its charges, by its conditions, once for every stored number of it."""
    bill = asked.stored(CLOUD_COSTS)
    scopes = list(dict.fromkeys((number.cost_scope, number.billing_currency) for number in asked.numbers))
    if asked.named.part is not None and not scopes:
        raise nearest(f"value on {asked.day}", asked.named.full, _values(asked))
    for scope, currency in scopes or [(asked.named.full, asked.of.catalogue.currency)]:
        taken = Taken(asked.day, _version_of_the_bill(asked, bill), currency, f"{asked.named.entry.basis}_cost")
        where = where_sql(conditions_of(asked.named.entry, scope))
        charges = explaining.matching_charges(asked.connection, taken, where, MOST_CHARGES)
        total = charges[0].all_amount if charges else ZERO
        yield _with_numbers(asked, scope, currency, total, [], charges)


def _version_of_the_bill(asked: _Asked, bill: LedgerDay) -> int:
    """The one that the numbers were made of."""
    return next((number.input_versions[CLOUD_COSTS] for number in asked.numbers), bill.version)


def _values(asked: _Asked) -> list[str]:
    found = explaining.numbers(asked.connection, asked.day, asked.named.name, slices=True)
    return [number.cost_scope for number in found]


def _with_numbers(
    asked: _Asked,
    scope: str,
    currency: str,
    total: Decimal | None,
    found: Sequence[Posting],
    charges: Sequence[ChargeKind],
) -> Account:
    made = [n for n in asked.numbers if (n.cost_scope, n.billing_currency) == (scope, currency)]
    known = explaining.bands(asked.connection, asked.day, scope, slices=False)
    bands = [band for band in known if band.billing_currency == currency]
    return Account(scope, currency, total, made, bands, found, charges)


def _quantities(asked: _Asked, made: LedgerDay) -> Quantities:
    """What shared cost was divided by, in the versions that were used."""
    catalogue, used = asked.of.catalogue, made.input_versions

    def counted(asset: str) -> dict[str, Decimal]:
        return explaining.quantities(asked.connection, asset, asked.day, used[asset]) if asset in used else {}

    units = {name: counted(units_asset(name)) for name in catalogue.metrics}
    drivers = {name: counted(driver_asset(name)) for name in catalogue.drivers}
    return Quantities(
        {name: {asked.day: reduce(EXACT.add, found.values())} for name, found in units.items() if found},
        {name: {asked.day: found} for name, found in drivers.items() if found},
    )


def _rests_on(asked: _Asked, accounts: Sequence[Account]) -> list[str]:
    by_rules = [ALLOCATED_COSTS, *asked.of.catalogue.allocated_by] if asked.named.entry.allocation else []
    metrics = [number.metric for account in accounts for number in account.numbers]
    return list(dict.fromkeys([CLOUD_COSTS, *by_rules, *(units_asset(name) for name in metrics), *metrics]))


def _remarks(asked: _Asked, accounts: Sequence[Account], made_of: Sequence[LedgerDay]) -> Iterator[str]:
    """What a reader has to know before believing it."""
    for row in made_of:
        if not asked.is_current(row):
            yield f"{row.asset} of this day was made by an earlier catalogue; the words of rules are those of today"
        for name, version in row.input_versions.items():
            newest = asked.rows.get(name)
            if newest and newest.version != version:
                yield f"{row.asset} was made of version {version} of {name}, which is at version {newest.version} by now"
    for account in accounts:
        for number in account.differing:
            yield f"{account.scope}: {number.metric} has {number.cost}, the books say {account.total}"
