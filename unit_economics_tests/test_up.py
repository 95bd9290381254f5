"""`unit-economics up` as a real process: ready, refused, stopped, and nothing left behind."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from click.testing import CliRunner

from unit_economics.cli import main
from unit_economics.local import ports
from unit_economics.refusals import UsageRefusal
from unit_economics_tests.processes import Running, alive, await_, running, servers_in

_CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders, day: date, quantity: total_orders}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a catalogue, and a .env that names nothing that is there."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "unit_economics.yaml").write_text(_CATALOGUE)
    (folder / ".env").write_text("ORDERS_DATABASE_URL=postgresql://nobody@127.0.0.1:1/nothing\n")
    return folder


@pytest.fixture(scope="module")
def port() -> int:
    return ports.any_free()


def _dashboard() -> list[str]:
    return ["--dashboard-port", str(ports.any_free())]


@pytest.fixture(scope="module")
def up(project: Path, port: int) -> Iterator[Running]:
    with running(project, "up", "--port", str(port), *_dashboard()) as up:
        up.await_output("Ctrl-C stops everything")
        yield up


def test_it_says_where_it_is_and_answers_there(up: Running, port: int) -> None:
    assert f"http://127.0.0.1:{port}" in up.output
    query = {"query": "{ assetNodes { assetKey { path } } }"}
    answer = httpx.post(f"http://127.0.0.1:{port}/graphql", json=query, timeout=30).json()
    assets = {node["assetKey"]["path"][0] for node in answer["data"]["assetNodes"]}
    assert assets == {"cloud_costs", "daily_orders", "cost_per_order", "restatement_report"}


def test_the_dashboard_is_beside_it_and_links_back(up: Running, port: int) -> None:
    [address] = re.findall(r"(http://\S+) +the dashboard", up.output)
    page = httpx.get(address, timeout=30)
    assert page.status_code == 200
    assert "No complete day of cost_per_order yet" in page.text
    assert f"http://127.0.0.1:{port}/assets/cost_per_order" in page.text


def test_a_command_beside_it_asks_the_same_embedded_mart(up: Running) -> None:
    [of_costs] = [asset for asset in _status(up.folder)["assets"] if asset["asset"] == "cloud_costs"]
    assert {day["state"] for day in of_costs["days"]} == {"missing", "open"}


def test_a_command_alone_starts_the_embedded_mart_and_stops_it_again(tmp_path: Path) -> None:
    (tmp_path / "unit_economics.yaml").write_text(_CATALOGUE)
    assert _status(tmp_path)["assets"]
    assert servers_in(tmp_path) == []


def _status(folder: Path) -> Any:
    """What `status --json` answers in a folder, with nothing in the environment."""
    command = [sys.executable, "-c", "from unit_economics.cli import main; main()", "status", "--json"]
    clean = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    return json.loads(done.stdout)


def test_the_terminal_stays_clean(up: Running) -> None:
    assert not re.search(r"Warning|DEBUG|INFO|Traceback", up.output)
    assert len(up.output.splitlines()) <= 9
    assert {"code-server.log", "daemon.log", "webserver.log"} <= {log.name for log in _state(up).glob("logs/*")}


def test_a_second_one_on_the_same_folder_is_refused(up: Running) -> None:
    saved = up.output
    with running(up.folder, "up", "--port", str(ports.any_free()), *_dashboard()) as second:
        assert second.process.wait(60) == 2
        assert "another unit-economics command is running" in second.output
    (up.folder / "output.txt").write_text(saved)


def test_a_taken_port_is_refused_before_anything_is_started(up: Running, port: int, tmp_path: Path) -> None:
    (tmp_path / "unit_economics.yaml").write_text(_CATALOGUE)
    with running(tmp_path, "up", "--port", str(port)) as second:
        assert second.process.wait(60) == 2
        said = second.output.splitlines()[-1]
    assert f"port {port} is taken" in said
    assert f"--port {port + 1}" in said
    assert not (tmp_path / ".unit_economics" / "postgres").exists()


def test_one_port_for_both_is_refused_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "unit_economics.yaml").write_text(_CATALOGUE)
    done = CliRunner().invoke(main, ["up", "--port", "3001"])
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "--port and --dashboard-port: both are 3001" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["unit_economics.yaml"]


def test_sigterm_ends_it_and_all_it_started(up: Running) -> None:
    family = up.started()
    assert len(family) >= 5
    assert up.stop(signal.SIGTERM) == 0
    assert not alive(family)
    assert "nothing is left running" in up.output


def test_a_child_that_dies_ends_all_and_is_named(project: Path, up: Running) -> None:
    assert up.process.poll() is not None, "the folder is still in use"
    with running(project, "up", "--port", str(ports.any_free()), *_dashboard()) as second:
        await_(lambda: bool(_code_server(second)), "the code server")
        family = second.started()
        _code_server(second)[0].kill()
        assert second.process.wait(60) == 1
        assert not alive(family)
        assert "the code server ended by itself" in second.output
        assert "code-server.log" in second.output


def test_a_broken_catalogue_is_refused_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "unit_economics.yaml").write_text(_CATALOGUE.replace("kind: focus", "kind: hocus"))
    with running(tmp_path, "up") as up:
        assert up.process.wait(60) == 2
    assert not (tmp_path / ".unit_economics" / "postgres").exists()


def test_the_next_free_port_is_found_and_a_taken_one_refused() -> None:
    taken = ports.any_free()
    with socket.create_server(("127.0.0.1", taken)):
        assert ports.next_free("127.0.0.1", taken) > taken
        with pytest.raises(UsageRefusal, match="is taken"):
            ports.refuse_taken("127.0.0.1", taken)


def test_the_shipped_dagster_yaml_is_the_projects() -> None:
    root = Path(__file__).parents[1] / "dagster.yaml"
    assert (resources.files("unit_economics") / "dagster.yaml").read_text() == root.read_text()


def _state(up: Running) -> Path:
    return up.folder / ".unit_economics"


def _code_server(up: Running) -> list[psutil.Process]:
    children = psutil.Process(up.process.pid).children()
    return [child for child in children if "code-server" in _command(child)]


def _command(process: psutil.Process) -> list[str]:
    """A child that is just ending has none."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
