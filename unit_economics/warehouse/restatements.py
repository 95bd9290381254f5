"""What is different between two moments: questions to the versions of the mart, and the reports that were written.

Here: reading both sides, and keeping a report. Not here: causes (insight/restating.py), words (proof/restatement/).
Revenue is in none of it: a report is for everybody.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import LiteralString

from psycopg.rows import class_row

from unit_economics.insight.restating import ChangedCharges, ChangedDay, Moved, Restatements, WrongCopy
from unit_economics.warehouse.connection import Connection

_SIDES: LiteralString = """
    with earlier as not materialized (
        select * from {versions}
        where recorded_at <= %(since)s and (superseded_at is null or superseded_at > %(since)s)
    ), later as not materialized (
        select * from {versions}
        where recorded_at <= %(until)s and (superseded_at is null or superseded_at > %(until)s)
    )
"""
_CHANGED: LiteralString = (
    _SIDES.replace("{versions}", "day_versions")
    + """
    select n.asset, n.business_date as day, b.version as version_before, n.version, b.status as status_before, n.status,
        n.content_hash is distinct from b.content_hash as has_other_content,
        n.definition <> b.definition as is_redefined, n.code_version <> b.code_version as is_of_other_code
    from later n join earlier b on (b.asset, b.business_date) = (n.asset, n.business_date)
    where n.version <> b.version and not is_revenue(n.asset) order by 2, 1
"""
)
_FIRST_STORED: LiteralString = (
    _SIDES.replace("{versions}", "day_versions")
    + """
    select n.asset, count(*) from later n left join earlier b on (b.asset, b.business_date) = (n.asset, n.business_date)
    where b.asset is null and not is_revenue(n.asset) group by 1 order by 1
"""
)
_CAME: LiteralString = (
    _SIDES.replace("{versions}", "day_versions")
    + """
    select n.asset, n.business_date from later n
    left join earlier b on (b.asset, b.business_date) = (n.asset, n.business_date)
    where b.asset is null and not is_revenue(n.asset) and n.business_date = any(%(days)s)
"""
)
_CHARGES: LiteralString = (
    _SIDES.replace("{versions}", "cloud_cost_versions")
    + """
    , sums as (
        select side, business_date, provider_name, service_name, charge_category, billing_currency,
            case when count(*) = count(billed_cost) then sum(billed_cost) end as billed,
            case when count(*) = count(effective_cost) then sum(effective_cost) end as effective,
            sum(charge_rows)::bigint as charge_rows
        from (select 'b' as side, * from earlier union all select 'n', * from later) sides
        where business_date = any(%(days)s)
        group by 1, 2, 3, 4, 5, 6
    ), b as (select * from sums where side = 'b'), n as (select * from sums where side = 'n')
    select coalesce(n.business_date, b.business_date) as day,
        coalesce(n.provider_name, b.provider_name) as provider_name,
        coalesce(n.service_name, b.service_name) as service_name,
        coalesce(n.charge_category, b.charge_category) as charge_category,
        coalesce(n.billing_currency, b.billing_currency) as billing_currency,
        case when b.side is null then 0 else b.billed end as billed_before,
        case when n.side is null then 0 else n.billed end as billed,
        case when b.side is null then 0 else b.effective end as effective_before,
        case when n.side is null then 0 else n.effective end as effective,
        coalesce(b.charge_rows, 0) as rows_before, coalesce(n.charge_rows, 0) as rows
    from n full join b on (n.business_date, n.provider_name, coalesce(n.service_name, ''), n.charge_category,
        n.billing_currency)
        = (b.business_date, b.provider_name, coalesce(b.service_name, ''), b.charge_category, b.billing_currency)
    where (n.billed, n.effective, n.charge_rows) is distinct from (b.billed, b.effective, b.charge_rows)
    order by 1, 2, 3, 4, 5
"""
)
_CORRECTED: LiteralString = (
    _SIDES.replace("{versions}", "invoiced_cost_versions")
    + """
    , sums as (
        select business_date, provider_name, service_name, charge_category, billing_currency,
            sum(billed_cost) filter (where side = 'b') as before, sum(billed_cost) filter (where side = 'n') as now
        from (select 'b' as side, * from earlier union all select 'n', * from later) sides
        where charge_class = 'Correction' and business_date = any(%(days)s)
        group by 1, 2, 3, 4, 5
    )
    select business_date, provider_name, service_name, charge_category, billing_currency
    from sums where before is distinct from now
"""
)
_MOVED: LiteralString = (
    _SIDES.replace("{versions}", "unit_cost_versions")
    + """
    , b as (select * from earlier where metric = %(metric)s and business_date = any(%(days)s)),
    n as (select * from later where metric = %(metric)s and business_date = any(%(days)s))
    select %(metric)s as metric, coalesce(n.business_date, b.business_date) as day,
        coalesce(n.cost_scope, b.cost_scope) as cost_scope,
        coalesce(n.billing_currency, b.billing_currency) as billing_currency,
        b.cost as cost_before, n.cost, b.quantity as quantity_before, n.quantity, b.unit_cost as unit_cost_before,
        n.unit_cost
    from n full join b on (n.business_date, n.cost_scope, n.billing_currency)
        = (b.business_date, b.cost_scope, b.billing_currency)
    where (n.cost, n.quantity, n.unit_cost) is distinct from (b.cost, b.quantity, b.unit_cost)
    order by position(':' in coalesce(n.cost_scope, b.cost_scope)) > 0, 3, 4, 2
