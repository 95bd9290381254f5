"""The chain behind one number: the version of its day that was believed at a moment, and of all that it was made of.

Here: questions, each for exactly the versions that were used. Not here: words (cli/explain.py), the dashboard's own
panel (dashboard/facts/origins.py), the account of an allocation (explaining.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import LiteralString

from psycopg.rows import class_row

from unit_economics.warehouse.connection import Connection

_CHAIN: LiteralString = """
    with recursive chain (asset, version, depth) as (
        select asset, version, 0 from day_versions
        where asset = %(asset)s and business_date = %(day)s and recorded_at <= %(at)s
            and (superseded_at is null or superseded_at > %(at)s)
        union
        select input.key, input.value::int, c.depth + 1
        from chain c
        join day_versions v on (v.asset, v.business_date, v.version) = (c.asset, %(day)s, c.version),
            lateral jsonb_each_text(v.input_versions) input
    )
    select v.asset, v.version, v.rows_version, v.status, v.complete_through, v.recorded_at, v.superseded_at, v.run_id,
        v.code_version, v.catalogue_version, v.definition, v.content_hash, v.source_hash, c.depth,
        w.source_fingerprint as fingerprint
    from (select asset, version, min(depth) as depth from chain group by 1, 2) c
    join day_versions v on (v.asset, v.business_date, v.version) = (c.asset, %(day)s, c.version)
    join day_versions r on (r.asset, r.business_date, r.version) = (v.asset, v.business_date, v.rows_version)
    join attempts w on w.attempt = r.attempt
    order by c.depth, v.asset
"""
_NUMBERS: LiteralString = """
    select cost_scope, billing_currency, cost_basis, cost, charge_rows, quantity, unit, unit_cost, reason
    from unit_cost_versions where metric = %s and business_date = %s and version = %s
    order by position(':' in cost_scope) > 0, 1, 2
"""
_CHARGES: LiteralString = """
    select provider_name, service_name, charge_category, billing_currency, sum(effective_cost) as effective_cost,
        sum(billed_cost) as billed_cost, sum(charge_rows)::bigint as charge_rows, count(*) as stored_rows
    from cloud_cost_versions where business_date = %s and version = %s
    group by 1, 2, 3, 4 order by abs(sum(effective_cost)) desc nulls last, 1, 2, 3
"""
_PUBLISHED: LiteralString = """
    select distinct on (asset) asset, quantity, read_back, converged, recorded_at, run_id
    from publications where asset = any(%s) and business_date = %s and recorded_at <= %s
    order by asset, publication desc
"""


@dataclass(frozen=True)
class Link:
    """One version of one asset's day; depth 0 is the number itself; fingerprint: what was read for its rows."""

    asset: str
    version: int
    rows_version: int
    status: str
    complete_through: date | None
    recorded_at: datetime
    superseded_at: datetime | None
    run_id: str
    code_version: str
    catalogue_version: str
    definition: str
    content_hash: str | None
    source_hash: str | None
    depth: int
    fingerprint: str | None


@dataclass(frozen=True)
class Number:
    """One scope's unit cost in that version, with both halves, or why it is empty."""

    cost_scope: str
    billing_currency: str
    cost_basis: str
    cost: Decimal | None
    charge_rows: int
    quantity: Decimal | None
    unit: str
    unit_cost: Decimal | None
    reason: str | None


@dataclass(frozen=True)
class ServiceCharges:
    """The bill of that version by service: charge_rows of the source, summed into so many stored rows."""

    provider_name: str
    service_name: str | None
    charge_category: str
    billing_currency: str
    effective_cost: Decimal | None
    billed_cost: Decimal | None
    charge_rows: int
    stored_rows: int


@dataclass(frozen=True)
class Published:
    """The last value that was sent of that day by then, and what was read back."""

    asset: str
    quantity: Decimal | None
    read_back: Decimal | None
    converged: bool
    recorded_at: datetime
    run_id: str


@dataclass(frozen=True)
class Chain:
    """All that is behind one number; `links` is empty where nothing was stored by then."""

    links: Sequence[Link]
    numbers: Sequence[Number]
    charges: Sequence[ServiceCharges]
    published: Sequence[Published]

    @property
    def own(self) -> Link:
        """The number's own version."""
        return self.links[0]


def chain_of(connection: Connection, metric: str, day: date, at: datetime, sinks: Sequence[str]) -> Chain:
    """What was believed at that moment of a metric's day, and all that it was made of."""
    asked: Mapping[str, object] = {"asset": metric, "day": day, "at": at}
    with connection.cursor(row_factory=class_row(Link)) as cursor:
        links = cursor.execute(_CHAIN, asked).fetchall()
    if not links:
        return Chain([], [], [], [])
    with connection.cursor(row_factory=class_row(Number)) as cursor:
        numbers = cursor.execute(_NUMBERS, [metric, day, links[0].version]).fetchall()
    bill = next((link.version for link in links if link.asset == "cloud_costs"), None)
    with connection.cursor(row_factory=class_row(ServiceCharges)) as cursor:
        charges = cursor.execute(_CHARGES, [day, bill]).fetchall()
    with connection.cursor(row_factory=class_row(Published)) as cursor:
        published = cursor.execute(_PUBLISHED, [list(sinks), day, at]).fetchall()
    return Chain(links, numbers, charges, published)
