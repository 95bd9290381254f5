"""The charges behind one number: what the scope takes of a day's bill, by service, and the SQL that adds it up anew.

Here: the sums. Not here: which charges a scope takes (taken_charges.py), every charge by itself (the CSV).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import reduce

from psycopg import sql

from unit_economics.asset_names import units_asset
from unit_economics.dashboard.mart.taken_charges import conditions_of, where_sql
from unit_economics.dashboard.scene import Scene
from unit_economics.entries.allocation import LEFT_OUT
from unit_economics.exact import EXACT

MOST_SERVICES = 12
# The window functions are over all services, also over those that the limit leaves out.
_SERVICES = """
    select service_name, charge_category, sum({cost}), sum(charge_rows)::bigint, count(*) over (),
        sum(sum({cost})) over (), sum(sum(charge_rows)) over ()
    from {charges} where business_date = {day} and billing_currency = {currency} and {where}
    group by 1, 2 order by abs(sum({cost})) desc nulls last, 1, 2 limit {most}
"""

_ANEW = """\
select sum({cost}) as cost,
  (select sum(quantity) from unit_economics.{units} where business_date = {day}) as quantity
from unit_economics.{charges}
where business_date = {day} and billing_currency = {currency}"""


_SHARED = """
    select rule, sum(amount) from {lines}
    where business_date = %(day)s and billing_currency = %(currency)s and cost_scope = %(scope)s
        and target = %(target)s and variant = '' and (step > 0 or target = 'overlap')
    group by rule, step order by step, rule
"""

_LINES_ANEW = """\
select sum(amount) as cost,
  (select sum(quantity) from unit_economics.{units} where business_date = {day}) as quantity
from unit_economics.{lines}
where business_date = {day} and billing_currency = {currency}
  and cost_scope = {scope} and variant = '' and target {target};"""


@dataclass(frozen=True)
class ByService:
    """The services that weigh most, credits too, with category, cost and number of charges, and the sum of all."""

    rows: Sequence[tuple[str, str, str, str]]
    hidden: int
    total: Decimal
    total_text: str
    charges: str


def by_service(scene: Scene, day: date) -> ByService:
    """The charges of one day that the view's scope takes."""
    query = sql.SQL(_SERVICES).format(
        cost=sql.Identifier(f"{scene.entry.basis}_cost"),
        charges=sql.Identifier(scene.charges_view),
        day=sql.Literal(day),
        currency=sql.Literal(scene.of.catalogue.currency),
        where=where_sql(conditions_of(scene.entry, scene.view.scope)),
        most=sql.Literal(MOST_SERVICES),
    )
    found = scene.connection.execute(query).fetchall()
    numbers = scene.numbers
    shared = _shared(scene, day)
    rows = [
        (service or "no service", category, numbers.money(cost), numbers.count(Decimal(charges)))
        for service, category, cost, charges, *_ in found
    ]
    many, own, charges = found[0][4:] if found else (0, Decimal(0), Decimal(0))
    hidden = many - len(rows)
    rows += [(rule, "shared", numbers.signed_money(amount), "") for rule, amount in shared]
    total = reduce(EXACT.add, (amount for _, amount in shared), own)
    return ByService(rows, hidden, total, numbers.money(total), numbers.count(Decimal(charges)))


def _shared(scene: Scene, day: date) -> list[tuple[str, Decimal]]:
    """What others gave the view's target, or it gave away, by rule; nothing where the scope has no rules."""
    if scene.is_whole_scope or scene.entry.allocation is None:
        return []
    name, target = scene.view.scope.split(":", 1)
    values = {"day": day, "currency": scene.of.catalogue.currency, "scope": name, "target": target}
    query = sql.SQL(_SHARED).format(lines=sql.Identifier(scene.lines_view))
    return scene.connection.execute(query, values).fetchall()


def reproducing(scene: Scene, day: date) -> str:
    """The query that sums both halves of a day's number anew from what is stored of the sources."""
    where = conditions_of(scene.entry, scene.view.scope)
    if scene.entry.allocation:
        return _summed_lines(scene, day)
    query = sql.SQL(_ANEW).format(
        cost=sql.Identifier(f"{scene.entry.basis}_cost"),
        charges=sql.SQL(scene.charges_view),
        units=sql.Identifier(units_asset(scene.view.metric)),
        day=sql.Literal(str(day)),
        currency=sql.Literal(scene.of.catalogue.currency),
    )
    taken = sql.SQL("\n  and {}").format(where_sql(where)) if where else sql.SQL("")
    return f"{(query + taken).as_string(scene.connection)};"


def _summed_lines(scene: Scene, day: date) -> str:
    """The same where the cost is what rules and shares came to."""
    name, _, target = scene.view.scope.partition(":")
    chosen = sql.SQL("= {}").format(sql.Literal(target)) if target else sql.SQL("<> {}").format(sql.Literal(LEFT_OUT))
    query = sql.SQL(_LINES_ANEW).format(
        lines=sql.SQL(scene.lines_view),
        units=sql.Identifier(units_asset(scene.view.metric)),
        day=sql.Literal(str(day)),
        currency=sql.Literal(scene.of.catalogue.currency),
        scope=sql.Literal(name),
        target=chosen,
    )
    return query.as_string(scene.connection)
