"""One call to one host under fixed rules: where the token may go, how long, how much, how often.

Here: the address check, the deadline, the size limit, and the one retry layer. Not here: which calls there are
(api.py), what their answers mean (answers.py), and how long a wait is (waits.py).

What is sent again by itself: GET and DELETE after any passing fault; PUT only when it was surely not applied, because
nobody but the caller can look first; POST never.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

import httpx
import tenacity

from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.vantage import answers
from unit_economics.vantage.address import HomeAddress
from unit_economics.vantage.answers import Json
from unit_economics.vantage.deadline import Deadline, DeadlineTransport
from unit_economics.vantage.waits import Clock, backoff, wanted_wait

_PASSING = {408, 425, 429}
_AGAIN = "Run it again later"


class Fault(Unreachable):
    """One call that got no usable answer and may get one later; `maybe_applied` where it may have had its effect."""

    def __init__(
        self, what: str, *, where: str, remedy: str = _AGAIN, maybe_applied: bool = True, wait: float | None = None
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.maybe_applied, self.wait = maybe_applied, wait


@dataclass(frozen=True)
class Limits:
    """What one call may cost before it is given up."""

    connect_seconds: float = 10.0
    silent_seconds: float = 30.0
    call_seconds: float = 120.0
    patience_seconds: float = 900.0
    tries: int = 6
    body_bytes: int = 32 * 1024 * 1024


@dataclass(frozen=True)
class Token:
    """A secret and the name of the variable that holds it; only the name is ever shown."""

    variable: str
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\x21-\x7e]+", self.value):
            raise UsageRefusal(
                f"the variable {self.variable} holds a character that no token has",
                where="environment",
                remedy="Paste the token again, without quotes, spaces or line breaks",
            )


class VantageHttp:
    """Calls to the configured address, and to no other; close it after use."""

    def __init__(
        self,
        home: HomeAddress,
        token: Token,
        *,
        transport: httpx.BaseTransport | None = None,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self.home, self.clock, self._token, self._limits = home, clock, token, limits
        self._deadline = Deadline(clock.monotonic)
        # The transport alone, without httpx.Client around it: so nothing can follow a redirect, keep a cookie, or
        # read a proxy or a netrc from the environment.
        self._transport = transport or DeadlineTransport(self._deadline, is_tls=home.base.scheme == "https")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def call(self, method: str, url: httpx.URL, body: Mapping[str, object] | None = None) -> Json:
        """The answer to one call, sent again where that is safe; raises `Fault` or another `Refusal`."""
        given_up = self.clock.monotonic() + self._limits.patience_seconds

        def is_over(state: tenacity.RetryCallState) -> bool:
            too_late = self.clock.monotonic() + state.upcoming_sleep > given_up
            return too_late or state.attempt_number >= self._limits.tries

        layer = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda fault: isinstance(fault, Fault) and _may_resend(method, fault)),
            wait=_wait,
            stop=is_over,
            sleep=self.clock.sleep,
            reraise=True,
        )
        return layer(self._once, method, url, body)

    def _once(self, method: str, url: httpx.URL, body: Mapping[str, object] | None) -> Json:
        self.home.refuse_elsewhere(url)
        where = f"Vantage {method} {url.path}"
        self._deadline.start(self._limits.call_seconds)
        try:
            answer = self._transport.handle_request(self._request(method, url, body))
            try:
                content = self._read(answer, where)
            finally:
                answer.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Fault("could not connect", where=where, maybe_applied=False) from error
        except httpx.TransportError as error:
            raise Fault(f"the connection failed ({type(error).__name__})", where=where) from error
        except httpx.DecodingError as error:
            raise Refusal("the answer can't be unpacked", where=where, remedy=_AGAIN) from error
        return self._judge(answer, content, where)

    def _request(self, method: str, url: httpx.URL, body: Mapping[str, object] | None) -> httpx.Request:
        headers = {
            "accept": "application/json",
            # One coding only: a body packed twice could grow a million times before its size is seen.
            "accept-encoding": "gzip",
            "authorization": f"Bearer {self._token.value}",
            "user-agent": "unit-economics",
        }
        timeout = httpx.Timeout(self._limits.silent_seconds, connect=self._limits.connect_seconds)
        return httpx.Request(method, url, headers=headers, json=body, extensions={"timeout": timeout.as_dict()})

    def _read(self, answer: httpx.Response, where: str) -> bytes:
        coding = answer.headers.get("content-encoding", "identity").strip().lower()
        if coding not in {"gzip", "identity"}:
            raise Refusal("the answer is packed in a way that was not asked for", where=where, remedy=_AGAIN)
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > self._limits.body_bytes:
                raise Refusal(
                    f"the answer is larger than {self._limits.body_bytes} bytes",
                    where=where,
                    remedy="Ask for fewer days, or check VANTAGE_API_URL",
                )
        return bytes(content)

    def _judge(self, answer: httpx.Response, content: bytes, where: str) -> Json:
        status = answer.status_code
        if status in _PASSING or status >= 500:
            wait = wanted_wait(answer.headers, self.clock.now())
            raise Fault(f"answered {status}", where=where, maybe_applied=status != 429, wait=wait)
        if status not in {200, 201}:
            raise self._refusal(status, content, where)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            raise Refusal(
                f"the answer is {answers.plain(kind) or 'of no type'} instead of JSON",
                where=where,
                remedy="Check VANTAGE_API_URL",
            )
        return answers.parse(content, where)

    def _refusal(self, status: int, content: bytes, where: str) -> Refusal:
        if status in {401, 403}:
            lack = "the token was not accepted" if status == 401 else "the token may not do this"
            scope = "" if status == 401 else " (business metrics need a token with the scopes read and write)"
            remedy = f"Check the variable {self._token.variable}{scope}"
            return Refusal(f"{lack} ({status})", where=where, remedy=remedy)
        if 300 <= status < 400:
            what = f"answered with a redirect ({status}), which is never followed"
            return Refusal(what, where=where, remedy="Check VANTAGE_API_URL")
        said = content[:2000].decode(errors="replace").replace(self._token.value, "***")
        what = f"answered {status}: {answers.plain(said) or 'no reason given'}"
        return Refusal(what, where=where, remedy="Check the tokens and names in the catalogue")


def _may_resend(method: str, fault: Fault) -> bool:
    return method in {"GET", "DELETE"} or (method == "PUT" and not fault.maybe_applied)


def _wait(state: tenacity.RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.wait if isinstance(fault, Fault) else None
    return backoff(state.attempt_number) if asked is None else asked
