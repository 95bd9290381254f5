"""The pages of a pack for people: what it is and how to prove it, and what had moved when the month was closed.

Here: words and tables. Not here: what moved (warehouse/), the page on reconciliation (reconciliation.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from unit_economics.closing.readiness import days_of
from unit_economics.deployment import Deployment
from unit_economics.insight.restating import Restatements
from unit_economics.markdown_table import table
from unit_economics.proof.restatement import chain
from unit_economics.proof.restatement.page import page
from unit_economics.warehouse.closed_rows import Rows
from unit_economics.warehouse.month_closes import MonthClose
from unit_economics.warehouse.restatements import Span

_README = """\
# {month}, closed

What one unit cost on every business day of {month} ({first} to {last}), as it was believed at {at}. Whatever is stored
later changes nothing in here: it is told in the packs of later closes, and by `unit-economics close --list`.

| file | what is in it |
|---|---|
| `observations.csv` | every unit cost: value, numerator (`cost`), denominator (`quantity`), status, version, run |
| `figures.csv` | every figure behind them: charges by service, units, allocated cost, rates, formulas; no revenue |
| `inputs.csv` | every day of every asset: its version, the hash of its rows, and of what was read for them |
| `sources.csv` | what was read by each attempt: files with size and hash, or requests with their settings |
| `definitions.json` | what each version of a definition meant |
| `catalogue-*.yaml` | the catalogues that computed it, by version |
| `reconciliation.md`, `reconciliation.csv`, `reconciliation_items.csv` | its invoices, and what explained them |
| `restatements.md` | what had moved since the close before, with the closed months that it changes |
| `manifest.json` | who closed it and when, the days that were not final, the SHA-256 of every file |

Prove it with `unit-economics close {month} --verify`: it compares these files with the manifest and that with the mart,
makes the pack again, computes every observation again from its stored inputs, and says which number differs.
"""


@dataclass(frozen=True)
class Restated:
    """What had moved. found: between the moments of span; months: closed ones; before: the month's own figures."""

    span: Span
    found: Restatements
    months: Rows
    before: Rows


def read_me(close: MonthClose) -> str:
    """What the pack is and how it is proved."""
    days = days_of(close.month)
    month, at = f"{close.month:%Y-%m}", close.closed_at.isoformat()
    return _README.format(month=month, first=days.first, last=days.last, at=at)


def restatements(of: Deployment, close: MonthClose, told: Restated) -> str:
    """All that moved until the month was closed, the closed months apart and by name."""
    lines = [
        page(told.found, told.span, lambda metric: chain(of, metric)).rstrip("\n"),
        "",
        "## Closed months that this changes",
        "",
        *(_by_month(told.months) or ["None: every closed month is what its pack says."]),
        "",
        f"## Days of {close.month:%Y-%m} that moved before it was closed",
        "",
        *(_table(told.before) or ["None: every unit cost is what it was when it was first stored."]),
    ]
    return "\n".join(lines) + "\n"


def _by_month(rows: Rows) -> list[str]:
    months = list(dict.fromkeys(row[0] for row in rows.rows))
    lines: list[str] = []
    for month in months:
        of_month = Rows(rows.names[1:], [row[1:] for row in rows.rows if row[0] == month])
        lines += [f"### {month:%Y-%m}", "", f"Its pack stays as it is; {_counted(of_month)} other numbers since.", ""]
        lines += [*_table(of_month), ""]
    return lines[:-1]


def _counted(rows: Rows) -> str:
    days = len({row[1] for row in rows.rows})
    return (
        f"{len(rows.rows)} unit cost{'s' if len(rows.rows) > 1 else ''} of {days} day{'s' if days > 1 else ''} became"
    )


def _table(rows: Rows) -> list[str]:
    told = [[_text(value) for value in row] for row in rows.rows]
    return table([name.replace("_", " ") for name in rows.names], told) if told else []


def _text(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return "-" if value is None else value.isoformat() if isinstance(value, (date, datetime)) else str(value)


def rows_as_table(rows: Rows, names: Sequence[str]) -> list[str]:
    """Some of the columns as a table; none where there is no row."""
    places = [rows.names.index(name) for name in names if name in rows.names]
    chosen = [tuple(row[place] for place in places) for row in rows.rows]
    return _table(Rows([rows.names[place] for place in places], chosen))
