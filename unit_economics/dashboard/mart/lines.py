"""A few connections that pages take turns with, each page in a thread of its own.

Here: connecting, waiting for a turn, leaving a server that keeps silent. Not here: what is asked (reader.py).

psycopg's own pool waits out its whole patience where a port is closed, pauses for seconds over every connection that a
restart has killed, and waits without end for a server that hangs: a page has to tell all three within three seconds.
"""

import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from threading import Timer
from time import monotonic
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from unit_economics.warehouse.connection import Connection

MOST_CONNECTIONS = 4
PATIENCE_SECONDS = 2
"""For connecting, and for one statement."""
_TURN_SECONDS = 10
_PING_SECONDS = 0.5
_REST_SECONDS = 1
"""How long nobody tries again after a connection failed: who waited behind it would wait as long, one by one."""


class Busy(Exception):  # noqa: N818  # it is an answer, not an error
    """No turn came in time."""


class Lines:
    """Connections in autocommit mode, made when they are needed and kept for the next page."""

    def __init__(self, parameters: Mapping[str, str], settings: Mapping[str, Any]) -> None:
        """Connect to nothing yet."""
        self._to = make_conninfo(**{**parameters, "connect_timeout": str(PATIENCE_SECONDS)})
        self._settings = settings
        self._failed_at, self._failure = -float(_REST_SECONDS), ""
        self._free = LifoQueue[Connection | None]()  # None: a turn whose connection is yet to be made
        for _ in range(MOST_CONNECTIONS):
            self._free.put(None)

    @contextmanager
    def one(self) -> Generator[Connection]:
        """A connection that answers; raises `Busy` or, where there is none to be had, `psycopg.OperationalError`."""
        try:
            kept = self._free.get(timeout=_TURN_SECONDS)
        except Empty:
            raise Busy from None
        try:
            if kept is None or not _answers(kept):
                kept = None
                kept = self._made()
            yield kept
        finally:
            self._free.put(None if kept is None or kept.closed else kept)

    def close(self) -> None:
        """Close what nobody uses."""
        with suppress(Empty):
            while True:
                if kept := self._free.get_nowait():
                    kept.close()

    def _made(self) -> Connection:
        if monotonic() - self._failed_at < _REST_SECONDS:
            raise psycopg.OperationalError(self._failure)
        try:
            return psycopg.connect(self._to, autocommit=True, **self._settings)
        except psycopg.OperationalError as error:
            self._failed_at, self._failure = monotonic(), str(error)
            raise


@contextmanager
def cut_after(connection: Connection, seconds: float) -> Generator[None]:
    """Break the connection where the block takes longer: the server's own limits only work while it does."""
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        timer = Timer(seconds, _cut, [line])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _cut(line: socket.socket) -> None:
    with suppress(OSError):  # it has ended in the meantime
        line.shutdown(socket.SHUT_RDWR)


def _answers(connection: Connection) -> bool:
    try:
        with cut_after(connection, _PING_SECONDS):
            connection.execute("")
    except psycopg.Error:
        connection.close()
        return False
    return True
