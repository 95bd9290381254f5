"""A made-up shop to try the platform on: a year of orders, its cloud bill, planted events and the answers.

Here: putting the parts together. Not here: orders, charges or events themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from unit_economics.business_days import DayRange
from unit_economics.demo.answer_key import AnswerKey, DayAnswer, Event
from unit_economics.demo.bill import Charge, charges_of
from unit_economics.demo.bill_file import write_bill
from unit_economics.demo.events import planted
from unit_economics.demo.orders import Order, completed, orders_of, write_orders

SEED = 20
UNTAGGED = "(none)"


@dataclass(frozen=True)
class Shop:
    """All that happened in the shop, before any of it is written."""

    days: DayRange
    seed: int
    events: list[Event]
    orders: dict[date, list[Order]]
    charges: dict[date, list[Charge]]

    @property
    def answer_key(self) -> AnswerKey:
        """What every day must come to."""
        answers = {day: _answer(self.orders[day], self.charges[day]) for day in self.days}
        return AnswerKey(self.seed, self.days.first, self.days.last, self.events, answers)


def imagine(days: DayRange, seed: int = SEED) -> Shop:
    """The shop of these days; equal for equal arguments."""
    events = planted(days)
    orders = dict(orders_of(days, events, seed))
    charges = {day: charges_of(day, len(orders[day]), events, days.last, seed) for day in days}
    return Shop(days, seed, events, orders, charges)


def fill_shop(database_url: str, folder: Path, days: DayRange, seed: int = SEED) -> AnswerKey:
    """Write the shop: public.orders and public.total_orders, folder/focus and folder/answer_key.json."""
    shop = imagine(days, seed)
    write_orders(database_url, (order for orders in shop.orders.values() for order in orders))
    write_bill(folder / "focus", (charge for charges in shop.charges.values() for charge in charges))
    key = shop.answer_key
    key.save(folder / "answer_key.json")
    return key


def _answer(orders: Sequence[Order], charges: Sequence[Charge]) -> DayAnswer:
    by_app: dict[str, Decimal] = {}
    for charge in charges:
        app = _app(charge)
        by_app[app] = by_app.get(app, Decimal(0)) + _cost(charge, "EffectiveCost")
    billed = sum((_cost(charge, "BilledCost") for charge in charges), Decimal(0))
    return DayAnswer(completed(orders), len(charges), billed, sum(by_app.values(), Decimal(0)), by_app)


def _app(charge: Charge) -> str:
    tags = charge["Tags"]
    return str(tags.get("app", UNTAGGED)) if isinstance(tags, dict) else UNTAGGED


def _cost(charge: Charge, column: str) -> Decimal:
    cost = charge[column]
    return cost if isinstance(cost, Decimal) else Decimal(0)
