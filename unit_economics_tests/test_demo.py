"""`unit-economics demo` as a real process: the right numbers, twice, and nothing left behind."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import psycopg
import pytest

from unit_economics.automation import find_gaps
from unit_economics.demo import answer_key
from unit_economics.environment import deployment
from unit_economics.local import embedded, ports
from unit_economics_tests.dashboard_client import page_of
from unit_economics_tests.processes import alive, running, servers_in

DAYS = ["--days", "60"]
WEEK = timedelta(days=7)
_LINE = re.compile(r"^(\d{4}-\d\d-\d\d) +([\d,]+) +([\d,.]+) +([\d.]+) +([\d.]+|-) +(\w+) +([\d,]+) (.)$", re.MULTILINE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder, as after `pip install`."""
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def first(folder: Path) -> Iterator[str]:
    """What the first `demo --once` printed."""
    with running(folder, "demo", "--once", *DAYS) as demo:
        code = demo.process.wait(180)
        assert code == 0, demo.output
        yield demo.output


def test_it_leaves_nothing_running(first: str, folder: Path) -> None:
    assert not alive(servers_in(folder))


def test_it_prints_the_numbers_of_the_mart(first: str, folder: Path) -> None:
    printed = [(*line[:4], line[5]) for line in _LINE.findall(first)]
    database = embedded.running(folder / ".unit_economics/demo/postgres")
    with database as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        stored = connection.execute(
            "select business_date, quantity, cost, unit_cost, status from unit_economics.cost_per_order"
            " where cost_scope = 'all' order by 1 desc limit 7"
        ).fetchall()
    assert printed == [
        (str(day), f"{quantity:,.0f}", f"{cost:,.2f}", f"{unit_cost:.4f}", status)
        for day, quantity, cost, unit_cost, status in reversed(stored)
    ]
    assert len(printed) == 7


def test_the_mart_holds_the_answers(first: str, folder: Path) -> None:
    key = answer_key.load(folder / ".unit_economics/demo/answer_key.json")
    printed = {line[0]: line for line in _LINE.findall(first)}
    for day, line in printed.items():
        answer = next(answer for known, answer in key.days.items() if str(known) == day)
        assert int(line[1].replace(",", "")) == answer.completed_orders
        assert Decimal(line[2].replace(",", "")) == round(answer.effective_cost, 2)


