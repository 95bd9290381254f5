"""What is left of the gross of a day's revenue. Pure.

Here: net = gross - discounts - refunds - chargebacks. Not here: putting components together (entries/components.py),
the judgement (revenue_checks.py), currencies (exchange.py), what the units cost (margin.py).
"""

from collections.abc import Mapping
from decimal import Decimal

from unit_economics.exact import EXACT
from unit_economics.revenue_names import GROSS


def net_of(components: Mapping[str, Decimal]) -> Decimal:
    """What is left of the gross; without one all of it is what was earned, whatever its parts are called."""
    if GROSS not in components:
        return _sum(components)
    others = {name: amount for name, amount in components.items() if name != GROSS}
    return EXACT.subtract(components[GROSS], _sum(others))


def _sum(amounts: Mapping[str, Decimal]) -> Decimal:
    found = Decimal(0)
    for amount in amounts.values():
        found = EXACT.add(found, amount)
    return found
