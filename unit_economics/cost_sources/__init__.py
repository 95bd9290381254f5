"""The cost sources: one module a provider, one line here. Each hands over FOCUS-shaped charges.

Here: the registry. Not here: anything about one provider, and reading several of them as one (together.py).
"""

from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.vantage import VantageCosts
from unit_economics.entries.adapters import CostSource

KINDS: dict[str, type[CostSource]] = {
    "focus": FocusFiles,
    "vantage": VantageCosts,
}
