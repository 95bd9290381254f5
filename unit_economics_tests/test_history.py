"""A scripted history, morning by morning: after each step the right view, the right past, the right report and copies.

first delivery      two days whole, the third only half delivered
whole delivery      all of five days
correction          April's bill corrects a day of March, and credits another
late orders         a day has more orders than were counted
rule change         the rules by which cost is divided among products
invoice             March's invoice is 0.4 % higher, because of support: unexplained until somebody says so
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics.insight.differences import Item
from unit_economics.insight.restating import Restatements
from unit_economics.proof import proofs_of
from unit_economics.proof.restatement import chain, restated, restatement_report
from unit_economics.warehouse import invoices
from unit_economics.warehouse.restatements import Span
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus, complete_after: P2D}
cost_scopes:
  all: {}
  product:
    allocation:
      rules:
        - {to: checkout, where: {tags: {app: checkout}}}
        - {to: search, where: {tags: {app: search}}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
    publish: {vantage: {business_metric: ORDERS_METRIC_ID}}
"""
INVOICED = "reconciliation: {invoices: {kind: csv, path: ./invoices.csv}}\n"
OTHER_RULES = CATALOGUE.replace("where: {tags: {app: checkout}}", "where: {service_name: [EC2, S3]}")
MARCH = [f"2026-03-{n:02}" for n in range(1, 6)]
TABLES = (
    *("ledger", "charge_day", "unit_quantity", "unit_cost", "allocated_cost", "publication", "verdict"),
    *("restatement_report", "catalogue", "definition", "outbox", "bill_completeness"),
)


def usage(day: str, cost: str, app: str = "checkout", service: str = "EC2", **more: str) -> dict[str, str]:
    return charge(
        ChargePeriodStart=f"{day}T10:00:00Z",
        ChargePeriodEnd=f"{day}T11:00:00Z",
        ServiceName=service,
        Tags=f'{{"app":"{app}"}}',
        EffectiveCost=cost,
        BilledCost=cost,
        InvoiceId=more.get("InvoiceId", "INV-3"),
        BillingPeriodStart="2026-03-01T00:00:00Z" if "InvoiceId" not in more else "2026-04-01T00:00:00Z",
        ChargeClass=more.get("ChargeClass", ""),
        ChargeCategory=more.get("ChargeCategory", "Usage"),
    )


def of_day(day: str, checkout: str = "6", search: str = "4") -> list[dict[str, str]]:
    return [usage(day, checkout), usage(day, search, "search", "S3")]


@dataclass
class Shop:
    """The shop, its Vantage, and what was believed after each step: {day: (cost of all, cost of checkout)}."""

    world: World
    books: Books
    past: list[tuple[datetime, Mapping[str, tuple[str, str]]]] = field(default_factory=list)

    def morning(self, now: str) -> Any:
        """Everything that a morning does."""
        self.world.now = datetime.fromisoformat(now).replace(tzinfo=UTC)
        last = self.world.deployment().calendar.last_closed_day(self.world.now)
        assert self.world.run(MARCH[0], str(min(last, datetime(2026, 3, 5, tzinfo=UTC).date()))).success
        of = self.world.deployment()
        return restatement_report(of).prove(of.run("proof"))

    def believed(self, at: datetime | None = None) -> dict[str, tuple[str, str]]:
        """The mart's own word, now or as of a moment."""
        source = "unit_economics.unit_costs" if at is None else "unit_economics.unit_costs_as_of(%s)"
        rows = self.world.sql(
            "select business_date::text, max(cost) filter (where cost_scope = 'all'),"
            f" max(cost) filter (where cost_scope = 'product:checkout') from {source} group by 1 order by 1",
            *([] if at is None else [at]),
        )
        return {day: (f"{cost.normalize():f}", f"{checkout.normalize():f}") for day, cost, checkout in rows}

    def report(self) -> Restatements:
        """What changed since the step before."""
        of = self.world.deployment()
        with of.warehouse.snapshot() as connection:
            return restated(of, connection, Span(self.past[-1][0], self.moment()))

    def moment(self) -> datetime:
        return self.world.sql("select clock_timestamp()")[0][0]

    def published(self) -> dict[str, int]:
        (metric,) = self.books.metrics.values()
        return {str(moment.date()): int(amount) for moment, _, amount in metric.rows}

    def counts(self) -> dict[str, int]:
        return {table: self.world.sql(f"select count(*) from unit_economics.{table}")[0][0] for table in TABLES}


