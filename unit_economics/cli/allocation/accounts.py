"""What a scope or a target comes to on one day, and what that is made of: its books, or its charges.

Here: gathering it from the mart. Not here: the questions (warehouse/explaining.py), the books (allocation/books.py),
what else there is to say of the day (explanation.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, reduce

from unit_economics.allocation import books
from unit_economics.allocation.books import Posting
from unit_economics.allocation.double_entry import Quantities
from unit_economics.allocation.keys import ZERO
from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.cli.allocation.named import Named, nearest, targets_of
from unit_economics.dashboard.mart.taken_charges import conditions_of, where_sql
from unit_economics.deployment import Deployment
from unit_economics.exact import EXACT
from unit_economics.graph import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES
from unit_economics.refusals import Refusal
from unit_economics.warehouse import explaining
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.explaining import Band, ChargeKind, Number, Taken
from unit_economics.warehouse.ledger import LedgerDay

MOST_CHARGES = 10


@dataclass(frozen=True)
class Asked:
    """What is asked, in one snapshot of the mart; rows: what is current of every asset on this day."""

    of: Deployment
    connection: Connection
    day: date
    named: Named
    rows: Mapping[str, LedgerDay]

    @cached_property
    def numbers(self) -> Sequence[Number]:
        """The stored unit costs of the scope and its parts."""
        return explaining.numbers(self.connection, self.day, self.named.full, slices=self.named.is_whole)

    @cached_property
    def bands(self) -> Sequence[Band]:
        """How much of them is a choice of the key."""
        return explaining.bands(self.connection, self.day, self.named.full, slices=self.named.is_whole)

    def stored(self, asset: str) -> LedgerDay:
        """The day of an asset that has to be there."""
        if asset not in self.rows:
            raise self.nothing(asset)
        return self.rows[asset]

    def nothing(self, what: str) -> Refusal:
        """The refusal of a day of which nothing is there."""
        again = f"Run `unit-economics run --from {self.day} --to {self.day}`"
        return Refusal("nothing is stored of this day", where=f"{what} {self.day}", remedy=again)

    def is_current(self, row: LedgerDay) -> bool:
        """Whether a day was made by the catalogue as it is now."""
        return row.definition == self.of.definition(row.asset)


@dataclass(frozen=True)
class Account:
    """One scope or target in one currency: what it comes to, the unit costs made of it, and what it is made of.

    charges: the largest; of a scope with rules only where one target was asked for.
    """

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


def accounts(asked: Asked) -> list[Account]:
    """One for every target or value that is meant, and every currency."""
    return list(_of_rules(asked) if asked.named.entry.allocation else _of_charges(asked))


def _of_rules(asked: Asked) -> Iterator[Account]:
    """The account of each target that is meant, by currency."""
    made, name = asked.stored(ALLOCATED_COSTS), asked.named.name
    lines = explaining.lines(asked.connection, asked.day, name)
    allocation = asked.of.catalogue.allocations[name]
    targets = targets_of(allocation, sorted({line.target for line in lines}))
    if asked.named.part is not None and asked.named.part not in targets:
        raise nearest("target", asked.named.full, [f"{name}:{target}" for target in targets])
    currencies = {line.currency for line in lines} | {number.billing_currency for number in asked.numbers}
    if not currencies:
        raise asked.nothing(asked.named.full)
    quantities = _quantities(asked, made)
    for currency in sorted(currencies):
        of_currency = [line for line in lines if line.currency == currency]
        weights = books.weights_of(allocation, asked.day, of_currency, quantities) if asked.is_current(made) else {}
        for target in targets if asked.named.part is None else [asked.named.part]:
            total = books.amount_of(line for line in of_currency if line.target == target)
            found = books.postings(of_currency, target, weights)
            charges = _taken(asked, made, currency, found)
            yield _with_numbers(asked, f"{name}:{target}", currency, total, found, charges)


def _taken(asked: Asked, made: LedgerDay, currency: str, found: Sequence[Posting]) -> Sequence[ChargeKind]:
    """The largest charges behind one target's direct lines."""
    rules = [posting.rule for posting in found if posting.step == 0]
    if asked.named.is_whole or not rules:
        return []
    bill = made.input_versions.get(CLOUD_COSTS, asked.stored(CLOUD_COSTS).version)
    taken = Taken(asked.day, bill, currency, f"{asked.named.entry.basis}_cost")
    return explaining.taken_charges(asked.connection, taken, asked.named.name, rules, MOST_CHARGES)


def _of_charges(asked: Asked) -> Iterator[Account]:
    """A scope without rules: its charges, by its conditions, once for every stored number of it."""
    stored = asked.stored(CLOUD_COSTS).version
    scopes = list(dict.fromkeys((number.cost_scope, number.billing_currency) for number in asked.numbers))
    if asked.named.part is not None and not scopes:
        raise nearest(f"value on {asked.day}", asked.named.full, _values(asked))
    bill = next((number.input_versions.get(CLOUD_COSTS, stored) for number in asked.numbers), stored)
    native = explaining.currencies(asked.connection, asked.day, bill)
    if any(map(_is_converted, asked.numbers)):
        scopes = [(scope, currency) for scope in dict.fromkeys(scope for scope, _ in scopes) for currency in native]
    for scope, currency in scopes or [(asked.named.full, one) for one in native]:
        taken = Taken(asked.day, bill, currency, f"{asked.named.entry.basis}_cost")
        where = where_sql(conditions_of(asked.named.entry, scope))
        charges = explaining.matching_charges(asked.connection, taken, where, MOST_CHARGES)
        total = charges[0].all_amount if charges else ZERO
        yield _with_numbers(asked, scope, currency, total, [], charges)


def _values(asked: Asked) -> list[str]:
    found = explaining.numbers(asked.connection, asked.day, asked.named.name, slices=True)
    return [number.cost_scope for number in found]


def _is_converted(number: Number) -> bool:
    """Whether it was made with exchange rates: books are in native money, so it is no sum of theirs."""
    return EXCHANGE_RATES in number.input_versions


def _with_numbers(
    asked: Asked,
    scope: str,
    currency: str,
    total: Decimal | None,
    found: Sequence[Posting],
    charges: Sequence[ChargeKind],
) -> Account:
    kept = [n for n in asked.numbers if not _is_converted(n)]
    made = [n for n in kept if (n.cost_scope, n.billing_currency) == (scope, currency)]
    bands = [band for band in asked.bands if (band.cost_scope, band.billing_currency) == (scope, currency)]
    return Account(scope, currency, total, made, bands, found, charges)


def _quantities(asked: Asked, made: LedgerDay) -> Quantities:
    """What shared cost was divided by, in the versions that were used."""
    catalogue, used = asked.of.catalogue, made.input_versions

    def counted(asset: str) -> dict[str, Decimal]:
        return explaining.quantities(asked.connection, asset, asked.day, used[asset]) if asset in used else {}

    units = {name: counted(units_asset(name)) for name in catalogue.measured}
    drivers = {name: counted(driver_asset(name)) for name in catalogue.drivers}
    return Quantities(
        {name: {asked.day: reduce(EXACT.add, found.values())} for name, found in units.items() if found},
        {name: {asked.day: found} for name, found in drivers.items() if found},
    )
