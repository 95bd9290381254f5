"""Charts read as text: well-formed, safe, honest about gaps and zero. Here: structure, never pixels."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from importlib.resources import files
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markupsafe import Markup

from unit_economics.dashboard.charts.axis import axis_of, calm
from unit_economics.dashboard.charts.bars import Bar, bars
from unit_economics.dashboard.charts.bullet import bullet
from unit_economics.dashboard.charts.days import Days
from unit_economics.dashboard.charts.lineage import Box, lineage
from unit_economics.dashboard.charts.palette import DARK, LIGHT, palette
from unit_economics.dashboard.charts.sparkline import sparkline
from unit_economics.dashboard.charts.strip import STATES, Cell, legend, strip, words_of
from unit_economics.dashboard.charts.svg import coordinate, fitted, line_path, tag, text, width_of
from unit_economics.dashboard.charts.trend import Trend, is_beyond, trend
from unit_economics.dashboard.charts.trend_data import Expected
from unit_economics.dashboard.charts.waterfall import CUT, Step, waterfall
from unit_economics.dashboard.words.numbers import Numbers
from unit_economics.day_states import STORED

NUMBERS = Numbers("en_US", "USD")
EVIL = '<script>alert("1")</script>&\'\x00\x1b]'
NS = "{http://www.w3.org/2000/svg}"
FIRST = date(2026, 1, 1)

money = st.decimals(-(10**9), 10**9, places=2)
values = st.lists(st.none() | st.floats(-1e12, 1e12), max_size=40)
names = st.text(max_size=40)


def tree_of(markup: Markup) -> ET.Element:
    return ET.fromstring(markup)


def marks(markup: Markup, name: str, css_class: str) -> list[ET.Element]:
    """The elements of a name that have the class."""
    return [found for found in tree_of(markup).iter(NS + name) if css_class in (found.get("class") or "").split()]


def label(markup: Markup) -> str:
    return tree_of(markup).get("aria-label") or ""


def titles(markup: Markup) -> list[str]:
    return [found.text or "" for found in tree_of(markup).iter(f"{NS}title")]


def trend_of(*ratio: float | None, **changed: object) -> Trend:
    """A trend of so many days; cost and units are the ratio itself."""
    data = Trend(FIRST, ratio, ratio, ratio, ratio, ("Cost per 1,000 orders", "Cloud cost", "Orders"))
    return replace(data, **changed)  # type: ignore[arg-type]


def drawn(data: Trend) -> Markup:
    return trend(data, NUMBERS)


def step_chart(*steps: Step) -> Markup:
    return waterfall(steps, NUMBERS.money, NUMBERS.signed_money)


def money_bars(*rows: Bar) -> Markup:
    return bars(rows, NUMBERS.signed_money, label="Unallocated")


def month(so_far: str, by_end: str | None = None, target: str | None = None) -> Markup:
    ahead = [None if value is None else Decimal(value) for value in (by_end, target)]
    return bullet(so_far=Decimal(so_far), by_end=ahead[0], target=ahead[1], money=NUMBERS.money)


def charts_with(words: str, amount: Decimal) -> list[Markup]:
    """Every chart, with these words wherever it takes any."""
    evil_titles = (words, words, words)
    return [
        sparkline([1.0, float(amount)], label=words),
        drawn(
            trend_of(
                1.0,
                float(amount),
                titles=evil_titles,
                restated={0: words},
                target=2.0,
                today=2,
                nowcasts={1: Expected(2.0, 1.0, 9.0)},
            )
        ),
        step_chart(Step(words, Decimal(1), is_total=True), Step(words, amount)),
        strip([Cell(words, state, words, words) for state in STATES], label=words),
        bars([Bar(words, amount, words)], lambda _: words, label=words),
        bullet(so_far=amount, by_end=amount, target=Decimal(3), money=lambda _: words),
        lineage([Box(words, words, words)], Box(words, words), Box(words)),
    ]


@given(names, money)
@example(EVIL, Decimal("1.5"))
def test_every_chart_is_well_formed_whatever_it_is_called(words: str, amount: Decimal) -> None:
    for chart in charts_with(words, amount):
        tree_of(chart)


def test_no_text_becomes_an_element_and_no_chart_has_a_style_or_a_script() -> None:
    assert "<script>" in f"<text>{EVIL}</text>"
    for chart in charts_with(EVIL, Decimal(-2)):
        elements = list(tree_of(chart).iter())
        assert {element.tag for element in elements}.isdisjoint({f"{NS}script", f"{NS}style"})
        assert not any(name == "style" or name.startswith("on") for element in elements for name in element.attrib)
        assert "&lt;script&gt;" in chart


def test_only_what_is_markup_already_is_not_escaped_again() -> None:
    assert tag("text", "a & b", Markup("<tspan/>"), title='"') == '<text title="&#34;">a &amp; b<tspan/></text>'
    assert text(1.04, -0.01, "x") == '<text x="1" y="0">x</text>'


def test_every_chart_says_what_it_is() -> None:
    for chart in charts_with("Orders", Decimal(5)):
        assert tree_of(chart).get("role") in ("img", "group")
        assert "Orders" in label(chart)


def test_where_there_are_links_the_chart_is_a_group_so_that_they_can_be_reached() -> None:
    cells = [Cell("19 Nov 2026", "failed", "cost is negative", "/day?a=1&b=2"), Cell("20 Nov 2026", "open")]
    linked = tree_of(strip(cells, label="daily_orders"))
    (link,) = linked.iter(f"{NS}a")
    assert linked.get("role") == "group"
    assert link.get("href") == "/day?a=1&b=2"
    assert link.get("aria-label") == "19 Nov 2026: failed a check, cost is negative"
    assert link.get("class") == "mark"
    assert tree_of(money_bars(Bar("a", Decimal(1)))).get("role") == "img"
    assert tree_of(money_bars(Bar("a", Decimal(1), "/a"))).get("role") == "group"


# Lines


def test_a_gap_breaks_the_line_and_a_lone_value_is_a_dot() -> None:
    assert line_path([(0, 1), (1, 2), None, (3, 4), None, None]) == "M0,1L1,2M3,4h0.1"
    assert line_path([None]) == ""


def test_a_sparkline_has_a_piece_for_each_stretch_and_a_dot_at_the_last_value() -> None:
    chart = sparkline([1, 2, None, 3, 5, None], label="Cost")
    (line,) = marks(chart, "path", "line")
    assert (line.get("d") or "").count("M") == 2
    (dot,) = marks(chart, "circle", "fill")
    assert (line.get("d") or "").endswith(f"{dot.get('cx')},{dot.get('cy')}")
    assert label(chart) == "Cost: 6 values, 2 missing, low 1, high 5, last 5"


def test_a_value_that_may_still_change_ends_hollow() -> None:
    chart = sparkline([1, 2], label="Cost", provisional=True)
    assert marks(chart, "circle", "hollow")
    assert "last 2, provisional" in label(chart)


@pytest.mark.parametrize("shown", [[], [None, None]])
def test_a_sparkline_without_values_says_so(shown: Sequence[float | None]) -> None:
    assert label(sparkline(shown, label="Cost")) == "Cost: no values"


def test_equal_values_are_a_level_line_in_the_middle() -> None:
    (line,) = marks(sparkline([7, 7, 7], label="x", height=30), "path", "line")
    assert {pair.split(",")[1] for pair in (line.get("d") or "")[1:].split("L")} == {"15"}


# The trend


def test_the_trend_says_its_span_its_range_and_what_is_not_plain() -> None:
    chart = drawn(trend_of(46.0, 48.5, 48.05, target=46.46, provisional=[2], restated={0: "$45.00 → $46.00"}, today=3))
    assert label(chart) == (
        "Cost per 1,000 orders, by day from 1 Jan 2026 to 4 Jan 2026: 7-day mean between $46.00 and $48.50, last"
        " $48.05; target $46.46; 1 day whose bill may still grow; 1 day restated. Below it: Cloud cost, Orders"
    )
    assert "1 Jan 2026, restated: $45.00 → $46.00" in titles(chart)
    assert "4 Jan 2026: not over yet, in no total" in titles(chart)


def test_days_without_values_are_not_joined() -> None:
    chart = drawn(trend_of(*[5.0] * 50, None, *[6.0] * 200))
    for line in marks(chart, "path", "line"):
        if (line.get("class") or "") != "line daily c-ratio" and not (line.get("d") or "").startswith("M0,-4"):
            assert (line.get("d") or "").count("M") == 2


def test_amounts_stand_on_zero_and_the_ratio_says_where_its_axis_starts() -> None:
    chart = drawn(trend_of(50.0, 52.0, 51.0))
    assert "axis from $50.00" in [part.text for part in tree_of(chart).iter(f"{NS}tspan")]
    assert [part.text for part in tree_of(chart).iter(f"{NS}text")].count("$0") == 1
    assert not axis_of([50.0, 52.0], from_zero=False).starts_at_zero
    feet = {round(float(bar.get("y", 0)) + float(bar.get("height", 0)), 0) for bar in marks(chart, "rect", "bar")}
    assert len(feet) == 2


def test_a_short_range_has_bars_that_say_their_day_and_a_long_one_areas() -> None:
    short, long = drawn(trend_of(*[5.0] * 28)), drawn(trend_of(*[5.0] * 365))
    assert len(marks(short, "rect", "bar")) == 56
    assert "3 Jan 2026: $5.00" in titles(short)
    assert not marks(long, "rect", "bar")
    assert len(marks(long, "path", "area")) == 2


def test_beyond_a_year_the_daily_line_is_left_out() -> None:
    assert marks(drawn(trend_of(*[5.0] * 365)), "path", "daily")
    assert not marks(drawn(trend_of(*[5.0] * 1095)), "path", "daily")


def test_days_whose_bill_may_grow_are_hatched_in_one_band_a_stretch_by_a_pattern_of_the_charts_own() -> None:
    chart = trend(trend_of(*[5.0] * 10, provisional=[2, 3, 8]), NUMBERS, name="main")
    filled = [rect for rect in tree_of(chart).iter(f"{NS}rect") if rect.get("fill") == "url(#main-hatch)"]
    assert len([rect for rect in filled if rect.get("height") != "9"]) == 2
    assert [pattern.get("id") for pattern in tree_of(chart).iter(f"{NS}pattern")] == ["main-hatch"]


def test_today_is_a_hollow_mark_at_zero_beyond_the_last_value() -> None:
    chart = drawn(trend_of(5.0, 6.0, today=2))
    zero = {bar.get("y") for bar in marks(chart, "circle", "hollow") if bar.find(f"{NS}title") is not None}
    assert len(zero) == 1
    assert len([mark for mark in marks(chart, "circle", "hollow") if mark.find(f"{NS}title") is not None]) == 2


@pytest.mark.parametrize("ratio", [[], [None], [None, None], [0.0], [5.0], [-3.0, -3.0], [-2.0, 4.0], [1e-9, 2e-9]])
def test_the_trend_draws_whatever_there_is(ratio: Sequence[float | None]) -> None:
    assert label(drawn(trend_of(*ratio))).startswith("Cost per 1,000 orders")


WILD = [*[5.0, 6.0] * 30, 1850.0, *[6.0, 5.0] * 30]


def arrows(chart: Markup) -> list[str]:
    """What the arrowheads at the edge say."""
    return [said for said in titles(chart) if said.endswith("beyond the axis")]


def arrowhead(chart: Markup) -> tuple[float, str]:
    """How far down the only arrowhead's point is, and its shape from there."""
    (path,) = [mark for mark in marks(chart, "path", "c-ratio") if mark.find(f"{NS}title") is not None]
    found = re.fullmatch(r"M[\d.]+,([\d.]+)(l.*)", path.get("d") or "")
    assert found
    return float(found[1]), found[2]


