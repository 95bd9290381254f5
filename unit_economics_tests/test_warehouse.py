"""Replace-a-day: what is current, what was believed then, and what writes nothing."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unit_economics import schemas
from unit_economics.business_days import DayRange
from unit_economics.refusals import Refusal, Unreachable
from unit_economics.warehouse import ledger, tables
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.ledger import Attempt, LateAttempt, Run
from unit_economics.warehouse.migrations import migrate, shipped
from unit_economics.warehouse.replace_days import MANY_DAYS, DayState, Replaced, replace_days
from unit_economics_tests.invoice_views import INVOICE_VIEWS

DAY = date(2026, 3, 1)
DAYS = DayRange(DAY, DAY + timedelta(days=2))
RUN = Run("run", "code", "catalogue")

ASSETS = {"daily_orders": "units", "cost_per_order": "unit_cost"}


@pytest.fixture
def warehouse(database: str) -> Warehouse:
    mart = Warehouse(database)
    migrate(mart, ASSETS)
    return mart


def orders(quantities: dict[date, str]) -> pd.DataFrame:
    rows = [(day, "all", Decimal(quantity), "Order") for day, quantity in quantities.items()]
    return pd.DataFrame(rows, columns=list(schemas.UNITS.columns), dtype=object)


def begin(warehouse: Warehouse) -> Attempt:
    return ledger.begin(warehouse, "daily_orders", DAYS, RUN)


def write(
    warehouse: Warehouse, quantities: dict[date, str], status: Any = "complete", attempt: Attempt | None = None
) -> Replaced:
    states = {day: DayState(status, DAY) for day in quantities}
    verdicts = [Verdict(day) for day in quantities]
    with warehouse.transaction() as connection:
        return replace_days(
            connection, attempt or begin(warehouse), tables.UNIT_QUANTITIES, orders(quantities), states, verdicts
        )


def rows(warehouse: Warehouse, query: str, *values: object) -> list[Any]:
    with warehouse.connection() as connection:
        return connection.execute(query.encode(), values or None).fetchall()


def counts(warehouse: Warehouse) -> list[Any]:
    return rows(
        warehouse,
        "select (select count(*) from ledger), (select count(*) from unit_quantity), (select count(*) from verdict)",
    )


def test_a_new_day_is_version_1_and_visible_in_its_view(warehouse: Warehouse) -> None:
    assert write(warehouse, {DAY: "5"}).changes == {DAY: "new"}
    view = rows(warehouse, "select business_date, segment, quantity, unit, status, version, run_id from daily_orders")
    assert view == [(DAY, "all", 5, "Order", "complete", 1, "run")]


def test_the_same_content_again_writes_no_row_anywhere(warehouse: Warehouse) -> None:
    write(warehouse, {DAY: "5"})
    before = counts(warehouse)
    again = write(warehouse, {DAY: "5.000"})
    assert (again.changes, again.rows_written) == ({DAY: "same"}, 0)
    assert counts(warehouse) == before


def test_after_many_days_the_planner_knows_of_them_before_anybody_reads(warehouse: Warehouse) -> None:
    asked = "select reltuples from pg_class where oid = any(array['ledger'::regclass, 'unit_quantity'::regclass])"
    days = DayRange(DAY, DAY + timedelta(days=MANY_DAYS))
    assert rows(warehouse, asked) == [(-1,), (-1,)], "a table that was never analysed"
    attempt = ledger.begin(warehouse, "daily_orders", days, RUN)
    write(warehouse, dict.fromkeys(days, "5"), attempt=attempt)
    assert rows(warehouse, asked) == [(len(days),), (len(days),)]


def test_a_change_supersedes_and_the_former_value_is_still_there_as_of_then(warehouse: Warehouse) -> None:
    write(warehouse, {DAY: "5"})
    ((then,),) = rows(warehouse, "select recorded_at from daily_orders")
    assert write(warehouse, {DAY: "6"}).changes == {DAY: "restated"}
    assert rows(warehouse, "select quantity, status, version from daily_orders") == [(6, "restated", 2)]
    believed = rows(warehouse, "select quantity, status, version from unit_quantities_as_of('daily_orders', %s)", then)
    assert believed == [(5, "complete", 1)]


def test_before_the_first_write_nothing_was_believed(warehouse: Warehouse) -> None:
    ((before,),) = rows(warehouse, "select clock_timestamp()")
    write(warehouse, {DAY: "5"})
    assert rows(warehouse, "select * from unit_quantities_as_of('daily_orders', %s)", before) == []


def test_at_every_moment_after_the_first_write_exactly_one_version_is_believed(warehouse: Warehouse) -> None:
    for quantity in ("5", "6", "7"):
        write(warehouse, {DAY: quantity})
    moments = rows(warehouse, "select recorded_at from ledger union select superseded_at from ledger order by 1")
    for (moment,) in moments:
        if moment is not None:
            found = rows(warehouse, "select count(*) from unit_quantities_as_of('daily_orders', %s)", moment)
            assert found == [(1,)]


def test_a_provisional_day_that_changes_is_not_called_restated(warehouse: Warehouse) -> None:
    write(warehouse, {DAY: "5"}, "provisional")
    write(warehouse, {DAY: "6"}, "provisional")
    assert rows(warehouse, "select status, version from daily_orders") == [("provisional", 2)]


def test_a_day_that_only_grows_complete_writes_a_ledger_row_and_no_rows(warehouse: Warehouse) -> None:
    write(warehouse, {DAY: "5"}, "provisional")
    assert write(warehouse, {DAY: "5"}, "complete").changes == {DAY: "status"}
    assert rows(warehouse, "select quantity, status, version from daily_orders") == [(5, "complete", 2)]
    assert rows(warehouse, "select count(*) from unit_quantity") == [(1,)]


def test_a_complete_day_never_becomes_provisional_again(warehouse: Warehouse) -> None:
    write(warehouse, {DAY: "5"}, "complete")
    assert write(warehouse, {DAY: "5"}, "provisional").changes == {DAY: "same"}


def test_a_range_with_one_changed_day_writes_only_that_day(warehouse: Warehouse) -> None:
    write(warehouse, dict.fromkeys(DAYS, "5"))
    changed = write(warehouse, {**dict.fromkeys(DAYS, "5"), DAYS.last: "6"})
    assert (changed.days("restated"), changed.rows_written) == ([DAYS.last], 1)


def test_an_attempt_that_was_overtaken_is_refused_and_changes_nothing(warehouse: Warehouse) -> None:
    old = begin(warehouse)
    write(warehouse, {DAY: "6"})
    with pytest.raises(LateAttempt, match="overtaken"):
        write(warehouse, {DAY: "5"}, attempt=old)
    assert rows(warehouse, "select quantity from daily_orders") == [(6,)]


def test_an_attempt_overtaken_on_one_day_still_writes_the_others(warehouse: Warehouse) -> None:
    old = begin(warehouse)
    one_day = ledger.begin(warehouse, "daily_orders", DayRange(DAY, DAY), RUN)
    write(warehouse, {DAY: "6"}, attempt=one_day)
    late = write(warehouse, dict.fromkeys(DAYS, "5"), attempt=old)
    assert DAY not in late.versions
    assert rows(warehouse, "select quantity from daily_orders order by business_date") == [(6,), (5,), (5,)]


def test_an_attempt_overtaken_by_one_that_changed_nothing_is_refused_too(warehouse: Warehouse) -> None:
    write(warehouse, {DAY: "6"})
    old = begin(warehouse)
    write(warehouse, {DAY: "6"})
    with pytest.raises(LateAttempt):
        write(warehouse, {DAY: "5"}, attempt=old)


def test_what_is_raised_before_the_commit_leaves_nothing_behind(warehouse: Warehouse) -> None:
    before = counts(warehouse)
    with pytest.raises(ZeroDivisionError), warehouse.transaction() as connection:
        replace_days(
            connection,
            begin(warehouse),
            tables.UNIT_QUANTITIES,
            orders({DAY: "5"}),
            {DAY: DayState("complete", DAY)},
            [Verdict(DAY)],
        )
        raise ZeroDivisionError
    assert counts(warehouse) == before


@pytest.mark.parametrize("bad", ["NaN", "-1"])
def test_the_database_itself_refuses_an_impossible_quantity(warehouse: Warehouse, bad: str) -> None:
    write(warehouse, {DAY: "5"})
    with warehouse.connection() as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("insert into unit_quantity values ('daily_orders', %s, 1, 'x', %s, 'Order')", [DAY, bad])


def test_a_text_with_every_awkward_character_comes_back_as_it_went_in(warehouse: Warehouse) -> None:
    awkward = "tab\t newline\n return\r backslash\\ \\N quote' \" emoji 🧾 rtl \u202e"
    frame = orders({DAY: "1"})
    frame["segment"] = awkward
    with warehouse.transaction() as connection:
        replace_days(
            connection,
            begin(warehouse),
            tables.UNIT_QUANTITIES,
            frame,
            {DAY: DayState("complete", DAY)},
            [],
        )
    assert rows(warehouse, "select segment from daily_orders") == [(awkward,)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(list(DAYS)), st.integers(0, 3).map(str), min_size=1), min_size=1, max_size=6
    )
)
def test_after_any_history_each_day_shows_its_last_value(warehouse: Warehouse, history: list[dict[date, str]]) -> None:
    with warehouse.connection() as connection:
        connection.execute("truncate attempt cascade")
    last: dict[date, str] = {}
    for write_of in history:
        write(warehouse, write_of)
        last.update(write_of)
    shown = rows(warehouse, "select business_date, quantity from daily_orders")
    assert dict(shown) == {day: Decimal(quantity) for day, quantity in last.items()}


def test_migrating_twice_takes_no_step_the_second_time(database: str) -> None:
    mart = Warehouse(database)
    assert len(migrate(mart, {})) == len(shipped())
    assert migrate(mart, {}) == []


def test_eight_migrations_at_once_end_in_one_schema(database: str) -> None:
    mart = Warehouse(database)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: migrate(mart, ASSETS), range(8)))
    assert sum(map(len, taken)) == len(shipped())


def test_a_database_of_a_newer_release_is_refused(warehouse: Warehouse) -> None:
    with warehouse.connection() as connection:
        connection.execute("insert into migration (number, name, checksum) values (9999, 'later', 'x')")
    with pytest.raises(Refusal, match=r"migration 9999 .* newer"):
        migrate(warehouse, {})


def test_a_database_that_is_not_there_is_unreachable_and_its_password_is_not_told() -> None:
    with pytest.raises(Unreachable) as refusal, Warehouse("postgresql://me:hunter2@127.0.0.1:1/x").connection():
        pass
    assert "hunter2" not in str(refusal.value)


PROMISED = {
    "daily_orders": "business_date segment quantity unit status version recorded_at run_id dimensions",
    "cloud_costs": "business_date provider_name sub_account_id service_name region_id charge_category tags"
    " billing_currency billed_cost effective_cost list_cost contracted_cost charge_rows status version recorded_at"
    " run_id taken_by is_untagged",
    "unit_costs": "metric business_date cost_scope billing_currency cost_basis cost charge_rows quantity unit unit_cost"
    " status reason complete_through version recorded_at run_id",
    "cost_per_order": "metric business_date cost_scope billing_currency cost_basis cost charge_rows quantity unit"
    " unit_cost status reason complete_through version recorded_at run_id",
    "day_versions": "asset business_date version rows_version attempt status complete_through content_hash definition"
    " input_versions source_hash recorded_at superseded_at run_id code_version catalogue_version",
    "unit_cost_versions": "metric business_date cost_scope billing_currency cost_basis cost charge_rows quantity unit"
    " unit_cost status reason complete_through version recorded_at run_id superseded_at code_version catalogue_version"
    " definition input_versions source_hash content_hash",
    "unit_cost_slices": "metric business_date slice dimensions cost_scope billing_currency cost_basis cost charge_rows"
    " quantity unit unit_cost status reason complete_through version recorded_at run_id",
    "unit_cost_slice_versions": "metric business_date slice dimensions cost_scope billing_currency cost_basis cost"
    " charge_rows quantity unit unit_cost status reason complete_through version recorded_at run_id superseded_at"
    " definition",
    "metric_units": "metric over_days",
    "exchange_rate_versions": "business_date currency rate rate_date reporting_currency source status version"
    " recorded_at run_id superseded_at",
    "exchange_rates": "business_date currency rate rate_date reporting_currency source status version recorded_at"
    " run_id",
    "reported_allocations": "business_date cost_scope billing_currency cost_basis variant step rule source target"
    " amount untagged charge_rows native_currency rate rate_date",
    "reported_costs": "business_date provider_name sub_account_id service_name region_id charge_category tags"
    " billing_currency billed_cost effective_cost list_cost contracted_cost charge_rows taken_by"
    " is_untagged native_currency rate rate_date",
    "unit_margin_versions": "metric business_date currency quantity unit gross discounts refunds chargebacks"
    " refunds_basis net_revenue fees fully_loaded_cost run_cost variable_cost margin_after"
    " contribution_margin revenue_per_unit variable_cost_per_unit contribution_margin_per_unit"
    " contribution_margin_percent status reason complete_through version recorded_at run_id"
    " superseded_at definition input_versions",
    "unit_margins": "metric business_date currency quantity unit gross discounts refunds chargebacks"
    " refunds_basis net_revenue fees fully_loaded_cost run_cost variable_cost margin_after"
    " contribution_margin revenue_per_unit variable_cost_per_unit contribution_margin_per_unit"
    " contribution_margin_percent status reason complete_through version recorded_at run_id",
    "formula_values": "formula business_date value unit status reason inputs complete_through version recorded_at"
    " run_id definition",
    "formula_value_versions": "formula business_date value unit status reason inputs complete_through version"
    " recorded_at run_id superseded_at definition",
    "finance_formula_values": "formula business_date value unit status reason inputs complete_through version"
    " recorded_at run_id definition",
    "finance_formula_value_versions": "formula business_date value unit status reason inputs complete_through version"
    " recorded_at run_id superseded_at definition",
    "cloud_cost_versions": "business_date provider_name sub_account_id service_name region_id charge_category tags"
    " billing_currency billed_cost effective_cost list_cost contracted_cost charge_rows status version recorded_at"
    " run_id superseded_at taken_by is_untagged",
    "allocated_cost_versions": "business_date cost_scope billing_currency cost_basis variant step rule source target"
    " amount untagged charge_rows status version recorded_at run_id superseded_at definition",
    "allocated_costs": "business_date cost_scope billing_currency cost_basis variant step rule source target amount"
    " untagged charge_rows status version recorded_at run_id definition",
    "allocation_shares": "business_date cost_scope billing_currency cost_basis cost unallocated unallocated_share"
    " untagged untagged_share",
    "unit_cost_band": "metric business_date cost_scope billing_currency unit_cost quantity lowest highest lowest_by"
    " highest_by keys",
    "attempts": "attempt asset first_day last_day run_id code_version catalogue_version definition started_at"
    " committed_at absent source_fingerprint source_totals failure",
    "publications": "publication asset business_date quantity held_before read_back converged attempt run_id"
    " recorded_at",
    "read_backs": "read_back asset business_date verdict held sent ours beside run_id recorded_at",
    "read_back_versions": "read_back asset business_date verdict held sent ours beside run_id recorded_at",
    **dict.fromkeys(
        ("unit_cost_comparisons", "unit_cost_comparison_versions"),
        "comparison metric business_date cost_scope billing_currency status unit_cost shown difference scope"
        " basis denominator timing cost cost_there cost_as_saved quantity quantity_there unit_scale asked saved"
        " reason run_id recorded_at",
    ),
    "completion_curve_versions": "curve cost_basis provider_name service_name billing_currency age_days share factor"
    " spread source snapshots complete_at step_factor step_variance step_weight first_day last_day recorded_at run_id"
    " code_version catalogue_version",
    "completion_curve": "curve cost_basis provider_name service_name billing_currency age_days share factor"
    " spread source snapshots complete_at step_factor step_variance step_weight first_day last_day recorded_at run_id"
    " code_version catalogue_version",
    "nowcast_versions": "nowcast metric business_date version cost_scope billing_currency age_days status observed_cost"
    " nowcast_cost low_cost high_cost quantity unit observed_unit_cost nowcast_unit_cost low_unit_cost high_unit_cost"
    " reason method snapshots level curve definition bill_definition run_id code_version catalogue_version recorded_at",
    "unit_cost_nowcasts": "metric business_date cost_scope billing_currency age_days status cost unit_cost nowcast_cost"
    " low_cost high_cost nowcast_unit_cost low_unit_cost high_unit_cost quantity unit reason method snapshots level"
    " version curve recorded_at run_id",
    "nowcast_errors": "metric business_date cost_scope billing_currency age_days observed_cost nowcast_cost low_cost"
    " high_cost final_cost observed_error nowcast_error held method snapshots level version final_version curve"
    " nowcast",
    "nowcast_error_by_age": "metric cost_scope billing_currency age_days method level days observed_median_error"
    " nowcast_median_error coverage",
    "alerts": "message cause title body created_at tries last_error sent_at",
    "definitions": "asset definition meaning catalogue_version first_seen",
    "catalogues": "catalogue_version body first_seen",
    "month_closes": "month closed_at previous_close manifest_sha256 closed_by run_id code_version catalogue_version"
    " recorded_at",
    "restated_after_close": "month metric business_date cost_scope billing_currency cost_as_closed cost_now"
    " quantity_as_closed quantity_now unit_cost_as_closed unit_cost_now difference version_as_closed version_now",
    "figure_versions": "asset business_date figure subject unit value reason status complete_through version"
    " recorded_at superseded_at run_id code_version catalogue_version definition input_versions source_hash"
    " content_hash",
    "restatement_reports": "report since until changes body run_id recorded_at",
    "complete_through": "kind name complete_through rule delivered_at recorded_at",
    **INVOICE_VIEWS,
    "gate": "asset business_date passed failures attempt recorded_at run_id warnings",
    "source_totals": "asset business_date version billing_currency charge_rows billed_cost effective_cost list_cost"
    " contracted_cost",
}


def test_every_view_is_promised_and_says_what_it_shows(warehouse: Warehouse) -> None:
    found = rows(
        warehouse,
        "select relname, obj_description(oid) from pg_class where relnamespace = 'unit_economics'::regnamespace"
        " and relkind = 'v'",
    )
    assert {name for name, _ in found} == set(PROMISED)
    assert all(words for _, words in found)


@pytest.mark.parametrize("view", PROMISED)
def test_a_view_has_exactly_the_promised_columns(warehouse: Warehouse, view: str) -> None:
    found = rows(
        warehouse,
        "select column_name from information_schema.columns where table_schema = 'unit_economics' and table_name = %s"
        " order by ordinal_position",
        view,
    )
    assert [name for (name,) in found] == PROMISED[view].split()
