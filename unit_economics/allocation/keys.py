"""What a key looks at: the weights by which one share of one day is divided, and in which pieces of the pool.

Here: from a key of the catalogue to weights, and the words for a key that has none. Not here: the shape of keys
(entries/allocation.py), dividing by the weights (largest_remainder.py), who gets what (double_entry.py).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.entries.allocation import Driver, Key, Percent, Share, Tiers, Units, Weights
from unit_economics.exact import EXACT

ZERO = Decimal(0)


@dataclass(frozen=True)
class Quantities:
    """What was counted: metric -> day -> units, and driver -> day -> target -> quantity."""

    units: Mapping[str, Mapping[date, Decimal]]
    drivers: Mapping[str, Mapping[date, Mapping[str, Decimal]]]


@dataclass(frozen=True)
class Basis:
    """A weight for each receiver, None where it isn't known; `lacking` says why no weight is above 0, if none is."""

    weights: Mapping[str, Decimal | None]
    lacking: str = ""


@dataclass(frozen=True)
class Piece:
    """So much of a pool, and the key it follows; `name` stands in the rule of its lines."""

    name: str
    key: Key
    amount: Decimal | None


def pieces_of(key: Key | Tiers, amount: Decimal | None) -> Iterator[Piece]:
    """The whole amount by the one key, or a piece for each tier; a credit is cut like a cost."""
    if not isinstance(key, Tiers):
        yield Piece(_name(key), key, amount)
        return
    start = ZERO
    for tier in key.tiers:
        bounds = f"above {start:f}" if tier.up_to is None else f"up to {tier.up_to:f}"
        yield Piece(f"{_name(tier.by)} {bounds}", tier.by, _between(amount, start, tier.up_to))
        start = tier.up_to or start


def _between(amount: Decimal | None, start: Decimal, end: Decimal | None) -> Decimal | None:
    if amount is None:
        return None
    size = amount.copy_abs()
    upper = size if end is None else min(size, end)
    return EXACT.subtract(upper, min(size, start)).copy_sign(amount)


def basis_of(key: Key, share: Share, day: date, direct: Mapping[str, Decimal | None], quantities: Quantities) -> Basis:
    """The weights of a share's receivers on a day, in the order in which the share names them.

    direct: each target's own cost of the day, in the currency that is divided.
    """
    match key:
        case "even":
            return Basis(dict.fromkeys(share.among, Decimal(1)))
        case "direct_cost":
            return Basis(_among(share, direct), "none of those who share it has a direct cost above 0")
        case Weights():
            return Basis(_among(share, key.weights))
        case Percent():
            kept = EXACT.subtract(Decimal(100), sum(key.percent.values()))
            return Basis({**_among(share, key.percent), share.cost_of: kept})
        case Units():
            return _units(key, share, day, quantities)
        case Driver():
            measured = quantities.drivers.get(key.driver, {}).get(day)
            if not measured:
                return Basis({}, "nothing of this day was measured")
            return Basis(_among(share, measured), "0 was measured for those who share it")


def _among(share: Share, weights: Mapping[str, Decimal | None]) -> dict[str, Decimal | None]:
    return {name: weights.get(name, ZERO) for name in share.among}


def _units(key: Units, share: Share, day: date, quantities: Quantities) -> Basis:
    """Not counted is not 0: one metric that is missing would make the others pay its part."""
    counted = {target: quantities.units.get(metric, {}).get(day) for target, metric in key.units.items()}
    missing = sorted({key.units[target] for target, units in counted.items() if units is None})
    if missing:
        return Basis({}, f"no units of {', '.join(missing)} are there")
    return Basis(_among(share, counted), "those who share it have 0 units")


def _name(key: Key) -> str:
    match key:
        case str():
            return key
        case Driver():
            return f"driver {key.driver}"
        case _:
            return type(key).__name__.lower()
