"""A metric taken apart by dimensions: each combination of values with its own cost, units and unit cost.

Here: frames in, frames out. Not here: one day's join (slice_cells.py), which slices there are (entries/dimension.py),
the proof that the parts are the whole (slice_checks.py), any I/O.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from unit_economics.catalogue import Catalogue
from unit_economics.entries.dimension import NO_VALUE, ChargeDimension, Slicing
from unit_economics.exact import EXACT
from unit_economics.schemas import UNIT_COST_SLICES
from unit_economics.slice_cells import ZERO, Cell, Halves, Part, Values, as_kept, dearest, rolled_up
from unit_economics.unit_cost import Cost, ratio, scope_charges, scope_costs, values_of

UnitsByDay = Mapping[date, Mapping[Values, Decimal]]
PartsByDay = Mapping[tuple[date, str], Mapping[Values, Part]]


@dataclass(frozen=True)
class Question:
    """One slice of a metric: its name, the cost scope, and which half knows which of its dimensions."""

    catalogue: Catalogue
    metric: str
    name: str

    @property
    def slicing(self) -> Slicing:
        """The entry."""
        return self.catalogue.metrics[self.metric].slices[self.name]

    @property
    def scope(self) -> str:
        """The cost scope that is taken apart."""
        return self.slicing.cost or str(self.catalogue.headline_scope(self.metric))

    @property
    def of_units(self) -> list[str]:
        """The dimensions that the units know."""
        known = self.catalogue.metrics[self.metric].units.dimensions
        return [name for name in self.slicing.by if name in known]

    @property
    def of_charges(self) -> list[str]:
        """The dimensions that the charges know."""
        return [name for name in self.slicing.by if name in self.catalogue.dimensions]


def questions(catalogue: Catalogue, metric: str) -> list[Question]:
    """Every slice of a metric."""
    return [Question(catalogue, metric, name) for name in catalogue.metrics[metric].slices]


def unit_cost_slices(
    catalogue: Catalogue,
    metric: str,
    days: Iterable[date],
    charges: pd.DataFrame,
    units: pd.DataFrame,
    free_days: Collection[date] = (),
) -> pd.DataFrame:
    """Rows of `schemas.UNIT_COST_SLICES` for these days.

    charges: rows like `schemas.CHARGES`; units: like `schemas.SLICED_UNITS`, or `schemas.UNITS` where they know no
    dimension; free_days: as `unit_cost.unit_costs` has them.
    """
    without = {day: ZERO if day in free_days else None for day in days}
    rows = [row for asked in questions(catalogue, metric) for row in _rows(asked, without, charges, units)]
    frame = pd.DataFrame(rows, columns=list(UNIT_COST_SLICES.columns), dtype=object)
    return frame.astype({"charge_rows": "int64"})


def _rows(
    asked: Question, without: Mapping[date, Decimal | None], charges: pd.DataFrame, units: pd.DataFrame
) -> Iterator[tuple[object, ...]]:
    catalogue, scope = asked.catalogue, asked.catalogue.cost_scopes[asked.scope]
    by_day = units_by_day(units, asked.of_units)
    parts = _parts_by_day(asked, scope_charges(scope, charges), f"{scope.basis}_cost")
    for whole in scope_costs(asked.scope, scope, charges, without, catalogue.currency):
        if whole.day in without:
            known = by_day.get(whole.day)
            of_day = _told(asked, parts.get((whole.day, whole.currency), {}), known or {})
            halves = Halves(asked.slicing.by, asked.of_charges, asked.of_units, of_day, known or {})
            for values, cell in as_kept(halves.cells(asked.slicing.cost_by)).items():
                yield _row(asked, whole, values, cell, is_counted=known is not None)


def _row(asked: Question, whole: Cost, values: Values, cell: Cell, *, is_counted: bool) -> tuple[object, ...]:
    """A cell without a charge cost 0 where the bill of its day is there; without it nobody knows what it cost."""
    is_billed = whole.amount is not None or whole.charge_rows > 0
    amount = cell.part.cost if is_billed else None
    cost = Cost(whole.day, asked.scope, whole.currency, amount, cell.part.rows, whole.lacking)
    told = json.dumps(dict(zip(asked.slicing.by, values, strict=True)), ensure_ascii=False, sort_keys=True)
    basis, unit = asked.catalogue.cost_scopes[asked.scope].basis, asked.catalogue.metrics[asked.metric].unit
    head = (asked.metric, whole.day, asked.name, told, asked.scope, whole.currency, basis)
    return *head, amount, cell.part.rows, *ratio(cost, cell.quantity if is_counted else None, unit)


def _parts_by_day(asked: Question, charges: pd.DataFrame, cost: str) -> PartsByDay:
    """What each combination of the charges' values cost, by day and currency."""
    found: dict[tuple[date, str], dict[Values, Part]] = defaultdict(dict)
    values = [_named(asked.catalogue.dimensions[name], charges) for name in asked.of_charges]
    keys: Iterable[Values] = zip(*values, strict=True) if values else [()] * len(charges)
    columns = (charges[name] for name in ("business_date", "billing_currency", cost, "charge_rows"))
    for day, currency, amount, rows, key in zip(*columns, keys, strict=True):
        part = Part(amount if isinstance(amount, Decimal) else None, int(rows))
        of_day = found[day, currency]
        of_day[key] = of_day.get(key, Part()) + part
    return found


def _named(dimension: ChargeDimension, charges: pd.DataFrame) -> "pd.Series[str]":
    """The charges' values under the names that the catalogue gives them."""
    names = {value: name for name, values in dimension.values.items() for value in values}
    return values_of(dimension.by, charges).map(lambda value: names.get(str(value), str(value))).astype(object)


def units_by_day(units: pd.DataFrame, names: Sequence[str]) -> UnitsByDay:
    """The units of each day by these dimensions, all others added up."""
    found: dict[date, dict[Values, Decimal]] = defaultdict(dict)
    told = units["dimensions"] if "dimensions" in units else ["{}"] * len(units)
    for day, text, quantity in zip(units["business_date"], told, units["quantity"], strict=True):
        known = json.loads(text)
        values = tuple(known[name] for name in names)
        found[day][values] = EXACT.add(found[day].get(values, ZERO), quantity)
    return found


def _told(asked: Question, parts: Mapping[Values, Part], units: Mapping[Values, Decimal]) -> Mapping[Values, Part]:
    """Small values as `other`: those that the units of the day roll up, or those beyond the charges' own `top`."""
    return rolled_up(parts, [_keeps(asked, name, parts, units) for name in asked.of_charges])


def _keeps(
    asked: Question, name: str, parts: Mapping[Values, Part], units: Mapping[Values, Decimal]
) -> Callable[[str], bool]:
    of_units = asked.catalogue.metrics[asked.metric].units.split_by
    if name in of_units:
        place = asked.of_units.index(name)
        kept = {values[place] for values in units} | {NO_VALUE}
        return kept.__contains__ if of_units[name].top is not None else lambda _: True
    top = asked.catalogue.dimensions[name].top
    if top is None:
        return lambda _: True
    return dearest(parts, asked.of_charges.index(name), top).__contains__
