"""Publishing to Vantage: whatever goes wrong on the way, the stored days end as they are wanted."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import pytest

from unit_economics.demo.vantage_books import Books, Metric, Report
from unit_economics.demo.vantage_desk import Answer, Asked, Desk
from unit_economics.demo.vantage_server import serving
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.sinks.vantage import VantageMetric
from unit_economics.sinks.vantage_values import Writer
from unit_economics.vantage.api import VantageApi
from unit_economics_tests.vantage_contract import ContractTransport, audit_every_client
from unit_economics_tests.vantage_faults import (
    TOKEN,
    WRITE_FAULTS,
    AppendMetric,
    FakeTime,
    FaultyVantage,
    InMemory,
    Scripted,
    client,
    json_reply,
    outside,
    over_http,
)

Wanted = Mapping[date, Decimal]
FIRST = date(2024, 3, 1)
METRIC = "bsnss_mtrc_orders"
KINDS: tuple[type[Metric], ...] = (Metric, AppendMetric)


def days(*amounts: int | str) -> dict[date, Decimal]:
    return {FIRST + timedelta(days=n): Decimal(amount) for n, amount in enumerate(amounts)}


def moment(day: date, hour: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


def books(kind: type[Metric] = Metric) -> Books:
    return Books(TOKEN, metrics={METRIC: kind("Orders")})


def held(found: Books) -> dict[date, Decimal]:
    totals: dict[date, Decimal] = {}
    for when, label, amount in found.metrics[METRIC].rows:
        if not label:
            totals[when.date()] = totals.get(when.date(), Decimal(0)) + amount
    return totals


def writer(api: VantageApi, chunk: int = 500) -> Writer:
    return Writer(api, METRIC, chunk)


@pytest.fixture
def audited(monkeypatch: pytest.MonkeyPatch, vantage_contract: Path) -> list[ContractTransport]:
    return audit_every_client(monkeypatch, vantage_contract)


def test_what_is_published_over_http_keeps_the_contract_and_is_read_back(audited: list[ContractTransport]) -> None:
    wanted = days("46", "52.5", "0", "123456789012345", "0.000125")
    found = books()
    sink = VantageMetric(business_metric="ORDERS_METRIC_ID", chunk=2)
    with serving(found) as url:
        publication = sink.publish(wanted, outside=outside(url, ORDERS_METRIC_ID=METRIC))
    assert held(found) == wanted
    assert publication.unconverged(wanted) == []
    assert publication.requests_sent == 3
    assert [(d.held, d.wanted) for d in publication.differences] == [(None, amount) for amount in wanted.values()]
    assert f"PUT /v2/business_metrics/{METRIC}" in audited[0].checked


def test_publishing_the_same_days_again_sends_nothing() -> None:
    found, wanted = books(), days(1, 2, 3)
    with client(InMemory(Desk(found).answer)) as api:
        writer(api).bring_to(wanted)
        again = writer(api).bring_to(wanted)
    assert (again.requests_sent, list(again.differences)) == (0, [])


def test_only_the_days_that_differ_are_sent() -> None:
    found = books()
    transport = InMemory(Desk(found).answer)
    with client(transport) as api:
        writer(api).bring_to(days(1, 2, 3))
        sent: list[bytes] = []
        transport.answer = lambda asked: (sent.append(asked.body), Desk(found).answer(asked))[1]
        writer(api).bring_to(days(1, 5, 3))
    (body,) = filter(None, sent)
    assert json.loads(body) == {"values": [{"date": "2024-03-02T00:00:00Z", "amount": 5}]}


def test_a_dry_run_says_what_differs_and_sends_nothing() -> None:
    found = books()
    found.metrics[METRIC].merge([(moment(FIRST), "", Decimal(1))])
    sink = VantageMetric(business_metric="ORDERS_METRIC_ID")
    with serving(found) as url:
        world = outside(url, ORDERS_METRIC_ID=METRIC)
        publication = sink.publish(days(2, 3), outside=world, dry_run=True)
    assert publication.requests_sent == 0
    assert [(d.held, d.wanted) for d in publication.differences] == [(1, 2), (None, 3)]
    assert held(found) == days(1)


def test_the_order_of_the_days_makes_no_difference() -> None:
    wanted = days(*range(30))
    backwards = dict(reversed(wanted.items()))
    results: list[dict[date, Decimal]] = []
    for order in (wanted, backwards):
        found = books()
        with client(InMemory(Desk(found).answer)) as api:
            writer(api, chunk=7).bring_to(order)
        results.append(held(found))
    assert results == [wanted, wanted]


def test_labelled_rows_and_other_days_are_left_alone() -> None:
    found = books(AppendMetric)
    other = [(moment(FIRST), "eu", Decimal(7)), (moment(FIRST - timedelta(days=1)), "", Decimal(8))]
    wrong = [(moment(FIRST), "", Decimal(1)), (moment(FIRST), "", Decimal(2))]
    found.metrics[METRIC].merge([*other, *wrong, (moment(FIRST + timedelta(days=9)), "", Decimal(9))])
    with client(InMemory(Desk(found).answer)) as api:
        publication = writer(api).bring_to(days(5))
    assert publication.unconverged(days(5)) == []
    assert set(other) < set(found.metrics[METRIC].rows)
    assert held(found)[FIRST + timedelta(days=9)] == 9


@pytest.mark.parametrize("kind", KINDS)
def test_several_rows_of_one_day_that_add_up_wrong_become_one(kind: type[Metric]) -> None:
    found = books(kind)
    found.metrics[METRIC].rows = [(moment(FIRST, hour), "", Decimal(10)) for hour in (0, 5, 23)]
    with client(InMemory(Desk(found).answer)) as api:
        publication = writer(api).bring_to(days(30))
        assert publication.requests_sent == 0, "rows that add up right are not touched"
        writer(api).bring_to(days(31))
    assert found.metrics[METRIC].rows == [(moment(FIRST), "", Decimal(31))]


@pytest.mark.parametrize("kind", KINDS)
def test_one_row_at_another_hour_is_replaced_and_not_added_to(kind: type[Metric]) -> None:
    found = books(kind)
    found.metrics[METRIC].rows = [(moment(FIRST, 13), "", Decimal(10))]
    with client(InMemory(Desk(found).answer)) as api:
        publication = writer(api).bring_to(days(4))
    assert found.metrics[METRIC].rows == [(moment(FIRST), "", Decimal(4))]
    assert publication.requests_sent == 2


def test_values_are_read_over_as_many_pages_as_there_are() -> None:
    found, wanted = books(), days(*range(2500))
    with client(InMemory(Desk(found).answer)) as api:
        assert writer(api).bring_to(wanted).unconverged(wanted) == []
        assert len(api.values(METRIC, FIRST)) == 2500


def test_a_list_without_links_ends_with_a_page_that_is_not_full() -> None:
    rows = [{"date": f"{FIRST + timedelta(days=n)}T00:00:00Z", "amount": "1"} for n in range(1000)]
    transport = Scripted(json_reply({"values": rows}), json_reply({"values": rows[:3]}))
    with client(transport) as api:
        assert len(api.values(METRIC, FIRST)) == 1003
    assert [request.url.params["page"] for request in transport.requests] == ["1", "2"]


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ("NaN", "no finite decimal"),
        ("Infinity", "no finite decimal"),
        ("-1", "negative"),
        ("1e24", "beyond reason"),
        ("1234567890.123456", "digits"),
        ("1000000000000001", "digits"),
    ],
)
def test_a_value_that_vantage_could_not_hold_exactly_is_refused_before_anything_is_sent(amount: str, said: str) -> None:
    sink = VantageMetric(business_metric="ORDERS_METRIC_ID")
    with pytest.raises(Refusal, match=said):
        sink.publish(days("1", amount), outside=outside("http://127.0.0.1:1/v2", ORDERS_METRIC_ID=METRIC))


def test_a_missing_value_is_refused_because_vantage_would_delete_the_day() -> None:
    sink = VantageMetric(business_metric="ORDERS_METRIC_ID")
    with pytest.raises(Refusal, match="no finite decimal"):
        sink.publish({FIRST: None}, outside=outside(ORDERS_METRIC_ID=METRIC))  # type: ignore[dict-item]


def test_every_value_of_up_to_fifteen_digits_survives_the_way_there_and_back() -> None:
    dice = random.Random(7)
    wanted = days(*(str(Decimal(dice.randrange(10**15)).scaleb(-dice.randrange(13))) for _ in range(1000)))
    found = books()
    with client(InMemory(Desk(found).answer)) as api:
        assert writer(api).bring_to(wanted).unconverged(wanted) == []
    assert held(found) == wanted


def test_a_metric_that_was_deleted_is_refused_and_never_created_again() -> None:
    found = Books(TOKEN)
    with client(InMemory(Desk(found).answer)) as api, pytest.raises(Refusal, match="404"):
        writer(api).bring_to(days(1))
    assert found.metrics == {}


def test_a_revoked_token_is_refused_at_once_and_names_the_variable() -> None:
    found, time = Books("another"), FakeTime()
    with (
        client(InMemory(Desk(found).answer), time=time) as api,
        pytest.raises(Refusal, match="VANTAGE_API_TOKEN") as error,
    ):
        writer(api).bring_to(days(1))
    assert (found.asked, time.slept) == (1, [])
    assert TOKEN not in str(error.value)


def test_a_value_that_someone_edited_by_hand_is_reported_and_put_right() -> None:
    found = books()
    with client(InMemory(Desk(found).answer)) as api:
        writer(api).bring_to(days(1, 2))
        found.metrics[METRIC].merge([(moment(FIRST), "", Decimal(999))])
        publication = writer(api).bring_to(days(1, 2))
    assert [(d.day, d.held, d.wanted) for d in publication.differences] == [(FIRST, 999, 1)]
    assert held(found) == days(1, 2)


def test_rounds_that_are_used_up_are_shown_as_days_that_did_not_converge() -> None:
    found = books()

    def deaf(asked: Asked) -> Answer:
        return Desk(found).answer(asked) if asked.method == "GET" else Answer(200, {})

    with client(InMemory(deaf)) as api:
        publication = writer(api).bring_to(days(1))
    assert publication.unconverged(days(1)) == [FIRST]
    assert publication.requests_sent == 6


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("fault", WRITE_FAULTS)
def test_after_any_single_fault_the_day_is_right_and_counted_once(fault: str, kind: type[Metric]) -> None:
    found = books(kind)
    faulty = FaultyVantage(found, seed=0, chance=0)
    pending = [fault]

    def answer(asked: Asked) -> Answer | None:
        return faulty.fail(pending.pop(), asked) if asked.method == "PUT" and pending else faulty.answer(asked)

    with client(InMemory(answer)) as api:
        writer(api).bring_to(days(5, 6, 7))
        faulty.calm()
        publication = writer(api).bring_to(days(5, 6, 7))
    assert publication.unconverged(days(5, 6, 7)) == []
    assert held(found) == days(5, 6, 7)


class Schedules:
    """Runs publications under seeded faults, over one client."""

    def __init__(self) -> None:
        self.transport = InMemory(Desk(books()).answer)
        self.api = client(self.transport)

    def run(self, seed: int, kind: type[Metric], publish: "type[Careful | Naive]") -> tuple[Wanted, Wanted]:
        """What was wanted in the end and what is held: an older value, a newer one, then the next daily pass."""
        dice, found = random.Random(seed), books(kind)
        faulty = FaultyVantage(found, seed, chance=dice.choice([0.1, 0.3, 0.6]), faults_left=dice.randint(1, 12))
        self.transport.answer = faulty.answer
        older = days(*(dice.randint(0, 99) for _ in range(dice.randint(1, 6))))
        newer = {day: dice.choice([amount, amount + 1]) for day, amount in older.items()}
        chunk = dice.randint(1, 4)
        for wanted in (older, newer):
            publish.attempt(self.api, wanted, chunk)
        faulty.calm()
        publish.attempt(self.api, newer, chunk)
        return newer, held(found)


class Careful:
    """The publisher of the platform; a pass may fail, the next one repairs."""

    @staticmethod
    def attempt(api: VantageApi, wanted: Wanted, chunk: int) -> None:
        try:
            writer(api, chunk).bring_to(wanted)
        except Unreachable:
            return


class Naive:
    """A publisher that trusts every 200 and sends again blindly after every error; what it sent once is done."""

    done: ClassVar[Wanted] = {}

    @classmethod
    def attempt(cls, api: VantageApi, wanted: Wanted, chunk: int) -> None:
        values = [{"date": f"{day}T00:00:00Z", "amount": int(amount)} for day, amount in wanted.items()]
        for _ in range(5):
            if wanted == cls.done:
                return
            try:
                for start in range(0, len(values), chunk):
                    api.put_values(METRIC, values[start : start + chunk])
                cls.done = wanted
            except Unreachable:
                continue


@pytest.mark.parametrize("kind", KINDS)
def test_a_publisher_that_trusts_and_resends_blindly_ends_wrong(kind: type[Metric]) -> None:
    schedules, wrong = Schedules(), 0
    for seed in range(300):
        Naive.done = {}
        wanted, found = schedules.run(seed, kind, Naive)
        wrong += wanted != found
    assert wrong > 15


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("part", range(5))
def test_publication_ends_right_under_every_schedule_of_faults(part: int, kind: type[Metric]) -> None:
    schedules = Schedules()
    for seed in range(part * 500, part * 500 + 500):
        wanted, found = schedules.run(seed, kind, Careful)
        assert found == wanted, f"schedule {seed}"


@pytest.mark.parametrize("kind", KINDS)
def test_publication_ends_right_under_faults_over_real_http(kind: type[Metric]) -> None:
    for seed in range(25):
        found = books(kind)
        faulty = FaultyVantage(found, seed, chance=0.4)
        wanted = days(*range(seed % 7 + 1))
        with over_http(faulty.answer) as url, client(url=url) as api:
            Careful.attempt(api, wanted, chunk=3)
            faulty.calm()
            Careful.attempt(api, wanted, chunk=3)
        assert held(found) == wanted, f"schedule {seed}"


def test_what_a_publication_reports_as_read_back_was_really_held() -> None:
    for seed in range(200):
        found = books(AppendMetric)
        faulty = FaultyVantage(found, seed, chance=0.4)
        with client(InMemory(faulty.answer)) as api:
            try:
                publication = writer(api).bring_to(days(1, 2, 3))
            except Unreachable:
                continue
        if not faulty.late and "no answer and applied late" not in faulty.happened:
            assert publication.read_back == held(found)


def test_access_is_checked_with_the_scope_and_the_title(audited: list[ContractTransport]) -> None:
    found = books()
    sink = VantageMetric(business_metric="ORDERS_METRIC_ID")
    with serving(found) as url:
        world = outside(url, ORDERS_METRIC_ID=METRIC)
        assert sink.check_access(outside=world) == "Orders"
        found.scopes = ("read",)
        with pytest.raises(Refusal, match="scopes read and write"):
            sink.check_access(outside=world)
        with pytest.raises(UsageRefusal, match="ORDERS_METRIC_ID is not set"):
            sink.check_access(outside=outside(url, ORDERS_METRIC_ID=""))


def test_access_to_a_cost_report_is_checked_with_what_is_attached_to_it(audited: list[ContractTransport]) -> None:
    found = books()
    sink = VantageMetric(business_metric="ORDERS_METRIC_ID", cost_report="rprt_1")
    with serving(found) as url:
        world = outside(url, ORDERS_METRIC_ID=METRIC)
        with pytest.raises(Refusal, match="404"):
            sink.check_access(outside=world)
        found.reports["rprt_1"] = Report()
        with pytest.raises(Refusal, match="ORDERS_METRIC_ID is not attached to rprt_1"):
            sink.check_access(outside=world)
        found.reports["rprt_1"].metrics[METRIC] = 1
        assert sink.check_access(outside=world) == "Orders"
