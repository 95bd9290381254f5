"""The doctor and the catalogue know units in databases and in files as they know those of PostgreSQL."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from unit_economics import unit_sources
from unit_economics.catalogue_file import catalogue_schema
from unit_economics.cli import doctor_sources
from unit_economics.cli.options import yesterday
from unit_economics.entries.entry import variables_of
from unit_economics.environment import KINDS
from unit_economics.unit_sources.table_entry import TableUnits
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units:
      kind: sql
      url: SHOP_URL
      relation: orders
      timestamp: ordered_at
      dimensions: {who: {column: customer, pseudonym: NAMES_KEY}}
      statement_timeout: PT5M
  cost_per_event:
    unit: Event
    units: {kind: files, path: ./events, timestamp: at, where: {kind: [a, b]}, reading_timeout: PT30M}
"""
VARIABLES = {"SHOP_URL": "sqlite:///shop.sqlite", "NAMES_KEY": "an-old-key-of-32-characters-long"}


@pytest.fixture
def shop(world: Callable[..., World]) -> World:
    return replace(world(CATALOGUE), variables=VARIABLES)


def test_the_doctor_counts_a_day_of_both(shop: World) -> None:
    of = shop.deployment()
    day = yesterday(of).last
    database = sqlite3.connect(shop.folder / "shop.sqlite")
    with database:
        database.execute("create table orders (ordered_at text, customer text)")
        database.execute("insert into orders values (?, 'anna'), (?, 'anna')", [f"{day}T10:00:00Z"] * 2)
    database.close()
    (shop.folder / "events").mkdir()
    (shop.folder / "events" / "a.csv").write_text(f"at,kind\n{day}T10:00:00Z,a\n{day}T11:00:00Z,c\n")
    for asset, wanted in {"daily_orders": 2, "daily_events": 1}.items():
        source = of.graph[asset].source
        assert source is not None
        [found] = doctor_sources.counted(of, asset, source)
        assert (found.state, found.text) == ("ok", f"{day}: {wanted}")
    source = of.graph["daily_orders"].source
    assert source is not None
    assert set(variables_of(source)) == {"SHOP_URL", "NAMES_KEY"}


@pytest.mark.parametrize("kind", ["sql", "files"])
def test_an_editor_is_told_what_each_field_means(kind: str) -> None:
    schema: Any = catalogue_schema(KINDS)
    [told] = [one for one in schema["$defs"].values() if one.get("properties", {}).get("kind", {}).get("const") == kind]
    fields = {*TableUnits.model_fields, *unit_sources.KINDS[kind].model_fields} - {
        "kind",
        "covers_from",
        "covers_until",
    }
    assert [name for name in sorted(fields) if "description" not in told["properties"][name]] == []
