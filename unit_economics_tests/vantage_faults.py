"""A Vantage that misbehaves, in memory or over real HTTP, and a clock that never waits.

Here: faults for the tests of the client, the costs and the sink. Not here: the well-behaved stand-in
(unit_economics/demo) and the contract (vantage_contract.py).
"""

import json
import random
import socket
import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import httpx

from unit_economics.demo.vantage_books import Books, Metric
from unit_economics.demo.vantage_desk import Answer, Asked, Desk
from unit_economics.outside import Outside
from unit_economics.vantage.api import VantageApi
from unit_economics.web_api.client import Limits
from unit_economics.web_api.waits import Clock

TOKEN = "vntg_tkn_canary_4f1d"
START = datetime(2024, 3, 1, 12, tzinfo=UTC)


@dataclass
class FakeTime:
    """Time that passes only by sleeping."""

    slept: list[float] = field(default_factory=list)
    passed: float = 0.0

    @property
    def clock(self) -> Clock:
        return Clock(
            now=lambda: START + timedelta(seconds=self.passed), monotonic=lambda: self.passed, sleep=self.sleep
        )

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.passed += seconds


def outside(url: str = "http://127.0.0.1/v2", **more: str) -> Outside:
    return Outside({"VANTAGE_API_URL": url, "VANTAGE_API_TOKEN": TOKEN, **more}, now=lambda: START)


def client(
    transport: httpx.BaseTransport | None = None,
    *,
    url: str = "http://127.0.0.1/v2",
    time: FakeTime | None = None,
    limits: Limits | None = None,
) -> VantageApi:
    clock = (time or FakeTime()).clock
    return VantageApi.connect(outside(url), "VANTAGE_API_TOKEN", transport=transport, limits=limits, clock=clock)


class AppendMetric(Metric):
    """A business metric that adds every row it is sent, as the contract does not rule out."""

    def merge(self, rows: list[tuple[datetime, str, Decimal]]) -> None:
        self.rows = [*self.rows, *rows]


WRITE_FAULTS = (
    "refused before it was applied",
    "no answer after it was applied",
    "no answer and applied late",
    "no answer and lost",
    "half applied and answered 200",
    "half applied and answered 500",
    "lost and answered 200",
    "429",
    "429 with a wait",
)
READ_FAULTS = ("500", "no answer", "429", "429 with a wait")


@dataclass
class FaultyVantage:
    """Books behind a server that fails by a seeded schedule; `None` is an answer that never comes."""

    books: Books
    seed: int
    chance: float = 0.35
    faults_left: int = 8
    late: list[Asked] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.dice, self.desk = random.Random(self.seed), Desk(self.books)

    def answer(self, asked: Asked) -> Answer | None:
        if self.late and self.dice.random() < 0.3:
            self.desk.answer(self.late.pop(0))
        if self.faults_left <= 0 or self.dice.random() >= self.chance:
            return self.desk.answer(asked)
        self.faults_left -= 1
        faults = READ_FAULTS if asked.method == "GET" else WRITE_FAULTS
        fault = self.dice.choice(faults)
        self.happened.append(fault)
        return self.fail(fault, asked)

    def calm(self) -> None:
        """Everything that was under way arrives, and nothing fails any more."""
        while self.late:
            self.desk.answer(self.late.pop(0))
        self.faults_left = 0

    def fail(self, fault: str, asked: Asked) -> Answer | None:
        if fault.startswith("429"):
            return Answer(429, {"errors": ["slow down"]}, {"retry-after": "7"} if "wait" in fault else {})
        if "half" in fault:
            self.desk.answer(self._half(asked))
        if "after it was applied" in fault:
            self.desk.answer(asked)
        if "late" in fault:
            self.late.append(asked)
        if fault.startswith("no answer"):
            return None
        return Answer(200, {}) if "200" in fault else Answer(500, {"errors": ["oops"]})

    def _half(self, asked: Asked) -> Asked:
        values = json.loads(asked.body)["values"] if asked.body else []
        return replace(asked, body=json.dumps({"values": values[: self.dice.randint(0, len(values))]}).encode())


class InMemory(httpx.BaseTransport):
    """Hands each request to a function instead of a socket."""

    def __init__(self, answer: Callable[[Asked], Answer | None]) -> None:
        self.answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        found = self.answer(
            Asked(
                request.method,
                url.path.removeprefix("/v2"),
                dict(url.params),
                request.headers["authorization"],
                request.read(),
                f"{url.scheme}://{url.netloc.decode()}",
            )
        )
        if found is None:
            raise httpx.ReadTimeout("no answer", request=request)
        headers = {"content-type": "application/json", **found.headers}
        return httpx.Response(found.status, headers=headers, content=found.body)


class Scripted(httpx.BaseTransport):
    """Answers with the next reply (the last one for ever), or raises it; keeps the requests."""

    def __init__(self, *replies: httpx.Response | Exception) -> None:
        self._replies = list(replies)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if isinstance(reply, Exception):
            raise reply
        return httpx.Response(reply.status_code, headers=reply.headers, content=reply.content)


def json_reply(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> httpx.Response:
    body = content if isinstance(content, (bytes, str)) else json.dumps(content)
    return httpx.Response(status, content=body, headers={"content-type": "application/json", **(headers or {})})


@contextmanager
def over_http(answer: Callable[[Asked], Answer | None]) -> Generator[str]:
    """The address of a real HTTP server; where there is no answer it hangs up without a word."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _any(self) -> None:
            url = urlsplit(self.path)
            length = int(self.headers.get("content-length", 0))
            found = answer(
                Asked(
                    self.command,
                    url.path.removeprefix("/v2"),
                    dict(parse_qsl(url.query, keep_blank_values=True)),
                    self.headers.get("authorization", ""),
                    self.rfile.read(length),
                    f"http://{self.headers['host']}",
                )
            )
            self.close_connection = found is None
            if found is not None:
                self.send_response(found.status)
                for name, value in {**found.headers, "content-type": "application/json"}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(found.body)

        do_GET = do_PUT = do_POST = do_DELETE = _any  # noqa: N815  named by http.server

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  named by http.server
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v2"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class RawServer:
    """A socket that answers every connection with given bytes; keeps what it was sent."""

    port: int
    received: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2"

    def saw(self, secret: str) -> bool:
        return any(secret.encode() in request for request in self.received)


@contextmanager
def raw_server(*pieces: bytes, drip_seconds: float = 0.0) -> Generator[RawServer]:
    """Answers with `pieces`, one every `drip_seconds`, and hangs up."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = RawServer(listening.getsockname()[1])

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    found.received.append(connection.recv(65536))
                    _drip(connection, pieces, over, drip_seconds)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _drip(connection: socket.socket, pieces: tuple[bytes, ...], over: threading.Event, seconds: float) -> None:
    for piece in pieces:
        try:
            connection.sendall(piece)
        except OSError:
            return
        if seconds and over.wait(seconds):
            return


def http_answer(body: bytes, *, status: str = "200 OK", headers: str = "content-type: application/json\r\n") -> bytes:
    length = "" if "content-length" in headers else f"content-length: {len(body)}\r\n"
    return f"HTTP/1.1 {status}\r\n{headers}{length}connection: close\r\n\r\n".encode() + body
