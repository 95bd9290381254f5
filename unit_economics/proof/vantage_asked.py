"""What is asked of a cost report in Vantage, so that its cost is of the same basis as a metric's headline scope.

Here: the metrics that name a report, and the settings that their scope means. Not here: comparing
(vantage_unit_cost.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.cost_sources.vantage import ZONES_OF_UTC, VantageCosts
from unit_economics.cost_sources.vantage_pages import read_bill
from unit_economics.deployment import Deployment
from unit_economics.entries.cost_scope import CostScope
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal
from unit_economics.sinks.vantage import VantageMetric
from unit_economics.vantage.api import VantageApi
from unit_economics.vantage.report_days import ReportDays, report_days
from unit_economics.vantage.settings import CostSettings

_AMORTIZED = {"effective": True, "billed": False}
_CREDITS = frozenset({"Credit", "Adjustment"})


@dataclass(frozen=True)
class Asked:
    """One metric with its report: the asset that publishes it, the cost scope that it is compared by, the question."""

    metric: str
    asset: str
    scope: str
    sink: VantageMetric
    report: str
    zone: str
    basis: str
    settings: CostSettings

    @property
    def tolerance(self) -> Decimal:
        """How far apart the two may be, as a share of ours."""
        return self.sink.tolerance

    def ask(self, outside: Outside, days: DayRange) -> ReportDays:
        """What the report says of these days; raises `Refusal`."""
        _refuse_incomparable(self)
        metric = outside.secret(self.sink.business_metric)
        with VantageApi.connect(outside, self.sink.token) as api:
            return report_days(api, self.report, metric, days, self.settings, lambda pages: read_bill(pages).rows)


def asked_of(of: Deployment) -> list[Asked]:
    """Every published metric whose cost report is named."""
    return list(_asked(of))


def _asked(of: Deployment) -> Iterator[Asked]:
    for node in of.graph.values():
        sink, scope = node.sink, of.catalogue.headline_scope(node.entry) if node.kind == "publication" else None
        if isinstance(sink, VantageMetric) and sink.cost_report and scope:
            entry = of.catalogue.cost_scopes[scope]
            settings = settings_of(of.catalogue, entry)
            zone = of.calendar.timezone.key
            yield Asked(node.entry, node.name, scope, sink, sink.cost_report, zone, entry.basis, settings)


def settings_of(catalogue: Catalogue, scope: CostScope) -> CostSettings:
    """What a cost scope includes, in Vantage's words.

    A bill in FOCUS holds every charge, so a scope leaves out only what its `charge_category` leaves out; a bill that
    was read from Vantage holds what it was read with.
    """
    kinds = scope.where.columns.get("charge_category")
    read = [source.settings for source in catalogue.cost_sources.values() if isinstance(source, VantageCosts)]
    has_credits = kinds is None or bool(_CREDITS.intersection(kinds))
    return CostSettings(
        amortize=_AMORTIZED.get(scope.basis),
        include_credits=has_credits and all(one.include_credits for one in read),
        include_refunds=has_credits and all(one.include_refunds for one in read),
        include_discounts=all(one.include_discounts for one in read),
        include_tax=(kinds is None or "Tax" in kinds) and all(one.include_tax for one in read),
    )


def _refuse_incomparable(one: Asked) -> None:
    if one.basis not in _AMORTIZED:
        raise UsageRefusal(
            f"{one.metric} is of the {one.basis} cost, which Vantage does not know",
            where=f"metrics.{one.metric}.publish.vantage.cost_report",
            remedy="Take `cost_report` out, or put a scope of basis effective or billed first",
        )
    if one.zone.removeprefix("Etc/") not in ZONES_OF_UTC:
        raise UsageRefusal(
            f"Vantage counts its days in UTC, not in {one.zone}, so no day of it is one of ours",
            where=f"metrics.{one.metric}.publish.vantage.cost_report",
            remedy="Take `cost_report` out",
        )
