"""What one stored day was made of: the rows of exactly the versions that the ledger recorded for it.

Here: reading them, in the shapes that the arithmetic takes. Not here: the arithmetic (ways.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.catalogue import Catalogue
from unit_economics.exchange import Bill, Exchange, in_one_currency
from unit_economics.graph import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES, Node
from unit_economics.recomputing.looking_back import LookedBack
from unit_economics.schemas import SLICED_UNITS
from unit_economics.warehouse import tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.reading import added_up, by_segment
from unit_economics.warehouse.stored_days import made_of, rows_of

_UNITS = tables.SLICED_QUANTITIES


@dataclass(frozen=True)
class Inputs:
    """The inputs of one day.

    versions: by asset, as `input_versions` of the day's ledger row has them; back: what it took from other days.
    """

    connection: Connection
    day: date
    versions: Mapping[str, int]
    back: LookedBack = field(default_factory=LookedBack)

    def rows(self, table: tables.Table, asset: str) -> pd.DataFrame:
        """The rows of one input; none where the day was made without it."""
        return rows_of(self.connection, table, asset, self.day, self.versions.get(asset))

    @property
    def charges(self) -> pd.DataFrame:
        """Rows like `schemas.CHARGES`."""
        return self.rows(tables.RULED_CHARGES, CLOUD_COSTS)

    @property
    def is_billed(self) -> bool:
        """Whether the day's bill was there, with or without a charge."""
        return CLOUD_COSTS in self.versions

    def units(self, asset: str) -> pd.DataFrame:
        """Rows like `schemas.SLICED_UNITS`, or like `schemas.UNITS` where nothing is told apart."""
        rows = self.rows(_UNITS, asset)
        return rows[list(SLICED_UNITS.columns)] if rows["dimensions"].notna().any() else rows.drop(columns="dimensions")

    def by_segment(self, asset: str) -> dict[date, dict[str, Decimal]]:
        """What an asset counted, by segment."""
        return by_segment(self.units(asset))

    def by_day(self, asset: str) -> dict[date, Decimal]:
        """The same, added up."""
        return added_up(self.by_segment(asset))

    def exchange(self, catalogue: Catalogue) -> Exchange:
        """The rates into the catalogue's currency."""
        rows = self.rows(tables.EXCHANGE_RATES, EXCHANGE_RATES)
        places = zip(rows["business_date"], rows["currency"], strict=True)
        return Exchange(catalogue.currency, dict(zip(places, rows["rate"], strict=True)))

    def bill(self, catalogue: Catalogue, node: Node) -> Bill:
        """The charges and what each target pays, in one currency where the asset is made of rates."""
        by_rules = self.rows(tables.ALLOCATED_COSTS, ALLOCATED_COSTS) if ALLOCATED_COSTS in node.inputs else None
        exchange = self.exchange(catalogue) if EXCHANGE_RATES in node.inputs else None
        return in_one_currency(exchange, self.charges, by_rules)

    def behind(self, asset: str) -> "Inputs":
        """What one of the inputs was itself made of."""
        return Inputs(self.connection, self.day, made_of(self.connection, asset, self.day, self.versions.get(asset)))