def test_the_mart_says_the_headline_of_the_answer_key(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    key = answer_key.load(demo / "answer_key.json")
    assert key.headline
    window = (
        "select max(business_date), 1000 * sum(cost) / sum(quantity) from unit_economics.cost_per_order"
        " where cost_scope = 'all' and status <> 'provisional' and business_date > %s and business_date <= %s"
    )
    last = key.headline.last
    with embedded.running(demo / "postgres") as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        after = connection.execute(window, [last - 4 * WEEK, date.max]).fetchone()
        before = connection.execute(window, [last - 8 * WEEK, last - 4 * WEEK]).fetchone()
        services = connection.execute(
            "select business_date, cost_scope, cost from unit_economics.cost_per_order"
            " where cost_scope like 'service:%'"
        ).fetchall()
        revenue = connection.execute(
            "select business_date, quantity from unit_economics.daily_order_revenue"
        ).fetchall()
    assert after == (last, pytest.approx(key.headline.after))
    assert before == (last - 4 * WEEK, pytest.approx(key.headline.before))
    assert {(day, name.removeprefix("service:")): cost for day, name, cost in services} == {
        (day, name): cost for day, answer in key.days.items() for name, cost in answer.effective_by_service.items()
    }
    assert dict(revenue) == {day: answer.revenue for day, answer in key.days.items()}


def test_the_dashboard_s_first_sentence_is_the_headline_of_the_answer_key(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    key = answer_key.load(demo / "answer_key.json").headline
    assert key
    with embedded.running(demo / "postgres") as postgres:
        known = {"UNIT_ECONOMICS_DATABASE_URL": postgres.url("unit_economics")}
        shown = page_of(deployment(known, demo / "unit_economics.yaml"))
    moved = "rose" if key.direction == "up" else "fell"
    effect = {**key.effects_of_services, "fewer orders": key.effect_of_volume, "more orders": key.effect_of_volume}
    begin = f"Cost per 1,000 orders {moved} {abs(key.change_percent):.1f}% to ${key.after:,.2f}: {key.main_cause} "
    assert shown.headline.startswith(begin)
    [said] = re.findall(r"(?:added|took off) \$([\d,]+\.\d\d)", shown.headline[len(begin) - 1 :])[:1]
    assert abs(Decimal(said) - abs(effect[key.main_cause])) <= Decimal("0.01")


def test_the_day_of_the_late_credit_is_restated_and_its_history_kept(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    credit = next(event for event in answer_key.load(demo / "answer_key.json").events if event.kind == "credit")
    asked = "select version, cost, status from unit_economics.unit_cost_versions where cost_scope = 'all'"
    with embedded.running(demo / "postgres") as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        rows = connection.execute(f"{asked} and business_date = %s order by version", [credit.first]).fetchall()
    (_, before, _), (_, after, status) = rows
    assert (after - before, status) == (-90, "restated")


def test_what_was_published_was_read_back(first: str) -> None:
    assert [(line[1], line[7]) for line in _LINE.findall(first)] == [(line[6], "✓") for line in _LINE.findall(first)]


def test_afterwards_no_day_is_missing(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    with embedded.running(demo / "postgres") as postgres:
        known = {"UNIT_ECONOMICS_DATABASE_URL": postgres.url("unit_economics")}
        missing = find_gaps(deployment(known, demo / "unit_economics.yaml")).missing
    assert {asset: len(days) for asset, days in missing.items() if days} == {}


def test_the_terminal_stays_clean(first: str) -> None:
    assert not re.search(r"Warning|DEBUG|INFO|Traceback|\x1b", first)


def test_the_morning_s_report_says_that_the_late_credit_moved_its_day(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    credit = next(event for event in answer_key.load(demo / "answer_key.json").events if event.kind == "credit")
    reports = "select body from unit_economics.restatement_reports order by report"
    with embedded.running(demo / "postgres") as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        (_, (body,)) = connection.execute(reports).fetchall()
        read_back = connection.execute("select verdict from unit_economics.read_backs").fetchall()
    [moved] = [line for line in body.splitlines() if line.startswith(f"| {credit.first} | cost_per_order | all USD |")]
    assert moved.endswith("| credit |")
    assert "Published copies that are wrong" not in body
    assert {verdict for (verdict,) in read_back} <= {"same"}


def typed(said: str, folder: Path, command: str) -> str:
    """What a command answers that the demo prints for another terminal."""
    (command,) = re.findall(rf"^ *(cd .* && \S+ {command} .*)$", said, re.MULTILINE)
    done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_second_time_shows_the_same_and_the_ui_on_the_next_free_port(first: str, folder: Path) -> None:
    taken = ports.any_free()
    with socket.create_server(("127.0.0.1", taken)), running(folder, "demo", "--port", str(taken), *DAYS) as demo:
        said = demo.await_output("Ctrl-C stops everything")
        assert _LINE.findall(said) == _LINE.findall(first)
        assert f"port {taken} is taken" in said
        [address] = re.findall(r"http://127.0.0.1:\d+(?=/assets)", said)
        assert httpx.get(f"{address}/server_info", timeout=30).is_success
        assert "USD (effective) ÷" in typed(said, folder, "explain")
        explained = typed(said, folder, "allocation explain")
        assert "shared by direct_cost" in explained
        assert ", the stored cost" in explained
        family = demo.started()
        assert demo.stop(signal.SIGINT) == 0
        assert not alive(family)


def test_after_a_restart_nothing_that_was_published_looks_changed_by_somebody(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    with embedded.running(demo / "postgres") as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        told = connection.execute("select title from unit_economics.alerts where cause like 'touched/%'").fetchall()
    assert (demo / "vantage.json").exists()
    assert told == []


def test_every_invoice_is_explained_to_the_cent_and_its_support_is_named(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    invoices = answer_key.load(demo / "answer_key.json").invoices
    asked = "select invoice_id, amount, unexplained, state from unit_economics.reconciliations where amount is not null"
    named = "select invoice_id, amount from unit_economics.reconciliation_items where kind = 'support'"
    with embedded.running(demo / "postgres") as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        found = connection.execute(asked).fetchall()
        support = dict(connection.execute(named).fetchall())
    assert {row[0]: row[1:3] for row in found} == {name: (one.amount, 0) for name, one in invoices.items()}
    assert {state for *_, state in found} <= {"explained", "reconciled"}
    assert support == {name: one.support for name, one in invoices.items() if one.support}


def test_the_nowcast_of_every_day_that_fills_holds_what_is_still_to_come(first: str, folder: Path) -> None:
    demo = folder / ".unit_economics/demo"
    key = answer_key.load(demo / "answer_key.json")
    asked = (
        "select business_date, cost, low_cost, high_cost, round(nowcast_unit_cost, 4)"
        " from unit_economics.unit_cost_nowcasts where metric = 'cost_per_order' and cost_scope = 'all' order by 1"
    )
    with embedded.running(demo / "postgres") as postgres, psycopg.connect(postgres.url("unit_economics")) as connection:
        found = connection.execute(asked).fetchall()
    assert [day for day, *_ in found] == sorted(key.still_to_come)
    for day, cost, low, high, _ in found:
        assert cost == key.days[day].effective_cost
        assert cost < low < cost + key.still_to_come[day] < high
    printed = [line[4] for line in _LINE.findall(first)]
    assert printed == ["-"] * 4 + [str(nowcast) for *_, nowcast in found]
