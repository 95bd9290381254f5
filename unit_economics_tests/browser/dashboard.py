"""The dashboard on a mart with something of everything: the demo's shop, a red day, a restated one, names that attack.

Here: filling that mart by real runs at a fixed moment, and serving its pages. Not here: what is expected of a page.
"""

import socket
import threading
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import uvicorn

from unit_economics.business_days import DayRange
from unit_economics.dashboard.mart.reader import Reader
from unit_economics.dashboard.web.app import application
from unit_economics.demo.bill import Charge
from unit_economics.demo.bill_file import write_bill
from unit_economics.demo.invoices import write_invoices
from unit_economics.demo.orders import write_orders
from unit_economics.demo.shop import imagine
from unit_economics.demo.tour import catalogue_text
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics.deployment import Deployment
from unit_economics.invoices import Invoice
from unit_economics.proof import proofs_of
from unit_economics.warehouse.invoices import state_one
from unit_economics_tests.world import World

LAST = date(2026, 6, 30)
DAYS = DayRange(LAST - timedelta(days=119), LAST)
RED, RESTATED = LAST - timedelta(days=12), LAST - timedelta(days=20)
NOW = datetime.combine(LAST + timedelta(days=1), time(7), tzinfo=UTC)
MAY = "INV-2026-05-0001"
SERVICE = "<img src=x onerror=alert(1)>"
TEAM = '"><script>alert(2)</script>'
APP = "</script><svg onload=alert(3)>{{ 7 * 7 }}"
PAYLOADS = (SERVICE, TEAM, APP)
NOBODY = "postgresql://127.0.0.1:1/away"
TOKEN = "token-of-the-stand-in"


@dataclass(frozen=True)
class Dashboard:
    """Its address; that of the same dashboard with its database away; and the mart behind it."""

    address: str
    away: str
    url: str

    def sql(self, query: str, *values: object) -> list[Any]:
        """Rows of a query on the mart."""
        with psycopg.connect(self.url) as connection:
            return connection.execute(query.encode(), values or None).fetchall()


@contextmanager
def served(folder: Path, url: str) -> Generator[Dashboard]:
    """The dashboard of a new mart in an empty database; nothing of it runs afterwards."""
    of = _filled(folder, url).linked_to("http://127.0.0.1:3000")
    with ExitStack() as servers:
        here, away = (servers.enter_context(_listening(of, mart)) for mart in (url, NOBODY))
        yield Dashboard(here, away, url)


@contextmanager
def _listening(of: Deployment, mart: str) -> Generator[str]:
    """The address of a running dashboard that reads this mart."""
    app = application(of, Reader(mart))
    config = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="dashboard", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _filled(folder: Path, url: str) -> Deployment:
    """All days in one run, the red one among them; then a day whose bill has changed once more."""
    shop = imagine(DAYS)
    charges = [charge for of_day in shop.charges.values() for charge in of_day]
    write_orders(url, (order for orders in shop.orders.values() for order in orders))
    write_bill(folder / "focus", _attacking(charges))
    write_invoices(folder, shop.invoices)
    with psycopg.connect(url) as connection:
        connection.execute(_RED_ORDERS.encode())
    books = Books(TOKEN)
    with serving(books) as vantage, dg.DagsterInstance.ephemeral() as instance:
        known = {"VANTAGE_API_URL": vantage, "VANTAGE_API_TOKEN": TOKEN, "ORDERS_METRIC_ID": books.add_metric("Orders")}
        world = World(folder, url, _catalogue(), instance, known, NOW)
        world.run(str(DAYS.first), str(DAYS.last))
        write_bill(folder / "focus", [*_attacking(charges), _dearer(charges)])
        world.run(str(RESTATED), str(RESTATED))
        of = world.deployment()
        _prove(world, of)
        return of


def _prove(world: World, of: Deployment) -> None:
    """Every proof once, with an invoice that is a little more than was billed for it, and a bill looked at just now."""
    world.sql("update unit_economics.attempt set committed_at = %s", NOW)
    world.sql(
        "update unit_economics.ledger set recorded_at = %s where business_date > %s", NOW, LAST - timedelta(days=3)
    )
    stated = Invoice(MAY, "AWS", None, date(2026, 5, 1), date(2026, 6, 1), "USD", Decimal(9000), "issued")
    with of.warehouse.transaction() as connection:
        state_one(connection, "hand", stated, "Ada")
    for proof in proofs_of(of):
        proof.prove(of.run("proof"))


_RED_ORDERS = f"""
    alter view public.order_counts rename to counted_orders;
    create view public.order_counts as
        select date, region, payment, case when date = '{RED}' then -1 else orders end as orders
        from public.counted_orders
"""


def _catalogue() -> str:
    """The demo's, with the bill taken apart by a further tag."""
    split = "  app: {by: {tag: app}}\nmetrics:\n"
    return catalogue_text(DAYS).replace("\nmetrics:\n", split, 1).replace("cost: [all,", "cost: [all, app,", 1)


def _attacking(charges: list[Charge]) -> Iterator[Charge]:
    """The bill, with one more line a day under names that would run as a script where they are not escaped."""
    for charge in charges:
        yield charge
        if charge["ChargeCategory"] == "Tax" and charge["SubAccountId"] == charges[0]["SubAccountId"]:
            costs = dict.fromkeys(("BilledCost", "EffectiveCost", "ListCost", "ContractedCost"), Decimal("3.21"))
            yield charge | costs | {"ServiceName": SERVICE, "Tags": {"team": TEAM, "app": APP}}


def _dearer(charges: list[Charge]) -> Charge:
    """A usage of the restated day a second time."""
    return next(
        charge
        for charge in charges
        if charge["ChargeCategory"] == "Usage" and str(charge["ChargePeriodStart"]).startswith(str(RESTATED))
    )
