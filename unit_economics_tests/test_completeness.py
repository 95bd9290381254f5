"""When a day's bill is complete: by age, by delivery, by the source's own word, and slower for some services."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unit_economics.bill_states import ask
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.completeness import Complete, Moment, Rule, Sign, Slower, complete_by_all
from unit_economics.refusals import UsageRefusal
from unit_economics_tests.focus_bills import charge_on, write_bill
from unit_economics_tests.world import World

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
DAYS = [date(2026, 3, n) for n in range(1, 11)]
NOW = datetime(2026, 3, 11, 12, tzinfo=UTC)
THREE = timedelta(days=3)
CATALOGUE = """
cost_sources:
  bill: {kind: focus, path: ./focus%s}
cost_scopes:
  all: {}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, day: date, quantity: orders}
"""


def last(complete: Complete) -> date:
    return max(complete.days)


def test_by_age_a_day_is_complete_once_it_is_old_enough() -> None:
    found = Rule("age", THREE).complete(DAYS, [], Moment(NOW, UTC_DAYS))
    assert (last(found), found.through) == (date(2026, 3, 7), date(2026, 3, 7))


def test_a_bill_that_stopped_coming_makes_no_day_complete_by_delivery() -> None:
    rule = Rule("delivery", THREE)
    stopped = Moment(NOW, UTC_DAYS, Sign(datetime(2026, 3, 6, 12, tzinfo=UTC)))
    assert rule.complete(DAYS, [], stopped).through == date(2026, 3, 2)
    assert rule.complete(DAYS, [], Moment(NOW, UTC_DAYS)) == Complete()


def test_a_delivery_from_the_future_counts_as_one_of_now() -> None:
    ahead = Moment(NOW, UTC_DAYS, Sign(NOW + timedelta(days=90)))
    assert Rule("delivery", THREE).complete(DAYS, [], ahead).through == date(2026, 3, 7)


def test_a_slower_service_holds_a_day_back_only_while_the_bill_has_it() -> None:
    rule = Rule("age", THREE, [Slower(provider="AWS", service="Support", complete_after=timedelta(days=8))])
    assert rule.complete(DAYS, [("AWS", "EC2")], Moment(NOW, UTC_DAYS)).through == date(2026, 3, 7)
    assert rule.complete(DAYS, [("AWS", "Support")], Moment(NOW, UTC_DAYS)).through == date(2026, 3, 2)
    assert rule.complete(DAYS, [("GCP", "Support")], Moment(NOW, UTC_DAYS)).through == date(2026, 3, 7)


def test_a_slower_provider_is_slow_in_every_service() -> None:
    rule = Rule("age", THREE, [Slower(provider="Oracle", complete_after=timedelta(days=8))])
    assert rule.complete(DAYS, [("Oracle", None)], Moment(NOW, UTC_DAYS)).through == date(2026, 3, 2)


def test_a_day_is_complete_only_when_every_source_that_covers_it_says_so() -> None:
    early = Complete(frozenset(DAYS[:3]), DAYS[2])
    late = Complete(frozenset(DAYS[:6]), DAYS[5])
    assert complete_by_all([(DAYS, early), (DAYS, late)]) == early
    only_second = complete_by_all([(DAYS[:2], early), (DAYS, late)])
    assert only_second.days == frozenset(DAYS[:6])
    assert complete_by_all([(DAYS, early), (DAYS, Complete())]) == Complete()


@given(st.sets(st.sampled_from(DAYS)), st.sets(st.sampled_from(DAYS)))
def test_a_whole_is_never_more_complete_than_one_of_its_parts(one: set[date], other: set[date]) -> None:
    parts = [(DAYS, Complete(frozenset(days), max(days, default=None))) for days in (one, other)]
    assert complete_by_all(parts).days == one & other


@pytest.fixture
def shop(world: Callable[..., World]) -> Callable[[str], World]:
    def build(rule: str) -> World:
        shop = world(CATALOGUE % rule)
        shop.now = NOW
        shop.sql(
            "create table public.orders as select d::date as date, 100 as orders from generate_series"
            "('2026-03-01'::date, '2026-03-10', '1 day') d"
        )
        rows = [charge_on(day) for day in DAYS]
        delivered(write_bill(shop.folder / "focus", *rows), datetime(2026, 3, 8, 5, tzinfo=UTC))
        return shop

    return build


def delivered(path: os.PathLike[str], moment: datetime) -> None:
    os.utime(path, (moment.timestamp(), moment.timestamp()))


def statuses(shop: World) -> dict[str, int]:
    assert shop.run("2026-03-01", "2026-03-10").success
    return dict(
        shop.sql(
            "select status, count(distinct business_date)::int from unit_economics.unit_costs"
            " where metric = 'cost_per_order' group by 1"
        )
    )


def test_a_metric_is_as_complete_as_its_bill_s_last_delivery(shop: Callable[[str], World]) -> None:
    of = shop(", complete_by: delivery")
    assert statuses(of) == {"complete": 4, "provisional": 6}
    [(rule, through)] = of.sql(
        "select rule, complete_through from unit_economics.complete_through where kind = 'cost source'"
    )
    assert (rule, str(through)) == ("3 days before the last delivery", "2026-03-04")
    delivered(of.folder / "focus" / "bill.csv", datetime(2026, 3, 11, 5, tzinfo=UTC))
    assert statuses(of) == {"complete": 7, "provisional": 3}


def test_a_manifest_is_the_word_on_when_a_delivery_came(shop: Callable[[str], World]) -> None:
    of = shop(", complete_by: delivery")
    manifest = of.folder / "focus" / "bill-Manifest.json"
    manifest.write_text("{}")
    delivered(manifest, datetime(2026, 3, 6, 5, tzinfo=UTC))
    assert statuses(of) == {"complete": 2, "provisional": 8}


def recency(shop: World, *sectors: tuple[str, str, bool], name: str = "recency-1.json") -> None:
    told = [
        {"TimeSectorStart": start, "TimeSectorEnd": end, "TimeSectorComplete": is_complete}
        for start, end, is_complete in sectors
    ]
    (shop.folder / "focus" / name).write_text(json.dumps({"DatasetInstanceId": "1", "TimeSectors": told}))


def test_a_day_is_complete_when_the_recency_metadata_covers_all_of_it(shop: Callable[[str], World]) -> None:
    of = shop(", complete_by: source")
    recency(
        of,
        ("2026-03-01T00:00:00Z", "2026-03-02T12:00:00Z", True),
        ("2026-03-02T12:00:00Z", "2026-03-03T00:00:00Z", True),
        ("2026-03-03T00:00:00Z", "2026-03-03T23:00:00Z", True),
        ("2026-03-03T23:00:00Z", "2026-03-04T00:00:00Z", False),
        ("2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z", True),
    )
    assert statuses(of) == {"complete": 3, "provisional": 7}
    assert of.sql("select complete_through::text from unit_economics.complete_through where kind = 'cost source'") == [
        ("2026-03-02",)
    ]


def test_every_dataset_has_to_be_complete(shop: Callable[[str], World]) -> None:
    of = shop(", complete_by: source")
    recency(of, ("2026-03-01T00:00:00Z", "2026-03-06T00:00:00Z", True))
    recency(of, ("2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", True), name="recency-2.json")
    assert statuses(of) == {"complete": 2, "provisional": 8}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "finds no recency metadata"),
        ("{", "is no JSON"),
        ("3", "an object was expected"),
        ("{}", "has neither TimeSectors nor a DatasetInstanceComplete"),
        ('{"TimeSectors": [{"TimeSectorStart": "soon", "TimeSectorComplete": true}]}', "TimeSectorStart is 'soon'"),
    ],
)
def test_metadata_that_says_nothing_is_refused_in_one_sentence_that_names_the_file(
    shop: Callable[[str], World], text: str | None, words: str
) -> None:
    of = shop(", complete_by: source")
    if text is not None:
        (of.folder / "focus" / "recency.json").write_text(text)
    assert not of.run("2026-03-01", "2026-03-10").success
    [(failure,)] = of.sql(
        "select distinct failures -> 0 ->> 'what' from unit_economics.gate where asset = 'cloud_costs'"
    )
    assert words in failure
    assert "leave `complete_by` out" in failure


def test_a_kind_of_source_that_can_t_say_so_is_refused_when_the_catalogue_is_read(world: Callable[..., World]) -> None:
    text = (CATALOGUE % "").replace(
        "{kind: focus, path: ./focus}", "{kind: vantage, cost_report: rprt_1, complete_by: source}"
    )
    with pytest.raises(UsageRefusal, match="is nothing that this kind of source tells of itself"):
        world(text).deployment()


def test_a_bill_that_is_read_for_long_is_as_old_as_when_its_reading_began(shop: Callable[[str], World]) -> None:
    of = shop(", complete_after: P2D").deployment()
    day = date(2026, 3, 1)
    clock = iter([datetime(2026, 3, 3, 12, tzinfo=UTC)])
    signs = ask(replace(of, outside=replace(of.outside, now=lambda: next(clock))), DayRange(day, day))
    assert {status.status for status in signs.judged(set()).states([day], {}).values()} == {"provisional"}


def test_how_completeness_is_told_is_part_of_no_definition(shop: Callable[[str], World]) -> None:
    of = shop("")
    before = of.deployment().definition("cloud_costs")
    slower = ", complete_by: delivery, slower: [{provider: AWS, complete_after: P9D}]"
    of.catalogue = CATALOGUE % slower
    assert of.deployment().definition("cloud_costs") == before
    assert statuses(of) == {"provisional": 10}
