"""How a country writes a number: where its sign, its currency and its word for a thousand stand (CLDR, by Babel).

Here: one Babel pattern for each need, with its digits. Not here: which number is written how (numbers.py).
"""

import copy
import re
from decimal import Context, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import NumberPattern, get_currency_precision

THOUSAND = 1000
WIDE = Context(prec=100)  # of a sum of money no digit is lost


def rounded(value: Decimal, digits: int) -> Decimal:
    """The value to so many digits after the point."""
    return value.quantize(Decimal(1).scaleb(-digits), context=WIDE)


def short_form(locale: str, kind: str, value: Decimal) -> tuple[Decimal, NumberPattern] | None:
    """The number and the pattern of "559.0K"; None where the country has no short word for so much."""
    size = max(value.adjusted(), 3)
    found = _short_pattern(locale, kind, size)
    if not found:
        return None
    pattern, power = found
    shown = rounded(value.scaleb(-power, context=WIDE), pattern.frac_prec[1])
    grown = shown.scaleb(power, context=WIDE)
    return (shown, pattern) if grown.adjusted() <= size else short_form(locale, kind, grown)


@lru_cache(maxsize=1024)
def _short_pattern(locale: str, kind: str, size: int) -> tuple[NumberPattern, int] | None:
    """How the country writes numbers of this power of ten in short, and the power that is taken off."""
    babel = babel_locale(locale)
    forms = (babel.compact_currency_formats if kind == "money" else babel.compact_decimal_formats)["short"]["other"]
    size = min(size, max(len(power) for power in forms) - 1)
    form = forms.get(str(10**size))
    zeros = form.pattern.count("0") if form else 0
    if not form or not re.search(r"[^0\s¤]", form.pattern):
        return None
    return with_digits(form, 2 if zeros == 1 else 1), size - zeros + 1


@lru_cache(maxsize=256)
def money_pattern(locale: str, currency: str, digits: int | None) -> NumberPattern:
    """Money in full; with as many digits as the currency has cents, or as said."""
    cents = get_currency_precision(currency) if digits is None else digits
    return with_digits(babel_locale(locale).currency_formats["standard"], cents)


@lru_cache(maxsize=256)
def percent_pattern(locale: str, digits: int) -> NumberPattern:
    """A ratio in percent."""
    return with_digits(babel_locale(locale).percent_formats[None], digits)


@lru_cache(maxsize=256)
def count_pattern(locale: str) -> NumberPattern:
    """A quantity in full: at most 3 digits after the point."""
    return babel_locale(locale).decimal_formats[None]


def with_digits(pattern: NumberPattern, digits: int) -> NumberPattern:
    """The same pattern with exactly so many digits after the point."""
    changed = copy.copy(pattern)
    changed.frac_prec = (digits, digits)
    return changed


@lru_cache(maxsize=64)
def babel_locale(locale: str) -> Locale:
    """The locale's data, loaded once."""
    return Locale.parse(locale)
