"""One call to one host under fixed rules: where a secret may go, how long, how much, how often.

Here: the address check, the deadline, the size limit, and the one retry layer. Not here: which calls there are and
what their answers mean (vantage/, unit_sources/), what a refused answer is called (refused.py), how long a wait is
(waits.py).

What is sent again by itself: GET and DELETE after any passing fault, and a POST that is said to only read; PUT only
when it was surely not applied, because nobody but the caller can look first; any other POST never.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self, TypeVar

import httpx
import tenacity

from unit_economics.refusals import Refusal, Unreachable
from unit_economics.web_api import strict_json
from unit_economics.web_api.address import HomeAddress
from unit_economics.web_api.credentials import NOBODY, Credentials
from unit_economics.web_api.deadline import Deadline, DeadlineTransport
from unit_economics.web_api.detour import Detour
from unit_economics.web_api.refused import refused
from unit_economics.web_api.strict_json import Json
from unit_economics.web_api.waits import Clock, backoff, wanted_wait

T = TypeVar("T")
_PASSING = {408, 429}
AGAIN = "Run it again later"


class Fault(Unreachable):
    """One call that got no usable answer and may get one later; `maybe_applied` where it may have had its effect."""

    def __init__(
        self, what: str, *, where: str, remedy: str = AGAIN, maybe_applied: bool = True, wait: float | None = None
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
class Call:
    """What is sent, and what may come back; `only_reads` lets it be sent again whatever its method."""

    method: str
    url: httpx.URL
    body: Mapping[str, object] | None = None
    form: Mapping[str, str] | None = None
    accept: str = "application/json"
    wanted: str = "JSON"
    only_reads: bool = False

    def may_be_resent(self, fault: Fault) -> bool:
        """Whether sending it once more can't count twice."""
        is_read = self.only_reads or self.method in {"GET", "DELETE"}
        return is_read or (self.method == "PUT" and not fault.maybe_applied)


