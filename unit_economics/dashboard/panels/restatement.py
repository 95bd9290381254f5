"""The restatement triangle: how a month's cost looked some days after its end, against what is known of it now.

Here: the one question and its cells. Not here: what changed in a day, and why (panels/changes.py, panels/versions.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from unit_economics.dashboard.scene import Scene

MOST_MONTHS = 9
DAYS_AFTER = (1, 3, 5, 10, 20, 45)
STEPS = (Decimal("0.0005"), Decimal("0.005"), Decimal("0.01"), Decimal("0.02"))
"""From which relative size on a cell is shaded more."""
_CELLS = """
    with months as (
        select m::date as first, (m + interval '1 month')::date as next
        from generate_series(
            date_trunc('month', %(today)s::date) - %(back)s * interval '1 month',
            date_trunc('month', %(today)s::date) - interval '1 month', interval '1 month'
        ) m
    ), versions as materialized (
        select date_trunc('month', d.business_date)::date as first, d.recorded_at, d.superseded_at, v.cost
        from day_versions d
        left join unit_cost_versions v on v.metric = d.asset and v.business_date = d.business_date
            and v.version = d.version and v.cost_scope = %(scope)s and v.billing_currency = %(currency)s
        where d.asset = %(metric)s and d.business_date >= (select min(first) from months)
            and d.business_date < (select max(next) from months)
    )
    select m.first, n.after, o.at <= %(now)s, min(v.recorded_at),
        count(*) filter (where v.recorded_at <= o.at and (v.superseded_at is null or v.superseded_at > o.at)),
        sum(v.cost) filter (where v.recorded_at <= o.at and (v.superseded_at is null or v.superseded_at > o.at)),
        count(*) filter (where v.superseded_at is null), sum(v.cost) filter (where v.superseded_at is null)
    from months m
    cross join unnest(%(after)s::int[]) n (after)
    cross join lateral (select (m.next + n.after)::timestamp at time zone %(zone)s as at) o
    join versions v on v.first = m.first
    group by 1, 2, 3 order by 1 desc, 2
"""


@dataclass(frozen=True)
class Cell:
    """What was believed then: text, how strongly it is shaded (0 to 4), and how many of the days were there."""

    text: str
    step: int = 0
    note: str = ""


@dataclass(frozen=True)
class Restatement:
    """The triangle, the newest month first; `missing` says why there is none."""

    scope: str
    basis: str
    after: Sequence[int] = DAYS_AFTER
    rows: Sequence[tuple[str, str, Sequence[Cell]]] = ()
    missing: str = ""
    template: str = "panels/restatement.html"


def restatement(scene: Scene) -> Restatement:
    """The last months that are over."""
    values = {
        "metric": scene.view.metric,
        "scope": scene.view.scope,
        "currency": scene.of.catalogue.currency,
        "zone": scene.of.calendar.timezone.key,
        "today": scene.today,
        "now": scene.now,
        "back": MOST_MONTHS,
        "after": list(DAYS_AFTER),
    }
    found = scene.connection.execute(_CELLS, values).fetchall()
    empty = Restatement(scene.view.scope, scene.entry.basis)
    if not found:
        return Restatement(empty.scope, empty.basis, missing="No month that is over has a stored day yet.")
    if not any(is_past and days for _, _, is_past, _, days, *_ in found):
        first = scene.numbers.moment(min(row[3] for row in found).astimezone(scene.of.calendar.timezone))
        why = f"The oldest record of these months is of {first}: what was believed before it is not known."
        return Restatement(empty.scope, empty.basis, missing=why)
    return Restatement(empty.scope, empty.basis, rows=_rows(scene, found))


def _rows(
    scene: Scene, found: Sequence[tuple[date, int, bool, object, int, Decimal, int, Decimal]]
) -> list[tuple[str, str, Sequence[Cell]]]:
    months: dict[date, list[Cell]] = {}
    now: Mapping[date, Decimal] = {row[0]: row[7] for row in found}
    for month, _, is_past, _, days, cost, days_now, cost_now in found:
        cell = _cell(scene, days, cost, days_now, cost_now) if is_past else Cell("–")
        months.setdefault(month, []).append(cell)
    return [(scene.numbers.month(month), scene.numbers.money(now[month]), cells) for month, cells in months.items()]


def _cell(scene: Scene, days: int, cost: Decimal | None, days_now: int, cost_now: Decimal | None) -> Cell:
    if not days:
        return Cell("not yet recorded")
    note = f"{days} of {days_now} d" if days != days_now else ""
    if not cost_now:
        return Cell("–" if cost_now is None else "now nothing", note=note)
    change = (cost or Decimal(0)) / cost_now - 1
    return Cell(scene.numbers.signed_percent(change, 2), sum(abs(change) >= step for step in STEPS), note)
