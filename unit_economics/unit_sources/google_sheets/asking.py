"""The conversation with Google: the published CSV, or the values of a range.

Here: which calls a count takes. Not here: how any call is made (web_api/), the token (service_account.py), how a table
is read (table.py).

A published CSV is handed out by another host, so one redirect to googleusercontent.com is followed; nothing secret but
the link itself is ever sent, and that was in the redirect. Of the values API, numbers come as they are kept and dates
as whole numbers, so nothing depends on how the sheet looks or on its language.
"""

import re
from urllib.parse import quote

from unit_economics.business_days import DayRange
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal
from unit_economics.unit_sources.counting import Judge, Tally
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.given_rows import tally_of
from unit_economics.unit_sources.google_sheets import GoogleSheetUnits
from unit_economics.unit_sources.google_sheets.service_account import Key
from unit_economics.unit_sources.google_sheets.table import Cells, Columns, csv_cells, day_of, given_rows
from unit_economics.unit_sources.web_entry import Line, connected, plain_http
from unit_economics.web_api.address import is_loopback
from unit_economics.web_api.client import Call
from unit_economics.web_api.credentials import NOBODY, Credentials
from unit_economics.web_api.detour import Detour
from unit_economics.web_api.place import Place
from unit_economics.web_api.shape import Shape

_API = "https://sheets.googleapis.com"
_PUBLISHED = "https://docs.google.com/spreadsheets/d/e/.../pub?output=csv"
_HOST = "docs.google.com"
_RENDERED = {
    "majorDimension": "ROWS",
    "valueRenderOption": "UNFORMATTED_VALUE",
    "dateTimeRenderOption": "SERIAL_NUMBER",
}


def counted(entry: GoogleSheetUnits, days: DayRange, told: Told, outside: Outside) -> Tally:
    """The tally of these days."""
    cells, first_row, where = _published(entry, outside) if entry.published else _values(entry, outside)
    columns = Columns(entry.day, entry.quantity, [one.column for _, one in sorted(entry.split_by.items())])
    rows = given_rows(cells, columns, first_row, where)
    judge = Judge(where, entry.day, entry.quantity, told, "Correct the sheet", "Make it one row a day in the sheet")
    return tally_of(rows, days, judge, day_of=day_of, absent="the sheet has no row of this day")


def _published(entry: GoogleSheetUnits, outside: Outside) -> tuple[Cells, int, str]:
    variable = entry.published or ""
    place = Place("Google Sheets", variable, _PUBLISHED, is_address_secret=True)
    line = Line(
        outside.secret(variable), place, NOBODY, entry.timeout, is_page=True, detour=Detour("googleusercontent.com")
    )
    with connected(line, outside) as api:
        host = api.home.base.host
        if host != _HOST and not is_loopback(host):
            what = f"the link is not one of {_HOST}"
            raise UsageRefusal(
                what, where=variable, remedy=f"Publish the sheet as CSV, and paste a link like {_PUBLISHED}"
            )
        where = place.of("")
        return csv_cells(api.fetch(api.home.base, "text/csv", "CSV"), where), 1, where


def _values(entry: GoogleSheetUnits, outside: Outside) -> tuple[Cells, int, str]:
    variable, address = entry.service_account or "", entry.address or _API
    token = Key.read(variable, outside).access_token(outside, entry.timeout)
    setting = "`address` of the entry" if entry.address else "`sheet` of the entry"
    rights = "share the sheet with the service account's address, as a reader"
    place = Place("Google Sheets", setting, _API, rights=rights, remedy="Check `sheet` and `range`")
    secret = Credentials.bearer(token)
    plain_http(secret, is_allowed=False, address=address, where=setting)
    with connected(Line(address, place, secret, entry.timeout), outside) as api:
        path = f"/v4/spreadsheets/{entry.sheet}/values/{quote(entry.range or '', safe='')}"
        answer = api.ask(Call("GET", api.home.url(path, _RENDERED)))
    where = place.of(f"{entry.range} of {entry.sheet}")
    shape = Shape(where, "Check `sheet` and `range`")
    given = shape.members(answer, "the top")
    if given.get("majorDimension") != "ROWS":
        raise shape.wrong("majorDimension", "ROWS", given.get("majorDimension"))
    rows = shape.items(given.get("values", []), "values")  # Google leaves it out where every cell is empty
    return [shape.items(row, "values[*]") for row in rows], _first_row(given.get("range"), shape), where


def _first_row(written: object, shape: Shape) -> int:
    """The sheet's own number of the first row that was answered, so that a message names a row as people see it."""
    found = re.search(r"(?:^|!)\$?[A-Za-z]*\$?([0-9]*)(?::|$)", written) if isinstance(written, str) else None
    if found is None:
        raise shape.wrong("range", "a range like Orders!A1:D9", written)
    return int(found[1] or 1)
