"""The one address that the token may be sent to.

Here: reading the configured address, and telling whether another URL is the same place. Not here: sending anything.
"""

import ipaddress
from dataclasses import dataclass
from typing import Self

import httpx

from unit_economics.refusals import Refusal, UsageRefusal


@dataclass(frozen=True)
class HomeAddress:
    """Scheme, host and port of the API, and the path that all its calls begin with."""

    base: httpx.URL

    @classmethod
    def read(cls, written: str) -> Self:
        """The address in VANTAGE_API_URL: https, or http to this very machine; raises `UsageRefusal`."""
        try:
            url = httpx.URL(written.rstrip("/"))
        except (httpx.InvalidURL, UnicodeError):
            raise _unusable("it is not a URL") from None
        if url.userinfo or "@" in written:
            raise _unusable("it holds a user name or password")
        if url.query or url.fragment or set("?#\\") & set(written):
            raise _unusable("it holds more than a host and a path")
        if not url.host or not (url.scheme == "https" or (url.scheme == "http" and is_loopback(url.host))):
            raise _unusable("it is not https (http is only for this very machine)")
        return cls(url)

    def url(self, path: str, parameters: dict[str, str]) -> httpx.URL:
        """The URL of a call; `path` begins with a slash."""
        return self.base.copy_with(path=self.base.path.rstrip("/") + path, query=None).copy_merge_params(parameters)

    def next_url(self, asked: httpx.URL, written: str) -> httpx.URL:
        """The page after `asked`: the link as given, with every setting of `asked` that it leaves out.

        A link that leaves out a setting would be answered with the report's saved one: another number.
        """
        try:
            link = asked.join(written)
        except (httpx.InvalidURL, UnicodeError):
            raise _elsewhere(asked) from None
        self.refuse_elsewhere(link)
        if link.path != asked.path:
            raise _elsewhere(asked)
        return asked.copy_merge_params(dict(link.params))

    def refuse_elsewhere(self, url: httpx.URL) -> None:
        """Raise `Refusal` unless scheme, host and port are exactly those of the configured address."""
        if url.userinfo or _origin(url) != _origin(self.base):
            raise _elsewhere(url)


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, by its plain spelling."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    default = {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, url.raw_host, url.port or default


def _unusable(why: str) -> UsageRefusal:
    remedy = "Write it like https://api.vantage.sh/v2, or leave it out"
    return UsageRefusal(f"the address can't be used: {why}", where="VANTAGE_API_URL", remedy=remedy)


def _elsewhere(url: httpx.URL) -> Refusal:
    return Refusal(
        "a link leads to another place than the configured address, so the token was not sent",
        where=f"Vantage {url.path}",
        remedy="Check VANTAGE_API_URL; if it is right, report the link to Vantage",
    )
