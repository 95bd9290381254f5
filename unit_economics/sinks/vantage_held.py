"""What a business metric in Vantage holds, day by day: our own rows, and what else is there.

Here: reading the stored rows as days. Not here: bringing them to what is wanted (vantage_values.py), and what it means
that they differ (drift.py).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal

from unit_economics.business_days import DayRange
from unit_economics.entries.adapters import Held
from unit_economics.outside import Outside
from unit_economics.sinks.vantage import VantageMetric
from unit_economics.vantage import answers
from unit_economics.vantage.api import VantageApi
from unit_economics.web_api.strict_json import Json, plain

WHERE = "Vantage business metric"
_MOST_LABELS = 3


@dataclass
class DayHeld:
    """The rows of one day: the amounts without a label, which are ours, and the sums of the others by label."""

    amounts: list[Decimal] = field(default_factory=list)
    is_midnight: bool = True
    labelled: dict[str, list[Decimal]] = field(default_factory=dict)

    @property
    def total(self) -> Decimal:
        """What the rows without a label add up to."""
        return answers.exact_sum(self.amounts)

    @property
    def is_ours(self) -> bool:
        """Whether it is as we send a day: one row at midnight."""
        return len(self.amounts) == 1 and self.is_midnight

    @property
    def beside(self) -> str:
        """What is there that we never send, in words; empty where there is nothing."""
        hours = f"{len(self.amounts)} rows, or another hour than midnight" if self.amounts and not self.is_ours else ""
        shown = sorted(self.labelled.items())[:_MOST_LABELS]
        more = len(self.labelled) - len(shown)
        labels = [f"{answers.exact_sum(amounts).normalize():f} labelled {plain(label)!r}" for label, amounts in shown]
        return ", ".join([*filter(None, [hours]), *labels, *([f"{more} more labels"] if more > 0 else [])])


def days_held(rows: Iterable[Json], days: Collection[date]) -> dict[date, DayHeld]:
    """The stored rows of these days; a row that can't be read is refused."""
    held: dict[date, DayHeld] = {}
    for row in rows:
        moment = answers.utc_moment(row, "date", WHERE)
        if moment.date() not in days:
            continue
        of_day, amount = held.setdefault(moment.date(), DayHeld()), answers.amount(row, "amount", WHERE)
        if label := answers.text(row, "label", WHERE):
            of_day.labelled.setdefault(label, []).append(amount)
        else:
            of_day.amounts.append(amount)
            of_day.is_midnight = of_day.is_midnight and moment.time() == time()
    return held


def held(entry: VantageMetric, days: DayRange, outside: Outside) -> Held:
    """What the business metric holds of these days; nothing is sent; raises `Refusal`."""
    metric = outside.secret(entry.business_metric)
    with VantageApi.connect(outside, entry.token) as api:
        found = days_held(api.values(metric, days.first), set(days))
    values = {day: of_day.total for day, of_day in sorted(found.items()) if of_day.amounts}
    return Held(values, {day: of_day.beside for day, of_day in sorted(found.items()) if of_day.beside})
