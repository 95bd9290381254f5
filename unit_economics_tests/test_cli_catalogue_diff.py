"""`catalogue diff` on a real mart: what a change would do to stored days, and that nothing is written."""

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from unit_economics.cli import main
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.world import World

DAYS = [f"2026-03-{n:02}" for n in range(1, 11)]
CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
cost_scopes:
  all: {}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
"""
TABLES = ("ledger", "attempt", "unit_quantity", "charge_day", "unit_cost", "verdict", "outbox", "definition")


def charges(day: str) -> list[dict[str, str]]:
    """USD 10 and the tax of 2, of which 9 and 2 are billed."""
    when = {"ChargePeriodStart": f"{day}T10:00:00Z", "ChargePeriodEnd": f"{day}T11:00:00Z"}
    return [
        charge(**when, EffectiveCost="10", BilledCost="9", ServiceName="EC2", Tags='{"app":"shop"}'),
        charge(**when, EffectiveCost="2", BilledCost="2", ServiceName="Tax", Tags="{}"),
    ]


@pytest.fixture
def shop(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """Ten days of a shop, all stored: 100 orders, and USD 12 a day."""
    shop = world(CATALOGUE)
    shop.sql(
        "create table public.total_orders as select d::date as date, 100::bigint as total_orders"
        f" from generate_series('{DAYS[0]}'::date, '{DAYS[-1]}', '1 day') d"
    )
    write_bill(shop.folder / "focus", *(row for day in DAYS for row in charges(day)))
    assert shop.run(DAYS[0], DAYS[-1]).success
    monkeypatch.chdir(shop.folder)
    for name in ("ORDERS_DATABASE_URL", "UNIT_ECONOMICS_DATABASE_URL"):
        monkeypatch.setenv(name, shop.url)
    monkeypatch.delenv("UNIT_ECONOMICS_CATALOGUE", raising=False)
    return shop


def diff(shop: World, old: str, new: str, *words: str) -> Result:
    """The diff from the shop's catalogue to one with `new` in place of `old`."""
    assert CATALOGUE.count(old) == 1
    (shop.folder / "before.yaml").write_text(CATALOGUE)
    (shop.folder / "unit_economics.yaml").write_text(CATALOGUE.replace(old, new))
    return CliRunner().invoke(main, ["catalogue", "diff", "--against", "before.yaml", *words])


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code in (0, 1), result.output
    return json.loads(result.stdout)


def everything(shop: World) -> dict[str, list[Any]]:
    views = shop.sql("select viewname::text, definition from pg_views where schemaname = 'unit_economics' order by 1")
    rows = {table: shop.sql(f"select * from unit_economics.{table} order by 1, 2, 3") for table in TABLES}
    return {**rows, "views": views}


def test_a_change_of_the_basis_is_shown_in_numbers_and_is_1_and_writes_nothing(shop: World) -> None:
    before = everything(shop)
    done = diff(shop, "all: {}", "all: {basis: billed}", "--format", "json")
    document = told(done)
    assert done.exit_code == 1
    assert document["entries"] == [{"section": "cost_scopes", "name": "all", "change": "changed", "fields": ["basis"]}]
    assert [one["asset"] for one in document["definitions"]] == ["cost_per_order"]
    assert document["days"] == [
        "2026-03-01",
        "2026-03-02",
        "2026-03-04",
        "2026-03-05",
        "2026-03-07",
        "2026-03-08",
        DAYS[-1],
    ]
    assert {(one["scope"], one["old"]["unit_cost"], one["new"]["unit_cost"]) for one in document["numbers"]} == {
        ("all", "0.12", "0.11")
    }
    [total] = document["totals"]
    assert (total["days"], total["old"], total["new"]) == (7, "0.12", "0.11")
    assert Decimal(total["percent"]).quantize(Decimal("0.01")) == Decimal("-8.33")
    assert everything(shop) == before


def test_a_mart_that_was_written_to_would_be_caught(shop: World) -> None:
    before = everything(shop)
    assert shop.run(DAYS[0], DAYS[0]).success
    assert everything(shop) != before


def test_an_allowed_change_is_0(shop: World) -> None:
    assert diff(shop, "all: {}", "all: {basis: billed}", "--allow-change").exit_code == 0


