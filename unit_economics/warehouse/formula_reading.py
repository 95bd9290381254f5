"""The stored days of formulas, as whoever reads may see them, to be put together over a window.

Here: reading the published views. Not here: the window's value (formula_windows.py), writing (tables.py).
"""

from collections.abc import Iterable, Mapping
from datetime import date

from psycopg import sql

from unit_economics.business_days import DayRange
from unit_economics.formula_windows import StoredDay
from unit_economics.graph import Node
from unit_economics.warehouse.connection import Connection

_DAYS = """
    select formula, definition, business_date, status, inputs from {view}
    where formula = any(%s) and business_date between %s and %s
"""


def stored_days(
    connection: Connection, nodes: Iterable[Node], days: DayRange
) -> Mapping[str, Mapping[date, StoredDay]]:
    """The stored days of these formulas by asset; those of another definition are no days of it."""
    by_view: dict[str, dict[str, Node]] = {}
    for node in nodes:
        view = "finance_formula_values" if node.formula and node.formula.is_finance else "formula_values"
        by_view.setdefault(view, {})[node.entry] = node
    found: dict[str, dict[date, StoredDay]] = {}
    for view, named in by_view.items():
        query = sql.SQL(_DAYS).format(view=sql.Identifier("unit_economics", view))
        rows = connection.execute(query, [list(named), days.first, days.last]).fetchall()
        for formula, definition, day, status, inputs in rows:
            if definition == named[formula].definition:
                found.setdefault(named[formula].name, {})[day] = StoredDay(status, inputs)
    return found