class WebApi:
    """Calls to the configured address, and to no other; close it after use."""

    def __init__(
        self,
        home: HomeAddress,
        credentials: Credentials = NOBODY,
        *,
        transport: httpx.BaseTransport | None = None,
        limits: Limits,
        clock: Clock,
        detour: Detour | None = None,
    ) -> None:
        self.home, self.clock, self._credentials, self._limits = home, clock, credentials, limits
        self._detour, self._deadline = detour, Deadline(clock.monotonic)
        # The transport alone, without httpx.Client around it: so nothing can follow a redirect, keep a cookie, or
        # read a proxy or a netrc from the environment.
        self._transport = transport or DeadlineTransport(self._deadline, is_tls=home.base.scheme == "https")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def call(self, method: str, url: httpx.URL, body: Mapping[str, object] | None = None) -> Json:
        """The JSON object that answers one call, sent again where that is safe; raises `Fault` or another `Refusal`."""
        return self._resent(Call(method, url, body), self._parsed)

    def ask(self, call: Call) -> object:
        """The JSON value, of any kind, that answers a call; raises `Fault` or another `Refusal`."""
        return self._resent(call, lambda content, where: strict_json.parse(content, where, self._report))

    def fetch(self, url: httpx.URL, accept: str, wanted: str) -> bytes:
        """The bytes at a URL, which must be of the type `accept`; raises `Fault` or another `Refusal`."""
        return self._resent(Call("GET", url, accept=accept, wanted=wanted), lambda content, _: content)

    def said(self, text: str) -> str:
        """What the service says inside an answer, short, on one line, and without a secret that it repeats."""
        return strict_json.plain(self._credentials.without_secrets(text))

    @property
    def _report(self) -> str:
        return f"Try again later; if it stays, report it to {self.home.place.name}"

    def _parsed(self, content: bytes, where: str) -> Json:
        return strict_json.parse_object(content, where, self._report)

    def _resent(self, call: Call, read: Callable[[bytes, str], T]) -> T:
        given_up = self.clock.monotonic() + self._limits.patience_seconds

        def is_over(state: tenacity.RetryCallState) -> bool:
            too_late = self.clock.monotonic() + state.upcoming_sleep > given_up
            return too_late or state.attempt_number >= self._limits.tries

        layer = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda fault: isinstance(fault, Fault) and call.may_be_resent(fault)),
            wait=_wait,
            stop=is_over,
            sleep=self.clock.sleep,
            reraise=True,
        )
        return layer(self._once, call, read)

    def _once(self, call: Call, read: Callable[[bytes, str], T]) -> T:
        self.home.refuse_elsewhere(call.url)
        where = self.home.place.of(f"{call.method} {call.url.path}")
        self._deadline.start(self._limits.call_seconds)
        answer, content = self._answered(self._request(call, call.url, self._credentials.headers), where)
        if self._detour and 300 <= answer.status_code < 400:
            elsewhere = self._detour.target(call.url, answer, where)
            answer, content = self._answered(self._request(call, elsewhere, {}), where)
        self._judge(answer, content, call, where)
        return read(content, where)

    def _answered(self, request: httpx.Request, where: str) -> tuple[httpx.Response, bytes]:
        try:
            answer = self._transport.handle_request(request)
            try:
                return answer, self._read(answer, where)
            finally:
                answer.close()
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Fault("could not connect", where=where, maybe_applied=False) from error
        except httpx.TransportError as error:
            raise Fault(f"the connection failed ({type(error).__name__})", where=where) from error
        except httpx.DecodingError as error:
            raise Refusal("the answer can't be unpacked", where=where, remedy=AGAIN) from error

    def _request(self, call: Call, url: httpx.URL, secret_headers: Mapping[str, str]) -> httpx.Request:
        headers = {
            "accept": call.accept,
            # One coding only: a body packed twice could grow a million times before its size is seen.
            "accept-encoding": "gzip",
            **secret_headers,
            "user-agent": "unit-economics",
        }
        timeout = httpx.Timeout(self._limits.silent_seconds, connect=self._limits.connect_seconds)
        extensions = {"timeout": timeout.as_dict()}
        return httpx.Request(call.method, url, headers=headers, json=call.body, data=call.form, extensions=extensions)

    def _read(self, answer: httpx.Response, where: str) -> bytes:
        coding = answer.headers.get("content-encoding", "identity").strip().lower()
        if coding not in {"gzip", "identity"}:
            raise Refusal("the answer is packed in a way that was not asked for", where=where, remedy=AGAIN)
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > self._limits.body_bytes:
                raise Refusal(
                    f"the answer is larger than {self._limits.body_bytes} bytes",
                    where=where,
                    remedy=f"Ask for fewer days, or check {self.home.place.setting}",
                )
        return bytes(content)

    def _judge(self, answer: httpx.Response, content: bytes, call: Call, where: str) -> None:
        status = answer.status_code
        if status in _PASSING or status >= 500:
            wait = wanted_wait(answer.headers, self.clock.now())
            raise Fault(f"answered {status}", where=where, maybe_applied=status != 429, wait=wait)
        if status not in {200, 201}:
            said = self._credentials.without_secrets(content[:2000].decode(errors="replace"))
            raise refused(status, said, self.home.place, self._credentials.names, where)
        kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != call.accept and not (call.wanted == "JSON" and kind.endswith("+json")):
            raise Refusal(
                f"the answer is {strict_json.plain(kind) or 'of no type'} instead of {call.wanted}",
                where=where,
                remedy=f"Check {self.home.place.setting}",
            )
        if call.wanted != "JSON" and not {"content-length", "transfer-encoding"} & set(answer.headers):
            raise Refusal("the answer does not say where it ends, so it may be cut", where=where, remedy=AGAIN)


def _wait(state: tenacity.RetryCallState) -> float:
    fault = state.outcome.exception() if state.outcome else None
    asked = fault.wait if isinstance(fault, Fault) else None
    return backoff(state.attempt_number) if asked is None else asked