@pytest.mark.parametrize(
    "new", ["unit: Order\n    owner: me", "unit: Order\n    purpose: x", "unit: Order # a comment", "unit: Order"]
)
def test_what_decides_no_number_is_0_and_reads_no_source(shop: World, new: str) -> None:
    shop.sql("drop table public.total_orders")
    done = diff(shop, "unit: Order", new)
    assert (done.exit_code, "No definition changed" in done.stdout) == (0, True)


def test_stored_inputs_are_used_where_they_mean_the_same_under_both(shop: World) -> None:
    shop.sql("drop table public.total_orders")
    (shop.folder / "focus" / "bill.csv").unlink(missing_ok=True)
    done = diff(shop, "all: {}", "all: {where: {service_name: EC2}}", "--format", "json")
    assert {(one["old"]["unit_cost"], one["new"]["unit_cost"]) for one in told(done)["numbers"]} == {("0.12", "0.1")}


def test_where_a_source_changed_it_is_read_again_under_both(shop: World) -> None:
    shop.sql("create table public.baskets as select date, total_orders * 2 as total_orders from public.total_orders")
    done = diff(shop, "relation: public.total_orders", "relation: public.baskets", "--format", "json", "--days", "3")
    document = told(done)
    assert document["days"] == ["2026-03-01", "2026-03-05", "2026-03-10"]
    found = {(Decimal(one["old"]["unit_cost"]), Decimal(one["new"]["unit_cost"])) for one in document["numbers"]}
    assert found == {(Decimal("0.12"), Decimal("0.06"))}


def test_a_tag_that_was_not_kept_makes_the_bill_be_read_again(shop: World) -> None:
    done = diff(shop, "all: {}", "all: {where: {tags: {app: shop}}}", "--format", "json")
    document = told(done)
    assert "cloud_costs" in [one["asset"] for one in document["definitions"]]
    assert {one["new"]["unit_cost"] for one in document["numbers"]} == {"0.1"}


def test_a_definition_that_changes_no_number_is_0(shop: World) -> None:
    done = diff(shop, "all: {}", "all: {where: {service_name: [EC2, Tax]}}", "--format", "json")
    assert (done.exit_code, told(done)["numbers"]) == (0, [])
    assert told(done)["verdict"] == "Definitions changed; of 7 days no number that could be recomputed did."


def test_days_that_can_not_be_recomputed_are_listed_with_the_reason_and_are_1(shop: World) -> None:
    done = diff(shop, "relation: public.total_orders", "relation: public.nothing", "--format", "json")
    document = told(done)
    assert (done.exit_code, document["numbers"], len(document["not_recomputed"])) == (1, [], 7)
    assert all(one["reason"].startswith("daily_orders: ") for one in document["not_recomputed"])
    shown = diff(shop, "relation: public.total_orders", "relation: public.nothing").stdout
    assert "Not recomputed: cost_per_order on 2026-03-01 to 2026-03-02" in shown


def test_a_day_that_only_the_old_source_has_is_left_out_and_the_others_are_told(shop: World) -> None:
    shop.sql("create table public.fewer as select * from public.total_orders where date <> '2026-03-05'")
    document = told(diff(shop, "relation: public.total_orders", "relation: public.fewer", "--format", "json"))
    assert [one["day"] for one in document["not_recomputed"]] == ["2026-03-05"]
    assert document["numbers"] == []


def test_the_days_can_be_named(shop: World) -> None:
    words = ("--from", DAYS[2], "--to", DAYS[4], "--format", "json")
    assert told(diff(shop, "all: {}", "all: {basis: billed}", *words))["days"] == DAYS[2:5]


def test_a_new_metric_and_a_new_scope_are_shown_and_rewrite_nothing(shop: World) -> None:
    done = diff(shop, "all: {}", "all: {}\n  tax: {where: {service_name: Tax}}", "--format", "json")
    document = told(done)
    assert done.exit_code == 0
    assert {(one["scope"], one["old"], one["new"]["unit_cost"]) for one in document["numbers"]} == {
        ("tax", None, "0.02")
    }


def test_a_metric_that_is_gone_is_a_change(shop: World) -> None:
    more = CATALOGUE[CATALOGUE.index("    unit: Order") :]
    (shop.folder / "before.yaml").write_text(f"{CATALOGUE}  cost_per_call:\n{more}")
    (shop.folder / "unit_economics.yaml").write_text(CATALOGUE)
    done = CliRunner().invoke(main, ["catalogue", "diff", "--against", "before.yaml", "--format", "json"])
    assert done.exit_code == 1
    assert told(done)["verdict"].startswith("Definitions changed, and no complete day is stored")


