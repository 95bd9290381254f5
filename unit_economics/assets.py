"""The whole graph: orders and charges make the unit cost, and the orders are published.

     daily_orders --.                        .--> vantage_business_metric
                     >--> cost_per_order ---'
     cloud_costs  --'

     allocated_costs       between cloud_costs and cost_per_order where a cost scope has rules; it may need units
     daily_order_revenue   where a metric says what its units earn; only its margin waits for it
     exchange_rates        before cost_per_order where the catalogue has some: cost is then in one currency
     vantage_business_metric_order_revenue    of daily_order_revenue (and rates), where `revenue` says `publish`
     margin_per_order      of units, revenue, unit cost and rates, where a metric has components, fees or `margin`
     formulas              metrics that the catalogue makes of others, of any of these (formula_asset.py)

Every asset does the same with a range of closed business days: read, judge, replace the days, tell Dagster.
Here: what flows where. Not here: how a source reads (cost_sources/, unit_sources/), what is judged (checks.py), how a
day is stored (storing.py), what an asset says of itself (asset_shape.py) and of its days (reporting.py).
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import cast

import dagster as dg
import pandas as pd

from unit_economics import allocated, checks, schemas, unit_cost
from unit_economics.adapters import UnitSource
from unit_economics.allocation import Quantities
from unit_economics.allocation_checks import allocation_findings
from unit_economics.asset_names import driver_asset, units_asset
from unit_economics.asset_shape import AssetShape, Shape
from unit_economics.business_days import DayRange
from unit_economics.cost_sources.together import Asked, glance_all, read_all
from unit_economics.deployment import Deployment
from unit_economics.deriving import Made, MadeOf, Recipe, derived
from unit_economics.earning import earned
from unit_economics.exchange import Bill, in_one_currency
from unit_economics.exchanging import exchange_of, exchange_rates
from unit_economics.formula_asset import formula
from unit_economics.graph import ALLOCATED_COSTS, CLOUD_COSTS, EXCHANGE_RATES, Kind, Node
from unit_economics.margin_step import unit_margin
from unit_economics.plots import (
    allocation_numbers,
    cost_numbers,
    slice_numbers,
    unit_cost_numbers,
    unit_numbers,
)
from unit_economics.promises import ALLOCATION_CHECKS, SLICE_CHECKS
from unit_economics.publishing import published
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.reporting import Events, Metadata, Told, tell
from unit_economics.revenue_entry import Revenue
from unit_economics.slice_checks import slice_findings
from unit_economics.slicing import unit_cost_slices
from unit_economics.storing import Judged, refuse, states_by_age, store
from unit_economics.unit_sources.counting import over_time
from unit_economics.warehouse import gate, ledger, reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt, LateAttempt, Source
from unit_economics.warehouse.replace_days import Replaced, keep_days

Step = Callable[[Attempt], Told]


def build_assets(deployment: Deployment) -> list[dg.AssetsDefinition]:
    """Every asset of the catalogue, upstream first."""
    shape = AssetShape(deployment.catalogue, deployment.code_version)
    return [_asset(deployment, shape.of(node), step_of(deployment, node)) for node in deployment.graph.values()]


def step_of(deployment: Deployment, node: Node) -> Step:
    """What makes this asset's days."""
    return STEPS[node.kind](deployment, node)


def counted(deployment: Deployment, node: Node) -> Step:
    """Count the days in a source of units: the denominator, a driver of shared cost, or what was earned."""
    if isinstance(node.source, Revenue):
        return earned(deployment, node.source, node.unit)
    source, unit = cast("UnitSource", node.source), node.unit
    catalogue = deployment.catalogue
    in_time = {"units": catalogue.metrics, "quantity": catalogue.quantities}.get(node.kind)
    per = in_time[node.entry].per if in_time else None

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        count = source.count(days, calendar=deployment.calendar, unit=unit, outside=deployment.outside)
        count = over_time(count, per)
        with deployment.warehouse.connection() as connection:
            history = reading.daily_quantities(connection, attempt.asset, days)
        found = checks.unit_findings(count, days, history, deployment.catalogue.checks)
        states = states_by_age(deployment, source.complete_after, checks.sound(days, found), count.absent)
        read = Source(count.fingerprint, absent=count.absent)
        table = tables.SLICED_QUANTITIES if source.dimensions else tables.UNIT_QUANTITIES
        judged = Judged(table, count.units, found, states, read)
        with deployment.warehouse.transaction() as connection:
            done = store(deployment, connection, attempt, judged)
        return Told(unit_numbers(count.units, done), found, count.absent)

    return step


