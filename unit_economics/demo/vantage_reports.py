"""The cost reports of a stand-in for Vantage: what they cost with which settings, and the unit cost that they show.

Here: rows of costs as settings choose them, and their division by the attached metrics. Not here: what is remembered
of metrics (vantage_books.py), answering requests (vantage_desk.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from unit_economics.demo.vantage_books import Books, ContractError, Parameters, Report, Row

UNAMORTIZED = "unamortized_amount"
"""A key of a row that no answer shows: what it costs where nothing is spread."""
_SWITCHED = {"Credit": "include_credits", "Refund": "include_refunds", "Tax": "include_tax"}
_SCALES = {1: "per_unit", 100: "per_hundred", 1000: "per_thousand", 10**6: "per_million", 10**9: "per_billion"}


def cost_rows(books: Books, parameters: Parameters) -> list[Row]:
    """The rows of GET /costs for these days and settings."""
    first, last = parameters.get("start_date", ""), parameters.get("end_date", "9999")
    rows = [row for row in books.costs if first <= str(row["accrued_at"])[:10] <= last]
    return [_priced(row, parameters) for row in rows if _is_included(row, parameters)]


def _is_included(row: Row, parameters: Parameters) -> bool:
    switch = _SWITCHED.get(str(row.get("charge_type")))
    return switch is None or parameters.get(f"settings[{switch}]") != "false"


def _priced(row: Row, parameters: Parameters) -> Row:
    shown = {key: value for key, value in row.items() if key != UNAMORTIZED}
    if UNAMORTIZED in row and parameters.get("settings[amortize]") == "false":
        shown["amount"] = row[UNAMORTIZED]
    return shown


def report_of(books: Books, token: str) -> Report:
    """The report with this token; a 404 where there is none."""
    if token not in books.reports:
        raise ContractError(404, "Not found")
    return books.reports[token]


def shown_report(token: str, report: Report) -> Row:
    """A report as the contract has it."""
    attached = [
        {"business_metric_token": metric, "unit_scale": _SCALES[scale], "calculation_type": "unit_cost"}
        for metric, scale in report.metrics.items()
    ]
    return {
        "token": token,
        "title": "Costs",
        "filter": None,
        "groupings": "provider",
        "settings": report.settings,
        "business_metric_tokens_with_metadata": attached,
        "default_forecast": {"kind": "baseline"},
        "created_at": "2024-01-01T00:00:00Z",
        "workspace_token": "wrkspc_standin",
        "date_interval": "this_month",
        "chart_type": "line",
        "date_bin": "day",
        "chart_settings": {"y_axis_dimension": "cost", "x_axis_dimension": ["date"]},
    }


def unit_cost_rows(books: Books, parameters: Parameters) -> list[Row]:
    """The rows of GET /unit_costs: by the saved settings, whatever else is asked; newest first unless said."""
    report = report_of(books, parameters.get("cost_report_token", ""))
    saved = {f"settings[{name}]": str(value).lower() for name, value in report.settings.items()}
    days = {name: parameters[name] for name in ("start_date", "end_date") if name in parameters}
    costs = _by_day(cost_rows(books, {**saved, **days}))
    rows = list(_divided(books, report, costs))
    return sorted(rows, key=lambda row: str(row["date"]), reverse=parameters.get("order") != "asc")


def _by_day(rows: Sequence[Row]) -> Mapping[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in rows:
        day = str(row["accrued_at"])[:10]
        found[day] = found.get(day, Decimal(0)) + Decimal(str(row["amount"]))
    return found


def _divided(books: Books, report: Report, costs: Mapping[str, Decimal]) -> Iterator[Row]:
    for token, scale in report.metrics.items():
        metric, amounts = books.metrics[token], dict[str, Decimal]()
        for moment, _, amount in metric.rows:
            amounts[f"{moment:%Y-%m-%d}"] = amounts.get(f"{moment:%Y-%m-%d}", Decimal(0)) + amount
        for day in sorted(costs.keys() & amounts.keys()):
            if amounts[day]:
                shown = costs[day] * scale / amounts[day]
                numbers = {"unit_cost_amount": f"{shown:f}", "business_metric_amount": f"{amounts[day]:f}"}
                named = {"business_metric_token": token, "business_metric_title": metric.title}
                yield {**named, **numbers, "scale": float(scale), "date": day, "calculation_type": "unit_cost"}
