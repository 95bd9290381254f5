"""`unit-economics dashboard` as a real process: where it listens, how it stops, what it weighs."""

import os
import re
import signal
import socket
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import httpx
import psutil
import pytest
from psycopg.conninfo import conninfo_to_dict

from unit_economics.cli import dashboard as command
from unit_economics.local import ports
from unit_economics.local.dashboard_process import LocalDashboard
from unit_economics.local.supervisor import supervising
from unit_economics_tests import readers
from unit_economics_tests.processes import Running, alive, running, servers_in
from unit_economics_tests.test_light import HEAVY, loaded

CATALOGUE = """
currency: EUR
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.counted, day: date, quantity: n}
"""
AWAY = "postgresql://nobody@127.0.0.1:1/nothing"
MOST_MB = 100


@contextmanager
def serving(folder: Path, *options: str, **variables: str) -> Generator[tuple[Running, str]]:
    """The command in a folder, once it says where it is; the address that it says."""
    folder.mkdir(exist_ok=True)
    (folder / "unit_economics.yaml").write_text(CATALOGUE)
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    with running(folder, "dashboard", *options) as process:
        said = process.await_output("Ctrl-C stops it")
        yield process, re.findall(r"http://\S+", said)[-1]


def asked(url: str) -> httpx.Response:
    """The answer; the port listens before the address is said, so it waits until the server is there."""
    return httpx.get(url, timeout=30, trust_env=False)


def port() -> tuple[str, str]:
    return "--port", str(ports.any_free())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_starts_without_its_mart_and_stops_calmly_when_asked(number: int, tmp_path: Path) -> None:
    with serving(tmp_path, *port(), UNIT_ECONOMICS_DATABASE_URL=AWAY) as (process, url):
        assert asked(f"{url}/health").text == "ok"
        assert asked(url).status_code == 503
        assert process.stop(number, seconds=3) == 0
        assert process.output.splitlines()[-1] == "Stopped; nothing is left running."
        assert "Traceback" not in process.output


def test_it_stops_in_time_while_a_page_waits_for_a_mart_that_is_silent(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hole:
        silent = f"postgresql://nobody@127.0.0.1:{hole.getsockname()[1]}/nothing"
        with serving(tmp_path, *port(), UNIT_ECONOMICS_DATABASE_URL=silent) as (process, url):
            assert asked(f"{url}/health").text == "ok"
            address = httpx.URL(url)
            with socket.create_connection((address.host, address.port or 0)) as line:
                line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
                with hole.accept()[0]:
                    assert process.stop(signal.SIGTERM, seconds=3) == 0
        assert "Traceback" not in process.output


def test_up_and_the_demo_start_it_wait_for_it_and_leave_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "unit_economics.yaml").write_text(CATALOGUE)
    variables = {**os.environ, "UNIT_ECONOMICS_DATABASE_URL": AWAY}
    dashboard = LocalDashboard("127.0.0.1", ports.any_free(), "http://127.0.0.1:3000")
    with supervising(tmp_path / "logs", variables, tmp_path) as supervisor:
        dashboard.start(supervisor)
        dashboard.wait(supervisor)
        assert asked(dashboard.address).status_code == 503
        [child] = supervisor.children
        family = [psutil.Process(child.process.pid)]
    assert not alive(family)


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        (tmp_path / "unit_economics.yaml").write_text(CATALOGUE)
        with running(tmp_path, "dashboard", "--port", str(taken)) as process:
            assert process.process.wait(30) == 2
            [said] = process.output.splitlines()
    assert f"port {taken} is taken" in said
    assert f"--port {taken + 1}" in said
    assert servers_in(tmp_path) == [], "before the embedded mart was started"


@pytest.mark.parametrize("host", ["::1", "localhost", "127.0.0.1"])
def test_it_answers_under_the_address_that_it_says(host: str, tmp_path: Path) -> None:
    if host == "::1" and not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with serving(tmp_path, *port(), "--host", host, UNIT_ECONOMICS_DATABASE_URL=AWAY) as (process, url):
        assert asked(f"{url}/health").status_code == 200
        assert "Everybody" not in process.output


def test_open_to_others_without_a_login_it_warns(tmp_path: Path) -> None:
    with serving(tmp_path, *port(), "--host", "0.0.0.0", UNIT_ECONOMICS_DATABASE_URL=AWAY) as (process, url):
        assert "Everybody who reaches 0.0.0.0 may read it" in process.output
        assert url.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("host", "is_local"),
    [
        *((host, True) for host in ("127.0.0.1", "127.8.8.8", "::1", "localhost")),
        *((host, False) for host in ("0.0.0.0", "::", "10.0.0.5", "box.local", "localhost.evil.org")),
    ],
)
def test_who_is_only_this_machine(host: str, is_local: bool) -> None:
    assert command._is_local(host) is is_local


def test_with_a_login_of_its_own_it_starts_no_mart_and_touches_no_other(tmp_path: Path) -> None:
    with serving(tmp_path, *port(), UNIT_ECONOMICS_DASHBOARD_DATABASE_URL=AWAY) as (process, url):
        answer = asked(url)
        assert answer.status_code == 503
        assert "127.0.0.1:1 (UNIT_ECONOMICS_DASHBOARD_DATABASE_URL)" in process.output
    assert servers_in(tmp_path) == []
    assert not (tmp_path / ".unit_economics").exists()


def test_after_fifty_pages_it_is_small_and_has_loaded_nothing_heavy(
    database: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    readers.mart(database)
    parts = conninfo_to_dict(database)
    url = f"postgresql://{parts.get('user', '')}@/{parts['dbname']}?host={quote(str(parts['host']), safe='')}"
    with serving(tmp_path, *port(), UNIT_ECONOMICS_DATABASE_URL=url) as (process, address):
        for _ in range(25):
            pages = [asked(f"{address}/?range=3y"), asked(f"{address}/on-call")]
            assert [page.status_code for page in pages] == [200, 200]
        grown = psutil.Process(process.process.pid).memory_info().rss / 2**20
        assert asked(f"{address}/headline.png").status_code == 200
        with_picture = psutil.Process(process.process.pid).memory_info().rss / 2**20
        stray = {library for library in HEAVY if any(f"/{library}/" in path for path in _files(process))}
    with capsys.disabled():
        print(f" [{grown:.0f} MB after 50 pages, {with_picture:.0f} MB with the picture] ", end="")
    assert max(grown, with_picture) < MOST_MB
    assert stray == set()


def _files(process: Running) -> list[str]:
    """The libraries that it has mapped."""
    return [part.path for part in psutil.Process(process.process.pid).memory_maps()]


def test_the_pages_load_none_of_the_heavy_libraries(tmp_path: Path) -> None:
    assert loaded("import unit_economics.cli.dashboard, unit_economics.dashboard.web.serve", tmp_path) == set()
