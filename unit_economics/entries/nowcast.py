"""The catalogue's `nowcast`: that days which are still filling are estimated, and by what until enough was seen.

Here: the shape of the entry. Not here: the estimate (insight/nowcast.py), when it is made (proof/nowcast.py).
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import Field, field_validator

from unit_economics.entries.entry import Entry

NOWCAST_IS = "Estimate what days that are still filling will come to; where left out, nothing is estimated"
PRIOR_IS = "How much of a day is assumed to be there on its first, second, third ... morning, until eight were seen"
SPREAD_IS = "How far what is missing by the prior may be off, as a share of it: one standard deviation"
LEVEL_IS = "How often an interval is to hold what the day comes to"

Share = Annotated[Decimal, Field(gt=0, le=1)]


class NowcastEntry(Entry):
    """The declared prior, and how sure an interval is to be."""

    prior: list[Share] = Field(
        default=[Decimal("0.6"), Decimal("0.9"), Decimal("0.98")], min_length=1, description=PRIOR_IS
    )
    prior_spread: Decimal = Field(default=Decimal("0.5"), gt=0, le=2, description=SPREAD_IS)
    level: Decimal = Field(default=Decimal("0.9"), ge=Decimal("0.5"), le=Decimal("0.99"), description=LEVEL_IS)

    @field_validator("prior")
    @classmethod
    def _fills(cls, prior: Sequence[Decimal]) -> Sequence[Decimal]:
        for one, later in pairwise(prior):
            if later < one:
                raise ValueError(f"a day fills, so {later} can't come after {one}")
        return prior
