"""Where the alerts of the stack arrive: an HTTP server on loopback that Apprise posts JSON to.

Here: receiving, and being out of order for a while. Not here: what is worth saying, or when it is said again.
"""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Channel:
    """What was delivered, as (title, body), and how often it was tried while the channel was down."""

    port: int
    is_up: bool = False
    delivered: list[tuple[str, str]] = field(default_factory=list)
    turned_away: int = 0

    @property
    def url(self) -> str:
        """The channel as Apprise takes it."""
        return f"json://127.0.0.1:{self.port}/"

    def take(self, message: dict[str, str]) -> int:
        """The status that a message is answered with."""
        if self.is_up:
            self.delivered.append((message["title"], message["message"]))
            return 200
        self.turned_away += 1
        return 503


@contextmanager
def listening() -> Generator[Channel]:
    """A channel that is down until it is told to be up."""

    class Post(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            message = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(channel.take(message))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Post) as server:
        channel = Channel(server.server_port)
        thread = threading.Thread(target=server.serve_forever, name="channel", daemon=True)
        thread.start()
        try:
            yield channel
        finally:
            server.shutdown()
            thread.join()
