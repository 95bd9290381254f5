"""The outbox: what is to be said, kept until it was said.

Here: putting a message in (inside the transaction of what it speaks of), taking what is due, and marking it.
Not here: what is worth saying, or sending it (alerts.py).
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from unit_economics.warehouse.connection import Connection, Warehouse

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True)
class Message:
    """One thing to say. The same `cause` is said once, and again only when it still holds after a while."""

    cause: str
    title: str
    body: str


@dataclass(frozen=True)
class Due:
    """A message that has not been sent yet."""

    number: int
    tries: int
    message: Message


def put(connection: Connection, message: Message, repeat_after: timedelta) -> bool:
    """Put a message in unless its cause is waiting or was said less than `repeat_after` ago; True when it went in."""
    inserted = connection.execute(
        "insert into outbox (cause, title, body) select %(cause)s, %(title)s, %(body)s where not exists ("
        " select from outbox where cause = %(cause)s and sent_at > clock_timestamp() - %(after)s::interval)"
        " on conflict (cause) where sent_at is null do nothing returning message",
        {"cause": message.cause, "title": message.title, "body": message.body, "after": repeat_after},
    )
    return inserted.fetchone() is not None


@contextmanager
def due(warehouse: Warehouse) -> Generator[tuple[Connection, list[Due]]]:
    """The messages whose time has come, locked for the one who sends them until the block ends."""
    with warehouse.transaction() as connection:
        rows = connection.execute(
            "select message, tries, cause, title, body from outbox where sent_at is null"
            " and next_try_at <= clock_timestamp() order by message limit 50 for update skip locked"
        ).fetchall()
        yield connection, [Due(row[0], row[1], Message(*row[2:])) for row in rows]


def sent(connection: Connection, one: Due) -> None:
    """Mark a message as said."""
    connection.execute(
        "update outbox set sent_at = clock_timestamp(), tries = tries + 1, last_error = null where message = %s",
        [one.number],
    )


def failed(connection: Connection, one: Due, reason: str) -> None:
    """Keep a message for later: after 1, 2, 4 ... minutes, an hour at the most."""
    pause = min(FIRST_PAUSE * 2**one.tries, LONGEST_PAUSE) if one.tries < 10 else LONGEST_PAUSE
    connection.execute(
        "update outbox set tries = tries + 1, last_error = %s, next_try_at = clock_timestamp() + %s where message = %s",
        [reason, pause, one.number],
    )
