"""Units from a server on loopback that speaks Datadog's protocol, as far as it is documented.

The documentation: "Query timeseries points", v1, https://docs.datadoghq.com/api/latest/metrics/query-timeseries-points/
(`from` and `to` in seconds; `series[].pointlist` in milliseconds, `interval`, `scope`, `tag_set`, `status`, `error`),
"Rollup", https://docs.datadoghq.com/dashboards/functions/rollup/ (`.rollup(<aggregator>, <seconds>)`), and "Rate
limits", https://docs.datadoghq.com/api/latest/rate-limits/ (429 with `X-RateLimit-Reset`, the seconds until then).

Here: what is counted. Not here: servers that misbehave in ways that no protocol has (test_web_units.py).
"""

import re
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from unit_economics.unit_sources import web_entry
from unit_economics.unit_sources.datadog import DatadogUnits
from unit_economics_tests.vantage_faults import FakeTime
from unit_economics_tests.web_server import Reply, Request, as_json, serving

API_KEY, APPLICATION_KEY = "canary-api-key-5c1", "canary-application-key-77e"
KEYS = {"DATADOG_API_KEY": API_KEY, "DATADOG_APPLICATION_KEY": APPLICATION_KEY, "NAMES_KEY": "k" * 16}
UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta())
BERLIN = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta())
SATURDAY, SUNDAY, MONDAY = (date(2026, 3, day) for day in (28, 29, 30))
ORDERS = "sum:shop.orders{env:prod} by {region}.as_count()"

Hours = Callable[[datetime], float | None]


@dataclass
class Datadog:
    """Hourly series by their tags; checks what every call must be like."""

    series: Mapping[str, Hours]
    queries: list[str] = field(default_factory=list)
    interval: int = 3600

    def __call__(self, request: Request) -> Reply:
        keys = request.headers.get("dd-api-key"), request.headers.get("dd-application-key")
        if keys != (API_KEY, APPLICATION_KEY):
            return as_json({"errors": ["Forbidden"]}, 403)
        assert (request.method, request.path) == ("GET", "/api/v1/query")
        self.queries.append(request.parameters["query"])
        if not re.search(r"\.rollup\((sum|avg|max), 3600\)$", request.parameters["query"]):
            return as_json({"errors": ["Error parsing query"]}, 400)
        first, last = (datetime.fromtimestamp(int(request.parameters[name]), UTC) for name in ("from", "to"))
        # Real answers begin with the bucket that holds `from`.
        first = first.replace(minute=0, second=0)
        hours = [first + timedelta(hours=n) for n in range(int((last - first) / timedelta(hours=1)) + 1)]
        assert len(hours) <= 1500
        series = [self._one(tags, value, hours) for tags, value in self.series.items()]
        return as_json({"status": "ok", "res_type": "time_series", "series": series, "group_by": []})

    def _one(self, tags: str, value: Hours, hours: list[datetime]) -> dict[str, object]:
        points = [[int(hour.timestamp()) * 1000, value(hour)] for hour in hours]
        of = {"tag_set": tags.split(",") if tags else [], "scope": tags or "*", "interval": self.interval}
        return {**of, "pointlist": [point for point in points if point[1] is not None]}


def entry(**more: Any) -> DatadogUnits:
    whole = {"kind": "datadog", "query": ORDERS, "over_day": "sum", **more}
    return DatadogUnits.model_validate(whole)


@contextmanager
def asked(answer: Callable[[Request], Reply], **more: Any) -> Any:
    """A function that counts these days at a server that answers so."""
    with serving(answer) as server:

        def count(first: date = SATURDAY, last: date = MONDAY, calendar: BusinessCalendar = UTC_DAYS) -> Count:
            units = entry(address=server.url, **more)
            return units.count(DayRange(first, last), calendar=calendar, unit="Order", outside=Outside(KEYS))

        yield count


def sums(count: Count) -> list[str]:
    by_day: dict[date, Decimal] = {}
    for row in count.units.to_dict(orient="records"):
        by_day[row["business_date"]] = by_day.get(row["business_date"], Decimal(0)) + row["quantity"]
    return [f"{value.normalize():f}" for value in by_day.values()]