def levels(chart: Markup) -> list[float]:
    """How far down the lines at the axes' marks are."""
    paths = [mark.get("d") or "" for mark in marks(chart, "path", "grid-line")]
    return [float(found[1]) for path in paths if (found := re.fullmatch(r"M[\d.]+,([\d.]+)H[\d.]+", path))]


def test_a_wild_day_is_beyond_the_axis_and_an_arrowhead_at_the_edge_says_its_value() -> None:
    chart = drawn(trend_of(*WILD, smooth=[5.5] * len(WILD)))
    assert axis_of(WILD, from_zero=False).high > 1000
    assert axis_of(calm(WILD), from_zero=False).high < 10
    assert arrows(chart) == ["2 Mar 2026: $1,850.00, beyond the axis"]
    assert is_beyond(trend_of(*WILD, smooth=[5.5] * len(WILD)))
    place, points = arrowhead(chart)
    assert place == min(levels(chart))
    assert points == "l-4,7h8Z"


def test_a_day_below_the_axis_has_its_arrowhead_at_the_lower_edge() -> None:
    chart = drawn(trend_of(*(-value for value in WILD), smooth=[-5.5] * len(WILD)))
    assert arrows(chart) == ["2 Mar 2026: −$1,850.00, beyond the axis"]
    place, points = arrowhead(chart)
    assert place > min(levels(chart))
    assert place in levels(chart)
    assert points == "l-4,-7h8Z"


