"""The conversation with Datadog's `GET /api/v1/query`, and its hours as samples.

Here: which calls a count takes, and reading their answers. Not here: how any call is made (web_api/), how hours become
a day (samples.py).

v1 and not v2 of the API: an explicit `.rollup(.., 3600)` is answered with exactly these hours, where the interval of a
v2 query is only a wish.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.counting import Judge, Tally
from unit_economics.unit_sources.datadog import DatadogUnits
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.samples import Raw, Rule, Sample, Window, by_day, tally_of, windows
from unit_economics.unit_sources.web_entry import Line, connected, plain_http
from unit_economics.web_api.client import Call, WebApi
from unit_economics.web_api.credentials import Credentials, Token
from unit_economics.web_api.place import Place
from unit_economics.web_api.shape import Shape, exact
from unit_economics.web_api.strict_json import Json, short

_PATH = "/api/v1/query"
_HOUR = timedelta(hours=1)
_SECONDS, _MILLISECONDS = 3600, 3_600_000
_LATEST = Decimal(10) ** 14
_DAYS = 30
"""Days a call: 750 hours, and Datadog gives at most 1500 points a series."""
_ROLLUP = {"sum": "sum", "mean": "avg", "max": "max", "last": "avg"}


def counted(entry: DatadogUnits, days: DayRange, calendar: BusinessCalendar, told: Told, outside: Outside) -> Tally:
    """The tally of these days."""
    of, tags = windows(days, calendar), [one.column for _, one in sorted(entry.split_by.items())]
    line = _line(entry, outside)
    _refuse_half_hours(of, line.place, calendar)
    with connected(line, outside) as api:
        samples = [one for n in range(0, len(of), _DAYS) for one in _samples(entry, api, of[n : n + _DAYS], tags)]
    judge = Judge(
        line.place.of(_PATH), "day", f"({entry.over_day} of the query)", told, "Correct `query`", noun="quantity"
    )
    absent = "Datadog has no point of this day for this query"
    rule = Rule(entry.over_day, _HOUR, entry.share, absent)
    return tally_of(by_day(samples, of), of, rule, judge)


def _line(entry: DatadogUnits, outside: Outside) -> Line:
    keys = Credentials.header("dd-api-key", Token(entry.api_key, outside.secret(entry.api_key)))
    application = Token(entry.application_key, outside.secret(entry.application_key))
    secret = keys | Credentials.header("dd-application-key", application)
    address = entry.address or f"https://api.{entry.site}"
    rights = "the application key needs timeseries_query, and both keys belong to one organisation on this `site`"
    setting = "`address` of the entry" if entry.address else "`site` of the entry"
    place = Place("Datadog", setting, "https://api.datadoghq.eu", rights=rights, remedy="Correct `query`")
    plain_http(secret, is_allowed=False, address=address, where=setting)
    return Line(address, place, secret, entry.timeout)


def _refuse_half_hours(of: Sequence[Window], place: Place, calendar: BusinessCalendar) -> None:
    uneven = [window for window in of if window.start.minute or window.end.minute]
    if uneven:
        raise UsageRefusal(
            f"the business day {uneven[0].day} in {calendar.timezone.key} does not begin and end at whole hours of UTC,"
            " and Datadog's hours can't be parted",
            where=place.of(_PATH),
            remedy="Count these units from another source",
        )


def _samples(entry: DatadogUnits, api: WebApi, of: Sequence[Window], tags: Sequence[str]) -> Iterator[Sample]:
    query = f"{entry.query.strip()}.rollup({_ROLLUP[entry.over_day]}, {_SECONDS})"
    span = {"from": str(int(of[0].start.timestamp())), "to": str(int(of[-1].end.timestamp()) - 1)}
    shape = Shape(api.home.place.of(_PATH), "Check `query`; if it stays, report it to Datadog")
    call = Call("GET", api.home.url(_PATH, {**span, "query": query}))
    answer = shape.members(api.ask(call), "the top")
    if answer.get("status") != "ok" or answer.get("error"):
        said = api.said(str(answer.get("error") or answer.get("message") or "no reason given"))
        raise Refusal(f"Datadog could not answer: {said}", where=shape.where, remedy="Correct `query`")
    for one in shape.items(answer.get("series"), "series"):
        yield from _points(shape.members(one, "series[*]"), tags, shape)


def _points(series: Json, tags: Sequence[str], shape: Shape) -> Iterator[Sample]:
    raw = _raw(series, tags, shape)
    # documented as milliseconds, answered as seconds
    if exact(series.get("interval")) not in {_SECONDS, _MILLISECONDS}:
        raise shape.refused(f"the points are {short(series.get('interval'))} apart and not an hour")
    for point in shape.items(series.get("pointlist"), "series[*].pointlist"):
        sample = _sample(point, shape)
        if sample is not None:
            yield replace(sample, raw=raw)


def _raw(series: Json, tags: Sequence[str], shape: Shape) -> Raw:
    listed = [str(tag).partition(":") for tag in shape.items(series.get("tag_set"), "series[*].tag_set")]
    values = {key: value for key, _, value in listed}
    return tuple(values.get(tag) for tag in tags)


def _sample(point: object, shape: Shape) -> Sample | None:
    pair = shape.items(point, "series[*].pointlist[*]")
    moment, value = pair if len(pair) == 2 else (None, None)
    milliseconds = exact(moment)
    if milliseconds is None or not 0 <= milliseconds < _LATEST or milliseconds % _MILLISECONDS:
        raise shape.refused(f"a point is {short(point)} and not an hour and a number")
    if value is None:
        return None
    number = exact(value) if not isinstance(value, str) else None
    if number is None:
        raise shape.refused(f"a point is {short(point)} and not an hour and a number")
    return Sample(datetime.fromtimestamp(int(milliseconds) // 1000, UTC), number)
