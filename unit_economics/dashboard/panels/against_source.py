"""The mart against what the source itself summed, month by month: equal by construction, so a difference is loud.

Here: the comparison, day by day and then by month. Not here: refusing a delivery that loses something (checks.py).
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.spans import spans

MOST_MONTHS = 12
MOST_DAYS = 20
_CENT = Decimal("0.01")
# A source's totals say nothing of a day that cost nothing, and days of an older release have none at all.
_MONTHS = """
    with days as (
        select business_date, version, status from day_versions
        where asset = 'cloud_costs' and superseded_at is null and business_date <= %(last)s
            and business_date >= (
                select date_trunc('month', max(business_date)) - %(back)s * interval '1 month' from day_versions
                where asset = 'cloud_costs' and superseded_at is null and business_date <= %(last)s
            )
    ), mart as (
        select business_date, sum(charge_rows) as charge_rows, sum(billed_cost) as billed, sum(effective_cost) as cost
        from cloud_costs where billing_currency = %(currency)s
            and business_date between (select min(business_date) from days) and %(last)s group by 1
    ), source as (
        select business_date, charge_rows, billed_cost as billed, effective_cost as cost, true as is_stated
        from source_totals where billing_currency = %(currency)s
    ), compared as (
        select d.business_date, d.status, m.billed, m.cost, s.is_stated, s.billed as source_billed,
            s.cost as source_cost,
            s.is_stated and (m.charge_rows, m.billed, m.cost) is distinct from (s.charge_rows, s.billed, s.cost)
                as differs
        from days d
        left join mart m on m.business_date = d.business_date
        left join source s on s.business_date = d.business_date
    )
    select date_trunc('month', business_date)::date, count(*), count(*) filter (where status = 'provisional'),
        sum(billed), sum(cost), count(*) filter (where is_stated is null and cost is not null),
        coalesce(sum(coalesce(billed, 0) - coalesce(source_billed, 0)) filter (where is_stated), 0),
        coalesce(sum(coalesce(cost, 0) - coalesce(source_cost, 0)) filter (where is_stated), 0),
        sum(source_cost) filter (where is_stated), sum(source_billed) filter (where is_stated),
        (array_agg(business_date order by business_date) filter (where differs))[:%(most)s],
        count(*) filter (where differs)
    from compared group by 1 order by 1 desc
"""


@dataclass(frozen=True)
class Row:
    """One month as text; `differs` says on which days and by how much, empty where all is equal."""

    month: str
    days: str
    billed: str
    effective: str
    source: str
    difference: str
    percent: str
    state: str
    tone: str
    differs: str


@dataclass(frozen=True)
class AgainstSource:
    """The months, the newest first."""

    currency: str
    rows: Sequence[Row]
    template: str = "panels/against_source.html"

    @property
    def alarms(self) -> Sequence[Row]:
        """The months that differ."""
        return [row for row in self.rows if row.differs]


@dataclass(frozen=True)
class _Month:
    """One month's sums, in the catalogue's currency; differences are the mart's less the source's."""

    first: date
    days: int
    provisional: int
    billed: Decimal | None
    cost: Decimal | None
    unstated: int
    billed_off: Decimal
    cost_off: Decimal
    source_cost: Decimal | None
    source_billed: Decimal | None
    differing: Sequence[date] | None
    differing_days: int


def against_source(scene: Scene) -> AgainstSource:
    """The last twelve months that have a bill."""
    values = {
        "currency": scene.of.catalogue.currency,
        "last": scene.view.to or scene.today,
        "back": MOST_MONTHS - 1,
        "most": MOST_DAYS,
    }
    months = [_Month(*row) for row in scene.connection.execute(_MONTHS, values)]
    return AgainstSource(scene.of.catalogue.currency, [_row(scene, month) for month in months])


def _row(scene: Scene, month: _Month) -> Row:
    numbers, length = scene.numbers, monthrange(month.first.year, month.first.month)[1]
    differs = bool(month.differing)
    is_open = month.provisional > 0 or (month.days < length and scene.today <= _last(month.first))
    off, base = (month.cost_off, month.source_cost) if month.cost_off else (month.billed_off, month.source_billed)
    return Row(
        numbers.month(month.first),
        f"{month.days} / {length}",
        numbers.money(month.billed),
        numbers.money(month.cost),
        numbers.money(month.source_cost) if not month.unstated else f"unknown for {month.unstated} d",
        _off(scene, month) if base is not None or differs else "–",
        numbers.signed_percent(off / base, 3) if base else "–",
        "differs" if differs else "open" if is_open else "complete" if month.days == length else "partial",
        "bad" if differs else "warn" if is_open or month.days < length else "",
        _told(scene, month) if differs else "",
    )


def _last(first: date) -> date:
    return first.replace(day=monthrange(first.year, first.month)[1])


def _off(scene: Scene, month: _Month) -> str:
    """The difference of the effective cost, and of the billed one where only that differs."""
    off = month.cost_off or month.billed_off
    fine = bool(off) and abs(off) < _CENT
    text = scene.numbers.signed_money(off, 12 if fine else None)
    return f"{text} billed" if month.billed_off and not month.cost_off else text


def _told(scene: Scene, month: _Month) -> str:
    """What differs, and what it means: the platform never stores anything else than the source states."""
    numbers, days = scene.numbers, month.differing or []
    more = f", {month.differing_days} days in all" if month.differing_days > len(days) else ""
    off = f"effective cost {numbers.signed_money(month.cost_off)}, billed {numbers.signed_money(month.billed_off)}"
    where = f"{numbers.month(month.first)}: the mart is not what the source summed on {spans(numbers, days)}{more}"
    return f"{where} ({off}). Somebody changed rows by hand after they were stored."