def test_with_fewer_than_50_days_every_day_is_on_the_axis() -> None:
    few = WILD[40:80]
    assert calm([*few, None]) == sorted(few)
    assert [len(calm([5.0] * count)) for count in (49, 50)] == [49, 48]
    assert not arrows(drawn(trend_of(*few)))
    assert not is_beyond(trend_of(*few))


@given(st.lists(st.none() | st.floats(-1e12, 1e12), max_size=400))
@example([float(day) for day in range(365)])
def test_the_calm_values_are_the_middle_96_in_100(shown: list[float | None]) -> None:
    there = sorted(value for value in shown if value is not None)
    kept = calm(shown)
    cut, rest = divmod(len(there) - len(kept), 2)
    assert rest == 0
    assert 0 <= len(there) * 2 - cut * 100 < 100
    assert kept == there[cut : len(there) - cut]


def test_a_palette_puts_every_colour_into_the_picture() -> None:
    variables = set(
        re.findall(r"var\(--([\w-]+)\)", (files("unit_economics.dashboard") / "static/charts.css").read_text())
    )
    for colours in (palette(LIGHT), palette(DARK)):
        assert variables <= set(colours)
        style = next(iter(tree_of(trend(trend_of(5.0, 6.0), NUMBERS, palette=colours)).iter(f"{NS}style")))
        assert "var(" not in (style.text or "")
        assert colours["accent"] in (style.text or "")


