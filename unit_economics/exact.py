"""Exact numbers: how they are summed, and where they end.

Here: the two rules for every `Decimal` of the platform. Not here: what a column may hold (schemas.py), the division
(unit_cost.py).
"""

from decimal import Context, Decimal

EXACT = Context(prec=60)
"""Sums are made in this context: Decimal's own rounds at 28 digits, and money here has up to 36."""

LARGEST = Decimal(10) ** 24
"""No day's money or quantity reaches this; beyond it a value is taken for a broken export."""
