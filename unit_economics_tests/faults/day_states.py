"""Days in every state that a publication can find them in, and which of them may go out.

Here: making such days in the mart, by its own writers, and the rule in plain Python. Not here: publishing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pandas as pd
from hypothesis import strategies as st

from unit_economics.business_days import DayRange
from unit_economics.schemas import UNIT_COSTS, UNITS
from unit_economics.warehouse import gate, replace_days, tables
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.gate import Verdict
from unit_economics.warehouse.ledger import Attempt, Run
from unit_economics_tests.faults.world import COSTS, METRIC, UNITS_ASSET

CHAIN = (UNITS_ASSET, COSTS, METRIC)
RUN = Run("states", "faults", "faults")


@dataclass(frozen=True)
class Day:
    """One day: are units stored, is the unit cost computed, and the words of each asset's checks, oldest first."""

    units: bool
    computed: bool
    words: Mapping[str, Sequence[bool]] = field(default_factory=dict)

    @property
    def may_go_out(self) -> bool:
        red = any(words and not words[-1] for words in self.words.values())
        return self.units and self.computed and not red


def _words() -> st.SearchStrategy[list[bool]]:
    return st.one_of(st.just([True]), st.lists(st.booleans(), max_size=3))


def days(least: int, most: int) -> st.SearchStrategy[list[Day]]:
    """Lists of days; about a half of them may go out, so that both kinds occur in every list."""
    mostly = st.sampled_from([True, True, True, False])
    words = st.fixed_dictionaries({asset: _words() for asset in CHAIN})
    return st.lists(st.builds(Day, mostly, mostly, words), min_size=least, max_size=most)


def quantity(day: date) -> Decimal:
    """The units that are stored on a day."""
    return Decimal(day.toordinal() % 1000 + 1)


def make(connection: Connection, span: DayRange, states: Sequence[Day]) -> None:
    """Bring the mart into these states, through the writers that the assets use."""
    known = dict(zip(span, states, strict=True))
    _store(connection, span, tables.UNIT_QUANTITIES, UNITS_ASSET, _units([d for d in span if known[d].units]))
    _store(connection, span, tables.UNIT_COSTS, METRIC, _unit_costs([d for d in span if known[d].computed]))
    for asset in CHAIN:
        for number in range(max(len(state.words[asset]) for state in states)):
            said = {day: state.words[asset] for day, state in known.items() if number < len(state.words[asset])}
            verdicts = [Verdict(day, {} if words[number] else {"contract": "broken"}) for day, words in said.items()]
            gate.refuse_days(connection, _attempt(connection, asset, span), verdicts)


def _store(connection: Connection, span: DayRange, table: tables.Table, asset: str, rows: pd.DataFrame) -> None:
    states = {day: replace_days.DayState("complete", day) for day in rows["business_date"]}
    replace_days.replace_days(connection, _attempt(connection, asset, span), table, rows, states, [])


def _attempt(connection: Connection, asset: str, span: DayRange) -> Attempt:
    """`ledger.begin` inside this transaction, so that all of it can be rolled back."""
    row = connection.execute(
        "insert into attempt (asset, first_day, last_day, run_id, code_version, catalogue_version)"
        " values (%s, %s, %s, '', '', '') returning attempt",
        [asset, span.first, span.last],
    ).fetchone()
    assert row is not None
    return Attempt(row[0], asset, span, RUN)


def _units(of: Sequence[date]) -> pd.DataFrame:
    rows = [(day, "all", quantity(day), "Order") for day in of]
    return pd.DataFrame(rows, columns=list(UNITS.columns), dtype=object)


def _unit_costs(of: Sequence[date]) -> pd.DataFrame:
    cost = Decimal(1)
    rows = [(METRIC, day, "all", "USD", "effective", cost, 1, cost, "Order", cost, None) for day in of]
    return pd.DataFrame(rows, columns=list(UNIT_COSTS.columns), dtype=object)