@pytest.mark.parametrize("days", [1, 7, 28, 62, 64, 90, 365, 1095, 5000])
def test_names_under_the_axis_never_touch_and_every_year_is_named_once(days: int) -> None:
    axis = Days(date(2024, 11, 20), days, 50, 640)
    ticks = axis.ticks(NUMBERS)
    assert all(axis.x(late.index) - axis.x(early.index) >= 36 for early, late in pairwise(ticks))
    years = [tick.year for tick in ticks if tick.year]
    assert len(years) == len(set(years))
    assert len(ticks) >= 1


@given(st.lists(st.floats(-1e12, 1e12), min_size=1), st.booleans())
@example([1e-300, 2e-300], False)
@example([3.0], True)
@example([1e12, 1e12 + 1e-3], False)
def test_an_axis_holds_its_values_between_few_round_marks(shown: list[float], from_zero: bool) -> None:
    axis = axis_of(shown, from_zero=from_zero)
    assert axis.low <= min(shown) + 1e-3
    assert axis.high >= max(shown) - 1e-3
    assert 1 <= len(axis.ticks) <= 8
    assert not from_zero or axis.starts_at_zero
    steps = {str((late - early).normalize().as_tuple().digits) for early, late in pairwise(axis.ticks)}
    assert steps <= {"(1,)", "(2,)", "(5,)"}


# Waterfall, bars, bullet

BEFORE, AFTER = Step("28 d to 22 Oct", Decimal("47.16"), is_total=True), Step("28 d to 19 Nov", Decimal("48.05"), True)
SEARCH, CHECKOUT = Step("Search rate", Decimal("1.03")), Step("Checkout rate", Decimal("-0.14"))


