"""How the rules of a scope met the charges: which never did, which always came too late, which met the same charge.

Here: what every rule matched, judged. Not here: matching (rules.py), what nobody took (suggestions.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.entries.allocation import Allocation
from unit_economics.exact import total


@dataclass(frozen=True)
class Met:
    """Charges of one currency that the same rules match, in the order of the rules; or one line of our own."""

    rules: tuple[str, ...]
    currency: str
    amount: Decimal | None
    charge_rows: int


@dataclass(frozen=True)
class Twice:
    """Charges that match an earlier rule, which comes first, and a later one."""

    first: str
    later: str
    currency: str
    amount: Decimal | None
    charge_rows: int


@dataclass(frozen=True)
class Matches:
    """never: rules in force that match no charge; shadowed: rules that match, each with the rules that were first."""

    never: Sequence[str]
    shadowed: Mapping[str, Sequence[str]]
    twice: Sequence[Twice]


def matches(allocation: Allocation, days: Iterable[date], met: Sequence[Met]) -> Matches:
    """The rules against the charges of these days; a rule that holds on none of them is not judged."""
    known = list(days)
    names = [
        allocation.name_of(place)
        for place, rule in enumerate(allocation.rules)
        if any(rule.holds_on(day) for day in known)
    ]
    first = {one.rules[0] for one in met if one.charge_rows}
    later = {name: [one.rules[0] for one in met if name in one.rules[1:]] for name in names}
    never = [name for name in names if name not in first and not later[name]]
    shadowed = {name: list(dict.fromkeys(by)) for name, by in later.items() if by and name not in first}
    return Matches(never, {} if allocation.overlap == "every_match" else shadowed, _twice(met))


def _twice(met: Sequence[Met]) -> list[Twice]:
    found: dict[tuple[str, str, str], Twice] = {}
    for one in met:
        for later in one.rules[1:]:
            key = (one.rules[0], later, one.currency)
            before = found.get(key, Twice(*key, Decimal(0), 0))
            found[key] = Twice(*key, total(before.amount, one.amount), before.charge_rows + one.charge_rows)
    return sorted(found.values(), key=lambda twice: (-abs(twice.amount or 0), twice.first, twice.later))
