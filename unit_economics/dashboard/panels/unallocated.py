"""What of the bill a scope does not take, by reason: charges without a tag, of another value, tax, credits.

Here: sums of one month's complete days. Not here: why one charge is not taken (dashboard/taken_charges.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

from markupsafe import Markup
from psycopg import sql

from unit_economics.dashboard.charts.bars import Bar, bars
from unit_economics.dashboard.charts.svg import NOTHING
from unit_economics.dashboard.facts.origins import last_complete_day
from unit_economics.dashboard.mart.series import COMPLETE
from unit_economics.dashboard.mart.slices import label_of
from unit_economics.dashboard.mart.taken_charges import (
    Charge,
    Condition,
    conditions_of,
    reason_of,
    taken_by_rules,
    value_sql,
)
from unit_economics.dashboard.scene import Scene
from unit_economics.exact import EXACT

MOST_REASONS = 8
MOST_KINDS = 10_000
_KINDS = """
    select charge_category, {values}, sum({cost}), count(*) filter (where {cost} is null) from {charges}
    where business_date = any({days}) and billing_currency = {currency} group by {columns} limit {most}
"""


@dataclass(frozen=True)
class Unallocated:
    """The reasons, the greatest first, as picture and table; `missing` says why there is none."""

    title: str
    sub: str = ""
    rows: Sequence[tuple[str, str]] = ()
    chart: Markup = NOTHING
    missing: str = ""
    template: str = "panels/unallocated.html"


@dataclass(frozen=True)
class Sums:
    """The bill apart: what the scope takes (the key None), and what it does not by reason; `unstated` are in no sum."""

    by_reason: Mapping[str | None, Decimal]
    unstated: int = 0

    @property
    def bill(self) -> Decimal:
        """All of it."""
        return _sum(self.by_reason.values())

    @property
    def left(self) -> Decimal:
        """What the scope does not take."""
        return _sum(amount for reason, amount in self.by_reason.items() if reason is not None)


def unallocated(scene: Scene) -> Unallocated:
    """The calendar month of the last complete day, its complete days only."""
    last = last_complete_day(scene)
    is_target = scene.entry.allocation is not None and not scene.is_whole_scope
    where = taken_by_rules(scene.entry, scene.view.scope) or conditions_of(scene.entry, scene.view.scope)
    what = "Where the rest goes, before sharing" if is_target else "Unallocated cost"
    title = f"{what}{f', {scene.numbers.month(last)}' if last else ''}"
    if not where:
        return Unallocated(title, missing=f"The scope {scene.view.scope} takes the whole bill.")
    if last is None:
        return Unallocated(title, missing="No day is complete yet.")
    first = last.replace(day=1)
    days = [day.day for day in scene.series.days.values() if day.status in COMPLETE and day.day >= first]
    sums = _sums(scene, where, days)
    if sums is None:
        return Unallocated(title, missing=f"There are more than {MOST_KINDS} kinds of charges, too many to sum here.")
    return _drawn(scene, title, days, sums)


def sums_of(where: Sequence[Condition], charges: Sequence[tuple[Charge, Decimal | None, int]]) -> Sums:
    """Charges with their sum and how many of them state none, put together by reason, exactly."""
    found: dict[str | None, Decimal] = {}
    for charge, amount, _ in charges:
        reason = reason_of(where, charge)
        found[reason] = EXACT.add(found.get(reason, Decimal(0)), amount or Decimal(0))
    return Sums(found, sum(unstated for *_, unstated in charges))


def _sums(scene: Scene, where: Sequence[Condition], days: Sequence[date]) -> Sums | None:
    """None where a tag has so many values that the page would be slow."""
    # A tag's key may hold a "%", so there are no parameters here but literals.
    query = sql.SQL(_KINDS).format(
        values=sql.SQL(", ").join(map(value_sql, where)),
        charges=sql.Identifier(scene.charges_view),
        cost=sql.Identifier(f"{scene.entry.basis}_cost"),
        days=sql.Literal(list(days)),
        currency=sql.Literal(scene.of.catalogue.currency),
        columns=sql.SQL(", ").join(map(sql.Literal, range(1, len(where) + 2))),
        most=sql.Literal(MOST_KINDS + 1),
    )
    found = scene.connection.execute(query).fetchall()
    if len(found) > MOST_KINDS:
        return None
    return sums_of(where, [(_charge(where, row[0], row[1:-2]), row[-2], row[-1]) for row in found])


def _charge(where: Sequence[Condition], category: str, values: Sequence[str | None]) -> Charge:
    pairs = list(zip(where, values, strict=True))
    columns = {one.name: value for one, value in pairs if one.held_in == "columns"}
    tags = {one.name: value for one, value in pairs if one.held_in == "tags" and value is not None}
    taken = {one.name: value for one, value in pairs if one.held_in == "taken_by" and value is not None}
    return Charge({**columns, "charge_category": category}, tags, taken)


def _drawn(scene: Scene, title: str, days: Sequence[date], sums: Sums) -> Unallocated:
    numbers, name = scene.numbers, scene.view.scope
    if not scene.is_whole_scope and scene.entry.is_split:
        name = label_of(name, scene.entry.by)
    left = sorted(((amount, reason) for reason, amount in sums.by_reason.items() if reason), reverse=True)
    share = numbers.percent(sums.left / sums.bill) if sums.bill else "–"
    sub = f"{numbers.money(sums.left)} of the bill's {numbers.money(sums.bill)} ({share}) is not taken by {name}:"
    sub += f" {len(days)} complete days to {numbers.short_day(days[-1])}, {scene.entry.basis} cost."
    if any(amount < 0 for amount, _ in left):
        sub += " Credits reduce it."
    if sums.unstated:
        sub += f" {sums.unstated} charges do not state this cost and are in no sum."
    if not left:
        return Unallocated(title, sub)
    shown = _folded(left)
    chart = bars([Bar(reason, amount) for amount, reason in shown], numbers.signed_money, label=title)
    return Unallocated(title, sub, [(reason, numbers.signed_money(amount)) for amount, reason in left[:200]], chart)


def _folded(left: Sequence[tuple[Decimal, str]]) -> Sequence[tuple[Decimal, str]]:
    """The greatest amounts either way, and the sum of the others."""
    if len(left) <= MOST_REASONS:
        return left
    greatest = sorted(left, key=lambda one: -abs(one[0]))[: MOST_REASONS - 1]
    others = [one for one in left if one not in greatest]
    rest = (_sum(amount for amount, _ in others), f"{len(others)} other reasons")
    return [*sorted(greatest, reverse=True), rest]


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return reduce(EXACT.add, amounts, Decimal(0))