def cloud_costs(deployment: Deployment, node: Node) -> Step:
    """Read the charges of the days out of every cost source: the numerator, before any scope is applied."""
    del node
    catalogue = deployment.catalogue
    complete_after = max(source.complete_after for source in catalogue.cost_sources.values())
    table = _charges_table(deployment)

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        asked = Asked(days, deployment.calendar, catalogue.kept, deployment.outside)
        glance = glance_all(catalogue.cost_sources, asked)
        with deployment.warehouse.connection() as connection:
            if ledger.is_unchanged(connection, attempt, glance):
                return _unchanged_costs(deployment, attempt, glance, complete_after)
            history = reading.daily_charge_rows(connection, days)
        delivered = read_all(catalogue.cost_sources, asked)
        found = checks.cost_findings(delivered, days, history, catalogue.checks)
        states = states_by_age(deployment, complete_after, checks.sound(days, found), delivered.absent)
        totals = tables.source_totals(delivered.source_totals)
        read = Source(delivered.fingerprint, glance, delivered.absent, totals)
        judged = Judged(table, delivered.charges, found, states, read)
        with deployment.warehouse.transaction() as connection:
            done = store(deployment, connection, attempt, judged)
            checks.refuse_loss(
                done.versions, delivered.source_totals, reading.stored_totals(connection, CLOUD_COSTS, days)
            )
        return Told(cost_numbers(delivered.charges, done), [*found, *checks.conserved(done.versions)], delivered.absent)

    return step


def _charges_table(deployment: Deployment) -> tables.Table:
    return tables.RULED_CHARGES if deployment.catalogue.allocations else tables.CHARGES


def _unchanged_costs(deployment: Deployment, attempt: Attempt, glance: str | None, complete_after: timedelta) -> Told:
    """What is told of days whose bill looks as it did: nothing is read, or written but what has become complete."""
    with deployment.warehouse.transaction() as connection:
        absent = ledger.last_absent(connection, attempt)
        states = states_by_age(deployment, complete_after, attempt.days, absent)
        done = keep_days(connection, attempt, _charges_table(deployment), states, Source(glance=glance, absent=absent))
        charges = reading.current_charges(connection, attempt.days)
        failures = gate.standing_failures(connection, attempt.asset, attempt.days)
    green = done.without(failures)
    found = checks.standing(green.versions, failures, absent, checks.COST_CHECKS)
    return Told(cost_numbers(charges, green), found, absent)


def allocated_costs(deployment: Deployment, node: Node) -> Step:
    """Put every charge to its target, and let the targets pay for what they share."""
    catalogue = deployment.catalogue

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        del made_of
        charges = reading.current_charges(connection, days)
        quantities = Quantities(
            {name: reading.units_by_day(connection, units_asset(name), days) for name in catalogue.measured},
            {name: reading.units_by_segment(connection, driver_asset(name), days) for name in catalogue.drivers},
        )

        def compute() -> Made:
            chosen = charges[charges["business_date"].isin(green)]
            rows, unbased = allocated.allocated_costs(catalogue, chosen, quantities)
            return Made(rows, allocation_findings(catalogue, green, chosen, rows, unbased))

        return compute

    stored = reading.current_allocated_costs
    recipe = Recipe(node.inputs, tables.ALLOCATED_COSTS, ALLOCATION_CHECKS, read, stored, allocation_numbers)
    return derived(deployment, recipe)


def cost_per_unit(deployment: Deployment, node: Node) -> Step:
    """Divide: for each cost scope cost / units, or empty with the reason."""
    catalogue, inputs, name = deployment.catalogue, node.inputs, node.name
    headline = catalogue.headline_scope(name)

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        charges = reading.current_charges(connection, days)
        units = reading.current_units(connection, units_asset(name), days)
        by_rules = reading.current_allocated_costs(connection, days) if ALLOCATED_COSTS in inputs else None
        exchange = exchange_of(catalogue, connection, days) if EXCHANGE_RATES in inputs else None

        def compute() -> Made:
            bill = in_one_currency(exchange, charges, by_rules) if exchange else Bill(charges, by_rules, {})
            good = [day for day in green if day not in bill.refused]
            free = _free_days(made_of, good, charges)
            rows = unit_cost.unit_costs(catalogue, name, good, bill.charges, units, free, bill.allocated)
            refused = [one for day in green if day in bill.refused for one in checks.refused([day], bill.refused[day])]
            return Made(rows, [*checks.contract(schemas.UNIT_COSTS, rows, good), *refused])

        return compute

    def stored(connection: Connection, days: DayRange) -> pd.DataFrame:
        return reading.current_unit_costs(connection, name, days)

    def numbers(rows: pd.DataFrame, done: Replaced) -> Mapping[date, Metadata]:
        return unit_cost_numbers(rows, headline, done)

    return derived(deployment, Recipe(inputs, tables.UNIT_COSTS, checks.UNIT_COST_CHECKS, read, stored, numbers))


