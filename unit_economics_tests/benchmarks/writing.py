"""100,000 rows of the mart written, changed, and written again unchanged; against the same by hand.

Here: the CPU of this process and of the server's for it, turn by turn on marts with a year of days behind them. Not
here: the way by hand (writing_by_hand.py); reading the bill and judging it, which come before any writing.
"""

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from statistics import median

import pandas as pd
import psutil

from unit_economics.graph import CLOUD_COSTS
from unit_economics.local import embedded
from unit_economics.warehouse import ledger
from unit_economics.warehouse.connection import Connection, Warehouse
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.ledger import Attempt, Run
from unit_economics.warehouse.migrations import migrate
from unit_economics.warehouse.replace_days import Change, DayState, replace_days
from unit_economics.warehouse.tables import CHARGES
from unit_economics_tests.benchmarks import writing_by_hand
from unit_economics_tests.benchmarks.shop_world import days_until
from unit_economics_tests.benchmarks.targets import Row

DAYS, A_DAY, TURNS = days_until(25), 4_000, 3
ROWS = len(DAYS) * A_DAY
TIMES_BY_HAND, TIMES_FIRST = 1.5, 3
_YEAR = """
    insert into ledger (asset, business_date, version, rows_version, attempt, status, content_hash, source_hash, run_id,
        code_version, catalogue_version)
    select %s, day, 1, 1, %s, 'complete', 'hash', 'hash', 'bench', 'bench', 'bench'
    from generate_series(%s::date - 365, %s::date - 1, interval '1 day') day
"""


@dataclass(frozen=True)
class _Turn:
    """CPU seconds of each writing."""

    first: float
    changed: float
    same: float
    by_hand: float


def measure() -> list[Row]:
    """Both ways, turn by turn, each on a mart of its own."""
    names = [(f"ours_{nth}", f"by_hand_{nth}") for nth in range(TURNS)]
    rows, others = _charges(0), _charges(1)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, embedded.running(Path(name) / "postgres") as postgres:
        postgres.create([mart for pair in names for mart in pair])
        turns = [_turn(_mart(postgres.url(ours)), _mart(postgres.url(hand)), rows, others) for ours, hand in names]
    return [_changed(turns), _unchanged(turns)]


def _changed(turns: Sequence[_Turn]) -> Row:
    changed, by_hand = median(turn.changed for turn in turns), median(turn.by_hand for turn in turns)
    return Row(
        f"{ROWS:,} changed rows of the mart at most {TIMES_BY_HAND} times the CPU, client and server, of a bare COPY of"
        " ready text and one set-based statement into the same tables",
        f"{changed / by_hand:.2f} times: {changed:.2f} against {by_hand:.2f} CPU s",
        changed <= TIMES_BY_HAND * by_hand,
    )


def _unchanged(turns: Sequence[_Turn]) -> Row:
    first, same = median(turn.first for turn in turns), median(turn.same for turn in turns)
    return Row(
        f"the same {ROWS:,} rows again at most 1/{TIMES_FIRST} of the CPU of writing them first",
        f"1/{first / same:.1f}: {same:.2f} against {first:.2f} CPU s",
        first >= TIMES_FIRST * same,
    )


def _turn(ours: Warehouse, hand: Warehouse, rows: pd.DataFrame, others: pd.DataFrame) -> _Turn:
    _ours(hand, rows, "new")
    text = writing_by_hand.ready_text(CLOUD_COSTS, others)
    attempt = _attempt(hand)
    with hand.connection() as connection:
        by_hand = _cpu(connection, lambda: writing_by_hand.write(connection, attempt, text))
    first, changed = _ours(ours, rows, "new"), _ours(ours, others, "restated")
    return _Turn(first, changed, _ours(ours, others, "same"), by_hand)


def _ours(mart: Warehouse, rows: pd.DataFrame, change: Change) -> float:
    """CPU seconds of our way; it must be this kind of change on every day, or the figure would be of something else."""
    attempt = _attempt(mart)
    states = {day: DayState("complete", DAYS.last) for day in DAYS}
    verdicts = [Verdict(day) for day in DAYS]

    def write() -> None:
        with connection.transaction():
            done = replace_days(connection, attempt, CHARGES, rows, states, verdicts)
        if done.days(change) != list(DAYS):
            raise RuntimeError(f"not {change}: {done.changes}")

    with mart.connection() as connection:
        return _cpu(connection, write)


def _cpu(connection: Connection, work: Callable[[], object]) -> float:
    """CPU seconds of this process and of the server's process for this connection."""
    server = psutil.Process(connection.info.backend_pid)
    before = time.process_time() + sum(server.cpu_times()[:2])
    work()
    return time.process_time() + sum(server.cpu_times()[:2]) - before


def _mart(url: str) -> Warehouse:
    """A mart that has had a year of days: on an empty one the server checks references by reading the whole ledger."""
    mart = Warehouse(url)
    migrate(mart, {})
    with mart.connection() as connection:
        connection.execute(_YEAR, [CLOUD_COSTS, _attempt(mart).number, DAYS.first, DAYS.first])
        connection.execute("analyze ledger")
    return mart


def _attempt(mart: Warehouse) -> Attempt:
    return ledger.begin(mart, CLOUD_COSTS, DAYS, Run("bench", "bench", "bench"))


def _charges(restated: int) -> pd.DataFrame:
    """4,000 rows a day: 20 accounts with 50 services of 4 teams each; other costs each time they are restated."""
    rows = [
        (
            *(day, "AWS", f"1000000000{nth % 20:02}", f"Service {nth // 20 % 50}", "eu-west-1", "Usage"),
            *(_TEAMS[nth // 1000], "USD", cost, cost, cost + 1, None, 1 + nth % 50),
        )
        for day in DAYS
        for nth in range(A_DAY)
        for cost in [Decimal(1_000_003 * nth + day.day + restated).scaleb(-12)]
    ]
    return pd.DataFrame(rows, columns=["business_date", *CHARGES.columns], dtype=object).astype(
        {"charge_rows": "int64"}
    )


_TEAMS = [json.dumps({"app": f"app {nth}", "team": f"team {nth}"}) for nth in range(4)]
