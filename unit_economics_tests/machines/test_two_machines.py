"""Two machines, each with a worker, and runs that meet on the same days or don't: every day is there exactly once."""

from collections.abc import Iterator

import dagster as dg
import psycopg
import pytest

from unit_economics.business_days import DayRange
from unit_economics_tests.machines.judge import holds_every_day_once
from unit_economics_tests.machines.running import NOISE, Site, site
from unit_economics_tests.machines.shop import GATE
from unit_economics_tests.processes import await_

pytestmark = NOISE
SUCCESS = dg.DagsterRunStatus.SUCCESS


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(tmp_path_factory.mktemp("machines"), 10, days_per_run=5, daemon=False) as found:
        yield found


def test_two_runs_go_to_two_machines(two_workers: Site) -> None:
    before = [two_workers.received(machine) for machine in two_workers.workers]
    for first in (0, 5):
        two_workers.launch(DayRange(two_workers.days[first], two_workers.days[first + 4]))
    await_(lambda: all(run.is_finished for run in two_workers.runs()), "the ends of both runs", 180)
    assert {run.status for run in two_workers.runs()} == {SUCCESS}
    assert [two_workers.received(machine) for machine in two_workers.workers] == [number + 1 for number in before]
    holds_every_day_once(two_workers, two_workers.days)


def test_a_machine_that_stood_still_while_another_did_its_days_changes_nothing(two_workers: Site) -> None:
    """It has read what the shop had then, and goes on with it when the newer orders are stored."""
    days = two_workers.days[:5]
    with psycopg.connect(two_workers.url, autocommit=True) as shop_keeper:
        shop_keeper.execute("select pg_advisory_lock(%s)", [GATE])
        late = two_workers.launch(DayRange(days[0], days[-1]))
        await_(lambda: two_workers.at_the_gate() is not None, "its reading of the orders", 120)
        machine = two_workers.at_the_gate()
        assert machine
        machine.freeze()
        shop_keeper.execute("update public.counted set total_orders = total_orders + 1")
    again = two_workers.launch(DayRange(days[0], days[-1]))
    await_(lambda: two_workers.status(again) is SUCCESS, "the run on the other machine", 120)
    machine.thaw()
    await_(lambda: two_workers.status(late) is SUCCESS, "the late run", 120)
    holds_every_day_once(two_workers, days)
