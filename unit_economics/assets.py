"""The whole graph: orders and charges make the unit cost, and the orders are published.

     daily_orders --.                        .--> vantage_business_metric
                     >--> cost_per_order ---'
     cloud_costs  --'

Every asset does the same with a range of closed business days: read, judge, replace the days, tell Dagster.
Here: what flows where. Not here: how a source reads (cost_sources/, unit_sources/), what is judged (checks.py), how a
day is replaced (warehouse/), what an asset says of itself (asset_shape.py) and of its days (reporting.py).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta

import dagster as dg
import pandas as pd

from unit_economics import alerts, checks, schemas, unit_cost
from unit_economics.asset_shape import AssetShape, Shape
from unit_economics.business_days import DayRange
from unit_economics.catalogue import Sink, units_asset
from unit_economics.checks import Finding
from unit_economics.cost_sources import read_all
from unit_economics.deployment import CLOUD_COSTS, Deployment
from unit_economics.plots import cost_numbers, publication_numbers, unit_cost_numbers, unit_numbers
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.reporting import Events, Told, tell
from unit_economics.warehouse import ledger, outbox, publications, reading, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Attempt, LateAttempt
from unit_economics.warehouse.replace_days import DayState, Replaced, replace_days

Step = Callable[[Attempt], Told]


def build_assets(deployment: Deployment) -> list[dg.AssetsDefinition]:
    """Every asset of the catalogue, upstream first."""
    shape = AssetShape(deployment.catalogue, deployment.code_version)
    assets = [_asset(deployment, shape.cloud_costs(), cloud_costs(deployment))]
    for name, metric in deployment.catalogue.metrics.items():
        assets.append(_asset(deployment, shape.units(name), daily_units(deployment, name)))
        assets.append(_asset(deployment, shape.unit_cost(name), cost_per_unit(deployment, name)))
        for sink_name, sink in metric.publish.items():
            assets.append(_asset(deployment, shape.publication(name, sink_name), published(deployment, name, sink)))
    return assets


def daily_units(deployment: Deployment, name: str) -> Step:
    """Count the units of the days in their source: the denominator."""
    metric = deployment.catalogue.metrics[name]

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        counted = metric.units.count(days, calendar=deployment.calendar, unit=metric.unit, outside=deployment.outside)
        with deployment.warehouse.connection() as connection:
            history = reading.daily_quantities(connection, attempt.asset, days)
        found = checks.unit_findings(counted, days, history, deployment.catalogue.checks)
        states = _states_by_age(deployment, metric.units.complete_after, checks.sound(days, found), counted.absent)
        with deployment.warehouse.transaction() as connection:
            done = _store(
                deployment,
                connection,
                attempt,
                tables.UNIT_QUANTITIES,
                counted.units,
                found,
                states,
                counted.fingerprint,
            )
        return Told(unit_numbers(counted.units, done), found, counted.absent)

    return step


def cloud_costs(deployment: Deployment) -> Step:
    """Read the charges of the days out of every cost source: the numerator, before any scope is applied."""
    catalogue = deployment.catalogue
    complete_after = max(source.complete_after for source in catalogue.cost_sources.values())

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        delivered = read_all(
            catalogue.cost_sources,
            days,
            calendar=deployment.calendar,
            tag_keys=catalogue.tag_keys,
            outside=deployment.outside,
        )
        with deployment.warehouse.connection() as connection:
            history = reading.daily_charge_rows(connection, days)
        found = checks.cost_findings(delivered, days, history, catalogue.checks)
        states = _states_by_age(deployment, complete_after, checks.sound(days, found), delivered.absent)
        with deployment.warehouse.transaction() as connection:
            done = _store(
                deployment, connection, attempt, tables.CHARGES, delivered.charges, found, states, delivered.fingerprint
            )
            checks.refuse_loss(states, delivered.source_totals, reading.stored_totals(connection, CLOUD_COSTS, days))
        return Told(cost_numbers(delivered.charges, done), [*found, *checks.conserved(states)], delivered.absent)

    return step


def cost_per_unit(deployment: Deployment, name: str) -> Step:
    """Divide: for each cost scope cost / units, or empty with the reason."""
    units = units_asset(name)

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        with deployment.warehouse.snapshot() as connection:
            red = ledger.red_days(connection, [units, CLOUD_COSTS], days)
            inputs = ledger.current(connection, [units, CLOUD_COSTS], days)
            charges = reading.current_charges(connection, days)
            counted = reading.current_units(connection, units, days)
        green = [day for day in days if day not in red]
        rows = unit_cost.unit_costs(deployment.catalogue, name, green, charges, counted)
        found = checks.contract(schemas.UNIT_COSTS, rows, green)
        states = {day: _state_by_inputs(inputs, [units, CLOUD_COSTS], day) for day in checks.sound(green, found)}
        with deployment.warehouse.transaction() as connection:
            done = _store(deployment, connection, attempt, tables.UNIT_COSTS, rows, found, states)
        return Told(unit_cost_numbers(rows, done), found, red)

    return step


def published(deployment: Deployment, name: str, sink: Sink) -> Step:
    """Make the destination hold the units of every day whose gate is green, and read it back."""
    units, unit = units_asset(name), deployment.catalogue.metrics[name].unit

    def step(attempt: Attempt) -> Told:
        days = attempt.days
        with deployment.warehouse.transaction() as connection:
            ledger.lock(connection, attempt.asset)
            ledger.fence(connection, attempt)
            out = publications.publishable(connection, units, name, days)
            publication = sink.publish(out.wanted, outside=deployment.outside)
            publications.record_publication(connection, attempt, out.wanted, publication)
            found = checks.converged(out.wanted, publication)
            inputs = ledger.current(connection, [units], days)
            rows = publications.as_units(out.wanted, unit)
            states = {day: _state_by_inputs(inputs, [units], day) for day in checks.sound(out.wanted, found)}
            done = _store(deployment, connection, attempt, tables.UNIT_QUANTITIES, rows, found, states)
        return Told(publication_numbers(out.wanted, publication, done), found, out.held_back)

    return step


def _asset(deployment: Deployment, shape: Shape, step: Step) -> dg.AssetsDefinition:
    def asset(context: dg.AssetExecutionContext) -> Events:
        days = DayRange(date.fromisoformat(context.partition_keys[0]), date.fromisoformat(context.partition_keys[-1]))
        try:
            deployment.calendar.refuse_open(days, deployment.outside.now())
            attempt = ledger.begin(deployment.warehouse, shape["name"], days, deployment.run(context.run.run_id))
            told = _attempted(deployment, attempt, step)
        except Refusal as refusal:
            raise dg.Failure(description=str(refusal), allow_retries=False) from None
        yield from tell(context, told)

    return dg.asset(**shape)(asset)


def _attempted(deployment: Deployment, attempt: Attempt, step: Step) -> Told:
    """Take the step; input that is refused as a whole turns the gate of all its days red."""
    try:
        return step(attempt)
    except (Unreachable, UsageRefusal, LateAttempt):
        raise
    except Refusal as refusal:
        found = checks.refused(attempt.days, str(refusal))
        with deployment.warehouse.transaction() as connection:
            ledger.refuse_days(connection, attempt, checks.verdicts(attempt.days, found))
            _announce(deployment, connection, attempt, found)
        return Told({}, found)


def _store(
    deployment: Deployment,
    connection: Connection,
    attempt: Attempt,
    table: tables.Table,
    rows: pd.DataFrame,
    found: Sequence[Finding],
    states: Mapping[date, DayState],
    fingerprint: str = "",
) -> Replaced:
    judged = {finding.day for finding in found if finding.blocks} | set(states)
    verdicts = checks.verdicts(sorted(judged), [finding for finding in found if finding.day in judged])
    sound = rows[rows["business_date"].isin(set(states))]
    replaced = replace_days(connection, attempt, table, sound, states, verdicts, fingerprint)
    _announce(deployment, connection, attempt, found)
    return replaced


def _announce(deployment: Deployment, connection: Connection, attempt: Attempt, found: Sequence[Finding]) -> None:
    for message in alerts.red_checks(attempt.asset, found):
        outbox.put(connection, message, deployment.catalogue.alerts.repeat_after)


def _states_by_age(
    deployment: Deployment, complete_after: timedelta, days: Iterable[date], absent: Mapping[date, str]
) -> dict[date, DayState]:
    through = deployment.complete_through(complete_after)
    return {
        day: DayState("complete" if day <= through else "provisional", through) for day in days if day not in absent
    }


def _state_by_inputs(inputs: Mapping[tuple[str, date], ledger.LedgerDay], names: Sequence[str], day: date) -> DayState:
    """Complete when every input is there and complete; the versions say what it was made of."""
    present = [inputs[name, day] for name in names if (name, day) in inputs]
    provisional = len(present) < len(names) or any(row.status == "provisional" for row in present)
    through = [row.complete_through for row in present if row.complete_through]
    versions = {row.asset: row.version for row in present}
    return DayState("provisional" if provisional else "complete", min(through, default=None), versions)
