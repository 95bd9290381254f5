"""Exact numbers: how they are summed, and where they end.

Here: the rules for every `Decimal` of the platform. Not here: what a column may hold (schemas.py), the division
(unit_cost.py).
"""

from decimal import ROUND_HALF_EVEN, Context, Decimal

EXACT = Context(prec=60)
"""Sums are made in this context: Decimal's own rounds at 28 digits, and money here has up to 36."""

RATIO = Context(prec=28, rounding=ROUND_HALF_EVEN)
"""Divisions are made in this context: a ratio has no last digit, so it is rounded once, here."""

MONEY_STEP = Decimal("1e-12")
"""The last digit of money and quantities that the mart keeps."""

LARGEST = Decimal(10) ** 24
"""No day's money or quantity reaches this; beyond it a value is taken for a broken export."""

RATE_DECIMALS = 18
LARGEST_RATE = Decimal(10) ** 9
"""How fine and how large a rate between two currencies may be: money times a rate then never has 60 digits."""


def total(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    """The exact sum of two amounts, or None where one of them is not stated."""
    return None if one is None or other is None else EXACT.add(one, other)
