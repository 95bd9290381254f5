"""The files of a pack that say how the month's invoices stood.

Here: from rows to files. Not here: reconciling, or the questions (warehouse/closed_invoices.py).
"""

from collections.abc import Callable, Mapping

from unit_economics.closing.pages import rows_as_table
from unit_economics.warehouse.closed_invoices import Reconciled
from unit_economics.warehouse.closed_rows import Rows
from unit_economics.warehouse.month_closes import MonthClose

_NOTHING = "Nothing was reconciled: no invoice of this month was there to compare the bill with."
_INVOICES = (
    *("invoice_id", "issuer", "period_start", "period_end", "currency", "amount", "billed", "difference", "explained"),
    *("unexplained", "state"),
)
_ITEMS = ("invoice_id", "currency", "kind", "amount", "evidence", "origin")
_EMPTY = Rows(_INVOICES, [])


def reconciliation_files(
    found: Reconciled | None, close: MonthClose, as_csv: Callable[[Rows], bytes]
) -> Mapping[str, bytes]:
    """A page, and its tables as CSV; found: None where nothing is reconciled at all."""
    title = f"# Reconciliation of {close.month:%Y-%m}"
    if found is None:
        return {"reconciliation.md": f"{title}\n\n{_NOTHING}\n".encode(), "reconciliation.csv": as_csv(_EMPTY)}
    lines = [
        title,
        "",
        *(rows_as_table(found.invoices, _INVOICES) or ["No invoice's period is in this month."]),
        *_section("What explains the differences", rows_as_table(found.items, _ITEMS)),
        *_section("Sources that could not be read", rows_as_table(found.unreadable, ("source", "reason"))),
    ]
    return {
        "reconciliation.md": ("\n".join(lines) + "\n").encode(),
        "reconciliation.csv": as_csv(found.invoices),
        "reconciliation_items.csv": as_csv(found.items),
    }


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", f"## {title}", "", *lines] if lines else []
