"""Vantage's own unit cost against ours: the settings are said, and a difference is explained by what makes it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner, Result

from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.cli import main
from unit_economics.cost_sources.vantage_pages import read_bill
from unit_economics.definitions import code_location
from unit_economics.demo.vantage_books import Books, Report
from unit_economics.demo.vantage_reports import UNAMORTIZED
from unit_economics.demo.vantage_server import serving
from unit_economics.environment import parsed_catalogue
from unit_economics.graph import graph_of
from unit_economics.proof.vantage_asked import asked_of, settings_of
from unit_economics.proof.vantage_unit_cost import CHECK, NAME
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.vantage.report_days import ReportDays, report_days
from unit_economics.vantage.settings import CostSettings
from unit_economics.warehouse.connection import DATABASE_URL
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.vantage_contract import ContractTransport, audit_every_client
from unit_economics_tests.vantage_faults import Scripted, client, json_reply
from unit_economics_tests.world import World

REPORT = "rprt_0123456789abcdef"
CATALOGUE = f"""
cost_sources:
  bill: {{kind: focus, path: ./focus}}
metrics:
  cost_per_order:
    unit: Order
    units: {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.money, day: day, quantity: orders}}
    publish: {{vantage: {{business_metric: ORDERS_METRIC_ID, cost_report: {REPORT}}}}}
