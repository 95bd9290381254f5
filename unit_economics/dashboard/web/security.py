"""Headers that keep a page to itself, and the host names it answers to.

Here: two small ASGI layers. Not here: who a request is from (access.py).

No script or style is inline, so the policy allows none. A page that a browser opened under another name than ours is
refused: otherwise any web site could read a dashboard on this machine through a name that it points here. That takes a
name, so an IP address is always answered: Kubernetes asks a pod, and a load balancer a machine, by its address, and for
`/health` there is no exception to make.
"""

import re
from collections.abc import Iterable
from ipaddress import ip_address

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
_HOST = re.compile(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:@/]+))(?::\d{1,5})?")


class SecurityHeaders:
    """Puts the headers on every answer, and `no-store` on what is not marked as cacheable."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self.app(scope, receive, with_headers)


class TrustedHosts:
    """Refuses a request under a name that is neither this machine's own nor one of the given."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self.app, self.names = app, {"localhost", *(name.lower() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] == "http" and not self._knows(Headers(scope=scope).getlist("host")):
            answer = PlainTextResponse(
                "This name is not known here; add it under dashboard.hosts in the catalogue.", 421
            )
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _knows(self, hosts: list[str]) -> bool:
        """Whether there is one host, and it is known: with or without a port, in any case of its letters."""
        if len(hosts) != 1:
            return False
        name = _name(hosts[0])
        return name in self.names or is_address(name)


def is_address(name: str) -> bool:
    """Whether it is an IP address, without the brackets."""
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _name(host: str) -> str:
    """The host without its port and without the brackets of an IPv6 address; empty where it can't be meant."""
    found = _HOST.fullmatch(host)
    return (found[1] or found[2]).lower() if found else ""
