"""What one cost report in Vantage says of some days: its own unit cost, and what that was made of.

Here: the questions, and their answers day by day. Not here: single calls (api.py), whether the rows of costs are one
whole answer (the caller hands in who reads them), and what a difference means (insight/apart.py).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from unit_economics.business_days import DayRange
from unit_economics.refusals import Refusal
from unit_economics.vantage import answers
from unit_economics.vantage.api import VantageApi
from unit_economics.vantage.settings import CostSettings
from unit_economics.web_api.strict_json import Json, plain

_WHERE = "Vantage GET /unit_costs"
_COSTS = "Vantage GET /costs"
ReadRows = Callable[[Iterable[Json]], Sequence[Json]]


@dataclass(frozen=True)
class Shown:
    """The unit cost of one day as it is shown: of `scale` units, and the amount of the business metric."""

    unit_cost: Decimal
    scale: Decimal
    amount: Decimal


@dataclass(frozen=True)
class ReportDays:
    """A report's days; one that is missing is missing there.

    costs: asked for with our settings; costs_as_saved: with those that the report is saved with; currency: of both,
    empty where the report holds no cost.
    """

    unit_costs: Mapping[date, Shown]
    costs: Mapping[date, Decimal]
    costs_as_saved: Mapping[date, Decimal]
    currency: str
    saved: CostSettings


def report_days(
    api: VantageApi, report: str, metric: str, days: DayRange, asked: CostSettings, read_rows: ReadRows
) -> ReportDays:
    """Ask for the unit cost, the settings that it goes by, and the costs with these and with ours."""
    found = api.cost_report(report)
    _refuse_usage(found)
    saved = CostSettings.saved(found)
    ours = read_rows(api.cost_pages(_parameters(report, days, asked)))
    theirs = ours if saved == asked else read_rows(api.cost_pages(_parameters(report, days, saved)))
    unit_costs = _unit_costs(api.unit_costs(report, days.first, days.last), metric, days)
    currency = next((str(row.get("currency")) for row in [*ours, *theirs]), "")
    return ReportDays(unit_costs, _by_day(ours, days), _by_day(theirs, days), currency, saved)


def _refuse_usage(report: Json) -> None:
    settings = report.get("settings")
    shows = cast("Json", settings).get("aggregate_by") if isinstance(settings, dict) else None
    if shows not in (None, "cost"):
        raise Refusal(
            f"the cost report shows {plain(str(shows))} and not cost",
            where="Vantage cost report",
            remedy="Save it with cost, or name another one as `cost_report`",
        )


def _parameters(report: str, days: DayRange, settings: CostSettings) -> dict[str, str]:
    return {
        "cost_report_token": report,
        "start_date": str(days.first),
        "end_date": str(days.last),
        "groupings": "provider",
        "date_bin": "day",
        "order": "asc",
        "limit": "5000",
        **settings.parameters,
    }


def _by_day(rows: Iterable[Json], days: DayRange) -> dict[date, Decimal]:
    amounts: dict[date, list[Decimal]] = {}
    for row in rows:
        day = answers.utc_moment(row, "accrued_at", _COSTS).date()
        _refuse_unasked(day, days, _COSTS)
        amounts.setdefault(day, []).append(answers.amount(row, "amount", _COSTS))
    return {day: answers.exact_sum(of_day) for day, of_day in amounts.items()}


def _unit_costs(rows: Iterable[Json], metric: str, days: DayRange) -> dict[date, Shown]:
    found: dict[date, Shown] = {}
    for row in rows:
        kind = answers.text(row, "calculation_type", _WHERE)
        if row.get("business_metric_token") != metric or kind not in (None, "unit_cost"):
            continue
        day = answers.utc_moment(row, "date", _WHERE).date()
        _refuse_unasked(day, days, _WHERE)
        if day in found:
            raise Refusal(
                f"the cost report shows two unit costs of {day} for the business metric",
                where=_WHERE,
                remedy="Attach the metric to the report once, or name another report as `cost_report`",
            )
        found[day] = _shown(row)
    return found


def _shown(row: Json) -> Shown:
    scale = answers.amount(row, "scale", _WHERE)
    if scale <= 0:
        raise Refusal(f"the unit cost is of {scale} units", where=_WHERE, remedy="Report it to Vantage")
    amount = answers.amount(row, "business_metric_amount", _WHERE)
    return Shown(answers.amount(row, "unit_cost_amount", _WHERE), scale, amount)


def _refuse_unasked(day: date, days: DayRange, where: str) -> None:
    if day not in days:
        raise Refusal(f"a row of {day} was not asked for", where=where, remedy="Report it to Vantage")
