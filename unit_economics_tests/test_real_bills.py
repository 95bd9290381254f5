"""Real bills and orders through the whole graph: every expected row, within the tolerance its README states."""

import csv
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest

from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics_tests.world import World

ORDERS = """units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, timestamp: ordered_at_local,
      local_zone: Europe/London, count_distinct: order_id, where: {status: completed}, absent_day: zero}"""

CATALOGUE = """
business_day: {{timezone: UTC}}
cost_sources:
  bill: {{kind: focus, path: "{path}", long_charges: {long_charges}}}
cost_scopes:
  all: {{basis: {basis}}}
{scopes}
metrics:
  cost_per_order:
    unit: Order
    {orders}
"""

D1_SCOPES = """  subaccount: {{by: {{column: sub_account_id}}, basis: {basis}}}
  tag: {{by: {{tag: department}}, basis: {basis}}}"""
D2_SCOPES = """  provider: {{by: {{column: provider_name}}, basis: {basis}}}
  tag: {{by: {{tag: environment}}, basis: {basis}}}"""

D1, D2 = "d1_retail_aws_nov2018", "d2_official_focus10_sep2024"
CASES = [
    (D1, "focus_parquet", "expected_utc.csv", "start", D1_SCOPES),
    (D1, "focus_csv", "expected_utc.csv", "start", D1_SCOPES),
    (D1, "focus_parquet", "expected_utc_spread.csv", "spread", D1_SCOPES),
    (D2, "focus_multi_provider.csv", "expected_utc.csv", "start", D2_SCOPES),
]


def load_orders(url: str, folder: Path) -> None:
    """The case's orders.csv into a table `public.orders`."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute((folder / "orders.sql").read_bytes())
        with connection.cursor().copy("copy public.orders from stdin with (format csv, header true)") as copy:
            copy.write((folder / "orders.csv").read_bytes())


def expected(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as lines:
        return list(csv.DictReader(lines))


def differences(world: World, answers: list[dict[str, str]], basis: str) -> Iterator[str]:
    """Where the mart says something else than the answers do."""
    rows = world.sql(
        "select business_date::text, cost_scope, billing_currency, cost, charge_rows, quantity, unit_cost"
        " from unit_economics.cost_per_order"
    )
    held = {row[:3]: row[3:] for row in rows}
    for answer in answers:
        key = (answer["day"], answer["scope"], answer["currency"])
        cost, count, orders, ratio = held.pop(key, (None, 0, None, None))
        if not close(cost, answer[f"cost_{basis}"]) or count != int(answer["cost_rows"]):
            yield f"{key}: cost {cost} in {count} rows, expected {answer[f'cost_{basis}']} in {answer['cost_rows']}"
        if orders is not None and orders != Decimal(answer["orders"]):
            yield f"{key}: {orders} orders, expected {answer['orders']}"
        if not close(ratio, answer[f"{basis}_per_order"]):
            yield f"{key}: {ratio} per order, expected {answer[f'{basis}_per_order']}"
    yield from (f"{key}: {row}, expected nothing" for key, row in held.items() if row[1])


def close(value: Decimal | None, text: str) -> bool:
    if value is None or not text:
        return value is None and not text
    wanted = Decimal(text)
    return abs(value - wanted) <= max(Decimal("1e-8"), abs(wanted) * Decimal("1e-6"))


@pytest.mark.parametrize("basis", ["effective", "billed"])
@pytest.mark.parametrize(("case", "bill", "answers", "long_charges", "scopes"), CASES)
def test_the_mart_holds_every_expected_row_of_a_real_bill(
    shared_data: Path,
    world: Callable[..., World],
    case: str,
    bill: str,
    answers: str,
    long_charges: str,
    scopes: str,
    basis: str,
) -> None:
    given = shared_data / case / "input"
    catalogue = CATALOGUE.format(
        path=given / bill, long_charges=long_charges, basis=basis, orders=ORDERS, scopes=scopes.format(basis=basis)
    )
    shop = world(catalogue)
    load_orders(shop.url, given)
    wanted = expected(shared_data / case / answers)

    result = shop.run(min(row["day"] for row in wanted), max(row["day"] for row in wanted))

    assert result.success
    assert list(differences(shop, wanted, basis)) == []


VANTAGE_BILL = "bill: {kind: vantage, cost_report: rprt_dev, amortize: false}"


def test_the_mart_holds_every_expected_row_of_a_bill_from_vantage(
    shared_data: Path, world: Callable[..., World]
) -> None:
    case = shared_data / "d4_vantage_api_feb2024"
    pages = [json.loads(path.read_text()) for path in sorted((case / "input").glob("vantage_costs_page*.json"))]
    books = Books("token", costs=[row for page in pages for row in page["costs"]], most_a_page=100)
    scopes = "  service: {by: {column: service_name}, basis: billed}"
    catalogue = CATALOGUE.format(path="", long_charges="start", basis="billed", orders=ORDERS, scopes=scopes)
    catalogue = re.sub(r"bill: .*", VANTAGE_BILL, catalogue)
    wanted = expected(case / "expected_utc.csv")

    with serving(books) as address:
        shop = world(catalogue, VANTAGE_API_URL=address, VANTAGE_API_TOKEN="token")
        load_orders(shop.url, case / "input")
        result = shop.run(wanted[0]["day"], wanted[-1]["day"])

    assert result.success
    assert list(differences(shop, wanted, "billed")) == []


@pytest.mark.parametrize("version", ["2", "3"])
@pytest.mark.parametrize("basis", ["effective", "billed"])
def test_three_providers_in_one_delivery_are_loaded_whole(
    shared_data: Path, world: Callable[..., World], version: str, basis: str
) -> None:
    case = shared_data / "d3_synthetic_focus12_13"
    catalogue = CATALOGUE.format(
        path=case / "input" / f"focus_1_{version}_*.csv",
        long_charges="start",
        basis=basis,
        orders=ORDERS,
        scopes=f"  provider: {{by: {{column: provider_name}}, basis: {basis}}}",
    )
    shop = world(catalogue)
    shop.sql((shared_data / "d1_retail_aws_nov2018" / "input" / "orders.sql").read_text())

    assert shop.run("2026-05-01", "2026-05-31").success
    assert list(differences(shop, expected(case / f"expected_utc_v1{version}.csv"), basis)) == []
