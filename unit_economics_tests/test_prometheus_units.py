"""Units that a real Prometheus knows: exact days of counters and gauges, and what it refuses.

Here: what is counted. Not here: servers that misbehave (test_web_units.py).
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.prometheus import PrometheusUnits, question
from unit_economics.unit_sources.samples import windows
from unit_economics_tests import prometheus_server

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta())
BERLIN = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta())
THURSDAY, FRIDAY, SATURDAY, SUNDAY = (date(2024, 3, day) for day in (28, 29, 30, 31))
KEY = "a-key-that-is-long-enough"


def on_friday_morning(moment: datetime) -> bool:
    return datetime(2024, 3, 29, 0, tzinfo=UTC) <= moment < datetime(2024, 3, 29, 6, tzinfo=UTC)


SERIES: prometheus_server.Series = {
    # Two a sample, and a restart on Saturday at noon: the counter begins at 0 again.
    'orders_total{region="eu",customer="Jane Doe"}': lambda n, _at: 2 * n if n < 720 else 2 * (n - 720),
    'orders_total{region="us",customer="John Roe"}': lambda n, _at: 10 * n,
    'gaps_total{region="eu"}': lambda n, at: None if on_friday_morning(at) else n,
    "late_total": lambda n, at: n if at >= datetime(2024, 3, 30, tzinfo=UTC) else None,
    # Ten seats by day and 20 by night in one plan, always 5 in the other; a third that is there for one hour a day.
    'seats{plan="pro"}': lambda _n, at: 20 if at.hour >= 12 else 10,
    'seats{plan="free"}': lambda _n, _at: 5,
    'seats{plan="trial"}': lambda _n, at: 24 if at.hour == 3 else 0 if (at.hour, at.minute) == (4, 0) else None,
    'holes{region="eu"}': lambda _n, at: None if on_friday_morning(at) else 1,
    "broken": lambda _n, at: "NaN" if at == datetime(2024, 3, 29, 7, tzinfo=UTC) else 1,
    "endless": lambda _n, at: "+Inf" if at == datetime(2024, 3, 29, 7, tzinfo=UTC) else 1,
    "below": lambda _n, _at: -1,
    "fraction": lambda _n, _at: 0.1,
}
TYPES = {
    "orders": "counter", "gaps": "counter",
    "holes": "gauge", "late": "counter", "seats": "gauge", "broken": "gauge", "endless": "gauge",
    "below": "gauge", "fraction": "gauge",
}  # fmt: skip


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if reason := prometheus_server.why_not():
        pytest.skip(reason)
    text = prometheus_server.openmetrics(TYPES, SERIES)
    with prometheus_server.running(tmp_path_factory.mktemp("prometheus"), text) as address:
        yield address


def entry(address: str, **more: Any) -> PrometheusUnits:
    return PrometheusUnits.model_validate({"kind": "prometheus", "address": address, **more})


def count(
    units: PrometheusUnits, first: date = THURSDAY, last: date = SUNDAY, calendar: BusinessCalendar = UTC_DAYS
) -> Count:
    outside = Outside({"NAMES_KEY": KEY})
    return units.count(DayRange(first, last), calendar=calendar, unit="Order", outside=outside)


def told(count: Count) -> dict[tuple[str, str], Decimal]:
    key = "dimensions" if "dimensions" in count.units else "segment"
    return {
        (str(row["business_date"]), row[key]): row["quantity"].normalize()
        for row in count.units.to_dict(orient="records")
    }


def quantities(count: Count) -> list[str]:
    return [f"{value:f}" for value in told(count).values()]


def test_a_counter_that_grows_evenly_gives_each_day_exactly_what_it_grew_by(prometheus: str) -> None:
    found = count(entry(prometheus, query='orders_total{region="us"}', over_day="increase"))
    assert quantities(found) == ["2880"] * 4
    assert (found.absent, found.refused) == ({}, {})


def test_a_counter_that_began_again_is_read_across_the_restart(prometheus: str) -> None:
    found = count(entry(prometheus, query="orders_total{region='eu'}", over_day="increase", round=True))
    assert quantities(found) == ["576", "576", "574", "576"]


def test_the_day_on_which_the_clocks_change_has_23_hours(prometheus: str) -> None:
    units = entry(prometheus, query='orders_total{region="us"}', over_day="increase")
    assert quantities(count(units, FRIDAY, date(2024, 4, 1), BERLIN)) == ["2880", "2880", "2760", "2880"]
    seats = entry(prometheus, query='sum(seats{plan=~"free"})', over_day="sum")
    assert quantities(count(seats, FRIDAY, date(2024, 4, 1), BERLIN)) == ["1440", "1440", "1380", "1440"]


def test_a_day_of_25_hours_is_asked_for_whole() -> None:
    [window] = windows(DayRange(date(2024, 10, 27), date(2024, 10, 27)), BERLIN)
    assert "[90000s]" in question.increase("orders_total", [], window)["query"]
    asked = question.samples("seats", timedelta(minutes=5), [window], closed_right=False)
    assert int(asked["end"]) - int(asked["start"]) == 25 * 3600 - 300


def test_labels_are_dimensions_and_the_parts_come_to_the_total(prometheus: str) -> None:
    found = count(
        entry(prometheus, query="orders_total", over_day="increase", dimensions={"area": "region"}), FRIDAY, FRIDAY
    )
    assert told(found) == {("2024-03-29", '{"area":"eu"}'): 576, ("2024-03-29", '{"area":"us"}'): 2880}
    assert found.totals == {FRIDAY: 3456}


def test_a_persons_name_leaves_the_source_only_as_a_keyed_hash(prometheus: str) -> None:
    who = {"who": {"column": "customer", "pseudonym": "NAMES_KEY"}}
    found = count(entry(prometheus, query="orders_total", over_day="increase", dimensions=who), FRIDAY, FRIDAY)
    assert sorted(found.units["quantity"]) == [576, 2880]
    assert not {"Jane", "Roe"} & set(str(found.units.to_dict()) + found.fingerprint)
    assert "Jane" not in str(found) + found.units.to_string()


def test_a_mean_adds_up_over_the_dimensions(prometheus: str) -> None:
    units = entry(prometheus, query="seats", over_day="mean", dimensions={"plan": "plan"})
    found = count(units, FRIDAY, FRIDAY)
    assert {key[1]: value for key, value in told(found).items()} == {
        '{"plan":"free"}': 5, '{"plan":"pro"}': 15, '{"plan":"trial"}': 1
    }  # fmt: skip
    assert quantities(count(entry(prometheus, query="sum(seats)", over_day="mean"), FRIDAY, FRIDAY)) == ["21"]


def test_the_largest_of_a_day_is_that_of_all_series_together(prometheus: str) -> None:
    units = entry(prometheus, query="seats", over_day="max", dimensions={"plan": "plan"})
    found = count(units, FRIDAY, FRIDAY)
    assert sorted(told(found).values()) == [5, 20, 24]
    assert found.totals == {FRIDAY: 39}
    assert quantities(count(entry(prometheus, query="seats", over_day="max"), FRIDAY, FRIDAY)) == ["39"]


def test_the_last_of_a_day_is_what_is_there_at_its_last_step(prometheus: str) -> None:
    units = entry(prometheus, query="seats", over_day="last", dimensions={"plan": "plan"})
    assert {key[1]: value for key, value in told(count(units, FRIDAY, FRIDAY)).items()} == {
        '{"plan":"free"}': 5, '{"plan":"pro"}': 20, '{"plan":"trial"}': 0
    }  # fmt: skip


def test_samples_that_look_back_belong_to_the_day_that_they_look_back_on(prometheus: str) -> None:
    units = entry(prometheus, query='sum(increase(orders_total{region="us"}[10m])) / 2', over_day="sum")
    # The first sample of all has nothing before it; every other step is ten orders.
    assert quantities(count(units, FRIDAY, SATURDAY)) == ["2880", "2880"]


def test_a_day_with_too_few_samples_is_missing_and_says_how_few(prometheus: str) -> None:
    for query, how in (("gaps_total", "increase"), ("holes", "mean"), ("holes", "sum"), ("holes", "max")):
        found = count(entry(prometheus, query=query, over_day=how, absent_day="zero"))
        assert list(found.absent) == [FRIDAY]
        assert "of the 288 samples of this day are there, and 90% are needed" in found.absent[FRIDAY]
        assert len(found.units) == 3
    allowed = entry(prometheus, query="holes", over_day="sum", min_samples_share=Decimal("0.7"))
    assert count(allowed, FRIDAY, FRIDAY).units["quantity"].tolist() == [217]


def test_a_day_before_the_first_sample_is_missing_unless_it_is_said_to_be_zero(prometheus: str) -> None:
    units = entry(prometheus, query="late_total", over_day="increase")
    assert set(count(units).absent) == {THURSDAY, FRIDAY}
    assert "no sample" in count(units).absent[FRIDAY]
    assert quantities(count(entry(prometheus, query="late_total", over_day="increase", absent_day="zero"))) == [
        "0", "0", "288", "288"
    ]  # fmt: skip


@pytest.mark.parametrize(("query", "said"), [("broken", "NaN"), ("endless", "Infinity"), ("below", "-")])
def test_a_sample_that_is_no_number_and_a_day_below_zero_refuse_that_day_alone(
    prometheus: str, query: str, said: str
) -> None:
    found = count(entry(prometheus, query=query, over_day="mean"))
    assert said in found.refused[FRIDAY]
    assert "Correct `query`" in found.refused[FRIDAY]
    assert len(found.units) == (0 if query == "below" else 3)


def test_samples_are_decimals_as_they_were_written(prometheus: str) -> None:
    assert quantities(count(entry(prometheus, query="fraction", over_day="sum"), FRIDAY, FRIDAY)) == ["28.8"]


def test_many_days_are_asked_for_in_portions_that_the_server_answers(prometheus: str) -> None:
    of = windows(DayRange(date(2024, 1, 1), date(2024, 12, 31)), BERLIN)
    for step in (timedelta(seconds=10), timedelta(minutes=1), timedelta(minutes=30)):
        portions = list(question.portions(of, step))
        assert [window for portion in portions for window in portion] == of
        assert all((portion[-1].end - portion[0].start) / step <= question.MOST_POINTS for portion in portions)
    units = entry(prometheus, query='seats{plan="free"}', over_day="mean", step=timedelta(seconds=10))
    assert quantities(count(units)) == ["5"] * 4


def test_a_label_that_no_series_has_is_refused_by_its_name(prometheus: str) -> None:
    units = entry(prometheus, query="seats", over_day="mean", dimensions={"area": "regoin"})
    with pytest.raises(UsageRefusal, match="no series of the query has the label regoin"):
        count(units)


def test_a_query_that_prometheus_does_not_understand_is_refused_in_its_words(prometheus: str) -> None:
    with pytest.raises(Refusal, match=r"answered 400: .*parse error.*Correct `query`"):
        count(entry(prometheus, query="sum(", over_day="mean"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"address": None}, "either `address` or `url`"),
        ({"url": "PROMETHEUS_URL"}, "either `address` or `url`"),
        ({"user": "USER"}, "either `token`, or `user` and `password`"),
        ({"user": "USER", "password": "PASSWORD", "token": "TOKEN"}, "either `token`, or `user` and `password`"),
        ({"step": timedelta(seconds=1)}, "10 seconds or more"),
        ({"step": timedelta(minutes=7)}, "without a rest"),
        ({"dimensions": {"area": "no-label"}}, "is no label"),
        ({"query": "sum(orders_total)"}, "bare selector"),
        ({"query": "orders_total[5m]"}, "bare selector"),
        ({"query": 'orders_total{a="}"} + x'}, "bare selector"),
        ({"min_samples_share": Decimal(2)}, "less than or equal to 1"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused_when_it_is_read(change: dict[str, Any], said: str) -> None:
    whole = {"kind": "prometheus", "address": "http://prometheus:9090", "query": "x", "over_day": "increase", **change}
    with pytest.raises(ValidationError, match=said):
        PrometheusUnits.model_validate(whole)


@pytest.mark.parametrize("query", ["orders_total", 'orders_total{a="}",b=~"x|y"}', "{__name__='a:b'}", "a:b:c {x='1'}"])
def test_a_selector_is_taken_for_one(query: str) -> None:
    assert entry("http://prometheus:9090", query=query, over_day="increase").sums_samples


def test_only_sums_over_a_day_are_said_to_be_sums() -> None:
    assert {
        how: entry("http://prometheus:9090", query="x", over_day=how).sums_samples
        for how in ("increase", "sum", "mean", "max", "last")
    } == {"increase": True, "sum": True, "mean": False, "max": False, "last": False}
