"""What is assumed of a day until enough was seen, and how sure an interval is to be.

Here: what the catalogue declares, as numbers. Not here: its entry (entries/nowcast.py), its use (nowcast.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from unit_economics.exact import RATIO
from unit_economics.insight.growing import rounded


@dataclass(frozen=True)
class Prior:
    """The declared completion.

    shares: how much of a day is there at age 1, 2, 3 ..., and all of it after the last; spread: how far what is missing
    may be off, as a share of it (one standard deviation).
    """

    shares: Mapping[int, Decimal]
    spread: Decimal

    def factor(self, age: int) -> Decimal:
        """What a day of this age is multiplied by."""
        return rounded(RATIO.divide(Decimal(1), self.shares.get(age, Decimal(1))))


@dataclass(frozen=True)
class Rules:
    """The prior, and how often an interval is to hold."""

    prior: Prior
    level: Decimal
