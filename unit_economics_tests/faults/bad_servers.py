"""Servers that answer badly: a PostgreSQL that refuses every password, and an HTTP server with one answer for all.

Here: the servers, as context managers that end with their thread joined. Not here: what is asked of them.
"""

import socketserver
import struct
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_NO_ENCRYPTION = {80877103, 80877104}


class _RefusesPasswords(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while True:
            head = self.rfile.read(8)
            if len(head) < 8:
                return
            length, code = struct.unpack("!II", head)
            self.rfile.read(length - 8)
            if code not in _NO_ENCRYPTION:
                break
            self.wfile.write(b"N")
        fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0"
        self.wfile.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)


@contextmanager
def postgres_that_refuses_passwords() -> Generator[int]:
    """Yields the port."""
    with _serving(socketserver.ThreadingTCPServer(("127.0.0.1", 0), _RefusesPasswords)) as port:
        yield port


@contextmanager
def http_that_answers(status: int, body: str, kind: str = "application/json", echo: bool = False) -> Generator[int]:
    """Yields the port; every request gets this answer, with its own headers in the body where `echo` is set."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = (body + (str(self.headers) if echo else "")).encode()
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815  # the names that http.server calls

        def log_message(self, *arguments: object) -> None:
            """Say nothing: the test reads stderr."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Answer)) as port:
        yield port


@contextmanager
def _serving(server: socketserver.TCPServer) -> Generator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
