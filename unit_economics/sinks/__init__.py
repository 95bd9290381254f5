"""The sinks: one module a destination, one line here. Each publishes idempotently.

Here: the registry. Not here: anything about one destination.
"""

from unit_economics.entries.adapters import Sink
from unit_economics.sinks.vantage import VantageMetric

KINDS: dict[str, type[Sink]] = {
    "vantage": VantageMetric,
}
