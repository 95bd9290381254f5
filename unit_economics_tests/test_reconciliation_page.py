"""What docs/reconciliation.md says is so: its catalogue and file are read, its commands and its SQL run."""

import re
import shlex
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import get_args

from click.testing import CliRunner

from unit_economics.cli import main
from unit_economics.entries.reconciliation import InvoiceFile
from unit_economics.insight.differences import KINDS
from unit_economics.insight.reconciling import State
from unit_economics.invoice_file import read_invoices
from unit_economics.outside import Outside
from unit_economics_tests.world import World

PAGE = (Path(__file__).parents[1] / "docs" / "reconciliation.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_catalogue_loads_and_its_sql_runs(world: Callable[..., World]) -> None:
    of = world(blocks("yaml")[0]).deployment()
    assert of.catalogue.reconciliation is not None
    assert of.catalogue.reconciliation.allowed(Decimal(5000)) == 5
    with of.warehouse.snapshot() as connection:
        for query in blocks("sql")[0].split(";"):
            if query.strip():
                assert connection.execute(query.encode()).fetchall() == []
        for view in re.findall(r"`(\w+)`", PAGE.rpartition("\n\n")[2]):
            connection.execute(f"select * from unit_economics.{view}".encode())


def test_the_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "invoices.csv").write_text(blocks("csv")[0])
    found = read_invoices(InvoiceFile(kind="csv", path="invoices.csv"), Outside({}, folder=tmp_path))
    assert [(one.invoice_id, one.amount, one.status) for one in found] == [
        ("2026-4711", Decimal("11904.76"), "issued"),
        ("2026-4712", Decimal("812.50"), "provisional"),
    ]


def test_every_command_exists_with_its_options() -> None:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == 4
    for line in lines:
        words = shlex.split(line)[1:]
        named = [word for word in words[:2] if word.isalpha()]
        told = CliRunner().invoke(main, [*named, "--help"]).stdout
        assert all(word in told for word in words if word.startswith("--")), line


def test_every_kind_and_state_is_told() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE))
    assert {*KINDS, *get_args(State)} <= told
