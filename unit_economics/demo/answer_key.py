"""The answer key of the demo: what was planted and what every day must come to.

Here: its shape and its file. Not here: choosing the events (events.py) or computing the days (shop.py).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Literal

Kind = Literal["price_jump", "volume_spike", "outage", "idle_environment", "late_correction", "credit"]


@dataclass(frozen=True)
class Event:
    """Something that happened in the shop: when, what moved, and where that must push the cost per order."""

    kind: Kind
    first: date
    last: date
    moved: str
    cost_per_order: Literal["up", "down"]
    service: str | None = None
    app: str | None = None

    def holds(self, day: date) -> bool:
        """Whether the event is in force on this day."""
        return self.first <= day <= self.last


@dataclass(frozen=True)
class DayAnswer:
    """What one business day in UTC must come to; each of the two splits adds up to `effective_cost`."""

    completed_orders: int
    revenue: Decimal
    charge_rows: int
    billed_cost: Decimal
    effective_cost: Decimal
    effective_by_app: Mapping[str, Decimal]
    effective_by_service: Mapping[str, Decimal]
    api_calls: int
    stored_gb: int


@dataclass(frozen=True)
class InvoiceAnswer:
    """What an invoice is over, in USD: what is billed for it in whole cents, and support that no charge knows."""

    amount: Decimal
    support: Decimal


@dataclass(frozen=True)
class Headline:
    """What must be said of the last 28 complete days against the 28 before them; money is USD per 1,000 orders.

    effect_of_volume and effects_of_services add up to the change; main_cause: the largest of them in its direction,
    `fewer orders`, `more orders` or a service's name.
    """

    last: date
    before: Decimal
    after: Decimal
    direction: Literal["up", "down"]
    change_percent: Decimal
    effect_of_volume: Decimal
    effects_of_services: Mapping[str, Decimal]
    main_cause: str


@dataclass(frozen=True)
class AnswerKey:
    """Every planted event, every day's answer, and the headline where there are days enough for one.

    A day's cost per order is its effective cost divided by its completed orders. still_to_come: the effective cost of
    the newest days, in USD, that the bill does not have yet; it is no part of their answer.
    """

    seed: int
    first: date
    last: date
    events: Sequence[Event]
    headline: Headline | None
    days: Mapping[date, DayAnswer]
    invoices: Mapping[str, InvoiceAnswer]
    still_to_come: Mapping[date, Decimal]

    def save(self, path: Path) -> None:
        """Write the key as JSON, decimals as text."""
        as_dict = asdict(self) | {
            "days": {str(day): asdict(answer) for day, answer in self.days.items()},
            "still_to_come": {str(day): cost for day, cost in self.still_to_come.items()},
        }
        path.write_text(json.dumps(as_dict, default=str, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> AnswerKey:
    """The key that `AnswerKey.save` wrote."""
    held = json.loads(path.read_text(encoding="utf-8"))
    return AnswerKey(
        seed=held["seed"],
        first=date.fromisoformat(held["first"]),
        last=date.fromisoformat(held["last"]),
        events=[Event(**(event | _dates(event))) for event in held["events"]],
        headline=_headline(held["headline"]) if held["headline"] else None,
        days={date.fromisoformat(day): _day_answer(answer) for day, answer in held["days"].items()},
        invoices={name: InvoiceAnswer(**_amounts(answer)) for name, answer in held["invoices"].items()},
        still_to_come={date.fromisoformat(day): cost for day, cost in _amounts(held["still_to_come"]).items()},
    )


def _dates(event: Mapping[str, str]) -> dict[str, date]:
    return {name: date.fromisoformat(event[name]) for name in ("first", "last")}


def _day_answer(held: Mapping[str, object]) -> DayAnswer:
    return DayAnswer(
        completed_orders=int(str(held["completed_orders"])),
        revenue=Decimal(str(held["revenue"])),
        charge_rows=int(str(held["charge_rows"])),
        billed_cost=Decimal(str(held["billed_cost"])),
        effective_cost=Decimal(str(held["effective_cost"])),
        effective_by_app=_amounts(held["effective_by_app"]),
        effective_by_service=_amounts(held["effective_by_service"]),
        api_calls=int(str(held["api_calls"])),
        stored_gb=int(str(held["stored_gb"])),
    )


def _headline(held: Mapping[str, object]) -> Headline:
    return Headline(
        last=date.fromisoformat(str(held["last"])),
        before=Decimal(str(held["before"])),
        after=Decimal(str(held["after"])),
        direction="up" if held["direction"] == "up" else "down",
        change_percent=Decimal(str(held["change_percent"])),
        effect_of_volume=Decimal(str(held["effect_of_volume"])),
        effects_of_services=_amounts(held["effects_of_services"]),
        main_cause=str(held["main_cause"]),
    )


def _amounts(held: object) -> dict[str, Decimal]:
    assert isinstance(held, dict)  # noqa: S101  # the file is our own; this tells the type checker so
    return {str(name): Decimal(str(amount)) for name, amount in held.items()}
