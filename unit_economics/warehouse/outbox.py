"""The outbox: what is to be said, kept until it was said.

Here: putting a message in (inside the transaction of what it speaks of), taking what is due, and marking it.
Not here: what is worth saying, or sending it (alerts.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from unit_economics.warehouse.connection import Connection


@dataclass(frozen=True)
class Message:
    """One thing to say. The same `cause` is said once, and again only when it still holds after a while."""

    cause: str
    title: str
    body: str


@dataclass(frozen=True)
class Due:
    """A message that not every channel has taken yet."""

    number: int
    sent_to: frozenset[str]
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


def put_news(connection: Connection, message: Message) -> bool:
    """Put in what is said once for good: unless it was the last thing said under its cause's first two parts."""
    topic = message.cause.rsplit("/", 1)[0]
    newest = connection.execute(
        "select cause from outbox where starts_with(cause, %s) order by message desc limit 1", [f"{topic}/"]
    ).fetchone()
    return newest != (message.cause,) and put(connection, message, timedelta())


def claim(connection: Connection) -> Due | None:
    """Take the next message whose time has come, the least tried first: one that nobody can take holds up no other.

    It comes back after a pause of 1, 2, 4 ... minutes (an hour at the most) unless it is settled as sent: so two
    senders never hold the same one, and one who dies delays it and does not lose it.
    """
    row = connection.execute(
        "update outbox set tries = tries + 1, next_try_at = clock_timestamp()"
        " + least(interval '1 minute' * 2 ^ least(tries, 10), interval '1 hour')"
        " where message = (select message from outbox where sent_at is null and next_try_at <= clock_timestamp()"
        " order by tries, next_try_at, message limit 1 for update skip locked)"
        " returning message, sent_to, cause, title, body"
    ).fetchone()
    return Due(row[0], frozenset(row[1]), Message(*row[2:])) if row else None


def taken_by(connection: Connection, one: Due, channel: str) -> None:
    """Remember that this channel took the message."""
    connection.execute("update outbox set sent_to = sent_to || %s::text where message = %s", [channel, one.number])


def settle(connection: Connection, one: Due, refusing: Sequence[str]) -> None:
    """Mark a message as sent, or keep who did not take it."""
    error = f"not taken by {', '.join(refusing)}" if refusing else None
    connection.execute(
        "update outbox set last_error = %s, sent_at = case when %s::text is null then clock_timestamp() end"
        " where message = %s",
        [error, error, one.number],
    )
