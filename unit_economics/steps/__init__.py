"""How each kind of asset is made: one module a step, one line to register it.

Every step does the same with a range of closed business days: read, judge, replace the days, say what became of them.
Here: which step makes which kind. Not here: which assets there are (graph.py), taking a step in a run (assets.py), the
arithmetic, how a day is stored (storing.py).
"""

from collections.abc import Callable, Mapping

from unit_economics.deployment import Deployment
from unit_economics.graph import Kind, Node
from unit_economics.reporting import Told
from unit_economics.steps.allocating import allocated_costs
from unit_economics.steps.billing import cloud_costs
from unit_economics.steps.counting import counted
from unit_economics.steps.dividing import cost_per_unit, slices
from unit_economics.steps.exchanging import exchange_rates
from unit_economics.steps.formula import formula
from unit_economics.steps.invoicing import invoiced_costs
from unit_economics.steps.margin import unit_margin
from unit_economics.steps.publishing import published
from unit_economics.warehouse.ledger import Attempt

Step = Callable[[Attempt], Told]


def step_of(deployment: Deployment, node: Node) -> Step:
    """What makes this asset's days."""
    return STEPS[node.kind](deployment, node)


STEPS: Mapping[Kind, Callable[[Deployment, Node], Step]] = {
    "charges": cloud_costs,
    "invoiced": invoiced_costs,
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
