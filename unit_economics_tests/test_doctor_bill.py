"""The doctor's look at a bill: what a scan needs beside the files is asked for before a run finds it missing.

Here: one bill. Not here: the doctor as a whole (test_cli_days.py).
"""

from collections.abc import Callable

import pytest

from unit_economics.cli import doctor_sources
from unit_economics.cli.diagnosis import Finding
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus@@}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: orders, day: date, quantity: n}
"""


def looked_at(world: Callable[..., World], more: str = "") -> list[Finding]:
    shop = world(CATALOGUE.replace("@@", more))
    write_bill(shop.folder / "focus", charge())
    of = shop.deployment()
    return list(doctor_sources.bill(of, "bill", of.catalogue.cost_sources["bill"]))


def test_a_bill_that_needs_nothing_more_is_one_line(world: Callable[..., World]) -> None:
    assert [found.state for found in looked_at(world)] == ["ok"]


def test_a_folder_to_spill_to_that_is_not_there_is_refused(world: Callable[..., World]) -> None:
    with pytest.raises(Refusal, match="the folder that the scan may spill to is not there"):
        looked_at(world, ", scan: {spill: ./nowhere}")


def test_spark_that_is_not_installed_is_said_with_the_command(
    world: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = ", engine: {kind: spark, master: 'local[2]'}"
    assert looked_at(world, engine)[-1].state == "ok"
    monkeypatch.setattr(doctor_sources, "find_spec", lambda _name: None)
    found = looked_at(world, engine)[-1]
    assert (found.state, found.mend) == ("fail", "pip install 'unit-economics[spark]'")


def test_a_driver_without_a_column_for_the_target_is_refused_when_the_catalogue_is_read(
    world: Callable[..., World],
) -> None:
    driver = "drivers: {cpu: {unit: h, quantity: {kind: postgres, dsn: A, relation: c, day: d, quantity: h}}}\n"
    with pytest.raises(UsageRefusal, match="it needs `segment`, the column that names the target"):
        world(driver + CATALOGUE.replace("@@", "")).deployment()
