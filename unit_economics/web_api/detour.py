"""The one redirect that may be followed: where a service is known to hand its files out from another host.

Here: which hosts, and that nothing secret goes along. Not here: the call itself (client.py); without a detour no
redirect is ever followed. A page on this very machine may lead to this very machine.
"""

from dataclasses import dataclass

import httpx

from unit_economics.refusals import Refusal
from unit_economics.web_api.address import is_loopback


@dataclass(frozen=True)
class Detour:
    """To https on any host below `domain`, like googleusercontent.com; once, and without the credentials."""

    domain: str

    def target(self, asked: httpx.URL, answer: httpx.Response, where: str) -> httpx.URL:
        """Where the answer redirects to; raises `Refusal` where that is anywhere else."""
        try:
            target = asked.join(answer.headers.get("location", ""))
        except (httpx.InvalidURL, UnicodeError):
            raise self._elsewhere(where) from None
        if target.userinfo or not (self._is_known(target) or _stays_here(asked, target)):
            raise self._elsewhere(where)
        return target

    def _is_known(self, url: httpx.URL) -> bool:
        return url.scheme == "https" and url.port is None and url.host.endswith(f".{self.domain}")

    def _elsewhere(self, where: str) -> Refusal:
        what = f"it redirects to a host that is not below {self.domain}, so it was not followed"
        return Refusal(what, where=where, remedy="Check that the link is the published one, and published to everybody")


def _stays_here(asked: httpx.URL, target: httpx.URL) -> bool:
    is_plain = asked.scheme == target.scheme == "http"
    return is_plain and is_loopback(asked.host) and is_loopback(target.host)