def test_a_waterfall_says_every_amount_and_a_rise_differs_from_a_fall_by_more_than_colour() -> None:
    chart = step_chart(BEFORE, SEARCH, CHECKOUT, AFTER)
    assert label(chart).startswith(
        "Waterfall: 28 d to 22 Oct $47.16; Search rate +$1.03; Checkout rate −$0.14; 28 d to 19 Nov $48.05"
    )
    assert titles(chart)[1:3] == ["Search rate: +$1.03", "Checkout rate: −$0.14"]
    assert len(marks(chart, "rect", "bad")) == len(marks(chart, "rect", "good")) == 1
    assert "muted" in str(step_chart(BEFORE, Step("Mix", Decimal(0)), AFTER))


def test_totals_are_cut_and_it_is_said_where_the_axis_does_not_start_at_zero() -> None:
    cut = step_chart(BEFORE, SEARCH, CHECKOUT, AFTER)
    whole = step_chart(Step("before", Decimal(2), is_total=True), Step("a", Decimal(5)))
    assert len(marks(cut, "path", "cut")) == 2
    assert CUT in label(cut)
    assert CUT in [part.text for part in tree_of(cut).iter(f"{NS}text")]
    assert width_of(CUT) <= 300
    assert not marks(whole, "path", "cut")
    assert CUT not in label(whole)


def edges(rect: ET.Element) -> tuple[float, float]:
    """The left and the right end of a bar."""
    left = float(rect.get("x", 0))
    return left, left + float(rect.get("width", 0))


@given(st.lists(st.integers(-500, 500).filter(lambda n: abs(n) >= 100), min_size=1, max_size=6))
@example([-496, -500])
def test_each_bar_starts_where_the_one_above_it_ends(amounts: list[int]) -> None:
    total = Decimal(1000 + sum(amounts))
    terms = [Step(f"t{n}", Decimal(amount)) for n, amount in enumerate(amounts)]
    steps = [Step("b", Decimal(1000), is_total=True), *terms, Step("a", total, is_total=True)]
    places = [edges(rect) for rect in tree_of(step_chart(*steps)).iter(f"{NS}rect")]
    ends = [max(place) if step.amount > 0 else min(place) for step, place in zip(steps, places, strict=True)]
    starts = [min(place) if step.amount > 0 else max(place) for step, place in zip(steps, places, strict=True)]
    assert starts[1:-1] == pytest.approx(ends[:-2], abs=0.3)
    if abs(total) >= 100:  # a smaller one is drawn longer than it is, to be seen
        assert ends[-1] == pytest.approx(ends[-2], abs=0.3)


def touching(chart: Markup) -> list[str]:
    """The texts of rows whose letters reach a bar, or leave the picture."""
    width = float((tree_of(chart).get("viewBox") or "").split()[2])
    places = [edges(rect) for rect in tree_of(chart).iter(f"{NS}rect")]
    left, right = min(map(min, places), default=width), max(map(max, places), default=0)
    names, amounts = [], []
    for part in marks(chart, "text", "name"):
        (amounts if part.get("text-anchor") == "end" else names).append(part.text or "")
    return [words for words in names if width_of(words, 12) > left] + [
        words for words in amounts if width_of(words, 12) > width - right
    ]


def test_a_name_or_an_amount_that_reaches_a_bar_is_found() -> None:
    bar = tag("rect", x=40, width=30)
    words = [text(0, 9, "Amazon EC2", "name"), text(100, 9, "$1,000", "name", "end")]
    assert touching(tag("svg", bar, *words, viewBox="0 0 100 10", xmlns=NS.strip("{}"))) == ["Amazon EC2", "$1,000"]


@given(st.lists(st.tuples(names, money, st.booleans()), max_size=8), st.sampled_from([300, 360, 420]))
def test_names_and_amounts_never_touch_a_waterfalls_bars(steps: list[tuple[str, Decimal, bool]], wide: int) -> None:
    chart = waterfall([Step(*step) for step in steps], NUMBERS.money, NUMBERS.signed_money, width=wide)
    assert touching(chart) == []
    assert outside(chart) == []


@pytest.mark.parametrize(
    "steps", [[], [BEFORE], [SEARCH], [Step("a", Decimal(0), True)], [Step("a", Decimal(-5), True), SEARCH]]
)
def test_a_waterfall_draws_whatever_there_is(steps: list[Step]) -> None:
    assert len(marks(step_chart(*steps), "rect", "fill")) == len(steps)


