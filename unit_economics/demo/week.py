"""The demo's last week as a table for people. Not here: the numbers (tour.py)."""

from collections.abc import Sequence
from decimal import Decimal

from rich.table import Table

from unit_economics.demo.tour import Day
from unit_economics.narration import Narrator


def show_week(narrator: Narrator, week: Sequence[Day]) -> None:
    """Print one line a day: the two halves, their ratio, what it will come to, and what the destination holds."""
    table = Table(title="Cost per order, the last seven days", box=None, title_justify="left", pad_edge=False)
    table.add_column("day")
    for title in ("orders", "cost USD", "USD per order", "nowcast"):
        table.add_column(title, justify="right")
    table.add_column("status")
    table.add_column("Vantage holds", justify="right")
    for day in week:
        table.add_row(*_cells(day))
    narrator.say()
    narrator.console.print(table)
    narrator.say()


def _cells(day: Day) -> tuple[str, ...]:
    agrees = day.published == day.orders
    return (
        str(day.day),
        _number(day.orders, ","),
        _number(day.cost, ",.2f"),
        f"[bold]{_number(day.cost_per_order, '.4f')}[/]",
        f"[dim]{_number(day.nowcast, '.4f')}[/]",
        day.status,
        f"{_number(day.published, ',')} [{'green' if agrees else 'red'}]{'✓' if agrees else '✗'}[/]",
    )


def _number(value: Decimal | None, form: str) -> str:
    if value is None:
        return "-"
    whole = value == value.to_integral_value()
    return format(int(value) if form == "," and whole else value, form)
