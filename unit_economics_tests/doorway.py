"""A way to a real PostgreSQL that can be shut, and that can keep silent.

Here: one port of this machine in front of a server's socket file. Not here: assertions.
"""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo


@dataclass
class Doorway:
    """`silent`: what is said is not passed on, to the server or back; connections are made all the same."""

    url_behind: str
    silent: bool = False
    port: int = 0
    lines: list[socket.socket] = field(default_factory=list)
    listener: socket.socket | None = None

    @property
    def url(self) -> str:
        """The mart's URL through the door."""
        return make_conninfo(self.url_behind, host="127.0.0.1", port=str(self.port))

    def open(self) -> None:
        """Listen, each time on the same port."""
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def shut(self) -> None:
        """End every connection and refuse new ones, as a server does that is stopped."""
        for one in (self.listener, *self.lines):
            if one:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
        self.lines.clear()

    def _accept(self, listener: socket.socket) -> None:
        behind = conninfo_to_dict(self.url_behind)
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(f"{behind['host']}/.s.PGSQL.{behind.get('port', 5432)}")
                self.lines += [line, server]
                for ends in ((line, server), (server, line)):
                    threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.silent:
                    target.sendall(data)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextmanager
def doorway(url: str) -> Generator[Doorway]:
    """An open one, shut at the end."""
    door = Doorway(url)
    door.open()
    try:
        yield door
    finally:
        door.shut()
