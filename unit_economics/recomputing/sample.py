"""Which stored days are computed again, where not all are: drawn at random, and the same for the same seed. Pure.

Not here: computing them.
"""

from collections.abc import Sequence
from random import Random

from unit_economics.warehouse.stored_days import StoredDay


def drawn(days: Sequence[StoredDay], values: int, seed: int) -> list[StoredDay]:
    """Whole days in a random order until they hold so many values, or all of them; told in their own order."""
    order = list(range(len(days)))
    Random(seed).shuffle(order)  # noqa: S311  # a sample, no secret
    taken: list[int] = []
    held = 0
    for place in order:
        if held >= values:
            break
        taken.append(place)
        held += days[place].rows
    return [days[place] for place in sorted(taken)]
