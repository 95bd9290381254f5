"""Values of dimensions as they may leave a source: a person's name as a keyed hash, the many small ones as `other`.

Here: pseudonyms and the roll-up, pure. Not here: reading values (the kinds of source), storing them (warehouse/).

A pseudonym is HMAC-SHA256 (RFC 2104) with a key that only the deployment has, cut to 16 hex digits, after the first
4 of the key's own hash: that tells which key made it, and two keys never give one pseudonym two meanings.
"""

import hashlib
import hmac
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from unit_economics.entries.dimension import NO_VALUE, OTHER, Dimension
from unit_economics.exact import EXACT
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal

SHORTEST_KEY = 16


@dataclass(frozen=True)
class Told:
    """How each value of a row is told, in the order of the dimensions; None leaves it as it is."""

    names: Sequence[str]
    keys: Sequence[bytes | None] = field(repr=False)
    tops: Sequence[int | None]
    is_sliced: bool = True

    @classmethod
    def by(cls, dimensions: Mapping[str, Dimension], outside: Outside) -> "Told":
        """For these dimensions, sorted by name; raises `UsageRefusal` where a key is missing or too short."""
        if not dimensions:
            return NOT_SPLIT
        ordered = dict(sorted(dimensions.items()))
        keys = [_key(outside, one.pseudonym) if one.pseudonym else None for one in ordered.values()]
        return cls(list(ordered), keys, [one.top for one in ordered.values()])

    def values(self, raw: Iterable[object]) -> tuple[str, ...]:
        """One row's values as they may be seen outside: in messages, in the mart, anywhere."""
        if not self.is_sliced:
            return tuple(_told(value, None) for value in raw)
        return tuple(_told(value, key) for value, key in zip(raw, self.keys, strict=True))

    def as_json(self, values: Sequence[str]) -> str:
        """The values of a row as `schemas.SLICED_UNITS` has them: canonical JSON."""
        return json.dumps(dict(zip(self.names, values, strict=True)), ensure_ascii=False, separators=(",", ":"))


NOT_SPLIT = Told((), (), (), is_sliced=False)
BY_SEGMENT = Told(("segment",), (None,), (None,), is_sliced=False)
"""The older way: one column, whose value is stored as the segment."""


def _key(outside: Outside, variable: str) -> bytes:
    key = outside.secret(variable).encode()
    if len(key) < SHORTEST_KEY:
        raise UsageRefusal(
            f"the key in {variable} is shorter than {SHORTEST_KEY} characters, so names could be guessed from it",
            where="environment",
            remedy="Make one with `openssl rand -hex 32` and keep it: another key makes other pseudonyms",
        )
    return key


def _told(value: object, key: bytes | None) -> str:
    text = "" if value is None else str(value)
    if not text or text == NO_VALUE or key is None:
        return text or NO_VALUE
    digest = hmac.new(key, text.encode(errors="surrogatepass"), hashlib.sha256).hexdigest()
    return f"{hashlib.sha256(key).hexdigest()[:4]}-{digest[:16]}"


Cells = Mapping[tuple[date, tuple[str, ...]], Decimal]
"""The quantity of each day and combination of values."""


def rolled_up(cells: Cells, tops: Sequence[int | None]) -> Cells:
    """The same with each dimension's small values of a day as `other`: every day's sum stays what it was.

    Which values are the largest is decided by the day alone, so that a day comes out the same in every range.
    """
    kept = _kept(cells, tops)
    found: dict[tuple[date, tuple[str, ...]], Decimal] = {}
    for (day, values), quantity in cells.items():
        told = tuple(
            value if top is None or value in kept[day, position] else OTHER
            for position, (value, top) in enumerate(zip(values, tops, strict=True))
        )
        found[day, told] = EXACT.add(found.get((day, told), Decimal(0)), quantity)
    return found


def _kept(cells: Cells, tops: Sequence[int | None]) -> Mapping[tuple[date, int], set[str]]:
    sums: dict[tuple[date, int], dict[str, Decimal]] = defaultdict(dict)
    for (day, values), quantity in cells.items():
        for position, value in enumerate(values):
            of_value = sums[day, position]
            of_value[value] = EXACT.add(of_value.get(value, Decimal(0)), quantity)
    return {
        (day, position): set(sorted(of_day, key=lambda value: (-of_day[value], value))[: tops[position]])
        for (day, position), of_day in sums.items()
    }
