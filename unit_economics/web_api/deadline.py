"""A total deadline that holds on the wire: connecting, TLS, headers and body together.

Here: the transport that never waits for the network longer than the call has left. httpx's own timeouts start anew
with every byte that arrives, so a server that sends one byte at a time would hold a run for hours.
Not here: how long a call may take, and what happens when it took longer (client.py).
"""

import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx


class Deadline:
    """The moment at which the current call is given up; `start` sets it anew for every call."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._until = float("inf")

    def start(self, seconds: float) -> None:
        """Begin a call that may take `seconds` in all."""
        self._until = self._monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds until the call is given up; 0 or less afterwards."""
        return self._until - self._monotonic()

    def clamp(self, timeout: float | None) -> float:
        """The shorter of `timeout` and what the call has left; never 0, which sockets take for 'do not block'."""
        return max(0.001, self.left if timeout is None else min(timeout, self.left))


class DeadlineTransport(httpx.HTTPTransport):
    """httpx's transport over sockets that know the deadline."""

    def __init__(self, deadline: Deadline, *, is_tls: bool) -> None:
        context = httpx.create_ssl_context(trust_env=False) if is_tls else None
        super().__init__(verify=context or False, trust_env=False)
        # httpx has no argument for httpcore's network backend, which is the one place that sees every single read.
        self._pool = httpcore.ConnectionPool(ssl_context=context, network_backend=_Backend(deadline))


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._sockets = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.clamp(timeout)
        stream = self._sockets.connect_tcp(host, port, seconds, local_address, socket_options)
        return _Stream(stream, self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._deadline.left <= 0:
            raise httpcore.ReadTimeout
        return self._stream.read(max_bytes, self._deadline.clamp(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.clamp(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        seconds = self._deadline.clamp(timeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, seconds), self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  httpcore's own signature
        return self._stream.get_extra_info(info)
