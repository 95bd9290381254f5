"""The whole graph: orders and charges make the unit cost, and the orders are published.

     daily_orders --.                        .--> vantage_business_metric
                     >--> cost_per_order ---'
     cloud_costs  --'

     allocated_costs       between cloud_costs and cost_per_order where a cost scope has rules; it may need units
     daily_order_revenue   where a metric says what its units earn; only its margin waits for it
     invoiced_costs        of cloud_costs and the same bill, where the catalogue has `reconciliation`
     exchange_rates        before cost_per_order where the catalogue has some: cost is then in one currency
     vantage_business_metric_order_revenue    of daily_order_revenue (and rates), where `revenue` says `publish`
     margin_per_order      of units, revenue, unit cost and rates, where a metric has components, fees or `margin`
     formulas              metrics that the catalogue makes of others, of any of these (steps/formula.py)

Here: taking an asset's step in a run of Dagster, and what becomes of one that fails. Not here: which assets there are
(graph.py), what each does with its days (steps/), what it says of itself (asset_shape.py) and of them (reporting.py).
"""

from contextlib import suppress
from datetime import date

import dagster as dg

from unit_economics import checks
from unit_economics.asset_shape import AssetShape, Shape
from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.reporting import Events, Told, tell
from unit_economics.steps import Step, step_of
from unit_economics.storing import refuse
from unit_economics.warehouse import ledger
from unit_economics.warehouse.ledger import Attempt, LateAttempt


def build_assets(deployment: Deployment) -> list[dg.AssetsDefinition]:
    """Every asset of the catalogue, upstream first."""
    shape = AssetShape(deployment.catalogue, deployment.code_version)
    return [_asset(deployment, shape.of(node), step_of(deployment, node)) for node in deployment.graph.values()]


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
