"""The commands work on a real deployment: PostgreSQL, FOCUS files and a stand-in for Vantage, in a folder with .env."""

import csv
import io
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import conninfo_to_dict

from unit_economics.cli import main
from unit_economics.cli.status import MARKS
from unit_economics.day_states import STORED
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics_tests.faults.bad_servers import postgres_that_refuses_passwords

TOKEN = "canary-4711"
YESTERDAY = (datetime.now(UTC) - timedelta(hours=2)).date() - timedelta(days=1)
FIRST = YESTERDAY - timedelta(days=4)
RED = YESTERDAY - timedelta(days=2)
CATALOGUE = """
cost_sources: {bill: {kind: focus, path: ./bill}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: day, quantity: orders}
    publish: {vantage: {business_metric: ORDERS_METRIC_ID}}
"""
HEADER = (
    "ChargePeriodStart,ChargePeriodEnd,ProviderName,ServiceName,ChargeCategory,BillingCurrency,BilledCost,"
    "EffectiveCost,ListCost,ContractedCost"
)


@dataclass
class Shop:
    """A folder as a user has it, and what it speaks of."""

    folder: Path
    database: str
    books: Books
    metric: str

    def call(self, *words: str) -> Result:
        return CliRunner().invoke(main, list(words))

    def start(self, *words: str) -> "subprocess.Popen[str]":
        program = [sys.executable, "-c", "from unit_economics.cli import main; main()", *words]
        return subprocess.Popen(program, cwd=self.folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def sql(self, text: str) -> list[Any]:
        with psycopg.connect(self.database, autocommit=True) as connection:
            cursor = connection.execute(text.encode())
            return cursor.fetchall() if cursor.description else []


def bill() -> str:
    rows = [
        f"{day}T00:00:00Z,{day + timedelta(days=1)}T00:00:00Z,AWS,EC2,Usage,USD,10.5,10.5,10.5,10.5"
        for day in (FIRST + timedelta(days=n) for n in range(5))
    ]
    return "\n".join([HEADER, *rows, ""])


@pytest.fixture
def shop(tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    books = Books(TOKEN)
    made = Shop(tmp_path, database, books, books.add_metric("Orders"))
    made.sql(
        "create table orders as select d::date as day, 100 as orders from generate_series("
        f"'{FIRST}'::date, '{YESTERDAY}', '1 day') d"
    )
    (tmp_path / "bill").mkdir()
    (tmp_path / "bill" / "bill.csv").write_text(bill())
    (tmp_path / "unit_economics.yaml").write_text(CATALOGUE)
    monkeypatch.chdir(tmp_path)
    with serving(books) as url:
        variables = {
            "UNIT_ECONOMICS_DATABASE_URL": database,
            "ORDERS_DATABASE_URL": database,
            "VANTAGE_API_TOKEN": TOKEN,
            "VANTAGE_API_URL": url,
            "ORDERS_METRIC_ID": made.metric,
        }
        (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        for name in (*variables, "DAGSTER_HOME", "DAGSTER_PG_URL", "UNIT_ECONOMICS_CATALOGUE"):
            monkeypatch.delenv(name, raising=False)
        yield made


def counts(done: Result, asset: str) -> dict[str, int]:
    [run] = json.loads(done.stdout)["runs"]
    [found] = [one["counts"] for one in run["assets"] if one["asset"] == asset]
    return {state: count for state, count in found.items() if count}


def run(shop: Shop, *words: str) -> Result:
    return shop.call("run", "--from", str(FIRST), "--json", *words)


def test_a_run_without_days_computes_the_last_closed_day(shop: Shop) -> None:
    done = shop.call("run")
    assert done.exit_code == 0, done.stderr
    assert shop.sql("select business_date, unit_cost from unit_economics.cost_per_order") == [
        (YESTERDAY, Decimal("0.105"))
    ]


def test_a_run_says_what_became_of_each_day(shop: Shop) -> None:
    assert counts(run(shop), "daily_orders") == {"new": 5}
    shop.sql(f"update orders set orders = 120 where day = '{RED}'")
    assert counts(run(shop), "daily_orders") == {"restated": 1, "same": 4}


def test_a_red_check_is_exit_1_with_its_reason(shop: Shop) -> None:
    shop.sql(f"update orders set orders = -1 where day = '{RED}'")
    done = run(shop)
    assert done.exit_code == 1
    assert counts(done, "daily_orders") == {"new": 4, "red": 1}
    assert counts(done, "cost_per_order") == {"new": 4, "held": 1}
    assert "orders is -1" in done.stdout


def test_an_absent_day_is_exit_1_with_its_reason(shop: Shop) -> None:
    shop.sql(f"delete from orders where day = '{RED}'")
    done = run(shop)
    assert done.exit_code == 1
    assert counts(done, "daily_orders") == {"new": 4, "absent": 1}
    assert "has no row for this day" in done.stdout


def test_an_open_day_is_refused_before_anything_is_read(shop: Shop) -> None:
    done = shop.call("run", "--to", str(YESTERDAY + timedelta(days=2)))
    assert done.exit_code == 2
    assert "is not over yet" in done.stderr
    assert shop.sql("select to_regclass('unit_economics.attempt')") == [(None,)]


def test_only_the_named_asset_is_computed(shop: Shop) -> None:
    assert run(shop, "--only", "daily_orders").exit_code == 0
    assert shop.sql("select distinct asset from unit_economics.ledger") == [("daily_orders",)]


@pytest.mark.parametrize(
    "words", [["export", "--metric", "cost_per_odrer"], ["explain", "cost_per_odrer", "2026-03-01"]]
)
def test_an_unknown_metric_is_refused_alike_by_every_command(shop: Shop, words: list[str]) -> None:
    told = shop.call(*words)
    assert (told.exit_code, "no metric is called 'cost_per_odrer'. Did you mean `cost_per_order`" in told.stderr) == (
        2,
        True,
    )


def test_an_unknown_asset_is_answered_with_the_nearest_one(shop: Shop) -> None:
    done = run(shop, "--only", "dayly_orders")
    assert done.exit_code == 2
    assert "Did you mean daily_orders?" in done.stderr


def test_stdout_holds_one_json_document_and_stderr_the_progress(shop: Shop) -> None:
    process = shop.start("run", "--json")
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert json.loads(out)["ok"] is True
    assert "daily_orders: 1 new" in err
    assert "DEBUG" not in err


def interrupted(shop: Shop) -> tuple[int, str, str]:
    """A run that was interrupted once it had begun: exit code, stdout, stderr."""
    process = shop.start("run", "--from", str(FIRST))
    assert process.stderr is not None
    process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_ctrl_c_is_130_and_leaves_whole_days(shop: Shop) -> None:
    # On a busy machine a run may have ended before the signal arrived: that one says nothing.
    tries = (interrupted(shop) for _ in range(5))
    code, out, err = next((one for one in tries if one[0] != 0), (0, "", "never interrupted"))
    assert code == 130, err
    assert "Traceback" not in out + err
    stored = shop.sql("select asset, count(*) from unit_economics.ledger group by 1") if "new" in err else []
    assert all(count == 5 for _, count in stored)


def test_a_database_that_is_not_there_is_3_and_shows_no_password(shop: Shop) -> None:
    (shop.folder / ".env").write_text("UNIT_ECONOMICS_DATABASE_URL=postgresql://joe:hunter2@127.0.0.1:1/mart\n")
    for command in ("run", "status", "export", "publish"):
        done = shop.call(command)
        assert done.exit_code == 3, done.stderr
        assert "hunter2" not in done.output
        assert "Traceback" not in done.output


def test_a_dry_backfill_names_the_runs_and_starts_none(shop: Shop) -> None:
    shop.call("run", "--from", str(FIRST), "--to", str(RED - timedelta(days=1)))
    shop.call("run", "--from", str(RED + timedelta(days=1)))
    before = shop.sql("select count(*) from unit_economics.attempt")
    open_day = str(YESTERDAY + timedelta(days=1))
    done = shop.call("backfill", "--from", str(FIRST), "--to", open_day, "--dry-run", "--json")
    plan = json.loads(done.stdout)
    assert done.exit_code == 0
    assert plan["days"]["open"]["days"] == [open_day]
    assert str(RED) in plan["days"]["missing"]["days"]
    assert any(run["from"] <= str(RED) <= run["to"] for run in plan["runs"])
    assert shop.sql("select count(*) from unit_economics.attempt") == before


def test_a_backfill_computes_what_is_missing_with_all_that_is_made_of_it(shop: Shop) -> None:
    done = shop.call("backfill", "--from", str(FIRST), "--json")
    assert done.exit_code == 0, done.stderr
    assert counts(done, "vantage_business_metric") == {"new": 5}


def test_the_legend_of_status_names_every_status_of_the_ledger_with_a_mark_of_its_own(shop: Shop) -> None:
    shown = shop.call("status").stdout
    signs = [MARKS[status][0] for status in STORED]
    assert [sign for sign, status in zip(signs, STORED, strict=True) if f"{sign} {status}  " not in shown] == []
    assert len(set(signs)) == len({MARKS[status][1] for status in STORED}) == len(STORED)


def test_status_tells_a_red_day_from_one_that_waits(shop: Shop) -> None:
    shop.sql(f"update orders set orders = -1 where day = '{RED}'")
    run(shop)
    done = shop.call("status", "--json")
    found = json.loads(done.stdout)
    states = {one["asset"]: {day["day"]: day["state"] for day in one["days"]}[str(RED)] for one in found["assets"]}
    assert done.exit_code == 1
    assert (states["daily_orders"], states["cost_per_order"]) == ("red", "waits")
    assert found["next"].endswith(f"unit-economics run --from {RED} --to {RED}")


def failing_run(shop: Shop) -> None:
    """A run whose source refuses the login, as another run would have it too."""
    with postgres_that_refuses_passwords() as port:
        env = shop.folder / ".env"
        kept = env.read_text()
        wrong = f"postgresql://shop:{TOKEN}@127.0.0.1:{port}/orders"
        env.write_text(kept.replace(f"ORDERS_DATABASE_URL={shop.database}", f"ORDERS_DATABASE_URL={wrong}"))
        assert run(shop, "--only", "daily_orders").exit_code != 0
        env.write_text(kept)


def reasons(shop: Shop, asset: str) -> set[str]:
    [found] = [one for one in json.loads(shop.call("status", "--json").stdout)["assets"] if one["asset"] == asset]
    return {day["reason"] for day in found["days"] if day["day"] >= str(FIRST) and day["reason"]}


def test_status_tells_why_a_try_failed_until_a_later_one_ends_well(shop: Shop) -> None:
    failing_run(shop)
    [reason] = reasons(shop, "daily_orders")
    assert "the login was refused" in reason
    assert "; tried once, last at" in reason
    assert TOKEN not in reason
    shop.sql("update unit_economics.attempt set failure = null")
    assert reasons(shop, "daily_orders").pop().startswith("still not there"), "without its reason it would be this"
    failing_run(shop)
    shop.sql(f"delete from orders where day = '{RED}'")
    run(shop)
    [absent] = reasons(shop, "daily_orders")
    assert "has no row for this day; tried 3 times" in absent


def test_status_tells_why_a_publication_failed(shop: Shop) -> None:
    env = shop.folder / ".env"
    env.write_text(env.read_text().replace(f"VANTAGE_API_TOKEN={TOKEN}\n", ""))
    run(shop)
    [reason] = reasons(shop, "vantage_business_metric")
    assert "VANTAGE_API_TOKEN" in reason


def test_status_of_an_empty_mart_names_the_command_that_fills_it(shop: Shop) -> None:
    done = shop.call("status")
    assert done.exit_code == 1
    assert "has never been tried" in done.stdout
    assert "unit-economics backfill --from" in done.stdout


def test_status_of_other_days_is_asked_for_with_from_and_to(shop: Shop) -> None:
    found = json.loads(shop.call("status", "--from", "2026-03-30", "--to", "2026-03-31", "--json").stdout)
    assert {day["day"] for asset in found["assets"] for day in asset["days"]} == {"2026-03-30", "2026-03-31"}
    found = json.loads(shop.call("status", "--to", "2026-03-31", "--json").stdout)
    assert (found["from"], found["to"]) == ("2026-03-04", "2026-03-31")
    assert shop.call("status", "--from", "2026-03-31", "--to", "2026-03-30").exit_code == 2


def test_a_dry_publication_shows_the_exact_difference(shop: Shop) -> None:
    run(shop)
    day = datetime.combine(RED, datetime.min.time(), UTC)
    shop.books.metrics[shop.metric].merge([(day, "", Decimal(99))])
    done = shop.call("publish", "--from", str(FIRST), "--dry-run", "--json")
    [destination] = json.loads(done.stdout)["destinations"]
    assert done.exit_code == 1
    [difference] = destination["differences"]
    assert (difference["day"], Decimal(difference["held"]), Decimal(difference["wanted"])) == (str(RED), 99, 100)
    assert shop.call("publish", "--from", str(FIRST)).exit_code == 0
    assert shop.call("publish", "--from", str(FIRST), "--dry-run").exit_code == 0


def test_an_export_shows_what_was_believed_at_a_moment(shop: Shop) -> None:
    run(shop)
    [[before]] = shop.sql("select clock_timestamp()")
    shop.sql("update orders set orders = 200")
    run(shop)
    now = list(csv.DictReader(io.StringIO(shop.call("export").stdout)))
    then = list(csv.DictReader(io.StringIO(shop.call("export", "--as-of", before.isoformat()).stdout)))
    assert {Decimal(row["quantity"]) for row in now} == {200}
    assert {Decimal(row["quantity"]) for row in then} == {100}


def test_a_moment_without_a_zone_is_a_usage_error(shop: Shop) -> None:
    assert shop.call("export", "--as-of", "2026-01-01T00:00:00").exit_code == 2


def test_the_doctor_is_content_with_a_whole_deployment(shop: Shop) -> None:
    done = shop.call("doctor", "--json")
    found = {one["name"]: one["state"] for one in json.loads(done.stdout)["findings"]}
    assert done.exit_code == 0, done.stdout
    assert found["bill bill"] == found["daily_orders"] == found["vantage for cost_per_order"] == "ok"
    assert found["daily_orders, role"] == "warn"


def test_the_doctor_looks_at_everything_and_shows_no_secret(shop: Shop) -> None:
    secret = "postgresql://joe:hunter2@127.0.0.1:1/x"
    names = ("UNIT_ECONOMICS_DATABASE_URL", "ORDERS_DATABASE_URL", "DAGSTER_PG_URL")
    lines = [*(f"{name}={secret}" for name in names), f"VANTAGE_API_TOKEN={TOKEN}x", "ORDERS_METRIC_ID=bsnss_mtrc_1"]
    [address] = [line for line in (shop.folder / ".env").read_text().splitlines() if line.startswith("VANTAGE_API_URL")]
    (shop.folder / ".env").write_text("\n".join([*lines, address, ""]))
    (shop.folder / "bill" / "bill.csv").unlink()
    process = shop.start("doctor", "--json")
    out, err = process.communicate(timeout=120)
    failed = {one["name"] for one in json.loads(out)["findings"] if one["state"] == "fail"}
    assert process.returncode == 3, err
    assert failed == {"Dagster", "warehouse", "bill bill", "daily_orders", "vantage for cost_per_order"}
    assert not any(secret in out + err for secret in ("hunter2", TOKEN))


def findings(shop: Shop) -> tuple[int, dict[str, dict[str, Any]]]:
    done = shop.call("doctor", "--json")
    return done.exit_code, {one["name"]: one for one in json.loads(done.stdout)["findings"]}


@pytest.fixture
def login(shop: Shop) -> Iterator[str]:
    """A login that the dashboard is to read with; it may read as viewer only."""
    assert shop.call("run").exit_code == 0
    name = f"reads_{shop.sql('select current_database()')[0][0]}"
    shop.sql(f"create role {name} login; grant unit_economics_viewer to {name}")
    reads_with(shop, name)
    yield name
    shop.sql(f"drop role {name}")


def reads_with(shop: Shop, user: str) -> None:
    parts = conninfo_to_dict(shop.database)
    at = f"{user}:hunter2@/{parts['dbname']}?host={quote(str(parts['host']), safe='')}"
    with (shop.folder / ".env").open("a") as file:
        file.write(f"UNIT_ECONOMICS_DASHBOARD_DATABASE_URL=postgresql://{at}\n")


@pytest.mark.parametrize(
    "entry",
    [
        "{everyone: finance}",
        "{identity: {user_header: X-User, finance_users: [ann], proxies: [10.0.0.5]}}",
        "{identity: {user_header: X-User, groups_header: X-Groups, finance_groups: [fin], proxies: [10.0.0.5]}}",
    ],
)
def test_the_doctor_reads_as_every_role_that_the_dashboard_hands_out(shop: Shop, login: str, entry: str) -> None:
    code, found = findings(shop)
    assert (code, found["dashboard"]["state"]) == (0, "ok"), "nobody is finance yet"
    (shop.folder / "unit_economics.yaml").write_text(f"{CATALOGUE}dashboard: {entry}\n")
    code, found = findings(shop)
    assert (code, found["dashboard"]["state"]) == (1, "fail")
    assert "permission denied to set role" in found["dashboard"]["text"]
    assert found["dashboard"]["mend"].endswith(f'grant unit_economics_finance to "{login}"')
    assert "hunter2" not in str(found)
    shop.sql(found["dashboard"]["mend"].partition(": ")[2])
    code, found = findings(shop)
    assert (code, found["dashboard"]["state"]) == (0, "ok")


def test_a_login_that_there_is_not_is_told_in_the_servers_own_words(shop: Shop) -> None:
    assert shop.call("run").exit_code == 0
    assert "dashboard" not in findings(shop)[1], "it has no login of its own"
    reads_with(shop, "nobody_at_all")
    code, found = findings(shop)
    assert (code, found["dashboard"]["state"]) == (3, "fail")
    assert 'role "nobody_at_all" does not exist' in found["dashboard"]["text"]
    process = shop.start("report", "--out", "page.html")
    out, err = process.communicate(timeout=120)
    assert (process.returncode, out, err.count("\n")) == (3, "", 1)
    assert 'role "nobody_at_all" does not exist' in err
    assert "hunter2" not in err + str(found)


def test_creating_a_business_metric_twice_prints_the_same_line_for_env(shop: Shop) -> None:
    made = [shop.call("vantage", "create-metric", "--title", "Checkouts").stdout for _ in range(2)]
    assert made[0] == made[1]
    assert made[0].startswith("ORDERS_METRIC_ID=bsnss_mtrc_")


def test_the_schema_of_the_catalogue_is_json(shop: Shop) -> None:
    assert "cost_per_" in shop.call("catalogue").stdout
    assert json.loads(shop.call("catalogue", "--schema").stdout)["$schema"].startswith("https://json-schema.org/")


def test_a_run_on_dagsters_own_storage_is_seen_there(shop: Shop, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with (shop.folder / ".env").open("a") as file:
        file.write(f"DAGSTER_HOME={home}\n")
    assert shop.call("run").exit_code == 0
    assert any(home.rglob("runs.db"))
