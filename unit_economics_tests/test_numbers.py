"""Numbers and dates as people read them. Here: what is written, and that nothing is lost or invented by it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import example, given
from hypothesis import strategies as st

from unit_economics.dashboard.words.locales import DEFAULT, OFFERED, locale_of
from unit_economics.dashboard.words.numbers import EMPTY, Numbers, scale_of

HERE = Numbers("en_US", "USD")
GERMAN = Numbers("de_DE", "EUR")
THE_DAY = date(2026, 11, 19)
amounts = st.decimals(-(10**14), 10**14, places=4)
locales = st.sampled_from(OFFERED)


@pytest.mark.parametrize(
    ("numbers", "value", "written"),
    [
        (HERE, "1234.56", "$1,234.56"),
        (HERE, "-1234.56", "−$1,234.56"),
        (GERMAN, "-1234.56", "−1.234,56\xa0€"),
        (Numbers("nl_NL", "EUR"), "-5", "€\xa0−5,00"),
        (Numbers("en_US", "CAD"), "5", "CA$5.00"),
        (Numbers("en_CA", "CAD"), "5", "$5.00"),
        (Numbers("en_US", "JPY"), "1234.56", "¥1,235"),
        (Numbers("en_IN", "INR"), "1234567", "₹12,34,567.00"),
        (HERE, "-0.001", "$0.00"),
        (HERE, "NaN", EMPTY),
    ],
)
def test_money_is_written_in_full_as_the_country_writes_it(numbers: Numbers, value: str, written: str) -> None:
    assert numbers.money(Decimal(value)) == written


def test_money_of_any_size_keeps_every_digit() -> None:
    assert HERE.money(Decimal("12345678901234567890123456789012345.67")).replace(",", "") == (
        "$12345678901234567890123456789012345.67"
    )


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("559012.3", "$559.0K"),
        ("11630000", "$11.6M"),
        ("5196", "$5.20K"),
        ("48.05", "$48.05"),
        ("999.99", "$999.99"),
        ("999.999", "$1.00K"),
        ("999960", "$1.00M"),
        ("-11630000", "−$11.6M"),
        ("0", "$0.00"),
    ],
)
def test_compact_money_has_three_or_four_digits(value: str, written: str) -> None:
    assert HERE.compact_money(Decimal(value)) == written


def test_a_country_without_a_short_word_for_a_thousand_sees_the_whole_number() -> None:
    assert GERMAN.compact_money(Decimal("559012.3")) == "559.012\xa0€"
    assert GERMAN.compact_count(Decimal("11630000")) == "11,6\xa0Mio."
    assert Numbers("ja_JP", "JPY").compact_count(Decimal(123456789)) == "1.23億"


def test_counts_and_ratios() -> None:
    assert HERE.count(Decimal(11630)) == "11,630"
    assert HERE.compact_count(Decimal(11630000)) == "11.6M"
    assert HERE.compact_count(Decimal(812)) == "812"
    assert HERE.percent(Decimal("0.019")) == "1.9%"
    assert GERMAN.percent(Decimal("-0.0194"), 2) == "−1,94\xa0%"


def test_a_change_always_has_a_sign_and_no_change_has_both() -> None:
    assert [HERE.signed_money(Decimal(value)) for value in ("1.03", "-0.14", "0")] == ["+$1.03", "−$0.14", "±$0.00"]
    assert [HERE.signed_count(Decimal(value)) for value in ("812", "-3", "0")] == ["+812", "−3", "±0"]
    assert [HERE.signed_percent(Decimal(value)) for value in ("0.019", "-0.004", "0.0001")] == [
        "+1.9%",
        "−0.4%",
        "±0.0%",
    ]


def test_nothing_is_a_dash_never_a_zero() -> None:
    writers = [HERE.money, HERE.compact_money, HERE.count, HERE.compact_count, HERE.percent]
    writers += [HERE.signed_money, HERE.signed_count, HERE.signed_percent]
    assert {write(None) for write in writers} == {EMPTY}
    assert {HERE.day(None), HERE.short_day(None), HERE.month(None), HERE.moment(None)} == {EMPTY}


@pytest.mark.parametrize("locale", OFFERED)
def test_every_country_has_one_real_minus_sign_and_no_hyphen(locale: str) -> None:
    numbers = Numbers(locale, "EUR")
    for write in (numbers.money, numbers.signed_money, numbers.compact_money, numbers.count, numbers.percent):
        written = write(Decimal("-12345678.9"))
        assert written.count("−") == 1, written
        assert "-" not in written, written
        assert "−" not in write(Decimal("12345678.9"))


def read_back(written: str, locale: str) -> Decimal:
    """The number in a text."""
    symbols = Locale.parse(locale).number_symbols["latn"]
    digits = "".join(c for c in written if c.isdigit() or c in (symbols["decimal"], "−"))
    return Decimal(digits.replace(symbols["decimal"], ".").replace("−", "-").strip("."))


@given(locales, amounts)
def test_what_is_written_reads_as_the_same_number(locale: str, value: Decimal) -> None:
    assert read_back(Numbers(locale, "EUR").money(value, 4), locale) == value


@given(amounts)
def test_a_compact_number_is_off_by_less_than_half_a_percent(value: Decimal) -> None:
    written = HERE.compact_count(value.quantize(Decimal(1))).replace("−", "-")
    powers = {"K": 3, "M": 6, "B": 9, "T": 12}
    shown = Decimal(written.rstrip("KMBT").replace(",", "")).scaleb(powers.get(written[-1], 0))
    assert abs(shown - value.quantize(Decimal(1))) <= abs(value) * Decimal("0.005")
    assert len(written.strip("-KMBT").replace(".", "").replace(",", "")) <= 4


def test_days_are_written_so_that_no_country_can_swap_day_and_month() -> None:
    assert (HERE.day(THE_DAY), HERE.short_day(THE_DAY), HERE.month(THE_DAY)) == ("19 Nov 2026", "19 Nov", "Nov 2026")
    assert (GERMAN.day(THE_DAY), GERMAN.short_day(THE_DAY), GERMAN.month(THE_DAY)) == (
        "19.11.2026",
        "19. Nov.",
        "Nov. 2026",
    )


@pytest.mark.parametrize(
    ("zone", "written"),
    [("UTC", "UTC"), ("Europe/Berlin", "CET"), ("America/Sao_Paulo", "UTC−03:00"), ("Asia/Kathmandu", "UTC+05:45")],
)
def test_a_moment_names_its_zone(zone: str, written: str) -> None:
    assert HERE.moment(datetime(2026, 11, 19, 7, 0, tzinfo=ZoneInfo(zone))) == f"19 Nov 2026, 07:00 {written}"


def test_a_moment_is_told_in_the_zone_it_comes_in() -> None:
    moment = datetime(2026, 11, 19, 23, 30, tzinfo=UTC)
    assert HERE.moment(moment.astimezone(ZoneInfo("Europe/Berlin"))) == "20 Nov 2026, 00:30 CET"


@given(st.decimals("1e-9", 10**9, allow_nan=False))
@example(Decimal("0.001"))
@example(Decimal("0.0009999"))
def test_a_unit_cost_is_shown_for_the_fewest_units_that_make_it_at_least_1(unit_cost: Decimal) -> None:
    scale = scale_of(unit_cost)
    assert scale in (1, 1_000, 1_000_000, 1_000_000_000)
    assert unit_cost * scale >= 1
    assert scale == 1 or unit_cost * scale < 1000
    assert scale_of(-unit_cost) == scale


def test_a_unit_cost_is_shown_for_a_billion_units_at_most_and_nothing_for_one() -> None:
    assert scale_of(Decimal("1e-10")) == 1_000_000_000
    assert HERE.count(Decimal(1_000_000_000)) == "1,000,000,000"
    assert scale_of(Decimal(0)) == 1


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, DEFAULT),
        ("", DEFAULT),
        ("*", DEFAULT),
        ("de", "de_DE"),
        ("de-CH-1996,en;q=0.5", "de_CH"),
        ("de-LU, de;q=0.9", "de_DE"),
        ("fr;q=0.2, nl ;q=0.9", "nl_NL"),
        ("en;q=0.1,xx", DEFAULT),
        ("fr;q=0, pl;q=0.1", "pl_PL"),
        ("zh-TW", "zh_Hant_TW"),
        ("zh-Hant-HK", "zh_Hant_HK"),
        ("PT-br", "pt_BR"),
        ("x" * 10_000 + ",de", DEFAULT),
    ],
)
def test_the_header_chooses_the_best_offered_locale(header: str | None, locale: str) -> None:
    assert locale_of(header) == locale


@given(st.text() | st.text("deEN-_;q=.,0129* ") | st.binary().map(lambda raw: raw.decode("latin-1")))
@example("de;q=1.\u0665")
def test_a_header_of_garbage_gets_an_offered_locale(header: str) -> None:
    assert locale_of(header) in OFFERED


def test_every_offered_locale_is_one_of_babels() -> None:
    assert all(str(Locale.parse(locale)) == locale for locale in OFFERED)


def test_the_marks_of_an_axis_are_as_short_as_they_are_exact() -> None:
    def marks(*values: str) -> list[str]:
        return HERE.money_axis([Decimal(value) for value in values])

    assert marks("0", "10000", "20000") == ["$0", "$10K", "$20K"]
    assert marks("0", "500", "1000", "1500") == ["$0", "$500", "$1K", "$1.5K"]
    assert marks("47.5", "48") == ["$47.50", "$48.00"]
    assert marks("0.005", "0.01") == ["$0.005", "$0.010"]
    assert HERE.count_axis([Decimal(0), Decimal(250_000)]) == ["0", "250K"]
    assert HERE.count_axis([]) == []
