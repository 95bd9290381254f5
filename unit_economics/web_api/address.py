"""The one address that a secret may be sent to.

Here: reading a configured address, and telling whether another URL is the same place. Not here: sending anything.
"""

import ipaddress
from dataclasses import dataclass
from typing import Self

import httpx

from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.web_api.place import Place


@dataclass(frozen=True)
class HomeAddress:
    """Scheme, host and port of an API, and the path that all its calls begin with."""

    base: httpx.URL
    place: Place

    @classmethod
    def read(cls, written: str, place: Place, *, plain_http: bool = False) -> Self:
        """An API's address: https, or http where that is allowed or to this very machine; raises `UsageRefusal`."""
        url = _read(written.rstrip("/"), place, plain_http=plain_http)
        if url.query or url.fragment or set("?#\\") & set(written):
            raise _unusable("it holds more than a host and a path", place)
        return cls(url, place)

    @classmethod
    def of_page(cls, written: str, place: Place, *, plain_http: bool = False) -> Self:
        """The address of one page, which may hold a query; raises `UsageRefusal`."""
        url = _read(written, place, plain_http=plain_http)
        if url.fragment or set("#\\") & set(written):
            raise _unusable("it holds a fragment", place)
        return cls(url, place)

    def url(self, path: str, parameters: dict[str, str]) -> httpx.URL:
        """The URL of a call; `path` begins with a slash."""
        return self.base.copy_with(path=self.base.path.rstrip("/") + path, query=None).copy_merge_params(parameters)

    def next_url(self, asked: httpx.URL, written: str) -> httpx.URL:
        """The page after `asked`: the link as given, with every setting of `asked` that it leaves out.

        A link that leaves out a setting would be answered with the report's saved one: another number.
        """
        link = self.link(asked, written)
        if link.path != asked.path:
            raise self._elsewhere(asked)
        return asked.copy_merge_params(dict(link.params))

    def link(self, asked: httpx.URL, written: str) -> httpx.URL:
        """Where a link on the page `asked` leads, which must be the same host; raises `Refusal`."""
        try:
            link = asked.join(written)
        except (httpx.InvalidURL, UnicodeError):
            raise self._elsewhere(asked) from None
        self.refuse_elsewhere(link)
        return link

    def refuse_elsewhere(self, url: httpx.URL) -> None:
        """Raise `Refusal` unless scheme, host and port are exactly those of the configured address."""
        if url.userinfo or _origin(url) != _origin(self.base):
            raise self._elsewhere(url)

    def _elsewhere(self, url: httpx.URL) -> Refusal:
        return Refusal(
            "a link leads to another place than the configured address, so the token was not sent",
            where=self.place.of(url.path),
            remedy=f"Check {self.place.setting}; if it is right, report the link to {self.place.name}",
        )


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, by its plain spelling."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _read(written: str, place: Place, *, plain_http: bool) -> httpx.URL:
    try:
        url = httpx.URL(written)
    except (httpx.InvalidURL, UnicodeError):
        raise _unusable("it is not a URL", place) from None
    if url.userinfo or "@" in written.partition("?")[0]:
        raise _unusable("it holds a user name or password", place)
    is_open = url.scheme == "http" and (plain_http or is_loopback(url.host))
    if not url.host or not (url.scheme == "https" or is_open):
        raise _unusable("it is not https (http is only for this very machine)", place)
    return url


def _origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    default = {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, url.raw_host, url.port or default


def _unusable(why: str, place: Place) -> UsageRefusal:
    return UsageRefusal(
        f"the address can't be used: {why}", where=place.setting, remedy=f"Write it like {place.example}"
    )