def test_rules_and_shares_are_recomputed_too(shop: World) -> None:
    rules = "[{to: shop, where: {service_name: EC2}}, {to: tax, where: {service_name: Tax}}]"
    text = CATALOGUE.replace("all: {}", f"team: {{allocation: {{rules: {rules}}}}}")
    shared = text.replace("]}}", "], shared: [{cost_of: tax, among: [shop], by: even}]}}")
    (shop.folder / "before.yaml").write_text(text)
    (shop.folder / "unit_economics.yaml").write_text(shared)
    words = ["catalogue", "diff", "--against", "before.yaml", "--format", "json", "--from", DAYS[0], "--to", DAYS[0]]
    numbers = told(CliRunner().invoke(main, words))["numbers"]
    assert {one["scope"]: (Decimal(one["old"]["cost"]), Decimal(one["new"]["cost"])) for one in numbers} == {
        "team:shop": (10, 12),
        "team:tax": (2, 0),
    }


def test_markdown_is_a_table_in_which_a_strangers_text_is_text(shop: World) -> None:
    done = diff(shop, "all: {}", "all: {by: {column: service_name}}", "--format", "markdown")
    assert "| day | metric | scope | before | after | change |" in done.stdout
    assert "all:EC2 (USD)" in done.stdout


def test_a_mart_without_any_day_can_not_say_that_nothing_changes(shop: World, database: str) -> None:
    shop.sql("drop schema unit_economics cascade")
    done = diff(shop, "all: {}", "all: {basis: billed}")
    assert (done.exit_code, "no complete day is stored" in done.stdout) == (1, True)
    assert shop.sql("select 1 from pg_namespace where nspname = 'unit_economics'") == []


def test_a_mart_of_an_older_release_is_refused_and_left_alone(shop: World) -> None:
    shop.sql("delete from unit_economics.migration where number = 10")
    done = diff(shop, "all: {}", "all: {basis: billed}")
    assert (done.exit_code, "not of this release" in done.stderr) == (1, True)


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_a_commit_can_be_named(shop: World) -> None:
    git(shop.folder, "init", "--initial-branch", "main")
    git(shop.folder, "add", "unit_economics.yaml")
    git(shop.folder, "commit", "-m", "first")
    (shop.folder / "unit_economics.yaml").write_text(CATALOGUE.replace("all: {}", "all: {basis: billed}"))
    words = ["catalogue", "diff", "--against", "main", "--format", "json"]
    assert {one["new"]["unit_cost"] for one in told(CliRunner().invoke(main, words))["numbers"]} == {"0.11"}
    (shop.folder / "other.yaml").write_text(CATALOGUE)
    absent = CliRunner().invoke(main, ["catalogue", "diff", "--config", "other.yaml", "--against", "main"])
    assert (absent.exit_code, "the commit 'main' has no other.yaml" in absent.stderr) == (2, True)


@pytest.mark.parametrize("ref", ["nowhere", "--output=x", "-h", "main..", "$(touch x)", "x" * 300])
def test_what_is_no_commit_is_refused_in_one_line(shop: World, ref: str) -> None:
    git(shop.folder, "init")
    done = CliRunner().invoke(main, ["catalogue", "diff", f"--against={ref}"])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "git knows no commit" in done.stderr
    assert not (shop.folder / "x").exists()


def test_outside_a_repository_only_a_file_can_be_meant(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(shop.folder.parent))
    done = CliRunner().invoke(main, ["catalogue", "diff", "--against", "main"])
    assert (done.exit_code, "is in no git repository" in done.stderr) == (2, True)


def test_without_git_a_file_is_asked_for(shop: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(shop.folder))
    done = CliRunner().invoke(main, ["catalogue", "diff", "--against", "main"])
    assert (done.exit_code, "there is no git on this machine" in done.stderr) == (2, True)


def test_another_aggregation_changes_no_day_and_is_told_and_is_1(shop: World) -> None:
    done = diff(shop, "unit: Order", "unit: Order\n    aggregation: gauge")
    assert (done.exit_code, "Not compared: cost_per_order means something else now" in done.stdout) == (1, True)
    assert diff(shop, "unit: Order", "unit: Order\n    aggregation: gauge", "--allow-change").exit_code == 0
