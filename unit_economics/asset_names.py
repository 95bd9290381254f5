"""What the assets of an entry are called: `cost_per_order` gives `daily_orders`, `vantage_business_metric`, ...

Here: names, from names. Not here: which assets there are (graph.py).
"""

import re

CLOUD_COSTS = "cloud_costs"
ALLOCATED_COSTS = "allocated_costs"
EXCHANGE_RATES = "exchange_rates"
INVOICED_COSTS = "invoiced_costs"


def plural(metric: str) -> str:
    """`orders` for `cost_per_order`, `queries` for `cost_per_query`, `searches` for `cost_per_search`."""
    unit = unit_of(metric)
    if re.search(r"[^aeiou]y$", unit):
        return f"{unit[:-1]}ies"
    if re.search(r"(x|z|ch|sh)$", unit):
        return f"{unit}es"
    return unit if unit.endswith("s") else f"{unit}s"


def unit_of(metric: str) -> str:
    """`order` for `cost_per_order`: what formulas call it."""
    return metric.removeprefix("cost_per_")


def units_asset(metric: str) -> str:
    """The asset that counts a metric's units: `daily_orders`."""
    return f"daily_{plural(metric)}"


def driver_asset(driver: str) -> str:
    """The asset that counts a driver of shared cost: `driver_cpu_hours`."""
    return f"driver_{driver}"


def quantity_asset(quantity: str) -> str:
    """The asset that counts another quantity that formulas name: `quantity_data_value`."""
    return f"quantity_{quantity}"


def formula_asset(formula: str, *, is_finance: bool) -> str:
    """The asset of a formula: its own name, or `finance_<name>` where it rests on revenue, as rights go by names."""
    return f"finance_{formula}" if is_finance else formula


def revenue_asset(metric: str) -> str:
    """The asset that counts what a metric's units earned: `daily_order_revenue`."""
    return f"daily_{unit_of(metric)}_revenue"


def margin_asset(metric: str) -> str:
    """The asset that puts what a metric's units earned beside what they cost: `margin_per_order`."""
    return f"margin_per_{unit_of(metric)}"


def slices_asset(metric: str) -> str:
    """The asset that takes a metric apart by dimensions: `cost_per_order_slices`."""
    return f"{metric}_slices"


def sink_asset(metric: str, sink: str) -> str:
    """The asset that publishes a metric: `vantage_business_metric`, with the units' name from the second one on."""
    name = f"{sink}_business_metric"
    return name if metric == "cost_per_order" else f"{name}_{plural(metric)}"


def revenue_sink_asset(metric: str, sink: str) -> str:
    """The asset that publishes what a metric's units earned: `vantage_business_metric_order_revenue`.

    The mart's `is_revenue` knows it by this name, which is no units' name: those end in an s.
    """
    return f"{sink}_business_metric_{unit_of(metric)}_revenue"
