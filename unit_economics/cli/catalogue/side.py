"""One of two catalogues with all that is read from sources for the days of a sample, in the shapes that steps take.

Here: what the mart would hold for these days. Not here: getting it (inputs.py), what is made of it (steps.py).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

import pandas as pd

from unit_economics.allocation.allocated import allocated_costs
from unit_economics.allocation.double_entry import Quantities
from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.catalogue import Catalogue
from unit_economics.cli.catalogue.inputs import Mart
from unit_economics.cli.catalogue.readers import Got
from unit_economics.definition_diff import upstream
from unit_economics.deployment import Deployment
from unit_economics.exchange import Bill, Exchange, in_one_currency
from unit_economics.graph import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES, Node
from unit_economics.schemas import CHARGES, UNITS, empty
from unit_economics.warehouse import reading


@dataclass(frozen=True)
class Side:
    """One catalogue with its inputs by asset. mart: for what is no part of the difference."""

    of: Deployment
    got: Mapping[str, Got]
    mart: Mart

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue."""
        return self.of.catalogue

    def lacking(self, asset: str) -> dict[date, str]:
        """The days on which an asset can't be told, with the first reason; without a bill or units nothing can."""
        found: dict[date, str] = {}
        for name in sorted({asset, *upstream(self.of.graph, asset)} & self.got.keys()):
            got = self.got[name]
            absent = got.absent if self.of.graph[name].kind in ("charges", "units") else {}
            for day, why in {**absent, **got.failed}.items():
                found.setdefault(day, f"{name}: {why}")
        return found

    def charges(self, days: Collection[date]) -> pd.DataFrame:
        """The charges of these days."""
        return on(self.got[CLOUD_COSTS].rows, days) if CLOUD_COSTS in self.got else empty(CHARGES)

    def free(self, days: Sequence[date]) -> list[date]:
        """The days whose bill is there without any charge."""
        charged = set(self.charges(days)["business_date"])
        return [day for day in days if day not in charged]

    def bill(self, node: Node, days: Sequence[date]) -> Bill:
        """The charges and what each target pays, as an asset takes them: in one currency where there are rates."""
        charges = self.charges(days)
        by_rules = on(self.allocated, days) if ALLOCATED_COSTS in node.inputs else None
        return in_one_currency(self.exchange if EXCHANGE_RATES in node.inputs else None, charges, by_rules)

    @cached_property
    def exchange(self) -> Exchange:
        """The rates into the catalogue's currency."""
        rows = self.got[EXCHANGE_RATES].rows if EXCHANGE_RATES in self.got else None
        if rows is None or self.catalogue.exchange_rates is None:
            return Exchange(self.catalogue.currency)
        places = zip(rows["business_date"], rows["currency"], strict=True)
        return Exchange(self.catalogue.currency, dict(zip(places, rows["rate"], strict=True)))

    @cached_property
    def allocated(self) -> pd.DataFrame:
        """What each target pays on every day."""
        quantities = Quantities(
            {name: self.by_day(units_asset(name)) for name in self.catalogue.measured},
            {name: self.by_segment(driver_asset(name)) for name in self.catalogue.drivers},
        )
        return allocated_costs(self.catalogue, self.charges(self.mart.days), quantities)[0]

    def counted(self, asset: str, days: Collection[date]) -> pd.DataFrame:
        """What an asset counts on these days."""
        return on(self.got[asset].rows, days) if asset in self.got else empty(UNITS)

    def by_segment(self, asset: str) -> dict[date, dict[str, Decimal]]:
        """What an asset counts, by day and segment."""
        return reading.by_segment(self.counted(asset, self.mart.days))

    def by_day(self, asset: str) -> dict[date, Decimal]:
        """What an asset counts, all segments added up."""
        return reading.added_up(self.by_segment(asset))


def on(rows: pd.DataFrame, days: Collection[date]) -> pd.DataFrame:
    """The rows of these days."""
    return rows[rows["business_date"].isin(list(days))]