def test_a_name_of_28_characters_is_there_in_full_and_a_longer_one_is_told_on_hovering() -> None:
    name, longer = "Amazon Elastic Compute Cloud", "Amazon Relational Database Service in every region"
    chart = step_chart(BEFORE, *[Step(name, Decimal(1000)), Step(longer, Decimal(1))] * 3, AFTER)
    shown = [part.text or "" for part in marks(chart, "text", "name")]
    assert shown.count(name) == 3
    assert longer not in shown
    assert any(words.startswith("Amazon Relational") and words.endswith("…") for words in shown)
    assert f"{longer}: +$1.00" in titles(chart)


def test_words_are_cut_where_there_is_no_room() -> None:
    assert fitted("Search", 50) == "Search"
    assert fitted("Amazon EC2", 1) == "…"
    assert fitted("", 50) == ""


def test_what_costs_goes_right_and_a_credit_left_from_one_zero() -> None:
    chart = money_bars(Bar("Untagged", Decimal(4210)), Bar("Credits", Decimal(-780)))
    (cost,), (credit,) = marks(chart, "rect", "bad"), marks(chart, "rect", "good")
    zero = float(cost.get("x", 0))
    assert float(credit.get("x", 0)) + float(credit.get("width", 0)) == pytest.approx(zero, abs=0.2)
    ratio = float(cost.get("width", 0)) / float(credit.get("width", 0))
    assert ratio == pytest.approx(4210 / 780, rel=0.01)
    assert label(chart) == "Unallocated: Untagged +$4,210.00; Credits −$780.00"
    assert label(money_bars()) == "Unallocated: nothing"


def test_a_bullet_says_what_is_there_what_comes_and_what_is_aimed_at() -> None:
    assert label(month("381.8", "605.6", "588.7")) == (
        "So far $381.80, at this rate $605.60 by month end, target $588.70"
    )
    assert label(month("0")) == "So far $0.00, no rate is known yet, no target is set"
    assert not marks(month("5"), "path", "aim") + marks(month("5"), "path", "rate")


def test_a_bullets_bar_is_as_long_as_its_value() -> None:
    (bar,) = marks(month("50", None, "100"), "rect", "c-cost")
    (aim,) = marks(month("50", None, "100"), "path", "aim")
    place = re.match(r"M([\d.]+)", aim.get("d") or "")
    assert place
    assert 2 * float(bar.get("width", 0)) == pytest.approx(float(place[1]), abs=0.3)


def test_a_nowcast_is_a_hollow_mark_in_a_band_that_ends_at_the_axis_and_the_line_does_not_know_it() -> None:
    plain = trend_of(50.0, 51.0, 30.0, provisional={2})
    chart = drawn(replace(plain, nowcasts={2: Expected(52.0, 40.0, 500.0)}))
    (band,), (mark,) = marks(chart, "rect", "nowcast"), marks(chart, "circle", "hollow")
    top, low = float(band.get("y") or 0), float(band.get("y") or 0) + float(band.get("height") or 0)
    assert top == 28.0, "the upper edge of the panel"
    assert top < float(mark.get("cy") or 0) < low
    assert "nowcast $52.00, $40.00 to $500.00" in " ".join(titles(chart))
    assert "1 day with a nowcast, " in label(chart)
    assert len(marks(chart, "path", "daily")) == len(marks(drawn(plain), "path", "daily"))
    assert marks(drawn(plain), "rect", "nowcast") == []


def test_beyond_a_year_days_are_too_close_for_a_nowcast_of_each() -> None:
    year = trend_of(*[50.0] * 500, nowcasts={499: Expected(52.0, 40.0, 60.0)})
    assert marks(drawn(year), "rect", "nowcast") == []
    assert "1 day with a nowcast" in label(drawn(year))


# Strip and lineage


def test_every_state_has_a_shape_of_its_own_beside_its_colour() -> None:
    shapes = {name: re.sub(" (done|warn|bad|faint)", "", str(look.shape())) for name, look in STATES.items()}
    assert shapes["before"] == ""
    assert len(set(shapes.values())) == len(STATES)
    assert len(tree_of(legend()).findall("li")) == len(STATES) - 1


