"""TCP ports of this machine: which are free. Not here: whoever listens on them."""

import errno
import socket
from contextlib import suppress

from unit_economics.refusals import UsageRefusal

_TRIES = 50


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; raises `UsageRefusal` where that can't be."""
    try:
        return _listening(host, port)
    except OSError as error:
        remedy = f"Choose another one, like --port {port + 1}, or end what listens there"
        raise UsageRefusal(f"port {port} {_fault(error)}", where=f"--port on {host}", remedy=remedy) from None


def refuse_taken(host: str, port: int) -> None:
    """Raise `UsageRefusal` where the port can't be listened on, before anything was started for it."""
    listening(host, port).close()


def next_free(host: str, port: int) -> int:
    """The port, or the next one above it that is free."""
    for candidate in range(port, min(port + _TRIES, 65536)):
        with suppress(OSError), _listening(host, candidate):
            return candidate
    raise UsageRefusal(f"no port from {port} on is free", where="--port", remedy="Choose a range that is less busy")


def any_free(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.create_server((host, 0)) as listening:
        return int(listening.getsockname()[1])


def browsable(host: str) -> str:
    """The host as a browser on this machine names it in an address."""
    named = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    return f"[{named}]" if ":" in named else named


def _listening(host: str, port: int) -> socket.socket:
    return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)


def _fault(error: OSError) -> str:
    return "is taken" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
