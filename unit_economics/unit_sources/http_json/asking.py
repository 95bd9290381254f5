"""The conversation with somebody's own API: its pages, and their rows.

Here: the first URL, the way from page to page, the rows of a page. Not here: how any call is made (web_api/), how a
value is found (finding.py), what a row must be like (given_rows.py).
"""

from collections.abc import Iterator

import httpx

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics.unit_sources.counting import Judge, Tally
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.given_rows import Given, iso_day, tally_of
from unit_economics.unit_sources.http_json import HttpJsonUnits, SecretHeader
from unit_economics.unit_sources.http_json.finding import found
from unit_economics.unit_sources.web_entry import Line, connected, plain_http
from unit_economics.web_api.client import Call, WebApi
from unit_economics.web_api.credentials import NOBODY, Credentials, Token
from unit_economics.web_api.place import Place
from unit_economics.web_api.shape import Shape


def counted(entry: HttpJsonUnits, days: DayRange, calendar: BusinessCalendar, told: Told, outside: Outside) -> Tally:
    """The tally of these days."""
    line = _line(entry, _address(entry.address, days, calendar), outside)
    with connected(line, outside) as api:
        where = line.place.of(f"GET {api.home.base.path}")
        shape = Shape(where, "Correct the paths of the entry, or the API")
        judge = Judge(
            where, entry.day, entry.quantity, told, "Correct the API's answer", "Make it one row a day", noun="member"
        )
        return tally_of(
            _rows(entry, api, shape),
            days,
            judge,
            day_of=lambda value: iso_day(value, calendar.timezone),
            absent="the API has no row of this day",
        )


def _address(template: str, days: DayRange, calendar: BusinessCalendar) -> str:
    start, end = calendar.window(days)
    values = {
        "from": str(days.first),
        "to": str(days.end),
        "last": str(days.last),
        "from_epoch": str(int(start.timestamp())),
        "to_epoch": str(int(end.timestamp())),
    }
    return template.format(**values)


def _line(entry: HttpJsonUnits, address: str, outside: Outside) -> Line:
    secret = NOBODY
    for name, value in entry.headers.items():
        if isinstance(value, SecretHeader):
            secret |= Credentials.header(name, Token(value.variable, outside.secret(value.variable)), value.prefix)
    setting = "`address` of the entry"
    is_open = plain_http(secret, is_allowed=entry.allow_plain_http, address=address, where=setting)
    stated = {name.lower(): value for name, value in entry.headers.items() if isinstance(value, str)}
    place = Place("the API", setting, "https://api.example.com/orders?from={from}&to={to}")
    return Line(address, place, secret | Credentials((), stated), entry.timeout, plain_http=is_open, is_page=True)


def _rows(entry: HttpJsonUnits, api: WebApi, shape: Shape) -> Iterator[Given]:
    columns = [one.column for _, one in sorted(entry.split_by.items())]
    for page_number, page in enumerate(_pages(entry, api, shape), 1):
        rows = shape.items(found(entry.rows, page, shape), entry.rows)
        for number, row in enumerate(rows, 1):
            at = f"row {number} of page {page_number}" if entry.next else f"row {number}"
            raw = tuple(found(column, row, shape) for column in columns)
            yield Given(at, found(entry.day, row, shape), found(entry.quantity, row, shape), raw)


def _pages(entry: HttpJsonUnits, api: WebApi, shape: Shape) -> Iterator[object]:
    seen: set[str] = set()
    url: httpx.URL | None = api.home.base
    while url is not None:
        if str(url) in seen:
            raise shape.refused("the pages lead in a circle")
        if len(seen) >= entry.most_pages:
            remedy = "Ask for fewer days, or raise `most_pages`"
            raise Refusal(f"there are more than {entry.most_pages} pages", where=shape.where, remedy=remedy)
        seen.add(str(url))
        page = api.ask(Call("GET", url))
        yield page
        url = _after(url, page, entry, api, shape)


def _after(url: httpx.URL, page: object, entry: HttpJsonUnits, api: WebApi, shape: Shape) -> httpx.URL | None:
    following = found(entry.next, page, shape) if entry.next else None
    if following is None or following is False or following == "":
        return None
    if entry.next_parameter and isinstance(following, (str, int)):
        return url.copy_set_param(entry.next_parameter, str(following))
    if entry.next_parameter or not isinstance(following, str):
        raise shape.wrong(entry.next or "", "a cursor" if entry.next_parameter else "a link", following)
    return api.home.link(url, following)
