"""How the rows of an asset that is read from a source are had: out of the mart, or out of the source again.

Here: one way for every kind of asset. Not here: which of the two is right for a day (inputs.py).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd
import pandera.pandas as pa

from unit_economics.business_days import DayRange
from unit_economics.cost_sources.together import Asked, read_all
from unit_economics.deployment import Deployment
from unit_economics.graph import Kind, Node
from unit_economics.schemas import CHARGES, EXCHANGE_RATES, UNITS, empty
from unit_economics.steps.counting import count_in_source
from unit_economics.steps.exchanging import read_rates
from unit_economics.warehouse import money, reading
from unit_economics.warehouse.connection import Connection


@dataclass(frozen=True)
class Got:
    """The rows of some days; absent: the days that the source does not have; failed: those that can't be told."""

    rows: pd.DataFrame
    absent: Mapping[date, str] = field(default_factory=dict)
    failed: Mapping[date, str] = field(default_factory=dict)


Read = Callable[[DayRange], Got]


@dataclass(frozen=True)
class Way:
    """How the rows of a kind of asset are had: out of the mart, or out of the source again."""

    schema: pa.DataFrameSchema
    stored: Callable[[Connection, Node, DayRange], pd.DataFrame]
    reader: Callable[[Deployment, str], Read]


def _charges_of(of: Deployment, asset: str) -> Read:
    del asset

    def read(days: DayRange) -> Got:
        found = read_all(of.catalogue.cost_sources, Asked(days, of.calendar, of.catalogue.kept, of.outside))
        return Got(found.charges, found.absent)

    return read


def _rates_of(of: Deployment, asset: str) -> Read:
    del asset
    source = of.catalogue.exchange_rates

    def read(days: DayRange) -> Got:
        if source is None:
            return Got(empty(EXCHANGE_RATES))
        return Got(read_rates(source, days, into=of.catalogue.currency, outside=of.outside)[0])

    return read


def _count_of(of: Deployment, asset: str) -> Read:
    node = of.graph.get(asset)

    def read(days: DayRange) -> Got:
        if node is None or node.source is None:
            return Got(empty(UNITS), absent=dict.fromkeys(days, "this catalogue has no such asset"))
        found = count_in_source(of, node, node.source, days)
        return Got(found.units, found.absent, found.refused)

    return read


def _counted(connection: Connection, node: Node, days: DayRange) -> pd.DataFrame:
    told_apart = node.source is not None and node.source.dimensions
    return (reading.current_sliced_units if told_apart else reading.current_units)(connection, node.name, days)


_COUNT = Way(UNITS, _counted, _count_of)
WAYS: Mapping[Kind, Way] = {
    **dict.fromkeys(("units", "driver", "revenue", "quantity"), _COUNT),
    "charges": Way(CHARGES, lambda connection, _, days: reading.current_charges(connection, days), _charges_of),
    "rates": Way(
        EXCHANGE_RATES, lambda connection, node, days: money.current_rates(connection, node.name, days), _rates_of
    ),
}
"""Of every kind that is read from a source; the other kinds are made of these."""
