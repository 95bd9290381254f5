"""Three years of fifty cost scopes, as rows of the real tables: what the dashboard's benchmarks read.

Here: making that mart by SQL, in seconds. Not here: serving or measuring it (dashboard.py).
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from unit_economics.business_days import DayRange
from unit_economics.deployment import Deployment
from unit_economics.environment import deployment

DAYS, SCOPES = 1095, 50
METRIC = "cost_per_order"
CATALOGUE = """
business_day: {{timezone: UTC, closes_after: PT0S, first_day: {first}}}
cost_sources:
  bill: {{kind: focus, path: ./focus}}
cost_scopes:
  all: {{basis: effective}}
  service: {{by: {{column: service_name}}}}
metrics:
  cost_per_order:
    unit: Order
    units:
      {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}}
    revenue:
      {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.daily_revenue, day: date, quantity: revenue}}
    targets: {{unit_cost: 0.55}}
    owner: finops@example.com
dashboard: {{everyone: finance}}
"""
_NAMES = "with days as (select d::date as day from generate_series(%(first)s, %(last)s, interval '1 day') d)"
_ATTEMPT = """
    insert into attempt (asset, first_day, last_day, run_id, code_version, catalogue_version, definition, committed_at)
    values (%(asset)s, %(first)s, %(last)s, 'bench', 'bench', 'bench', %(definition)s, clock_timestamp())
    returning attempt
"""
_LEDGER = f"""{_NAMES}
    insert into ledger (asset, business_date, version, rows_version, attempt, status, complete_through, content_hash,
        definition, input_versions, source_hash, run_id, code_version, catalogue_version)
    select %(asset)s, day, 1, 1, %(attempt)s,
        case when day > %(last)s - 3 then 'provisional' when day = %(last)s - 9 then 'restated' else 'complete' end,
        day, 'hash', %(definition)s, %(inputs)s, 'hash', 'bench', 'bench', 'bench'
    from days
"""
_VERDICTS = """
    insert into verdict (asset, business_date, attempt, passed, run_id)
    select asset, business_date, attempt, true, run_id from ledger
"""
_UNITS = f"""{_NAMES}
    insert into unit_quantity (asset, business_date, version, segment, quantity, unit)
    select %(asset)s, day, 1, 'all', %(times)s * (10000 + (day - date '2000-01-01') + 900 * sin(day - %(first)s))::int,
        %(unit)s
    from days
"""
_CHARGES = f"""{_NAMES}
    insert into charge_day (asset, business_date, version, provider_name, service_name, charge_category, tags,
        billing_currency, billed_cost, effective_cost, charge_rows)
    select 'cloud_costs', day, 1, 'AWS', 'Service ' || n, 'Usage', '{{}}', 'USD', cost, cost, 10
    from days, generate_series(1, %(services)s) n,
        lateral (select (100 + n + 10 * sin((day - %(first)s) / n::float))::numeric(38, 12) as cost) c
"""
_UNIT_COSTS = """
    insert into unit_cost (asset, business_date, version, cost_scope, billing_currency, cost_basis, cost, charge_rows,
        quantity, unit, unit_cost)
    select 'cost_per_order', c.business_date, 1, coalesce('service:' || c.service_name, 'all'), 'USD', 'effective',
        sum(c.effective_cost), sum(c.charge_rows), min(u.quantity), 'Order', sum(c.effective_cost) / min(u.quantity)
    from charge_day c
    join unit_quantity u on u.asset = 'daily_orders' and u.business_date = c.business_date
    group by grouping sets ((c.business_date, c.service_name), (c.business_date))
    order by c.business_date
"""


def days() -> DayRange:
    """Three years that end yesterday."""
    last = datetime.now(UTC).date() - timedelta(days=1)
    return DayRange(last - timedelta(days=DAYS - 1), last)


def variables(folder: Path, url: str) -> dict[str, str]:
    """What a process needs to read this mart."""
    catalogue = folder / "unit_economics.yaml"
    catalogue.write_text(CATALOGUE.format(first=days().first))
    urls = {"ORDERS_DATABASE_URL": url, "UNIT_ECONOMICS_DATABASE_URL": url}
    return {**urls, "UNIT_ECONOMICS_CATALOGUE": str(catalogue)}


def fill(folder: Path, url: str) -> None:
    """All rows: 54,750 of unit costs, as many charges, and a ledger row for each asset and day."""
    of = deployment(variables(folder, url), folder / "unit_economics.yaml")
    span: dict[str, date] = {"first": days().first, "last": days().last}
    _ledger(of, "cloud_costs", "{}", span)
    _ledger(of, "daily_orders", "{}", span)
    _ledger(of, "daily_order_revenue", "{}", span)
    _ledger(of, METRIC, '{"cloud_costs": 1, "daily_orders": 1}', span)
    with of.warehouse.connection() as connection:
        for asset, times, unit in (("daily_orders", 1, "Order"), ("daily_order_revenue", 80, "USD")):
            connection.execute(_UNITS, {**span, "asset": asset, "times": times, "unit": unit})
        connection.execute(_CHARGES, {**span, "services": SCOPES - 1})
        for text in (_UNIT_COSTS, _VERDICTS, "analyze"):
            connection.execute(text)


def _ledger(of: Deployment, asset: str, inputs: str, span: dict[str, date]) -> None:
    values = {**span, "asset": asset, "definition": of.definition(asset), "inputs": inputs}
    with of.warehouse.connection() as connection:
        [(attempt,)] = connection.execute(_ATTEMPT, values).fetchall()
        connection.execute(_LEDGER, {**values, "attempt": attempt})
