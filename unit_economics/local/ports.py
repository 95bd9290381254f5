"""TCP ports of this machine: which are free. Not here: whoever listens on them."""

import errno
import socket

from unit_economics.refusals import UsageRefusal

_TRIES = 50


def refuse_taken(host: str, port: int) -> None:
    """Raise `UsageRefusal` where the port can't be listened on, before anything was started for it."""
    fault = _fault(host, port)
    if fault:
        remedy = f"Choose another one, like --port {port + 1}, or end what listens there"
        raise UsageRefusal(f"port {port} {fault}", where=f"--port on {host}", remedy=remedy)


def next_free(host: str, port: int) -> int:
    """The port, or the next one above it that is free."""
    for candidate in range(port, min(port + _TRIES, 65536)):
        if not _fault(host, candidate):
            return candidate
    raise UsageRefusal(f"no port from {port} on is free", where="--port", remedy="Choose a range that is less busy")


def any_free(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on now."""
    with socket.create_server((host, 0)) as listening:
        return int(listening.getsockname()[1])


def _fault(host: str, port: int) -> str:
    try:
        with socket.create_server((host, port)):
            return ""
    except OSError as error:
        return "is taken" if error.errno == errno.EADDRINUSE else f"can't be used ({error.strerror})"
