"""The conversation with a Prometheus, and its series as samples.

Here: which calls a count takes, and reading their answers. Not here: PromQL (question.py), how any call is made
(web_api/), how samples become a day (samples.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import cast

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.counting import Judge, Tally
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.prometheus import PrometheusUnits, question
from unit_economics.unit_sources.samples import (
    Day,
    Fold,
    Raw,
    Rule,
    Sample,
    Window,
    by_day,
    few,
    tally_of,
    windows,
)
from unit_economics.unit_sources.web_entry import Line, basic, bearer, connected, plain_http
from unit_economics.web_api.client import Call, WebApi
from unit_economics.web_api.place import Place
from unit_economics.web_api.shape import Shape
from unit_economics.web_api.strict_json import Json, short

_INSTANT, _RANGE = "/api/v1/query", "/api/v1/query_range"
_ABSENT = "Prometheus has no sample of this day for this query"


def counted(entry: PrometheusUnits, days: DayRange, calendar: BusinessCalendar, told: Told, outside: Outside) -> Tally:
    """The tally of these days."""
    of, labels = windows(days, calendar), [one.column for _, one in sorted(entry.split_by.items())]
    with connected(_line(entry, outside), outside) as api:
        server = Server(api, labels)
        judge = Judge(server.where, "day", f"({entry.over_day} of the query)", told, "Correct `query`", noun="quantity")
        if entry.over_day == "increase":
            return _increases(entry, server, of, judge)
        return _folded(entry, entry.over_day, server, of, judge)


def _line(entry: PrometheusUnits, outside: Outside) -> Line:
    address = outside.secret(entry.url) if entry.url else entry.address or ""
    setting = entry.url or "`address` of the entry"
    place = Place(
        "Prometheus", setting, "http://prometheus:9090", remedy="Correct `query`", is_address_secret=bool(entry.url)
    )
    user, password = entry.user, entry.password
    secret = basic(user, password, outside) if user and password else bearer(entry.token, outside)
    is_open = plain_http(secret, is_allowed=entry.allow_plain_http, address=address, where=setting)
    return Line(address, place, secret, entry.timeout, plain_http=is_open)


def _increases(entry: PrometheusUnits, server: "Server", of: Sequence[Window], judge: Judge) -> Tally:
    found: dict[date, Day] = {}
    reasons: dict[date, str] = {}
    selector, labels = entry.query.strip(), server.labels
    for window in of:
        found[window.day] = Day()
        steps = (window.end - window.start) // entry.step
        seen = min(steps, server.number(question.coverage(selector, entry.step, window)))
        if seen < entry.min_samples_share * steps:
            reasons |= {window.day: few(seen, steps, entry.min_samples_share)} if seen else {}
            continue
        for sample in server.samples(_INSTANT, question.increase(selector, labels, window)):
            found[window.day].add(sample)
    rule = Rule("last", entry.step, Decimal(0), _ABSENT, entry.round)
    tally = tally_of(found, of, rule, judge)
    return Tally(tally.rows, tally.refused, tally.absent, reasons={**tally.reasons, **reasons})


def _folded(entry: PrometheusUnits, how: Fold, server: "Server", of: Sequence[Window], judge: Judge) -> Tally:
    closed_right = how == "sum"
    samples = [
        sample
        for portion in question.portions(of, entry.step)
        for sample in server.samples(
            _RANGE, question.samples(entry.query, entry.step, portion, closed_right=closed_right)
        )
    ]
    rule = Rule(how, entry.step, entry.min_samples_share, _ABSENT, entry.round)
    return tally_of(by_day(samples, of, closed_right=closed_right), of, rule, judge)


@dataclass(frozen=True)
class Server:
    """A Prometheus, and the labels that are read off its series."""

    api: WebApi
    labels: Sequence[str]

    @property
    def where(self) -> str:
        """The server for people."""
        return self.api.home.place.of(_RANGE)

    def number(self, parameters: dict[str, str]) -> int:
        """The answer to a query that gives one whole number, or 0 where it gives none."""
        found = Server(self.api, ()).samples(_INSTANT, parameters)
        return sum(int(sample.value) for sample in found if sample.value.is_finite())

    def samples(self, path: str, parameters: dict[str, str]) -> Iterator[Sample]:
        """Every sample of every series that answers a query; raises `Refusal`."""
        shape = Shape(self.api.home.place.of(path), "Check that the address is a Prometheus'")
        answer = shape.members(self.api.ask(Call("GET", self.api.home.url(path, parameters))), "the top")
        series = [shape.members(one, "data.result[*]") for one in self._result(answer, shape)]
        self._refuse_unknown_labels(series, shape)
        for one in series:
            raw = self._raw(shape.members(one.get("metric"), "data.result[*].metric"))
            points = shape.items(one.get("values"), "data.result[*].values") if path == _RANGE else [one.get("value")]
            yield from (Sample(*_point(point, shape), raw) for point in points)

    def _result(self, answer: Json, shape: Shape) -> list[object]:
        if answer.get("status") != "success":
            said = self.api.said(str(answer.get("error", "no reason given")))
            raise Refusal(f"Prometheus could not answer: {said}", where=shape.where, remedy="Correct `query`")
        if warnings := answer.get("warnings"):
            what = f"the answer may be partial, because Prometheus warns: {self.api.said(str(warnings))}"
            raise Refusal(what, where=shape.where, remedy="Mend what it warns of, then run it again")
        return shape.items(shape.members(answer.get("data"), "data").get("result"), "data.result")

    def _raw(self, metric: Json) -> Raw:
        return tuple(cast("str | None", metric.get(label)) for label in self.labels)

    def _refuse_unknown_labels(self, series: Sequence[Json], shape: Shape) -> None:
        present = {label for one in series for label in shape.members(one.get("metric"), "data.result[*].metric")}
        unknown = [label for label in self.labels if series and label not in present]
        if unknown:
            raise UsageRefusal(
                f"no series of the query has the label {unknown[0]}",
                where=shape.where,
                remedy="Correct `dimensions`, or keep the label in the query with `by (...)`",
            )


def _point(point: object, shape: Shape) -> tuple[datetime, Decimal]:
    pair = shape.items(point, "the samples of data.result[*]")
    try:
        moment, value = pair
        return datetime.fromtimestamp(int(Decimal(str(moment))), UTC), Decimal(cast("str", value))
    except (ValueError, InvalidOperation, TypeError, OverflowError, OSError):
        raise shape.refused(f"a sample is {short(point)} and not a moment and a number") from None