def _free_days(made_of: MadeOf, green: Sequence[date], charges: pd.DataFrame) -> list[date]:
    """The days whose bill is there without any charge."""
    charged = set(charges["business_date"])
    return [day for day in green if (CLOUD_COSTS, day) in made_of and day not in charged]


def slices(deployment: Deployment, node: Node) -> Step:
    """Take a metric apart: for every combination of values its cost, its units and its unit cost."""
    catalogue, name = deployment.catalogue, node.entry
    read_units = reading.current_sliced_units if catalogue.metrics[name].units.dimensions else reading.current_units

    def read(connection: Connection, days: DayRange, made_of: MadeOf, green: Sequence[date]) -> Callable[[], Made]:
        charges = reading.current_charges(connection, days)
        units = read_units(connection, units_asset(name), days)
        wholes = reading.current_unit_costs(connection, name, days)
        exchange = exchange_of(catalogue, connection, days) if EXCHANGE_RATES in node.inputs else None

        def compute() -> Made:
            free = _free_days(made_of, green, charges)
            paid = in_one_currency(exchange, charges, None).charges if exchange else charges
            rows = unit_cost_slices(catalogue, name, green, paid, units, free)
            return Made(rows, slice_findings(catalogue, name, green, rows, wholes))

        return compute

    def stored(connection: Connection, days: DayRange) -> pd.DataFrame:
        return reading.current_slices(connection, node.name, days)

    return derived(deployment, Recipe(node.inputs, tables.UNIT_COST_SLICES, SLICE_CHECKS, read, stored, slice_numbers))


def _asset(deployment: Deployment, shape: Shape, step: Step) -> dg.AssetsDefinition:
    def asset(context: dg.AssetExecutionContext) -> Events:
        days = DayRange(date.fromisoformat(context.partition_keys[0]), date.fromisoformat(context.partition_keys[-1]))
        try:
            deployment.calendar.refuse_open(days, deployment.outside.now())
            name, run = shape["name"], deployment.run(context.run.run_id)
            meaning = deployment.definition(name), deployment.definition_text(name)
            attempt = ledger.begin(deployment.warehouse, name, days, run, *meaning)
            told = _attempted(deployment, attempt, step)
        except Refusal as refusal:
            code = {"exit_code": refusal.exit_code}
            raise dg.Failure(description=str(refusal), metadata=code, allow_retries=False) from None
        yield from tell(context, told)

    return dg.asset(**shape)(asset)


def _attempted(deployment: Deployment, attempt: Attempt, step: Step) -> Told:
    """Take the step; input that is refused as a whole turns the gate of all its days red.

    An attempt that was overtaken is no failure: the newer values stand, and what follows goes on with them. Why one
    failed is stored, unless it is the mart that does not answer.
    """
    try:
        return step(attempt)
    except LateAttempt as overtaken:
        return Told({}, [], dict.fromkeys(attempt.days, str(overtaken)))
    except (Unreachable, UsageRefusal) as refusal:
        with suppress(Unreachable):
            ledger.fail(deployment.warehouse, attempt, str(refusal))
        raise
    except Refusal as refusal:
        found = checks.refused(attempt.days, str(refusal))
        with deployment.warehouse.transaction() as connection:
            refuse(deployment, connection, attempt, found)
        return Told({}, found)


STEPS: Mapping[Kind, Callable[[Deployment, Node], Step]] = {
    "charges": cloud_costs,
    **dict.fromkeys(("units", "driver", "revenue", "quantity"), counted),
    "rates": exchange_rates,
    "margin": unit_margin,
    "formula": formula,
    "allocated": allocated_costs,
    "unit_cost": cost_per_unit,
    "slices": slices,
    **dict.fromkeys(("publication", "revenue_publication"), published),
}
"""How each kind of asset is made."""
