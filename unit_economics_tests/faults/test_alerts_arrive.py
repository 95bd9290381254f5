"""Every message arrives at least once, whatever the channel or the process does, and hardly ever twice (P19)."""

import contextlib
import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
from apprise.decorators import notify

from unit_economics import alerts
from unit_economics.outside import Outside
from unit_economics.warehouse import connection as warehouse_connection
from unit_economics.warehouse import outbox
from unit_economics.warehouse.connection import Warehouse
from unit_economics.warehouse.migrations import migrate
from unit_economics.warehouse.outbox import Message
from unit_economics_tests.faults.nursery import Nursery

MESSAGES = 100
CAUSES = [f"cause/{number:03}" for number in range(MESSAGES)]
DAY = timedelta(hours=24)


class ChannelError(Exception):
    """What a channel raises that ought to answer False."""


@pytest.fixture
def mart(database: str) -> Warehouse:
    """A mart with a hundred messages waiting."""
    warehouse = Warehouse(database)
    migrate(warehouse, {})
    with warehouse.transaction() as connection:
        for cause in CAUSES:
            outbox.put(connection, Message(cause, "title", "body"), DAY)
    return warehouse


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with Nursery("messenger") as nursery:
        yield nursery


def test_a_channel_that_is_down_delays_a_hundred_messages_and_loses_none(mart: Warehouse) -> None:
    for _ in range(3):
        _tick(mart, _refuse)
    assert _unsent(mart) == MESSAGES
    arrived = Counter[str]()
    _until_nothing_waits(mart, lambda message: not arrived.update([message.cause]))
    assert arrived == Counter(CAUSES)


def test_a_channel_that_fails_for_every_other_message_gets_each_until_it_took_it(mart: Warehouse) -> None:
    chance = random.Random(8)
    arrived = Counter[str]()

    def send(message: Message) -> bool:
        took = chance.random() < 0.5
        arrived.update([message.cause] * took)
        return took

    _until_nothing_waits(mart, send)
    assert arrived == Counter(CAUSES)


def test_a_channel_that_raises_now_and_then_costs_no_message_and_one_duplicate_at_most(mart: Warehouse) -> None:
    calls = itertools.count(1)
    arrived = Counter[str]()

    def send(message: Message) -> bool:
        if next(calls) in {20, 130}:
            raise ChannelError
        arrived.update([message.cause])
        return True

    _until_nothing_waits(mart, send)
    assert set(arrived) == set(CAUSES)
    assert max(arrived.values()) <= 2


def test_a_message_that_no_channel_can_take_holds_up_and_repeats_no_other(mart: Warehouse) -> None:
    arrived = Counter[str]()

    def send(message: Message) -> bool:
        if message.cause == CAUSES[30]:
            raise ChannelError
        arrived.update([message.cause])
        return True

    for _ in range(6):
        _tick(mart, send)
        _time_passes(mart)
    assert set(arrived) == set(CAUSES) - {CAUSES[30]}
    assert max(arrived.values()) <= 2


