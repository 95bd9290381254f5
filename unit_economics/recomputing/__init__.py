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
from unit_economics.recomputing.looking_back import LookedBack, looked_back
from unit_economics.recomputing.ways import WAYS, Way
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
        found = self._found(day)
        return found if isinstance(found, str) else ""

    def verified(self, day: StoredDay) -> Verified:
        """The day, computed again and compared."""
        found = self._found(day)
        return Verified(day, why_not=found) if isinstance(found, str) else Verified(day, self._differences(day, *found))

    def _found(self, day: StoredDay) -> tuple[Catalogue, Node, LookedBack] | str:
        known = self._kept.node(day)
        if isinstance(known, str):
            return known
        back = looked_back(self._connection, *known, day)
        return back if isinstance(back, str) else (*known, back)

    def _differences(self, day: StoredDay, catalogue: Catalogue, node: Node, back: LookedBack) -> Sequence[Difference]:
        way = WAYS[node.kind]
        stored = rows_of(self._connection, way.table, day.asset, day.business_date, day.version)
        inputs = Inputs(self._connection, day.business_date, day.input_versions, back)
        made = way.make(catalogue, node, inputs)
        return compared(day, way.keys, way.table, stored, made)


def verified(connection: Connection, days: Iterable[StoredDay]) -> Iterator[Verified]:
    """Each of these days, computed again."""
    recomputer = Recomputer(connection)
    return (recomputer.verified(day) for day in days)


__all__ = ["Difference", "Recomputer", "Verified", "Way", "verified"]