def test_the_hours_of_a_business_day_make_its_quantity_also_where_the_clocks_change() -> None:
    datadog = Datadog({"region:eu": lambda _: 2.0, "region:us": lambda _: 0.5})
    with asked(datadog) as count:
        assert sums(count()) == ["60", "60", "60"]
        assert sums(count(calendar=BERLIN)) == ["60", "57.5", "60"]
    assert set(datadog.queries) == {"sum:shop.orders{env:prod} by {region}.as_count().rollup(sum, 3600)"}


def test_an_hour_belongs_to_the_day_in_which_it_begins() -> None:
    midnight = datetime(2026, 3, 27, 23, tzinfo=UTC)  # in Berlin
    with asked(Datadog({"": lambda hour: 1 if hour in {midnight, midnight - timedelta(hours=1)} else None})) as count:
        assert sums(count(SATURDAY, SATURDAY, BERLIN)) == ["1"]


def test_an_hour_without_a_point_is_nothing_for_a_sum_and_missing_for_a_mean() -> None:
    half = Datadog({"": lambda hour: 3 if hour.hour < 12 else None})
    with asked(half) as count:
        assert sums(count(SATURDAY, SATURDAY)) == ["36"]
    with asked(half, query="avg:shop.seats{*}", over_day="mean", absent_day="zero") as count:
        assert "only 12 of the 24 samples" in count(SATURDAY, SATURDAY).absent[SATURDAY]
    with asked(half, query="avg:shop.seats{*}", over_day="mean", min_samples_share=Decimal("0.5")) as count:
        assert sums(count(SATURDAY, SATURDAY)) == ["3"]


@pytest.mark.parametrize(
    ("how", "rollup", "day"), [("mean", "avg", "11.5"), ("max", "max", "23"), ("last", "avg", "23")]
)
def test_a_gauge_is_averaged_its_largest_or_its_last(how: str, rollup: str, day: str) -> None:
    datadog = Datadog({"": lambda hour: hour.hour})
    with asked(datadog, query="avg:shop.seats{*}", over_day=how) as count:
        assert sums(count(SATURDAY, SATURDAY)) == [day]
    assert datadog.queries == [f"avg:shop.seats{{*}}.rollup({rollup}, 3600)"]


def test_tags_are_dimensions_and_a_persons_name_leaves_only_as_a_keyed_hash() -> None:
    datadog = Datadog({"customer:Jane Doe,region:eu": lambda _: 1, "region:us,customer:John: Roe": lambda _: 2})
    dimensions = {"area": "region", "who": {"column": "customer", "pseudonym": "NAMES_KEY"}}
    with asked(datadog, query="sum:o{*} by {region, customer}.as_count()", dimensions=dimensions) as count:
        found = count(SATURDAY, SATURDAY)
    assert sorted(found.units["quantity"]) == [24, 48]
    assert found.totals == {SATURDAY: 72}
    assert not any(name in f"{found}{found.units.to_dict()}" for name in ("Jane", "Roe"))


def test_a_day_without_any_point_is_missing_unless_it_is_said_to_be_zero() -> None:
    for absent_day, quantities in (("missing", ["24", "24"]), ("zero", ["24", "0", "24"])):
        datadog = Datadog({"region:eu": lambda hour: None if hour.day == 29 else 1})
        with asked(datadog, absent_day=absent_day) as count:
            found = count()
        assert sums(found) == quantities
        assert list(found.absent) == ([SUNDAY] if absent_day == "missing" else [])


def test_a_year_is_asked_for_in_portions_that_datadog_answers_whole() -> None:
    datadog = Datadog({"region:eu": lambda _: 1})
    with asked(datadog) as count:
        assert set(sums(count(date(2025, 3, 28), SATURDAY))) == {"24"}
    assert len(datadog.queries) == 13


