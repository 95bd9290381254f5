"""What every unit source that is asked over the web has in common: its entry, and the client that it asks with.

Here: those fields, how an address and secrets become a client. Not here: what is asked and what it means (the kinds),
how a call is made (web_api/).
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from unit_economics.entries.adapters import UnitSource
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal

if TYPE_CHECKING:  # a catalogue is read by processes that ask nobody
    from unit_economics.web_api.client import WebApi
    from unit_economics.web_api.credentials import Credentials
    from unit_economics.web_api.detour import Detour
    from unit_economics.web_api.place import Place
    from unit_economics.web_api.waits import Clock

ALLOW_PLAIN_HTTP = "Send the secret over unencrypted http too: only inside a network that you trust"


class WebUnits(UnitSource):
    """Units that are asked over HTTP, with a deadline for every call."""

    absent_day: Literal["missing", "zero"] = Field("missing", description="What a day without any value means")
    timeout: timedelta = Field(
        timedelta(minutes=2), gt=timedelta(), le=timedelta(hours=1), description="How long one call may take in all"
    )


@dataclass(frozen=True)
class Line:
    """How a source is reached: the address as written, the words for it, and who asks."""

    address: str
    place: "Place"
    credentials: "Credentials"
    timeout: timedelta
    plain_http: bool = False
    is_page: bool = False
    detour: "Detour | None" = None


def connected(line: Line, outside: Outside) -> "WebApi":
    """A client for exactly this address; nothing is sent yet."""
    from unit_economics.web_api.address import HomeAddress
    from unit_economics.web_api.client import Limits, WebApi

    read = HomeAddress.of_page if line.is_page else HomeAddress.read
    home = read(line.address, line.place, plain_http=line.plain_http)
    seconds = line.timeout.total_seconds()
    limits = Limits(call_seconds=seconds, silent_seconds=min(seconds, Limits.silent_seconds))
    return WebApi(home, line.credentials, limits=limits, clock=clock_of(outside), detour=line.detour)


def clock_of(outside: Outside) -> "Clock":
    """The clock that retries wait by; tests put another one in its place."""
    from unit_economics.web_api.waits import Clock

    return Clock(outside.now)


def bearer(variable: str | None, outside: Outside) -> "Credentials":
    """The token in a variable, or nobody where none is named."""
    from unit_economics.web_api.credentials import NOBODY, Credentials, Token

    return Credentials.bearer(Token(variable, outside.secret(variable))) if variable else NOBODY


def basic(user: str, password: str, outside: Outside) -> "Credentials":
    """The user and the password in two variables."""
    from unit_economics.web_api.credentials import Credentials, Token

    return Credentials.basic(Token(user, outside.secret(user)), Token(password, outside.secret(password)))


def plain_http(credentials: "Credentials", *, is_allowed: bool, address: str, where: str) -> bool:
    """Whether http may be used: where no secret is sent, or where the entry says so; raises `UsageRefusal`."""
    if credentials.headers and not is_allowed and _is_plain(address):
        raise UsageRefusal(
            "a secret would be sent over unencrypted http",
            where=where,
            remedy="Use https, or write `allow_plain_http: true` where the network is trusted",
        )
    return True


def _is_plain(address: str) -> bool:
    import httpx

    from unit_economics.web_api.address import is_loopback

    try:
        url = httpx.URL(address)
    except (httpx.InvalidURL, UnicodeError):
        return False
    return url.scheme == "http" and not is_loopback(url.host)
