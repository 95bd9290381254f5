"""A writer that replaces days for ever, with a name for every point at which it can be killed; and a naive one.

Here: what runs in a forked child. Not here: killing it (nursery.py), judging what is left (oracle.py).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import psycopg

from unit_economics.business_days import DayRange
from unit_economics.schemas import UNITS
from unit_economics.warehouse import ledger, replace_days
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.ledger import Attempt, Run
from unit_economics.warehouse.replace_days import DayState
from unit_economics.warehouse.tables import UNIT_QUANTITIES, Table, content_hash
from unit_economics_tests.faults.nursery import Life

ASSET = "daily_orders"
DAYS = DayRange(date(2026, 3, 1), date(2026, 3, 3))
SEGMENTS = 150
RUN = Run("killed", "faults", "faults")
POINTS = (
    "before lock",
    "after lock",
    "after fence",
    "after supersede",
    "after ledger copy",
    "mid row copy",
    "after row copy",
    "after verdicts",
    "before commit",
    "after commit",
)


def frame(generation: int, days: DayRange = DAYS, segments: int = SEGMENTS) -> pd.DataFrame:
    """Rows in which every generation differs from every other, on every day."""
    rows = [
        (day, f"segment {number:03}", Decimal(1000 * generation + number), "Order")
        for day in days
        for number in range(segments)
    ]
    return pd.DataFrame(rows, columns=list(UNITS.columns), dtype=object)


def write(
    warehouse: Warehouse,
    attempt: Attempt,
    rows: pd.DataFrame,
    before_commit: Callable[[], object] = lambda: None,
) -> None:
    """Replace the attempt's days, as a step does it."""
    days = attempt.days
    with warehouse.transaction() as connection:
        states = {day: DayState("complete", days.last) for day in days}
        verdicts = [Verdict(day) for day in days]
        replace_days.replace_days(connection, attempt, UNIT_QUANTITIES, rows, states, verdicts)
        before_commit()


def begin(warehouse: Warehouse, days: DayRange = DAYS, asset: str = ASSET) -> Attempt:
    """The next attempt at these days."""
    return ledger.begin(warehouse, asset, days, RUN)


def _replacing(life: Life, of: Mapping[str, Any]) -> None:
    warehouse = Warehouse(of["url"])
    _name_the_points(life)
    generation = of["generation"]
    life.ready()
    while True:
        generation += 1
        write(warehouse, begin(warehouse), frame(generation), lambda: life.at("before commit"))
        life.at("after commit")


def _name_the_points(life: Life) -> None:
    """Wrap the steps of `replace_days` in this process, so that it can end between any two of them."""
    steps = {
        "lock": ("before lock", "after lock"),
        "fence": ("", "after fence"),
        "_supersede": ("", "after supersede"),
        "_copy_ledger": ("", "after ledger copy"),
        "_copy_rows": ("", "after row copy"),
        "record_verdicts": ("", "after verdicts"),
    }
    for name, (before, after) in steps.items():
        setattr(replace_days, name, _between(life, before, getattr(replace_days, name), after))
    lines = type(UNIT_QUANTITIES).lines

    def mortal(self: Table, rows: pd.DataFrame) -> dict[date, list[str]]:
        of_days = lines(self, rows)
        return {**of_days, DAYS.last: _Mortal(of_days[DAYS.last], life)}

    type(UNIT_QUANTITIES).lines = mortal


def _between(life: Life, before: str, step: Callable[..., object], after: str) -> Callable[..., object]:
    def wrapped(*arguments: object) -> object:
        life.at(before)
        result = step(*arguments)
        life.at(after)
        return result

    return wrapped


class _Mortal(list[str]):
    """The lines of a day of which only the first half is ever copied when the point is in the middle."""

    def __init__(self, lines: list[str], life: Life) -> None:
        super().__init__(lines)
        self.life = life

    def __iter__(self) -> Iterator[str]:
        for number, line in enumerate(super().__iter__()):
            if number == len(self) // 2:
                self.life.at("mid row copy")
            yield line


def _naive(life: Life, of: Mapping[str, Any]) -> None:
    """What must be caught: the same write, each statement a commit of its own."""
    generation = of["generation"]
    with psycopg.connect(of["url"], autocommit=True, options="-c search_path=unit_economics") as connection:
        life.ready()
        while True:
            generation += 1
            rows = frame(generation)
            for day, lines in UNIT_QUANTITIES.lines(rows).items():
                _replace_naively(connection, day, rows[rows["business_date"] == day], content_hash(lines))


def _replace_naively(connection: psycopg.Connection[Any], day: date, rows: pd.DataFrame, new_hash: str) -> None:
    connection.execute("delete from unit_quantity where asset = %s and business_date = %s", [ASSET, day])
    connection.execute(
        "update ledger set content_hash = %s where asset = %s and business_date = %s", [new_hash, ASSET, day]
    )
    for row in rows.itertuples(index=False):
        connection.execute(
            "insert into unit_quantity (asset, version, business_date, segment, quantity, unit)"
            " values (%s, 1, %s, %s, %s, %s) on conflict do nothing",  # the one killed before may still be at it
            [ASSET, *row],
        )


WORKS = {"replace": _replacing, "naive": _naive}
