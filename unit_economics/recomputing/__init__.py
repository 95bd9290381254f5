"""Stored numbers computed again from their recorded inputs, by the arithmetic that stored them; every bit is compared.

Here: one stored day, and many. Not here: the rows of its inputs (inputs.py), how each kind is computed (ways.py),
comparing (comparing.py), which days are drawn (sample.py). Nothing is written, and no source is asked.

What was stored before the mart kept catalogues' texts can't be computed again: it is listed, and never passes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from unit_economics.catalogue import Catalogue
from unit_economics.graph import Node
from unit_economics.recomputing.comparing import Difference, compared
from unit_economics.recomputing.inputs import Inputs
from unit_economics.recomputing.kept import KeptCatalogues
from unit_economics.recomputing.ways import WAYS, Way, why_not
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.stored_days import StoredDay, rows_of


@dataclass(frozen=True)
class Verified:
    """A stored day: the numbers that differ from what its inputs give, or why it can't be computed again."""

    day: StoredDay
    differences: Sequence[Difference] = ()
    why_not: str = ""

    @property
    def equal(self) -> int:
        """How many of its values come out again; a row that ought to be stored and is not is none of them."""
        return max(0, self.day.rows - len({one.at for one in self.differences})) if not self.why_not else 0


class Recomputer:
    """Computes stored days again, out of one snapshot of the mart."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._kept = connection, KeptCatalogues(connection)

    def why_not(self, day: StoredDay) -> str:
        """Why a day can't be computed again; empty where it can."""
        found = self._kept.node(day)
        return found if isinstance(found, str) else why_not(found[1])

    def verified(self, day: StoredDay) -> Verified:
        """The day, computed again and compared."""
        found = self._kept.node(day)
        if isinstance(found, str):
            return Verified(day, why_not=found)
        if reason := why_not(found[1]):
            return Verified(day, why_not=reason)
        return Verified(day, self._differences(day, *found))

    def _differences(self, day: StoredDay, catalogue: Catalogue, node: Node) -> Sequence[Difference]:
        way = WAYS[node.kind]
        stored = rows_of(self._connection, way.table, day.asset, day.business_date, day.version)
        inputs = Inputs(self._connection, day.business_date, day.input_versions)
        made = way.make(catalogue, node, inputs)
        return compared(day, way.keys, way.table, stored, made)


def verified(connection: Connection, days: Iterable[StoredDay]) -> Iterator[Verified]:
    """Each of these days, computed again."""
    recomputer = Recomputer(connection)
    return (recomputer.verified(day) for day in days)


__all__ = ["Difference", "Recomputer", "Verified", "Way", "verified"]
