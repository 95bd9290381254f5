"""What a formula is made of: kept rows, with money in the catalogue's currency and quantities added up. Pure.

Here: from rows as they are kept to what formulas are computed from. Not here: reading the rows (steps/formula.py), the
values (formula_days.py).
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import reduce

import pandas as pd

from unit_economics.asset_names import revenue_asset
from unit_economics.catalogue import Catalogue
from unit_economics.entries.revenue import Revenue
from unit_economics.exact import EXACT
from unit_economics.exchange import Exchange, in_one_currency, no_rate
from unit_economics.formula_book import Compiled
from unit_economics.formula_days import Stored
from unit_economics.revenue import net_of
from unit_economics.schemas import ALLOCATED_COSTS, CHARGES, empty

Segments = Mapping[date, Mapping[str, Decimal]]


@dataclass(frozen=True)
class Held:
    """Rows of some days as they are kept, each amount in the currency in which it was billed or earned.

    charges, allocated: rows like `schemas.CHARGES` and `schemas.ALLOCATED_COSTS`; billed: the days whose bill is there;
    counted: of an asset that counts, by day and segment; history: what is known of the platform's own work;
    unit_costs: of a metric, rows like `schemas.UNIT_COSTS`, from 27 days before on.
    """

    charges: pd.DataFrame = field(default_factory=lambda: empty(CHARGES))
    allocated: pd.DataFrame = field(default_factory=lambda: empty(ALLOCATED_COSTS))
    billed: Collection[date] = ()
    counted: Mapping[str, Segments] = field(default_factory=dict)
    history: Mapping[str, Mapping[date, Decimal]] = field(default_factory=dict)
    unit_costs: Mapping[str, pd.DataFrame] = field(default_factory=dict)


def entries(one: Compiled, function: str) -> list[str]:
    """What a formula names by this function: metrics, scopes, quantities."""
    return [leaf.entry for leaf in one.leaves.values() if leaf.name.function == function]


def counted_assets(one: Compiled) -> list[str]:
    """The assets that count, of those that a formula is made of: units, quantities, revenue."""
    return [leaf.assets[0] for leaf in one.leaves.values() if leaf.name.function in ("units", "quantity", "revenue")]


def in_its_currency(
    catalogue: Catalogue, one: Compiled, held: Held, exchange: Exchange | None
) -> tuple[Stored, Mapping[date, str]]:
    """What the formula is computed from, and the days that lack a rate for it, each with why."""
    bill = in_one_currency(exchange, held.charges, held.allocated) if exchange else None
    earned = {
        revenue_asset(metric): net_revenue(catalogue, metric, held.counted[revenue_asset(metric)], exchange)
        for metric in entries(one, "revenue")
    }
    sums = {asset: _by_day(held.counted[asset]) for asset in counted_assets(one) if asset not in earned}
    stored = Stored(
        charges=bill.charges if bill else held.charges,
        allocated=held.allocated if bill is None or bill.allocated is None else bill.allocated,
        billed=held.billed,
        quantities={**sums, **{asset: net for asset, (net, _) in earned.items()}},
        history=held.history,
        unit_costs={metric: _headline(catalogue, metric, rows) for metric, rows in held.unit_costs.items()},
    )
    refused = [bill.refused if bill else {}, *(without for _, without in earned.values())]
    return stored, {day: why for of in refused for day, why in of.items()}


def net_revenue(
    catalogue: Catalogue, metric: str, segments: Segments, exchange: Exchange | None
) -> tuple[dict[date, Decimal], dict[date, str]]:
    """The net revenue of each day in the catalogue's currency, and the days without a rate for it."""
    source, into = catalogue.metrics[metric].revenue, catalogue.currency
    currency = (source.currency if isinstance(source, Revenue) else None) or into
    known = exchange or Exchange(into)
    nets = {day: net_of(of_day) if isinstance(source, Revenue) else _sum(of_day) for day, of_day in segments.items()}
    converted = {day: known.amount(day, currency, net) for day, net in nets.items()}
    refused = {day: no_rate([currency], into, day) for day, net in converted.items() if net is None}
    return {day: net for day, net in converted.items() if net is not None}, refused


def _headline(catalogue: Catalogue, metric: str, rows: pd.DataFrame) -> Mapping[date, Decimal]:
    """The unit costs of a metric's headline scope."""
    of_scope = (rows["cost_scope"] == catalogue.headline_scope(metric)) & rows["unit_cost"].notna()
    own = rows[of_scope & (rows["billing_currency"] == catalogue.currency)]
    return dict(zip(own["business_date"], own["unit_cost"], strict=True))


def _by_day(segments: Segments) -> dict[date, Decimal]:
    return {day: _sum(of_day) for day, of_day in segments.items()}


def _sum(segments: Mapping[str, Decimal]) -> Decimal:
    return reduce(EXACT.add, segments.values())