@pytest.fixture
def shop(world: Callable[..., World]) -> Iterator[Shop]:
    books = Books("token")
    books.add_metric("Orders")
    with serving(books) as address:
        (metric,) = books.metrics
        built = world(CATALOGUE, VANTAGE_API_URL=address, VANTAGE_API_TOKEN="token", ORDERS_METRIC_ID=metric)
        built.sql(
            "create table public.orders as select d::date as date, 100 as orders"
            f" from generate_series('{MARCH[0]}'::date, '{MARCH[-1]}', '1 day') d"
        )
        yield Shop(built, books)


def first_delivery(shop: Shop) -> None:
    write_bill(shop.world.folder / "focus", *of_day(MARCH[0]), *of_day(MARCH[1]), *of_day(MARCH[2])[:1])
    shop.morning("2026-03-04T06:00")


def whole_delivery(shop: Shop) -> None:
    write_bill(shop.world.folder / "focus", *(row for day in MARCH for row in of_day(day)))
    shop.morning("2026-03-08T06:00")


def correction(shop: Shop) -> None:
    rows = [
        usage(MARCH[1], "-1", ChargeClass="Correction", InvoiceId="INV-4"),
        usage(MARCH[3], "-2", ChargeCategory="Credit", InvoiceId="INV-4"),
    ]
    write_bill(shop.world.folder / "focus", *rows, name="BILLING_PERIOD=2026-04/bill.csv")
    shop.morning("2026-04-10T06:00")


def late_orders(shop: Shop) -> None:
    shop.world.sql("update public.orders set orders = 125 where date = %s", MARCH[4])
    shop.morning("2026-04-11T06:00")


def rule_change(shop: Shop) -> None:
    shop.world.catalogue = OTHER_RULES
    shop.morning("2026-04-12T06:00")


WHOLE = ("10", "6")


@dataclass(frozen=True)
class Step:
    """One step, and what must be so after it: the days, what moved and why, what is published, the states."""

    take: Callable[[Shop], None]
    days: Mapping[str, tuple[str, str]]
    moved: Mapping[tuple[str, str], list[str]]
    orders: Mapping[str, int]
    states: Mapping[str, str]


HUNDRED = dict.fromkeys(MARCH, 100)
CORRECTED = {**dict.fromkeys(MARCH, WHOLE), MARCH[1]: ("9", "5"), MARCH[3]: ("8", "4")}
STATES = {**dict.fromkeys(MARCH, "complete"), MARCH[1]: "restated", MARCH[3]: "restated"}
STEPS = [
    Step(
        first_delivery,
        {MARCH[0]: WHOLE, MARCH[1]: WHOLE, MARCH[2]: ("6", "6")},
        {},
        dict.fromkeys(MARCH[:3], 100),
        {MARCH[0]: "complete", MARCH[1]: "provisional", MARCH[2]: "provisional"},
    ),
    Step(
        whole_delivery,
        dict.fromkeys(MARCH, WHOLE),
        {(MARCH[2], "all"): ["late charges"], (MARCH[2], "product:search"): ["late charges"]},
        HUNDRED,
        dict.fromkeys(MARCH, "complete"),
    ),
    Step(
        correction,
        CORRECTED,
        {
            (MARCH[1], "all"): ["correction"],
            (MARCH[1], "product:checkout"): ["correction"],
            (MARCH[3], "all"): ["credit"],
            (MARCH[3], "product:checkout"): ["credit"],
        },
        HUNDRED,
        STATES,
    ),
    Step(
        late_orders,
        CORRECTED,
        {(MARCH[4], scope): ["late units"] for scope in ("all", "product:checkout", "product:search")},
        {**HUNDRED, MARCH[4]: 125},
        {**STATES, MARCH[4]: "restated"},
    ),
    Step(
        rule_change,
        {**dict.fromkeys(MARCH, ("10", "10")), MARCH[1]: ("9", "9"), MARCH[3]: ("8", "8")},
        {(day, scope): ["rule change"] for day in MARCH for scope in ("product:checkout", "product:search")},
        {**HUNDRED, MARCH[4]: 125},
        dict.fromkeys(MARCH, "complete"),  # another meaning's first value restates nothing
    ),
]


