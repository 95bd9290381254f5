"""The library as a page of documentation: one table, which docs/kpis.md holds.

Here: the words around the KPIs. Not here: the KPIs (library/).
"""

from collections.abc import Mapping

from unit_economics.kpis.entry import Kpi
from unit_economics.markdown_table import as_markup, table

_HEAD = """# KPIs

`unit-economics kpis` lists these and says which of them your catalogue and bill could compute now;
`unit-economics kpis NAME` shows one whole, with the YAML to paste. A catalogue includes one by name:

```yaml
kpis:
  effective_savings_rate: {}
  api_call_cost: {kpi: cost_per_api_call, cost: api, units: api_call} # under a name of your own, and so several times
```

Each becomes a formula: an asset of that name with a value a day, its unit checked, empty with the reason where
something is missing. `unit-economics value NAME --from DAY --to DAY` and the dashboard compute a window anew from what
the formula names, never from the values of its days. In a formula `$cost` is a parameter; scopes that begin with `kpi_`
are brought by the KPI. What rests on revenue is for finance only. A share is stored as the share, 0.25, and shown as
25 %.

This page is `unit-economics kpis --format markdown`; the files are in `unit_economics/kpis/library`.
"""


def page(library: Mapping[str, Kpi]) -> str:
    """The whole page."""
    rows = [_row(name, kpi) for name, kpi in library.items()]
    sources = [f"- `{name}`: {kpi.source}" for name, kpi in library.items()]
    head = ("name", "formula", "unit", "needs", "over several days", "trap")
    return "\n".join([_HEAD, *table(head, rows, as_markup), "", "## Sources", "", *sources, ""])


def _row(name: str, kpi: Kpi) -> list[str]:
    needs = [f"`{parameter}`: {need.is_for}" for parameter, need in kpi.needs.items()]
    columns = [f"FOCUS {', '.join(kpi.focus)}"] if kpi.focus else []
    told = "; ".join([*needs, *columns]) or "the platform's own run history"
    return [f"`{name}`", f"`{kpi.formula}`", f"`{kpi.unit}`", told, kpi.over_days, kpi.trap]
