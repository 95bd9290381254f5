"""Every invoice held against what was billed for it, and kept: what the proof and `unit-economics reconcile` do.

Here: the order of the steps: state, ask, judge, keep. Not here: the judgement (insight/reconciling.py), SQL
(warehouse/), or the words (reconciliation.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from babel.numbers import get_currency_precision

from unit_economics.business_days import BusinessCalendar, DayRange, shown
from unit_economics.cost_sources.invoiced_together import unreadable
from unit_economics.deployment import Deployment
from unit_economics.entries.reconciliation import Reconciliation
from unit_economics.graph import CLOUD_COSTS, INVOICED_COSTS
from unit_economics.insight.differences import ZERO, Charged, Item
from unit_economics.insight.reconciling import Question, answer
from unit_economics.invoice_file import read_invoices
from unit_economics.warehouse import gate, invoices, ledger, reconciling
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.invoices import Recorded
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.reconciling import Stands

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Held:
    """How every invoice stands, by period; and what could not be read by invoice, each with the reason."""

    stands: Sequence[Stands]
    unreadable: Mapping[str, str]
    written: int


def held(of: Deployment, rules: Reconciliation, run: Run) -> Held:
    """State what the file and the bill say, hold every invoice against its charges, and keep what is new."""
    stated = read_invoices(rules.invoices, of.outside) if rules.invoices else []
    with of.warehouse.transaction() as connection:
        invoices.state_all(connection, "csv", stated, rules.invoices.path if rules.invoices else "no file")
        invoices.state_all(connection, "focus", invoices.named_by_the_bill(connection), "the bill")
        silent = {**unreadable(of.catalogue.cost_sources), **_red(of, connection)}
        invoices.note_unreadable(connection, silent)
        stands = _stands(of, rules, connection, silent)
        written = sum(reconciling.keep(connection, run, one) for one in stands)
        reconciling.forget(connection, {one.recorded.key for one in stands})
    return Held(stands, silent, written)


def _red(of: Deployment, connection: Connection) -> dict[str, str]:
    """The days that were refused, which no invoice can be held against."""
    first, last = of.catalogue.business_day.first_day, of.calendar.last_closed_day(of.outside.now())
    if last < first:
        return {}
    days = DayRange(first, last)
    found = {asset: gate.standing_failures(connection, asset, days) for asset in (CLOUD_COSTS, INVOICED_COSTS)}
    return {asset: f"{shown(sorted(red))}: {'; '.join(red[min(red)].values())}" for asset, red in found.items() if red}


def _stands(of: Deployment, rules: Reconciliation, connection: Connection, silent: Mapping[str, str]) -> list[Stands]:
    recorded = invoices.stated_invoices(connection)
    charged, by_hand = reconciling.charged(connection, recorded), invoices.explanations(connection)
    asked = _Asked(of, rules, connection, silent, recorded)
    return [asked.of_one(one, charged.get(one.key), by_hand.get(one.key, [])) for one in recorded]


@dataclass(frozen=True)
class _Asked:
    """What all invoices have in common."""

    deployment: Deployment
    rules: Reconciliation
    connection: Connection
    silent: Mapping[str, str]
    every: Sequence[Recorded]

    def of_one(self, one: Recorded, found: Charged | None, by_hand: Sequence[Item]) -> Stands:
        """How one invoice stands; where no charge is on it, 0 is billed only if every charge could be read."""
        stated = one.invoice
        days = _days_of(stated.period_start, stated.period_end, self.deployment.calendar)
        expected = [day for day in days if self._expects(day)]
        doubt = "" if found or not expected else self._doubt(one)
        charged = found or Charged(None if doubt or not expected else ZERO)
        tolerance = None if stated.amount is None else self.rules.allowed(stated.amount)
        question = Question(
            status=stated.status,
            amount=stated.amount,
            parts=stated.parts,
            charged=charged,
            by_hand=by_hand,
            tolerance=tolerance or ZERO,
            smallest=Decimal(1).scaleb(-get_currency_precision(stated.currency)),
            is_over=days.last <= self.deployment.calendar.last_closed_day(self.deployment.outside.now()),
            lacking=self._lacking(days, expected),
            doubt=doubt,
            not_in_mart=_not_in_mart(days, expected),
        )
        return Stands(one, charged, answer(question), tolerance)

    def _expects(self, day: date) -> bool:
        of = self.deployment
        return day >= of.catalogue.business_day.first_day and of.expects(CLOUD_COSTS, day)

    def _lacking(self, days: DayRange, expected: Sequence[date]) -> list[date]:
        current = ledger.current(self.connection, [INVOICED_COSTS], days)
        whole = {day for (_, day), row in current.items() if row.status != "provisional"}
        return [day for day in expected if day not in whole]

    def _doubt(self, one: Recorded) -> str:
        """Why it can't be told what was billed for an invoice that no charge is on."""
        if self.silent:
            return f"no charge is on it, and {', '.join(sorted(self.silent))} could not be read by invoice"
        others = [other.invoice.invoice_id for other in self.every if _claims_the_same(one, other)]
        return f"its charges carry no invoice, and {', '.join(others)} asks for the same ones" if others else ""


def _not_in_mart(days: DayRange, expected: Sequence[date]) -> str:
    """The days of a period that the mart is never to have: they are before its first, or no cost source covers them."""
    absent = sorted(set(days) - set(expected))
    if not absent:
        return ""
    later = [day for day in expected if day > absent[-1]]
    begins = f"the mart has no days before {min(later)}; " if len(later) == len(expected) > 0 else ""
    return f"{begins}days not in the mart: {shown(absent)}"


def _claims_the_same(one: Recorded, other: Recorded) -> bool:
    def claim(recorded: Recorded) -> object:
        return replace(recorded.invoice, invoice_id="", amount=None, status="issued", parts={}, note="")

    return one.key != other.key and other.invoice.status != "void" and claim(one) == claim(other)


def _days_of(start: date, end: date, calendar: BusinessCalendar) -> DayRange:
    """The business days that charges of a period can be on: a period is of UTC days, a business day of its own zone."""
    first, last = (datetime.combine(day, time(), tzinfo=UTC) for day in (start, end))
    zone = calendar.timezone
    local = first.astimezone(zone).date(), (last - _MICROSECOND).astimezone(zone).date()
    return DayRange(min(start, local[0]), max(end - timedelta(days=1), local[1]))