"""
FIRST, SECOND, LAST = DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
ALL_ON: dict[str, object] = {
    **dict.fromkeys(("amortize", "include_credits", "include_refunds", "include_discounts", "include_tax"), True),
    "aggregate_by": "cost",
}


@dataclass
class Shop:
    """A shop of three days of 100 orders and a bill of 10 a day, complete, and the books of a Vantage beside it."""

    world: World
    books: Books
    metric: str

    @property
    def report(self) -> Report:
        return self.books.reports[REPORT]

    def costs(self, *more: dict[str, object]) -> None:
        self.books.costs = [*({**cost(day)} for day in DAYS), *more]

    def prove(self) -> Any:
        found = code_location(self.world.deployment()).assets or ()
        (asset,) = [one for one in found if isinstance(one, dg.AssetsDefinition) and one.key == dg.AssetKey(NAME)]
        result = dg.materialize([asset], instance=self.world.instance, raise_on_error=False)
        (check,) = [one for one in result.get_asset_check_evaluations() if one.check_name == CHECK]
        return check

    def compared(self, *columns: str) -> dict[str, tuple[Any, ...]]:
        query = f"select business_date::text, {', '.join(columns)} from unit_economics.unit_cost_comparisons order by 1"
        return {row[0]: row[1:] for row in self.world.sql(query)}


def cost(day: str, amount: str = "10", **more: object) -> dict[str, object]:
    return {"accrued_at": day, "amount": amount, "currency": "USD", "provider": "aws", **more}


@pytest.fixture
def shop(world: Callable[..., World], request: pytest.FixtureRequest) -> Iterator[Shop]:
    """The shop a week later, when its days are complete, or at the moment that a test is given."""
    books = Books("test-token", reports={REPORT: Report(dict(ALL_ON))})
    metric = books.add_metric("Orders")
    books.reports[REPORT].metrics[metric] = 1
    with serving(books) as address:
        named = {"ORDERS_METRIC_ID": metric, "VANTAGE_API_URL": address, "VANTAGE_API_TOKEN": "test-token"}
        shop = Shop(world(CATALOGUE, **named), books, metric)
        shop.world.now = datetime.fromisoformat(getattr(request, "param", "2026-03-10T09:00:00+00:00"))
        shop.world.sql("create table public.money (day date, orders bigint)")
        for day in DAYS:
            shop.world.sql("insert into public.money values (%s, 100)", day)
        times = [{"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"} for day in DAYS]
        write_bill(shop.world.folder / "focus", *(charge(**one, EffectiveCost="10") for one in times))
        shop.costs()
        assert shop.world.run(FIRST, LAST).success
        yield shop


PARTS = ("scope", "basis", "denominator", "timing")
NONE = (Decimal(0),) * 4


def test_the_same_cost_over_the_same_units_is_the_same_and_every_setting_is_kept(shop: Shop) -> None:
    assert shop.prove().passed
    assert shop.compared("unit_cost", "shown", *PARTS) == {day: (Decimal("0.1"), Decimal("0.1"), *NONE) for day in DAYS}
    settings = {name: True for name in ALL_ON if name != "aggregate_by"}
    assert shop.compared("asked", "saved")[FIRST] == (settings, settings)


@pytest.mark.parametrize("scale", [1000, 10**6])
def test_a_report_that_shows_thousands_of_units_says_the_same(shop: Shop, scale: int) -> None:
    shop.report.metrics[shop.metric] = scale
    assert shop.prove().passed
    assert shop.compared("shown", "unit_scale")[FIRST] == (Decimal("0.1"), scale)


def test_a_report_with_other_charges_is_drift_of_scope_and_somebody_is_told_once(shop: Shop) -> None:
    shop.costs(cost(SECOND, "5", provider="gcp"))
    found = shop.prove()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert shop.compared(*PARTS)[SECOND] == (Decimal("0.05"), 0, 0, 0)
    assert f"{SECOND}: 0.15 there, 0.1 here (scope +0.05)" in found.description
    shop.prove()
    assert shop.world.sql("select count(*) from unit_economics.outbox where cause like 'proof/%%'") == [(1,)]


def test_a_report_that_is_saved_without_credits_or_amortisation_differs_by_basis_and_warns(shop: Shop) -> None:
    shop.books.costs = [
        *(cost(day, "12", **{UNAMORTIZED: "30"}) for day in DAYS),
        *(cost(day, "-2", charge_type="Credit") for day in DAYS),
    ]
    shop.report.settings |= {"include_credits": False, "amortize": False}
    found = shop.prove()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert shop.compared(*PARTS, "cost_there", "cost_as_saved")[FIRST] == (0, Decimal("0.2"), 0, 0, 10, 30)
    assert shop.compared("saved")[FIRST][0]["include_credits"] is False
    assert shop.world.sql("select count(*) from unit_economics.outbox") == [(0,)]


def test_units_that_somebody_edited_there_are_drift_of_the_denominator(shop: Shop) -> None:
    shop.books.metrics[shop.metric].merge([(datetime(2026, 3, 2, tzinfo=UTC), "", Decimal(50))])
    found = shop.prove()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert shop.compared(*PARTS, "quantity", "quantity_there")[SECOND] == (0, 0, Decimal("0.1"), 0, 100, 50)


@pytest.mark.parametrize("shop", ["2026-03-04T09:00:00+00:00"], indirect=True)
def test_other_charges_on_a_provisional_day_are_timing_and_only_warn(shop: Shop) -> None:
    shop.costs(cost(LAST, "5"))
    found = shop.prove()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert shop.compared("status", *PARTS)[LAST] == ("provisional", 0, 0, 0, Decimal("0.05"))


def test_a_day_that_one_side_lacks_is_listed_with_the_reason_and_is_never_0(shop: Shop) -> None:
    shop.books.costs = [cost(FIRST), cost(LAST)]
    shop.books.metrics[shop.metric].rows.append((datetime(2026, 2, 27, tzinfo=UTC), "", Decimal(9)))
    shop.books.costs = [*shop.books.costs, cost("2026-02-27")]
    found = shop.prove()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert shop.compared("shown", "difference", "reason") == {
        "2026-02-27": (None, None, "cost_per_order has no unit cost: there is no USD of this day"),
        FIRST: (Decimal("0.1"), 0, None),
        SECOND: (None, None, "Vantage shows no unit cost of this day"),
        LAST: (Decimal("0.1"), 0, None),
    }


def test_a_report_in_another_currency_is_not_compared_with_ours(shop: Shop) -> None:
    shop.books.costs = [cost(day, currency="EUR") for day in DAYS]
    assert not shop.prove().passed
    assert {reason for (reason,) in shop.compared("reason").values()} == {
        "cost_per_order has no unit cost: there is no EUR of this day"
    }


def test_comparing_twice_writes_nothing(shop: Shop) -> None:
    shop.costs(cost(SECOND, "0.333333333333333333"))
    shop.prove()
    shop.prove()
    assert shop.world.sql("select count(*) from unit_economics.unit_cost_comparison_versions") == [(3,)]
    shop.costs()
    shop.prove()
    assert shop.world.sql("select count(*) from unit_economics.unit_cost_comparison_versions") == [(4,)]


def test_the_mart_refuses_parts_that_do_not_add_up(shop: Shop) -> None:
    shop.prove()
    copied = (
        "insert into unit_economics.unit_cost_comparison (metric, business_date, cost_scope, billing_currency,"
        " unit_cost, shown, scope, basis, denominator, timing, asked, saved, run_id)"
        " values ('m', '2026-03-01', 'all', 'USD', 1, 2, 0.5, 0.5, 0, %s, '{}', '{}', 'r')"
    )
    shop.world.sql(copied, Decimal(0))
    with pytest.raises(Exception, match="check"):
        shop.world.sql(copied, Decimal("0.000001"))


def test_a_report_that_can_t_be_read_is_red_and_is_no_empty_comparison(shop: Shop) -> None:
    del shop.books.reports[REPORT]
    found = shop.prove()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "cost_per_order could not be compared" in found.description
    assert shop.compared("reason") == {}


def test_a_metric_that_is_not_attached_to_its_report_is_red_and_says_what_to_do(shop: Shop) -> None:
    shop.report.metrics.clear()
    found = shop.prove()
    assert (found.passed, found.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert "Attach the business metric to that report" in found.description


def test_the_requests_keep_the_contract_and_say_every_setting(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, vantage_contract: Path
) -> None:
    audited: list[ContractTransport] = audit_every_client(monkeypatch, vantage_contract)
    shop.report.settings["include_tax"] = False
    shop.prove()
    asked = [one for transport in audited for one in transport.checked]
    paths = ["cost_reports/" + REPORT, "costs", "costs", "unit_costs"]
    assert asked == [f"GET /v2/{path}" for path in paths]


# What a report says, read through the client alone.

MARCH = DayRange(date(2026, 3, 1), date(2026, 3, 3))
METRIC = "bsnss_mtrc_orders"


def unit_cost(day: str = FIRST, **more: object) -> dict[str, object]:
    numbers = {"unit_cost_amount": "0.1", "business_metric_amount": "100.0", "scale": 1.0}
    return {"business_metric_token": METRIC, "business_metric_title": "Orders", "date": day, **numbers, **more}


def said(*rows: dict[str, object], settings: dict[str, object] | None = None) -> ReportDays:
    costs = {"costs": [cost(FIRST)], "total_cost": {"amount": "10.0", "currency": "USD"}, "links": {}}
    report = {"token": REPORT, "settings": settings or ALL_ON}
    with client(Scripted(*map(json_reply, [report, costs, {"unit_costs": list(rows), "links": {}}]))) as api:
        return report_days(api, REPORT, METRIC, MARCH, CostSettings(), lambda pages: read_bill(pages).rows)


@pytest.mark.parametrize("scale", ["1000.0", 1000, 1000.0])
def test_a_scale_may_come_as_text_or_as_a_number(scale: object) -> None:
    assert said(unit_cost(scale=scale)).unit_costs[MARCH.first].scale == 1000


def test_other_metrics_and_other_calculations_are_left_out() -> None:
    others = [unit_cost(business_metric_token="bsnss_mtrc_other"), unit_cost(calculation_type="gross_margin")]
    assert said(*others, unit_cost(calculation_type="unit_cost")).unit_costs.keys() == {MARCH.first}
    assert said(*others).unit_costs == {}


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        ([unit_cost(), unit_cost()], "two unit costs"),
        ([unit_cost("2026-03-04")], "not asked for"),
        ([unit_cost(scale=0)], "of 0 units"),
        ([unit_cost(unit_cost_amount="NaN")], "no plain amount"),
        ([unit_cost(date="yesterday")], "no day in UTC"),
    ],
)
def test_a_unit_cost_that_can_t_be_right_is_refused(rows: list[dict[str, object]], why: str) -> None:
    with pytest.raises(Refusal, match=why):
        said(*rows)


def test_a_report_of_usage_is_refused_and_one_that_is_saved_like_ours_is_asked_once() -> None:
    with pytest.raises(Refusal, match="shows usage and not cost"):
        said(unit_cost(), settings={**ALL_ON, "aggregate_by": "usage"})
    assert said(unit_cost()).costs == said(unit_cost()).costs_as_saved == {MARCH.first: 10}


def test_unit_costs_are_read_over_as_many_pages_as_there_are(shop: Shop) -> None:
    shop.books.most_a_page = 2
    assert shop.prove().passed
    assert len(shop.compared("shown")) == 3


# What is asked follows from the catalogue.


def parsed(text: str) -> Catalogue:
    return parsed_catalogue(text, "unit_economics.yaml")


def test_the_settings_follow_from_the_scope_and_from_what_was_read() -> None:
    def settings(scope: str, bill: str = "{kind: focus, path: ./focus}") -> CostSettings:
        text = CATALOGUE.replace("metrics:", f"cost_scopes: {{all: {scope}}}\nmetrics:")
        catalogue = parsed(text.replace("{kind: focus, path: ./focus}", bill))
        return settings_of(catalogue, catalogue.cost_scopes["all"])

    assert settings("{}") == CostSettings()
    assert settings("{basis: billed}") == CostSettings(amortize=False)
    usage = CostSettings(include_credits=False, include_refunds=False, include_tax=False)
    assert settings("{where: {charge_category: Usage}}") == usage
    without_tax = "{kind: vantage, cost_report: rprt_x, include_tax: false}"
    assert settings("{}", without_tax) == CostSettings(include_tax=False)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (("metrics:", "cost_scopes: {all: {basis: list}}\nmetrics:"), "list cost, which Vantage does not know"),
        (("metrics:", "business_day: {timezone: Europe/Berlin}\nmetrics:"), "counts its days in UTC"),
    ],
)
def test_what_vantage_can_t_be_compared_by_is_said(shop: Shop, changed: tuple[str, str], why: str) -> None:
    shop.world.catalogue = CATALOGUE.replace(*changed)
    assert why in shop.prove().description


def test_a_cost_report_changes_no_definition_and_belongs_to_units() -> None:
    with_report = graph_of(parsed(CATALOGUE))
    without = graph_of(parsed(CATALOGUE.replace(f", cost_report: {REPORT}", "")))
    assert {name: node.definition for name, node in with_report.items()} == {
        name: node.definition for name, node in without.items()
    }
    of_revenue = f"""    revenue:
      gross: {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: m, day: day, quantity: q}}
      publish: {{vantage: {{business_metric: M, cost_report: {REPORT}}}}}