def test_interval_may_be_in_milliseconds_as_it_is_documented() -> None:
    with asked(Datadog({"region:eu": lambda _: 1}, interval=3_600_000)) as count:
        assert sums(count(SATURDAY, SATURDAY)) == ["24"]


def test_points_that_are_not_hours_are_refused() -> None:
    with (
        asked(Datadog({"region:eu": lambda _: 1}, interval=7200)) as count,
        pytest.raises(Refusal, match="not an hour"),
    ):
        count()


def test_a_zone_whose_day_begins_at_half_an_hour_is_refused_before_anything_is_sent() -> None:
    datadog = Datadog({})
    half = BusinessCalendar(ZoneInfo("Asia/Kolkata"), timedelta())
    with asked(datadog) as count, pytest.raises(UsageRefusal, match="whole hours of UTC"):
        count(calendar=half)
    assert datadog.queries == []


def test_a_limit_of_calls_is_waited_for_as_long_as_datadog_says(monkeypatch: pytest.MonkeyPatch) -> None:
    time, replies = FakeTime(), [as_json({"errors": ["slow"]}, 429, X_RateLimit_Reset="17")]
    monkeypatch.setattr(web_entry, "clock_of", lambda _: time.clock)
    datadog = Datadog({"region:eu": lambda _: 1})
    with asked(lambda request: replies.pop() if replies else datadog(request)) as count:
        assert sums(count(SATURDAY, SATURDAY)) == ["24"]
    assert time.slept == [17]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"status": "error", "error": "unknown metric"}, "Datadog could not answer: unknown metric"),
        ({"status": "ok", "error": "half of it"}, "Datadog could not answer: half of it"),
        ({"status": "ok"}, "the answer has nothing and not a list at series"),
        ({"status": "ok", "series": {}}, "an object and not a list at series"),
        ({"status": "ok", "series": [1]}, r"a number and not an object at series\[\*\]"),
        ({"status": "ok", "series": [{"tag_set": [], "interval": 3600}]}, "pointlist"),
        ({"status": "ok", "series": [{"tag_set": [], "interval": 3600, "pointlist": [[1, 2]]}]}, "not an hour and a"),
        ({"status": "ok", "series": [{"tag_set": [], "interval": 3600, "pointlist": [[3600000, "x"]]}]}, "not an hour"),
        ({"status": "ok", "series": [{"tag_set": [], "interval": 3600, "pointlist": [[3600000]]}]}, "not an hour"),
        ({"status": "ok", "series": [{"tag_set": [], "interval": [], "pointlist": []}]}, r"are \[\] apart and not an"),
        ({"status": "ok", "series": [{"tag_set": [], "interval": 3600, "pointlist": [[1e99, 1]]}]}, "not an hour"),
        ([], "a list and not an object at the top"),
    ],
)
def test_an_answer_of_another_shape_is_refused_with_the_path(content: object, said: str) -> None:
    with asked(lambda _: as_json(content)) as count, pytest.raises(Refusal, match=said):
        count()


def test_keys_that_are_not_accepted_are_refused_by_the_names_of_their_variables() -> None:
    with asked(lambda _: as_json({"errors": [f"Forbidden {API_KEY}"]}, 403)) as count, pytest.raises(Refusal) as error:
        count()
    assert "DATADOG_API_KEY and DATADOG_APPLICATION_KEY" in str(error.value)
    assert "timeseries_query" in str(error.value)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"site": "datadog.example"}, "datadoghq.eu"),
        ({"query": "shop.orders"}, "one query of one metric"),
        ({"query": "sum:a{*}.as_count() / sum:b{*}.as_count()"}, "one query of one metric"),
        ({"query": "sum:a{*}.as_count().rollup(sum, 60)"}, "leave out .rollup"),
        ({"query": "sum:a{*}"}, "needs .as_count"),
        ({"dimensions": {"plan": "plan"}}, "no `by {plan}`"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused_when_it_is_read(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        entry(**change)


def test_only_a_sum_over_the_hours_is_said_to_be_one() -> None:
    assert entry().sums_samples
    assert not entry(over_day="mean").sums_samples