def causes(shop: Shop, found: Restatements) -> dict[tuple[str, str], list[str]]:
    made_of = chain(shop.world.deployment(), "cost_per_order")
    scopes = ("all", "product:checkout", "product:search")
    return {
        (str(one.day), one.cost_scope): [*found.causes(one, made_of)]
        for one in found.moved
        if one.cost_scope in scopes and one.cost_before is not None
    }


def test_after_every_step_the_present_the_past_the_report_and_the_copies_are_right_and_a_replay_changes_nothing(
    shop: Shop,
) -> None:
    assert shop.world.deployment().warehouse.url  # makes the schema
    shop.past.append((shop.moment(), {}))
    for step in STEPS:
        step.take(shop)
        assert shop.believed() == step.days, step.take.__name__
        if step.take is not first_delivery:
            assert causes(shop, shop.report()) == step.moved, step.take.__name__
        assert shop.published() == step.orders, step.take.__name__
        assert shop.report().wrong_copies == []
        states = dict(shop.world.sql("select business_date::text, status from unit_economics.cost_per_order"))
        assert states == step.states, step.take.__name__
        before = shop.counts()
        step.take(shop)
        assert shop.counts() == before, f"{step.take.__name__} again"
        shop.past.append((shop.moment(), step.days))
        for moment, days in shop.past[1:]:
            assert shop.believed(moment) == days


def test_a_day_s_two_halves_tell_how_much_of_a_move_each_made(shop: Shop) -> None:
    for take in (first_delivery, whole_delivery):
        take(shop)
    shop.past.append((shop.moment(), {}))
    late_orders(shop)
    [one] = [one for one in shop.report().moved if one.cost_scope == "all"]
    assert (one.unit_cost_before, one.unit_cost) == (Decimal("0.1"), Decimal("0.08"))
    assert one.by_cost == 0


HEADER = "invoice_id,issuer,billing_account_id,period,currency,amount,status\n"


def judged(shop: Shop) -> tuple[str, Decimal]:
    """March's invoice as the proof leaves it: its state, and what is unexplained of it."""
    of = shop.world.deployment()
    (proof,) = [one for one in proofs_of(of) if one.name == "invoice_reconciliation"]
    proof.prove(of.run("proof"))
    query = "select state, unexplained from unit_economics.reconciliations where invoice_id = 'INV-3'"
    return shop.world.sql(query)[0]


def test_an_invoice_that_is_higher_by_support_closes_the_month_once_it_is_explained_and_a_correction_leaves_it(
    shop: Shop,
) -> None:
    shop.world.catalogue = CATALOGUE + INVOICED
    whole_delivery(shop)
    (shop.world.folder / "invoices.csv").write_text(f"{HEADER}INV-3,AWS,,2026-03-01/2026-03-06,USD,50.20,issued\n")
    shop.morning("2026-04-05T06:00")
    assert judged(shop) == ("unexplained", Decimal("0.2"))
    support = Item("support", Decimal("0.2"), "our contract's support fee", "hand")
    with shop.world.deployment().warehouse.transaction() as connection:
        invoices.explain(connection, ("INV-3", "USD"), support, "Ada")
    assert judged(shop) == ("explained", 0)
    shop.morning("2026-04-06T06:00")
    states = "select business_date::text, status from unit_economics.cost_per_order group by 1, 2 order by 1"
    assert shop.world.sql(states) == [(day, "closed") for day in MARCH]
    correction(shop)
    assert judged(shop) == ("explained", 0)
    restated_days = {MARCH[1], MARCH[3]}
    assert shop.world.sql(states) == [(day, "restated" if day in restated_days else "closed") for day in MARCH]
    before = shop.counts()
    judged(shop)
    correction(shop)
    assert shop.counts() == before