def test_the_ledgers_words_are_known_and_an_unknown_state_is_not_drawn_as_good() -> None:
    words = ["complete", "closed", "red"]
    chart = strip([Cell(str(n), word) for n, word in enumerate(words)], label="daily_orders")
    assert label(chart) == "daily_orders, 3 days: 1 failed"
    assert [said.split(": ")[1] for said in titles(chart)] == ["complete", "closed", "failed a check"]
    with pytest.raises(KeyError):
        strip([Cell("1", "splendid")], label="daily_orders")


def test_every_status_of_the_ledger_has_words_and_a_shape_of_its_own() -> None:
    assert len({words_of(status) for status in STORED}) == len(STORED)
    assert len({strip([Cell("1", status)], label="x") for status in STORED}) == len(STORED)


def test_days_before_the_first_leave_their_place_empty() -> None:
    chart = strip([Cell("1", "before"), Cell("2", "done")], label="x")
    (group,) = tree_of(chart).findall(f"{NS}g")
    assert group.get("transform") == "translate(21,0)"
    assert label(strip([], label="x")) == "x, 0 days: nothing to report"


def test_a_number_is_drawn_with_a_line_from_each_input() -> None:
    chart = lineage([Box("cloud_costs", "31 files", "/a"), Box("daily_orders")], Box("cost_per_order"), Box("$48.15"))
    assert label(chart) == "$48.15 comes from cost_per_order, which is made of cloud_costs (31 files), daily_orders"
    assert len(marks(chart, "path", "link-line")) == 3
    assert len(marks(chart, "rect", "box")) == 4
    assert "made of nothing" in label(lineage([], Box("a"), Box("b")))


# Within the picture


def outside(chart: Markup) -> list[str]:
    """The coordinates of marks that leave the picture; texts may hang over, their letters are not measured."""
    tree = tree_of(chart)
    _, _, width, height = map(float, (tree.get("viewBox") or "").split())
    found: list[str] = []
    for element in tree.iter():
        box = [float(element.get(name, 0)) for name in ("x", "y", "width", "height")]
        if element.tag == f"{NS}rect" and not (
            box[0] >= -0.2 and box[0] + box[2] <= width + 0.2 and box[1] + box[3] <= height + 0.2
        ):
            found.append(str(element.attrib))
        for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", element.get("d") or ""):
            if not (-2.2 <= float(x) <= width + 0.2 and -8 <= float(y) <= height + 0.2):
                found.append(element.get("d") or "")
    return found


def test_a_mark_outside_the_picture_is_found() -> None:
    assert outside(Markup(tag("svg", tag("rect", x=90, width=20), viewBox="0 0 100 10", xmlns=NS.strip("{}"))))


@given(values, st.none() | st.floats(-1e12, 1e12), st.sets(st.integers(-5, 60)))
@example([1e12, -1e12, None, 0.0], -1e12, {0, 1, 50})
def test_no_value_is_drawn_outside_the_picture(shown: list[float | None], target: float | None, days: set[int]) -> None:
    data = trend_of(*shown, target=target, provisional=days, restated=dict.fromkeys(days, "x"), today=len(shown))
    assert outside(drawn(data)) == []
    assert outside(sparkline(shown, label="x")) == []


@given(st.lists(money, max_size=8))
def test_no_amount_is_drawn_outside_the_picture(amounts: list[Decimal]) -> None:
    assert outside(step_chart(*(Step("a", amount, n % 3 == 0) for n, amount in enumerate(amounts)))) == []
    assert outside(money_bars(*(Bar("a", amount) for amount in amounts))) == []
    for so_far, by_end, target in zip(amounts, amounts[1:], amounts[2:], strict=False):
        assert outside(month(str(so_far), str(by_end), str(target))) == []


@pytest.mark.parametrize(("value", "written"), [(1.25, "1.2"), (3.0, "3"), (-0.04, "0"), (1234567.89, "1234567.9")])
def test_a_coordinate_has_one_digit_after_the_point(value: float, written: str) -> None:
    assert coordinate(value) == written


def test_a_year_of_days_is_a_small_picture() -> None:
    ratio = [45 + day % 7 for day in range(365)]
    assert len(drawn(trend_of(*ratio, today=365)).encode()) < 40_000
