"""A made-up shop to try the platform on: a year of orders, its cloud bill, planted events and the answers.

Here: putting the parts together. Not here: orders, charges or events themselves.
"""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from unit_economics.business_days import DayRange
from unit_economics.demo.answer_key import AnswerKey, DayAnswer, Event
from unit_economics.demo.arrivals import arrived
from unit_economics.demo.bill import Charge, charges_of
from unit_economics.demo.bill_file import write_bill
from unit_economics.demo.events import planted
from unit_economics.demo.headline import headline_of
from unit_economics.demo.invoices import DemoInvoice, answers_of, invoices_of, write_invoices
from unit_economics.demo.orders import Order, completed, orders_of, write_orders
from unit_economics.demo.usage import Usage, usage_of, write_usage

SEED = 20
UNTAGGED = "(none)"
BILL, LATER = "focus", "later"


@dataclass(frozen=True)
class Shop:
    """All that happened in the shop, before any of it is written; `charges` is what its bill has of that by now."""

    days: DayRange
    seed: int
    events: list[Event]
    orders: dict[date, list[Order]]
    charges: dict[date, list[Charge]]
    usage: dict[date, Usage]
    invoices: list[DemoInvoice]
    still_to_come: dict[date, Decimal]

    @property
    def answer_key(self) -> AnswerKey:
        """What every day must come to."""
        answers = {day: _answer(self.orders[day], self.charges[day], self.usage[day]) for day in self.days}
        headline = headline_of(self.days.last, answers)
        invoices = answers_of(self.invoices)
        first, last, to_come = self.days.first, self.days.last, self.still_to_come
        return AnswerKey(self.seed, first, last, self.events, headline, answers, invoices, to_come)


def imagine(days: DayRange, seed: int = SEED) -> Shop:
    """The shop of these days; equal for equal arguments."""
    events = planted(days)
    orders = dict(orders_of(days, events, seed))
    whole = {day: charges_of(day, len(orders[day]), events, days.last, seed) for day in days}
    charges = {day: arrived(of_day, day, days.last) for day, of_day in whole.items()}
    usage = usage_of({day: len(of_day) for day, of_day in orders.items()}, seed)
    invoices = invoices_of((charge for of_day in whole.values() for charge in of_day), days)
    return Shop(days, seed, events, orders, charges, usage, invoices, _still_to_come(whole, charges))


def fill_shop(database_url: str, folder: Path, days: DayRange, seed: int = SEED) -> AnswerKey:
    """Write the shop: public.orders with its views, and in the folder its answer key, usage, invoices and bill.

    The bill comes in two deliveries: folder/focus lacks the credit until `deliver_late` brings it.
    """
    shop = imagine(days, seed)
    write_orders(database_url, (order for orders in shop.orders.values() for order in orders))
    charges = [charge for charges in shop.charges.values() for charge in charges]
    write_bill(folder / LATER, charges)
    write_bill(folder / BILL, (charge for charge in charges if charge["ChargeCategory"] != "Credit"))
    write_usage(folder, shop.usage)
    write_invoices(folder, shop.invoices)
    key = shop.answer_key
    key.save(folder / "answer_key.json")
    return key


def deliver_late(folder: Path) -> list[Path]:
    """Bring every billing period that grew after its first delivery; returns the files, none the second time."""
    pairs = [(file, folder / BILL / file.relative_to(folder / LATER)) for file in (folder / LATER).rglob("*.parquet")]
    grown = [(later, first) for later, first in pairs if later.read_bytes() != first.read_bytes()]
    return [Path(shutil.copyfile(later, first)) for later, first in grown]


def _answer(orders: Sequence[Order], charges: Sequence[Charge], usage: Usage) -> DayAnswer:
    counted = completed(orders)
    by_app, by_service = _effective(charges, _app), _effective(charges, _service)
    return DayAnswer(
        completed_orders=len(counted),
        revenue=sum((order.amount for order in counted), Decimal(0)),
        charge_rows=len(charges),
        billed_cost=sum((_cost(charge, "BilledCost") for charge in charges), Decimal(0)),
        effective_cost=sum(by_app.values(), Decimal(0)),
        effective_by_app=by_app,
        effective_by_service=by_service,
        api_calls=sum(usage.calls.values()),
        stored_gb=usage.stored_gb,
    )


def _still_to_come(
    whole: Mapping[date, Sequence[Charge]], charges: Mapping[date, Sequence[Charge]]
) -> dict[date, Decimal]:
    """The effective cost of each day that is not there yet."""
    lacking = {day: _total(of_day) - _total(charges[day]) for day, of_day in whole.items()}
    return {day: cost for day, cost in lacking.items() if cost}


def _effective(charges: Sequence[Charge], key: Callable[[Charge], str]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for charge in charges:
        sums[key(charge)] = sums.get(key(charge), Decimal(0)) + _cost(charge, "EffectiveCost")
    return sums


def _app(charge: Charge) -> str:
    tags = charge["Tags"]
    return str(tags.get("app", UNTAGGED)) if isinstance(tags, dict) else UNTAGGED


def _service(charge: Charge) -> str:
    return str(charge["ServiceName"])


def _total(charges: Sequence[Charge]) -> Decimal:
    return sum((_cost(charge, "EffectiveCost") for charge in charges), Decimal(0))


def _cost(charge: Charge, column: str) -> Decimal:
    cost = charge[column]
    return cost if isinstance(cost, Decimal) else Decimal(0)
