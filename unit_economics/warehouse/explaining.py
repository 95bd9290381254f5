"""What made a number of one day, as it was made: its lines, the charges behind them, the quantities it was shared by.

Here: questions to the mart, each for the version that was used. Not here: what the answers mean (allocation/books.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import LiteralString

from psycopg import sql
from psycopg.rows import class_row

from unit_economics.allocation.double_entry import Line
from unit_economics.allocation.rules import BETWEEN
from unit_economics.entries.allocation import OVERLAP
from unit_economics.warehouse.connection import Connection


@dataclass(frozen=True)
class Number:
    """The unit cost of a scope by one metric, with its status and where it comes from."""

    metric: str
    cost_scope: str
    billing_currency: str
    cost: Decimal | None
    charge_rows: int
    quantity: Decimal | None
    unit: str
    unit_cost: Decimal | None
    reason: str | None
    version: int
    input_versions: Mapping[str, int]


@dataclass(frozen=True)
class Band:
    """The lowest and the highest unit cost under every declared key; `by` is empty for the declared one."""

    metric: str
    cost_scope: str
    billing_currency: str
    lowest: Decimal
    lowest_by: str
    highest: Decimal
    highest_by: str
    keys: int


@dataclass(frozen=True)
class ChargeKind:
    """Charges of one rule that look the same, and how much all kinds together are."""

    rule: str
    provider_name: str
    service_name: str | None
    sub_account_id: str | None
    region_id: str | None
    charge_category: str
    tags: str
    amount: Decimal | None
    charge_rows: int
    all_kinds: int
    all_amount: Decimal | None
    all_charge_rows: int


@dataclass(frozen=True)
class Taken:
    """Which charges are asked for: of one version of the bill, at one cost."""

    day: date
    version: int
    currency: str
    cost: str


def numbers(connection: Connection, day: date, scope: str, *, slices: bool) -> Sequence[Number]:
    """The unit costs of a scope on a day; with those of its slices where they are wanted."""
    text: LiteralString = (
        "select metric, cost_scope, billing_currency, cost, charge_rows, quantity, unit, unit_cost, reason, version,"
        " input_versions from unit_cost_versions where superseded_at is null and business_date = %s"
        " and (cost_scope = %s or (%s and starts_with(cost_scope, %s || ':'))) order by 1, 2, 3"
    )
    with connection.cursor(row_factory=class_row(Number)) as cursor:
        return cursor.execute(text, [day, scope, slices, scope]).fetchall()


def bands(connection: Connection, day: date, scope: str, *, slices: bool) -> Sequence[Band]:
    """How much of these unit costs is a choice of the key."""
    text: LiteralString = (
        "select metric, cost_scope, billing_currency, lowest, lowest_by, highest, highest_by, keys from unit_cost_band"
        " where business_date = %s and (cost_scope = %s or (%s and starts_with(cost_scope, %s || ':')))"
        " and keys > 1 order by 1, 2, 3"
    )
    with connection.cursor(row_factory=class_row(Band)) as cursor:
        return cursor.execute(text, [day, scope, slices, scope]).fetchall()


def lines(connection: Connection, day: date, scope: str) -> Sequence[Line]:
    """The books of a scope with rules, by the declared keys."""
    text: LiteralString = (
        "select business_date as day, billing_currency as currency, step::int, rule, source, target, amount,"
        " charge_rows from allocated_costs where variant = '' and business_date = %s and cost_scope = %s"
        " order by billing_currency, step, rule, source nulls first, target"
    )
    with connection.cursor(row_factory=class_row(Line)) as cursor:
        return cursor.execute(text, [day, scope]).fetchall()


def quantities(connection: Connection, asset: str, day: date, version: int) -> dict[str, Decimal]:
    """What one version counted on a day, by segment."""
    rows = connection.execute(
        "select r.segment, r.quantity::numeric from ledger l join unit_quantity r"
        " on (r.asset, r.business_date, r.version) = (l.asset, l.business_date, l.rows_version)"
        " where l.asset = %s and l.business_date = %s and l.version = %s",
        [asset, day, version],
    )
    return dict(rows.fetchall())


def currencies(connection: Connection, day: date, version: int) -> list[str]:
    """Those of one version of a day's bill."""
    rows = connection.execute(
        "select distinct billing_currency from cloud_cost_versions where business_date = %s and version = %s"
        " order by 1",
        [day, version],
    )
    return [currency for (currency,) in rows]


_TAKEN_BY = """
    select *, string_to_array(taken_by ->> {scope}, {between}) as rules from cloud_cost_versions
    where business_date = {day} and version = {version} and billing_currency = {currency}
"""
_RULES = """
    select unnest(c.rules) as rule, 1 as times
    union all select {overlap}, 1 - cardinality(c.rules) where cardinality(c.rules) > 1
"""
_LARGEST = """
    select t.rule, provider_name, service_name, sub_account_id, region_id, charge_category, tags::text as tags,
        case when bool_and({cost} is not null) then sum(times * {cost}) end as amount,
        coalesce(sum(charge_rows) filter (where times > 0), 0)::bigint as charge_rows, count(*) over () as all_kinds,
        case when bool_and(bool_and({cost} is not null)) over () then sum(sum(times * {cost})) over () end
            as all_amount,
        coalesce(sum(sum(charge_rows) filter (where times > 0)) over (), 0)::bigint as all_charge_rows
    from ({charges}) c cross join lateral ({rules}) t
    where {where}
    group by t.rule, provider_name, service_name, sub_account_id, region_id, charge_category, c.tags
    order by abs(sum(times * {cost})) desc nulls last, 1, 2, 3, 4, 5, 6, 7 limit {most}
"""


def taken_charges(
    connection: Connection, asked: Taken, scope: str, rules: Sequence[str], most: int
) -> Sequence[ChargeKind]:
    """The largest kinds of charges that these rules of a scope took; of `overlap`, what is taken off again."""
    by_rule = sql.SQL(_RULES).format(overlap=sql.Literal(OVERLAP))
    return _largest(connection, asked, scope, by_rule, sql.SQL("t.rule = any({})").format(list(rules)), most)


def matching_charges(connection: Connection, asked: Taken, where: sql.Composable, most: int) -> Sequence[ChargeKind]:
    """The largest kinds of charges for which a condition holds: of a scope without rules."""
    return _largest(connection, asked, "", sql.SQL("select '' as rule, 1 as times"), where, most)


def _largest(
    connection: Connection, asked: Taken, scope: str, rules: sql.Composable, where: sql.Composable, most: int
) -> Sequence[ChargeKind]:
    # A scope's condition may hold a "%", so there are no parameters here but literals.
    charges = sql.SQL(_TAKEN_BY).format(
        scope=scope, between=BETWEEN, day=asked.day, version=asked.version, currency=asked.currency
    )
    query = sql.SQL(_LARGEST).format(
        cost=sql.Identifier(asked.cost), charges=charges, rules=rules, where=where, most=most
    )
    with connection.cursor(row_factory=class_row(ChargeKind)) as cursor:
        return cursor.execute(query).fetchall()
