"""Units as text: `USD / GB-month` taken apart into what is multiplied and divided, and put together again.

Here: which texts are units, which names are physical, and how a unit is written. Not here: what a unit measures
(scales.py), which units a formula may put together (checking.py).

Only the physical units of the short list are that; every other name (Order, seat, count, bit) is a kind of its own, as
it is spelled but for upper and lower case, and each currency is one. `1M tokens` is `tokens` at another scale, and
`seat-month` is a seat times a month. A share is `1`, and `percent` and `%` are the same unit, not a hundredth of it:
its values are shares too, 0.25 where 25 % is shown.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from unit_economics.currencies import CURRENCIES

LONGEST = 1_000
"""A unit is written in at most this many characters; only a product of very many names has more."""

_TIMES = ("second", "minute", "hour", "day", "week", "month", "year")
_SHORT = {"s": "second", "min": "minute", "h": "hour", "ms": "ms"}
_DATA = ("B", "kB", "MB", "GB", "TB", "PB", "KiB", "MiB", "GiB", "TiB", "PiB")
_OTHER = ("Wh", "kWh", "MWh", "g CO2e", "kg CO2e", "t CO2e")

_WORDS = {**{word: word for word in _TIMES}, **{f"{word}s": word for word in _TIMES}, "byte": "B", "bytes": "B"}
_EXACT = {name: name for name in (*_DATA, *_OTHER)} | {name.replace(" ", ""): name for name in _OTHER} | _SHORT
_TIME = {*_TIMES, *_SHORT.values()}
_NONE = {"1", "%", "percent"}
_SCALED = re.compile(r"([0-9]{1,12})([kKMB]?) (.+)")
_THOUSANDS = {"": 1, "k": 10**3, "K": 10**3, "M": 10**6, "B": 10**9}


@dataclass(frozen=True)
class Part:
    """One factor of a unit: a physical unit, a currency or a kind of its own, perhaps so many at once."""

    kind: str
    word: str = field(compare=False)
    many: int = 1
    scaled: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.scaled or self.word

    @property
    def is_time(self) -> bool:
        """Whether it is written with a hyphen after what it is multiplied with."""
        return self.many == 1 and self.kind in _TIME


@dataclass(frozen=True)
class Unit:
    """Parts and how often each is multiplied (or, below 0, divided by); the order makes no difference."""

    powers: Counter[Part]

    def __str__(self) -> str:
        above = _written(self.powers.elements())
        below = _written(Counter({part: -power for part, power in self.powers.items()}).elements())
        return " / ".join([" * ".join(above) or "1", *below])


ONE = Unit(Counter())
"""The unit of a share, and of a number."""


def unit_of(text: str) -> Unit:
    """The unit that this text says; raises `ValueError` with a sentence where it says none."""
    if len(text) > LONGEST or not text.isprintable():
        raise ValueError(f"a unit has at most {LONGEST} characters, all on one line")
    powers: Counter[Part] = Counter()
    sign = 1
    for word in re.split(r"([*/])", text):
        if word in ("*", "/"):
            sign = 1 if word == "*" else -1
        else:
            for part in _factor(word):
                powers[part] += sign
    return _without_none(powers)


def times(one: Unit, other: Unit) -> Unit:
    """The unit of a product."""
    powers = Counter(one.powers)
    powers.update(other.powers)
    return _without_none(powers)


def per(one: Unit, other: Unit) -> Unit:
    """The unit of a quotient."""
    powers = Counter(one.powers)
    powers.subtract(other.powers)
    return _without_none(powers)


def is_physical(kind: str) -> bool:
    """Whether a kind is of the short list of physical units; every other one is a dimension of its own."""
    return kind in _TIME or kind in _EXACT


def _factor(text: str) -> list[Part]:
    """The parts of one unit: `vCPU-hour` has two, a share has none."""
    word, times_after = " ".join(text.split()), list[Part]()
    stem, hyphen, last = word.rpartition("-")
    while hyphen and stem and _physical(last) in _TIME:
        word, times_after = stem, [_part(last), *times_after]
        stem, hyphen, last = word.rpartition("-")
    return times_after if word.lower() in _NONE else [_part(word), *times_after]


def _part(word: str) -> Part:
    scaled = _SCALED.fullmatch(word)
    if scaled is None:
        return Part(*_kind(word))
    digits, thousands, of = scaled.groups()
    many = int(digits) * _THOUSANDS[thousands]
    if many == 0:
        raise ValueError(f"`{word}` is no unit: 0 of something measures nothing")
    kind, shown = _kind(of)
    return Part(kind, shown, many, word if many > 1 else "")


def _kind(word: str) -> tuple[str, str]:
    physical = _physical(word)
    if physical:
        return physical, physical
    if word in CURRENCIES:
        return word, word
    if not any(letter.isalpha() for letter in word):
        raise ValueError(f"`{word}` is no unit; write one like USD / Order, or percent")
    return f"{word.casefold()} (own)", word


def _physical(word: str) -> str | None:
    """The physical unit of this name; short names are spelled exactly so."""
    return _EXACT.get(word) or _WORDS.get(word.lower())


def _without_none(powers: Counter[Part]) -> Unit:
    return Unit(Counter({part: power for part, power in powers.items() if power}))


def _written(parts: Iterable[Part]) -> list[str]:
    """The parts as text, a time after a hyphen behind what it is multiplied with."""
    written: list[str] = []
    for part in parts:
        if part.is_time and written:
            written[-1] += f"-{part}"
        else:
            written.append(str(part))
    return written
