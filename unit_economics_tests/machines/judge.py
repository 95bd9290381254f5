"""What must hold of a site's mart in the end. Not here: at which moment of a write (faults/oracle.py)."""

from collections.abc import Sequence
from datetime import date

import psycopg

from unit_economics_tests.faults import oracle
from unit_economics_tests.machines import shop
from unit_economics_tests.machines.running import Site


def holds_every_day_once(site: Site, days: Sequence[date]) -> None:
    """One current version of every day and asset, its own rows, no break before it, and what the shop has now."""
    orders = dict(site.sql("select date, total_orders from public.total_orders"))
    with psycopg.connect(site.url) as connection:
        wrong = [wrong for asset in shop.ASSETS for wrong in oracle.wrong_days(connection, asset, days)]
        breaks = [wrong for asset in shop.ASSETS for wrong in oracle.wrong_history(connection, asset)]
        held = oracle.stored(connection, "cost_per_order", "cost", "quantity")
    assert (wrong, breaks) == ([], [])
    assert {day: held[day] for day in days} == {day: (shop.cost(day), orders[day]) for day in days}
    query = "select sum(effective_cost), count(*) from unit_economics.cloud_costs where business_date = any(%s)"
    assert site.sql(query, list(days)) == [(sum(map(shop.cost, days)), 2 * len(days))]