def test_a_channel_slower_than_the_session_may_be_idle_repeats_no_message_for_ever(
    mart: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fifty messages to a channel that takes eight seconds for each last longer than the session's 300 seconds."""
    impatient = {**warehouse_connection.SESSION, "idle_in_transaction_session_timeout": "1ms"}
    options = " ".join(f"-c {name}={value}" for name, value in impatient.items())
    monkeypatch.setitem(warehouse_connection._SETTINGS, "options", options)
    arrived = Counter[str]()

    def slow(message: Message) -> bool:
        with psycopg.connect(mart.url, autocommit=True) as other:
            _until(lambda: not _sessions_in_transaction(other))
        arrived.update([message.cause])
        return True

    for _ in range(4):
        _tick(mart, slow)
        _time_passes(mart)
    assert arrived
    assert max(arrived.values()) <= 2


def test_two_messengers_at_once_repeat_nothing(mart: Warehouse) -> None:
    together = Barrier(2)

    def messenger(_: int) -> list[str]:
        heard = list[str]()
        together.wait(30)
        while alerts.deliver(mart, {"channel": lambda message: not heard.append(message.cause)}) != (0, 0):
            pass
        return heard

    with ThreadPoolExecutor(2) as both:
        heard = Counter(itertools.chain(*both.map(messenger, range(2))))
    _until_nothing_waits(mart, lambda message: not heard.update([message.cause]))
    assert heard == Counter(CAUSES)


def test_a_messenger_that_is_killed_after_sending_loses_nothing_and_repeats_once_at_most(
    mart: Warehouse, nursery: Nursery, tmp_path: Path
) -> None:
    arrived = tmp_path / "arrived"
    order = {"url": mart.url, "arrived": str(arrived)}
    assert nursery.run("deliver", order, point="after message 25")
    assert nursery.run("deliver", order, point="after message 1")
    _time_passes(mart)
    assert not nursery.run("deliver", order)
    heard = Counter(arrived.read_text().split())
    assert set(heard) == set(CAUSES)
    assert max(heard.values()) <= 2
    assert _unsent(mart) == 0


@pytest.mark.filterwarnings("ignore:'imghdr'")  # Apprise asks for it when its plugins are loaded
def test_a_channel_that_works_does_not_hear_a_message_again_because_another_is_down(mart: Warehouse) -> None:
    heard = Counter[str]()

    @notify(on="faultsworks")
    def works(body: str, title: str, notify_type: str, *arguments: object, **named: object) -> bool:
        heard.update([title])
        return True

    @notify(on="faultsdown")
    def down(body: str, title: str, notify_type: str, *arguments: object, **named: object) -> bool:
        return False

    variables = {"WORKS": "faultsworks://x", "DOWN": "faultsdown://x"}
    with mart.transaction() as connection:
        connection.execute("delete from outbox where cause <> %s", [CAUSES[0]])
    for _ in range(6):
        _tick(mart, alerts.channels(Outside(variables), list(variables)))
        _time_passes(mart)
    assert 1 <= heard["title"] <= 2


def test_a_cause_is_said_once_and_again_only_after_a_day(mart: Warehouse) -> None:
    def put() -> bool:
        with mart.transaction() as connection:
            return outbox.put(connection, Message(CAUSES[0], "again", "body"), DAY)

    assert not put()
    _until_nothing_waits(mart, _take)
    assert not put()
    with mart.transaction() as connection:
        connection.execute("update outbox set sent_at = sent_at - interval '25 hours'")
    assert put()
    assert not put()


def test_messages_that_are_marked_before_they_are_sent_are_lost(mart: Warehouse) -> None:
    """What must be caught: send and forget."""
    arrived = Counter[str]()
    with mart.connection() as connection:
        messages = [one for _ in CAUSES if (one := outbox.claim(connection))]
        for one in messages:
            outbox.settle(connection, one, [])
    with pytest.raises(ChannelError):
        _send_all([one.message for one in messages], arrived)
    _until_nothing_waits(mart, lambda message: not arrived.update([message.cause]))
    assert len(set(CAUSES) - set(arrived)) > 20


def _send_all(messages: Sequence[Message], arrived: Counter[str]) -> None:
    for number, message in enumerate(messages):
        if number == 10:
            raise ChannelError
        arrived.update([message.cause])


def _take(message: Message) -> bool:
    return True


def _refuse(message: Message) -> bool:
    return False


def _tick(mart: Warehouse, send: alerts.Send | alerts.Channels) -> None:
    """One evaluation of the sensor; Dagster shows what it raises and calls it again."""
    with contextlib.suppress(ChannelError, psycopg.Error):
        alerts.deliver(mart, {"channel": send} if callable(send) else send)


def _time_passes(mart: Warehouse) -> None:
    with psycopg.connect(mart.url, autocommit=True) as connection:
        connection.execute("update unit_economics.outbox set next_try_at = clock_timestamp() where sent_at is null")


def _unsent(mart: Warehouse) -> int:
    with mart.connection() as connection:
        row = connection.execute("select count(*) from outbox where sent_at is null").fetchone()
    return row[0] if row else 0


def _until_nothing_waits(mart: Warehouse, send: alerts.Send) -> None:
    for _ in range(200):
        if not _unsent(mart):
            return
        _time_passes(mart)
        _tick(mart, send)
    pytest.fail(f"{_unsent(mart)} messages never went out")


def _sessions_in_transaction(other: psycopg.Connection[tuple[object, ...]]) -> int:
    row = other.execute(
        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in trans%%'"
    ).fetchone()
    return int(str(row[0])) if row else 0


def _until(holds: Callable[[], bool], most: int = 20_000) -> None:
    for _ in range(most):
        if holds():
            return
    pytest.fail("it never came to hold")