"""
    with pytest.raises(UsageRefusal, match="it is about what a unit costs"):
        parsed(CATALOGUE + of_revenue)


def test_without_a_cost_report_nothing_is_compared(shop: Shop) -> None:
    shop.world.catalogue = CATALOGUE.replace(f", cost_report: {REPORT}", "")
    assert asked_of(shop.world.deployment()) == []


# The command.


def command(shop: Shop, monkeypatch: pytest.MonkeyPatch, *options: str) -> Result:
    for name, value in {**shop.world.variables, DATABASE_URL: shop.world.url}.items():
        monkeypatch.setenv(name, value)
    shop.world.deployment()
    path = str(shop.world.folder / "unit_economics.yaml")
    return CliRunner().invoke(main, ["vantage", "read-back", *options, "--config", path])


def test_the_command_is_quiet_with_0_where_all_is_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    found = command(shop, monkeypatch)
    assert found.exit_code == 0, found.output
    assert "vantage_business_metric  3 same" in found.output


def test_the_command_shows_drift_ends_with_1_and_stores_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.books.metrics[shop.metric].merge([(datetime(2026, 3, 2, tzinfo=UTC), "", Decimal(50))])
    found = command(shop, monkeypatch, "cost_per_order")
    assert found.exit_code == 1
    assert f"unit-economics publish --from {SECOND} --to {SECOND}" in found.output
    assert "edited" in found.output
    document = json.loads(command(shop, monkeypatch, "--json").output)
    (held,) = document["destinations"]
    assert {one["day"]: one["verdict"] for one in held["days"]} == {FIRST: "same", SECOND: "edited", LAST: "same"}
    assert shop.world.sql("select count(*) from unit_economics.read_back") == [(0,)]


def test_a_metric_that_is_not_published_is_a_usage_error(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    found = command(shop, monkeypatch, "cost_per_ordr")
    assert found.exit_code == 2
    assert "cost_per_order" in found.output