"""
)
_QUANTITIES: LiteralString = """
    select l.business_date, sum(r.quantity) from ledger l
    join unit_quantity r on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)
    where l.asset = %s and l.business_date = any(%s) and l.recorded_at <= %s
        and (l.superseded_at is null or l.superseded_at > %s)
    group by 1
"""


@dataclass(frozen=True)
class Span:
    """Two moments: what was believed at `since`, against what was at `until`."""

    since: datetime
    until: datetime


def read_restatements(
    connection: Connection, span: Span, metrics: Sequence[str], copies: Mapping[str, str]
) -> Restatements:
    """All that is different between the two moments, in one snapshot.

    copies: each asset that publishes units, with the asset whose units it publishes.
    """
    moments: dict[str, object] = {"since": span.since, "until": span.until}
    with connection.cursor(row_factory=class_row(ChangedDay)) as cursor:
        changed = cursor.execute(_CHANGED, moments).fetchall()
    billed = _days(changed, "cloud_costs", with_content=True)
    with connection.cursor(row_factory=class_row(ChangedCharges)) as cursor:
        charges = cursor.execute(_CHARGES, {**moments, "days": billed}).fetchall() if billed else []
    corrected = set(connection.execute(_CORRECTED, {**moments, "days": billed}).fetchall())
    moved = [one for metric in metrics for one in _moved(connection, moments, metric, _days(changed, metric))]
    came = connection.execute(_CAME, {**moments, "days": sorted({one.day for one in moved})}).fetchall()
    return Restatements(
        changed,
        [replace(part, is_corrected=True) if part.key in corrected else part for part in charges],
        _quantities(connection, span, changed),
        moved,
        [one for sink, units in copies.items() for one in _wrong(connection, span, sink, units)],
        dict(connection.execute(_FIRST_STORED, moments).fetchall()),
        set(came),
    )


def _days(changed: Sequence[ChangedDay], asset: str, *, with_content: bool = False) -> list[date]:
    return [row.day for row in changed if row.asset == asset and (row.has_other_content or not with_content)]


def _moved(connection: Connection, moments: Mapping[str, object], metric: str, days: Sequence[date]) -> list[Moved]:
    if not days:
        return []
    with connection.cursor(row_factory=class_row(Moved)) as cursor:
        return cursor.execute(_MOVED, {**moments, "metric": metric, "days": list(days)}).fetchall()


def _quantities(
    connection: Connection, span: Span, changed: Sequence[ChangedDay]
) -> dict[tuple[str, date], tuple[Decimal, Decimal]]:
    """What was counted and is counted, of every day of an asset that counts and counts otherwise now."""
    found: dict[tuple[str, date], tuple[Decimal, Decimal]] = {}
    for asset in sorted({row.asset for row in changed if row.has_other_content}):
        days = _days(changed, asset, with_content=True)
        before, now = (_counted(connection, asset, days, moment) for moment in (span.since, span.until))
        both = before.keys() & now.keys()
        found |= {(asset, day): (before[day], now[day]) for day in sorted(both) if before[day] != now[day]}
    return found


def _wrong(connection: Connection, span: Span, sink: str, units: str) -> list[WrongCopy]:
    days = [day for (day,) in connection.execute("select business_date from ledger where asset = %s", [sink])]
    published, stored = (_counted(connection, asset, days, span.until) for asset in (sink, units))
    differing = [day for day in sorted(published) if published[day] != stored.get(day)]
    return [WrongCopy(sink, day, published[day], stored.get(day)) for day in differing]


def _counted(connection: Connection, asset: str, days: Sequence[date], at: datetime) -> dict[date, Decimal]:
    return dict(connection.execute(_QUANTITIES, [asset, list(days), at, at]).fetchall())


FIRST_REPORT_REACHES_BACK = timedelta(days=35)


def since_last_report(connection: Connection) -> Span:
    """From where the last report ended to the last settled moment; empty where that is not later.

    Ask outside the snapshot that is read by it: one that is older than the moment may lack what was settled since.
    """
    until = settled_moment(connection)
    [(last,)] = connection.execute("select max(until) from restatement_report").fetchall()
    return Span(last or until - FIRST_REPORT_REACHES_BACK, max(until, last or until))


def settled_moment(connection: Connection) -> datetime:
    """The newest moment whose beliefs can't change any more, by the mart's own clock.

    What another transaction writes right now is seen only once it commits, under a moment that has passed by then: so
    it is before the oldest of them began.
    """
    row = connection.execute(
        "select least(clock_timestamp(), min(xact_start)) from pg_stat_activity"
        " where datname = current_database() and backend_xid is not null"
    ).fetchone()
    assert row is not None  # noqa: S101  # an aggregate returns one row
    return row[0]


def keep_report(connection: Connection, span: Span, changes: int, body: str, run_id: str) -> None:
    """Keep what was said, so that it can be returned to."""
    connection.execute(
        "insert into restatement_report (since, until, changes, body, run_id) values (%s, %s, %s, %s, %s)",
        [span.since, span.until, changes, body, run_id],
    )
