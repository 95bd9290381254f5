"""Numbers and dates as people of a country write them.

Here: money, counts, ratios and dates as text: a real minus sign, "–" where there is nothing, no "−0". Not here: which
country (locales.py), and exact text for machines (export.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext
from functools import lru_cache

from babel.dates import format_date, format_skeleton, format_time
from babel.numbers import NumberPattern, get_currency_symbol

from unit_economics.dashboard.words.number_patterns import (
    THOUSAND,
    WIDE,
    babel_locale,
    count_pattern,
    money_pattern,
    percent_pattern,
    rounded,
    short_form,
    with_digits,
)

EMPTY = "–"
SCALES = (1, THOUSAND, 1_000_000, 1_000_000_000)
_SIGNS = {"always": ("+", "−", "±"), "negative": ("", "−", "")}

_PATTERNS = ("medium", "LLL")  # the other forms of a date are skeletons, which the country puts in order


@dataclass(frozen=True)
class Numbers:
    """How one page writes its numbers: a Babel locale ("en_US") and an ISO currency ("USD"). None gives "–"."""

    locale: str
    currency: str

    @property
    def smallest_money(self) -> Decimal:
        """What money is written to: 0.01, or 1 where the currency has no cents."""
        return Decimal(1).scaleb(-self.money_digits)

    @property
    def money_digits(self) -> int:
        """How many digits of money are written after the point."""
        return money_pattern(self.locale, self.currency, None).frac_prec[1]

    def money(self, value: Decimal | None, digits: int | None = None) -> str:
        """Money in full, "$1,234.56"; with as many digits as the currency has cents, or as said."""
        return self._written(value, money_pattern(self.locale, self.currency, digits))

    def signed_money(self, value: Decimal | None, digits: int | None = None) -> str:
        """A change of money with its sign: "+$1.03", "−$0.14", "±$0.00"."""
        return self._written(value, money_pattern(self.locale, self.currency, digits), sign="always")

    def compact_money(self, value: Decimal | None) -> str:
        """Money in 3 or 4 digits, "$559.0K"; below a thousand as in full."""
        return self._compact(value, "money", money_pattern(self.locale, self.currency, None))

    def count(self, value: Decimal | None) -> str:
        """A quantity in full, "11,630"; at most 3 digits after the point."""
        return self._written(value, count_pattern(self.locale))

    def measured(self, value: Decimal | None) -> str:
        """A number of any size so that three digits say something, "1,234.568", "0.00253"."""
        is_small = value is not None and value.is_finite() and 0 < abs(value) < 1
        digits = 2 - value.adjusted() if value is not None and is_small else 0
        return self._written(
            value, with_digits(count_pattern(self.locale), digits) if digits else count_pattern(self.locale)
        )

    def signed_count(self, value: Decimal | None) -> str:
        """A change of a quantity with its sign: "+812", "−3", "±0"."""
        return self._written(value, count_pattern(self.locale), sign="always")

    def compact_count(self, value: Decimal | None) -> str:
        """A quantity in 3 or 4 digits, "11.6M"; below a thousand as in full."""
        return self._compact(value, "count", count_pattern(self.locale))

    def money_axis(self, ticks: Sequence[Decimal]) -> list[str]:
        """The marks of an axis, as short as they are exact: "$0", "$20K"; "$47.50", "$48.00"."""
        exact = max((_digits(tick) for tick in ticks), default=0)
        cents = money_pattern(self.locale, self.currency, None).frac_prec[1]
        full = money_pattern(self.locale, self.currency, max(exact, cents) if exact else 0)
        return [self._tick(tick, "money", full) for tick in ticks]

    def count_axis(self, ticks: Sequence[Decimal]) -> list[str]:
        """The marks of an axis of quantities: "0", "250K", "500K"."""
        return [self._tick(tick, "count", count_pattern(self.locale)) for tick in ticks]

    def percent(self, ratio: Decimal | None, digits: int = 1) -> str:
        """A ratio, 0.019, as "1.9%"."""
        return self._written(ratio, percent_pattern(self.locale, digits))

    def signed_percent(self, ratio: Decimal | None, digits: int = 1) -> str:
        """A relative change with its sign: "+1.9%", "−0.4%", "±0.0%"."""
        return self._written(ratio, percent_pattern(self.locale, digits), sign="always")

    def day(self, day: date | None) -> str:
        """A day with its year, "19 Nov 2026"; outside English as the country writes it."""
        return _day_text(self.locale, day, "d MMM y", "medium") if day else EMPTY

    def short_day(self, day: date | None) -> str:
        """A day without its year, "19 Nov"."""
        return _day_text(self.locale, day, "d MMM", "MMMd") if day else EMPTY

    def month(self, day: date | None) -> str:
        """The month of a day, "Nov 2026"."""
        return _day_text(self.locale, day, "MMM y", "yMMM") if day else EMPTY

    def short_month(self, day: date) -> str:
        """The month of a day without its year, "Nov"."""
        return _day_text(self.locale, day, "LLL", "LLL")

    def moment(self, moment: datetime | None) -> str:
        """A moment to the minute, in the zone it is given in, which is named: "19 Nov 2026, 07:00 UTC"."""
        if moment is None:
            return EMPTY
        clock = "HH:mm" if _is_english(self.locale) else "short"
        return f"{self.day(moment.date())}, {format_time(moment.time(), clock, locale=self.locale)} {_zone(moment)}"

    def _written(self, value: Decimal | None, pattern: NumberPattern, *, sign: str = "negative") -> str:
        if value is None or not value.is_finite():
            return EMPTY
        return _number_text(self, rounded(value, pattern.frac_prec[1] + pattern.scale), pattern, sign)

    def _compact(self, value: Decimal | None, kind: str, full: NumberPattern) -> str:
        if value is None or not value.is_finite():
            return EMPTY
        in_full = rounded(value, full.frac_prec[1])
        if abs(in_full) < THOUSAND:
            return self._written(in_full, full)
        shown, pattern = short_form(self.locale, kind, value) or (value, with_digits(full, 0))
        return self._written(shown, pattern)

    def _tick(self, value: Decimal, kind: str, full: NumberPattern) -> str:
        short = short_form(self.locale, kind, value) if abs(value) >= THOUSAND else None
        if short is None:
            return self._written(value, full)
        shown, pattern = short
        return self._written(shown, with_digits(pattern, _digits(shown)))


def scale_of(unit_cost: Decimal, least: Decimal = Decimal(1)) -> int:
    """Of how many units the cost is shown, one of `SCALES`, so that the number is at least 1 where it can be.

    least: what it is to be at least where that is more than 1, so that three digits are seen without cents too.
    """
    worth_showing = (scale for scale in SCALES if abs(unit_cost) * scale >= max(least, 1))
    return next(worth_showing, SCALES[-1]) if unit_cost else SCALES[0]


def _digits(value: Decimal) -> int:
    return max(0, -int(value.normalize().as_tuple().exponent)) if value.is_finite() else 0


def _with_short_symbol(text: str, locale: str, currency: str) -> str:
    """A dollar sign for "US$" and "USD": the page names its one currency, so the sign need not tell it from others."""
    local, short = _symbol(currency, locale), _symbol(currency, "en_US")
    return text if len(local) <= len(short) else text.replace(f"{local}\u00a0", short, 1).replace(local, short, 1)


@lru_cache(maxsize=8192)  # a page has hundreds, most of them the same for the next reader
def _number_text(numbers: Numbers, shown: Decimal, pattern: NumberPattern, sign: str) -> str:
    plus, minus, zero = _SIGNS[sign]
    mark = minus if shown < 0 else plus if shown else zero
    locale, currency = numbers.locale, numbers.currency
    with localcontext(WIDE):
        text = pattern.apply(_negative(shown), babel_locale(locale), currency=currency, currency_digits=False)
    return _with_short_symbol(text, locale, currency).replace("-", mark, 1)


@lru_cache(maxsize=256)
def _symbol(currency: str, locale: str) -> str:
    return get_currency_symbol(currency, locale)


def _negative(value: Decimal) -> Decimal:
    """The same distance below zero, -0 for 0: Babel then leaves a "-" where the country puts the sign."""
    return value.copy_abs().copy_negate()


@lru_cache(maxsize=4096)
def _day_text(locale: str, day: date, english: str, elsewhere: str) -> str:
    if _is_english(locale):
        return format_date(day, english, locale=locale)
    if elsewhere in _PATTERNS:
        return format_date(day, elsewhere, locale=locale)
    return format_skeleton(elsewhere, day, locale=locale)


def _is_english(locale: str) -> bool:
    return locale.startswith("en")


def _zone(moment: datetime) -> str:
    """The zone's letters, CET; where it has none, how far it is from UTC."""
    letters = f"{moment:%Z}"
    return letters if letters.isalpha() else f"UTC{moment.isoformat()[-6:]}".replace("-", "−")
