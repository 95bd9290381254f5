"""Units from a Google sheet, by servers on loopback that speak Google's protocols as far as they are documented.

The documentation: "Using OAuth 2.0 for Server to Server Applications",
https://developers.google.com/identity/protocols/oauth2/service-account (the assertion, signed with RS256), "Method:
spreadsheets.values.get", https://developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets.values/get
(empty trailing rows and cells are left out), "Date and time serial numbers" of the same API's guides. How a published
CSV is handed out (a redirect to googleusercontent.com) is nowhere documented: it was seen.

Here: what is counted. Not here: servers that misbehave in ways that no protocol has (test_web_units.py).
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote
from zoneinfo import ZoneInfo

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import ValidationError

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.google_sheets import GoogleSheetUnits
from unit_economics.web_api.detour import Detour
from unit_economics_tests.web_server import Reply, Request, as_json, serving

NOW = datetime(2026, 4, 1, 9, tzinfo=UTC)
CALENDAR = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta())
SATURDAY, SUNDAY = date(2026, 3, 28), date(2026, 3, 29)
SERIAL = (SATURDAY - date(1899, 12, 30)).days
SHEET = "1canarySheetIdentifier"
TOKEN = "canary-access-token"
EMAIL = "reader@shop.iam.gserviceaccount.com"
CSV = {"content-type": "text/csv"}


@cache
def private_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def service_account(endpoint: str, **change: object) -> str:
    pem = private_key().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key = {
        "type": "service_account", "client_email": EMAIL, "private_key": pem.decode(), "private_key_id": "key-1",
        "token_uri": endpoint, **change,
    }  # fmt: skip
    return json.dumps({name: value for name, value in key.items() if value is not None})


@dataclass
class Google:
    """A token endpoint that checks the signature, and the values of one range."""

    values: list[list[object]]
    range: str = "Orders!A1:D99"
    url: str = ""
    asked: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        return self._token(request) if request.path == "/token" else self._values(request)

    def _token(self, request: Request) -> Reply:
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        try:
            claims = jwt.decode(
                form["assertion"], private_key().public_key(), ["RS256"], audience=f"{self.url}/token",
                options={"verify_exp": False, "verify_iat": False},
            )  # fmt: skip
        except jwt.PyJWTError:
            return as_json({"error": "invalid_grant", "error_description": f"Bad {form['assertion']}"}, 400)
        assert claims["iss"] == EMAIL
        assert claims["scope"] == "https://www.googleapis.com/auth/spreadsheets.readonly"
        assert (claims["iat"], claims["exp"] - claims["iat"]) == (int(NOW.timestamp()), 3600)
        assert jwt.get_unverified_header(form["assertion"]) == {"alg": "RS256", "typ": "JWT", "kid": "key-1"}
        return as_json({"access_token": TOKEN, "expires_in": 3599, "token_type": "Bearer"})

    def _values(self, request: Request) -> Reply:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert unquote(request.path) == f"/v4/spreadsheets/{SHEET}/values/'My orders'!A:D"
        assert request.parameters == {
            "majorDimension": "ROWS", "valueRenderOption": "UNFORMATTED_VALUE", "dateTimeRenderOption": "SERIAL_NUMBER"
        }  # fmt: skip
        rows = {"values": self.values} if self.values else {}
        return as_json({"range": self.range, "majorDimension": "ROWS", **rows})


def count(units: GoogleSheetUnits, folder: Path = Path(), **variables: str) -> Count:
    outside = Outside({"NAMES_KEY": "k" * 16, **variables}, folder, now=lambda: NOW)
    return units.count(DayRange(SATURDAY, SUNDAY), calendar=CALENDAR, unit="Order", outside=outside)


def by_account(
    values: list[list[object]], of: str = "Orders!A1:D99", key: dict[str, object] | None = None, **more: Any
) -> Count:
    google = Google(values, of)
    with serving(google) as server:
        google.url = server.url
        whole = {
            "kind": "google_sheets", "sheet": SHEET, "range": "'My orders'!A:D", "service_account": "GOOGLE_KEY",
            "address": server.url,
        }  # fmt: skip
        return count(
            GoogleSheetUnits.model_validate(whole), GOOGLE_KEY=service_account(f"{server.url}/token", **(key or {}))
        )


@contextmanager
def published(answer: Callable[[Request], Reply], **more: Any) -> Iterator[Callable[[], Count]]:
    with serving(answer) as server:
        units = GoogleSheetUnits.model_validate({"kind": "google_sheets", "published": "SHEET_URL", **more})
        yield lambda: count(units, SHEET_URL=f"{server.url}/spreadsheets/d/e/2PACX-canary/pub?gid=0&output=csv")


def from_csv(text: str | bytes, **more: Any) -> Count:
    content = text if isinstance(text, bytes) else text.encode()
    with published(lambda _: Reply(content, headers=CSV), **more) as counting:
        return counting()


def quantities(found: Count) -> list[Decimal]:
    return found.units["quantity"].tolist()


def test_a_service_account_signs_for_a_token_and_reads_the_range() -> None:
    found = by_account([["quantity", "note", "day"], [10, "x", SERIAL], [0.1, "", "2026-03-29"], [7, "", SERIAL + 9]])
    assert quantities(found) == [Decimal(10), Decimal("0.1")]
    assert (found.absent, found.refused) == ({}, {})


def test_a_published_csv_is_read_by_its_header() -> None:
    found = from_csv('note,quantity,day\r\n"a, b\nc",12,2026-03-28\r\n,0.50,2026-03-29\r\n\r\n,,\r\n')
    assert quantities(found) == [Decimal(12), Decimal("0.50")]


def test_a_row_is_told_by_its_number_in_the_sheet() -> None:
    values: list[list[object]] = [["day", "quantity"], [SERIAL, 1], [], [SERIAL + 1]]
    assert "column quantity in row 8 is empty" in by_account(values, "Orders!B5:D99").refused[SUNDAY]
    assert "row 4" in from_csv("day,quantity\n2026-03-28,1\n,\n2026-03-29,\n").refused[SUNDAY]
    for whole, row in (("'A!1'!A:D", 4), ("Orders", 4), ("Orders!$C$11", 14)):
        assert f"in row {row} is empty" in by_account(values, whole).refused[SUNDAY]


@pytest.mark.parametrize("quantity", ["", "1,234", "1.234,5", "12 ", "1e3", "€5", "#N/A", "NaN", "١٢", "0x10", "+5"])
def test_a_quantity_that_is_no_plain_number_refuses_its_day_alone(quantity: str) -> None:
    found = from_csv(f'day,quantity\n2026-03-28,7\n2026-03-29,"{quantity}"\n')
    if quantity == "12 ":  # spaces around a cell are nobody's number
        assert quantities(found) == [7, 12]
    else:
        assert quantities(found) == [7]
        assert "row 3" in found.refused[SUNDAY]
        assert not quantity or quantity not in found.refused[SUNDAY].replace("1234.5", "")


@pytest.mark.parametrize("cell", [True, "#REF!", "12.5%", ""])
def test_a_cell_that_is_no_number_refuses_its_day_alone(cell: object) -> None:
    found = by_account([["day", "quantity"], [SERIAL, 7], [SERIAL + 1, cell]])
    assert (quantities(found), list(found.refused)) == ([7], [SUNDAY])


def test_a_quantity_below_zero_refuses_its_day() -> None:
    assert "column quantity is -1 on 2026-03-29" in from_csv("day,quantity\n2026-03-29,-1\n").refused[SUNDAY]


@pytest.mark.parametrize("day", ["28.03.2026", "3/28/2026", "2026-3-28", "28 March", "", "2026-02-30", "46109"])
def test_a_day_that_is_no_iso_date_refuses_the_whole_sheet(day: str) -> None:
    with pytest.raises(Refusal, match=r"column day in row 2 is .* no day like 2026-03-28"):
        from_csv(f"day,quantity\n{day},1\n")


@pytest.mark.parametrize("day", [SERIAL + 0.5, -1, 0, 10**9, True, None])
def test_a_number_that_is_no_whole_day_refuses_the_whole_sheet(day: object) -> None:
    with pytest.raises(Refusal, match="column day in row 2 is"):
        by_account([["day", "quantity"], [day, 1]])


def test_a_day_that_is_there_twice_is_refused() -> None:
    found = from_csv("day,quantity\n2026-03-28,1\n2026-03-28,1\n2026-03-29,2\n")
    assert "there are 2 rows for 2026-03-28. Make it one row a day in the sheet" in found.refused[SATURDAY]
    assert quantities(found) == [2]


def test_columns_are_dimensions_and_a_persons_name_leaves_only_as_a_keyed_hash() -> None:
    who = {"area": "region", "who": {"column": "customer", "pseudonym": "NAMES_KEY", "top": 1}}
    rows = "2026-03-28,5,eu,Jane Doe\n2026-03-28,2,,Jane Doe\n2026-03-29,1,us,John Roe\n2026-03-29,1,us,John Roe\n"
    found = from_csv(f"day,quantity,region,customer\n{rows}", dimensions=who)
    assert found.totals == {SATURDAY: 7}
    assert "(none)" in str(found.units["dimensions"].tolist())
    assert "there are 2 rows for 2026-03-29" in found.refused[SUNDAY]
    assert not any(name in f"{found}{found.units.to_dict()}" for name in ("Jane", "John", "Roe"))


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("day,quantity,quantity", "columns 2, 3 have the same header"),
        ("day,Quantity", "no column has the header 'quantity'"),
        ("Jane,7", "no column has the header 'day'"),
    ],
)
def test_a_column_that_cannot_be_told_by_its_header_is_refused(header: str, said: str) -> None:
    with pytest.raises(UsageRefusal, match=said) as error:
        from_csv(f"{header}\n2026-03-28,1\n")
    assert "Jane" not in str(error.value)


def test_an_empty_table_is_not_a_table_without_days() -> None:
    for read in (lambda: from_csv(b""), lambda: by_account([])):
        with pytest.raises(UsageRefusal, match="not even a header"):
            read()


def test_a_day_without_a_row_is_missing_unless_it_is_said_to_be_zero() -> None:
    rows = "day,quantity\n2026-03-28,3\n"
    assert from_csv(rows).absent == {SUNDAY: "the sheet has no row of this day"}
    assert quantities(from_csv(rows, absent_day="zero")) == [3, 0]


@pytest.mark.parametrize(("content", "said"), [(b"\xff\xfe", "UTF-8"), (b'day,"quantity', "CSV"), (b'a\n"b" c', "CSV")])
def test_what_is_no_csv_in_utf8_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(Refusal, match=f"is not valid {said}"):
        from_csv(content)


# Where a published sheet may be


def test_a_redirect_to_googles_own_files_is_followed_once() -> None:
    def redirecting(request: Request) -> Reply:
        if request.path.startswith("/spreadsheets"):
            return Reply(b"", 307, {"location": "/pub/handed-out"})
        return Reply(b"day,quantity\n2026-03-28,3\n2026-03-29,4\n", headers=CSV)

    with published(redirecting) as counting:
        assert quantities(counting()) == [3, 4]
    again = Reply(b"", 307, {"location": "/again"})
    with published(lambda _: again) as counting, pytest.raises(Refusal, match="a redirect"):
        counting()


@pytest.mark.parametrize(
    "location",
    [
        "https://accounts.google.com/ServiceLogin", "https://evilgoogleusercontent.com/x", "http://doc.googleusercontent.com/",
        "https://googleusercontent.com.evil.example/", "https://user:p@doc.googleusercontent.com/",
        "https://doc.googleusercontent.com:8443/", "https://googleusercontent.com/", "https://[::1", "",
    ],
)  # fmt: skip
def test_a_redirect_to_anywhere_else_is_refused(location: str) -> None:
    asked = httpx.URL("https://docs.google.com/spreadsheets/d/e/x/pub")
    with pytest.raises(Refusal, match=r"not below googleusercontent\.com"):
        Detour("googleusercontent.com").target(asked, httpx.Response(307, headers={"location": location}), "here")


def test_googles_files_are_followed_to_by_https() -> None:
    location = "https://doc-0s-4g-sheets.googleusercontent.com/pub/abc?output=csv"
    answer = httpx.Response(307, headers={"location": location})
    assert (
        str(Detour("googleusercontent.com").target(httpx.URL("https://docs.google.com/x"), answer, "here")) == location
    )


@pytest.mark.parametrize(
    "link", ["https://evil.example/canary-link", "http://docs.google.com/canary-link", "canary-link"]
)
def test_a_link_to_another_place_is_refused_without_being_shown(link: str) -> None:
    units = GoogleSheetUnits.model_validate({"kind": "google_sheets", "published": "SHEET_URL"})
    with pytest.raises(UsageRefusal, match="SHEET_URL") as error:
        count(units, SHEET_URL=link)
    assert "canary" not in str(error.value)


# The service account


def test_the_key_may_be_in_a_file(tmp_path: Path) -> None:
    google = Google([["day", "quantity"], [SERIAL, 1], [SERIAL + 1, 2]])
    with serving(google) as server:
        google.url = server.url
        (tmp_path / "key.json").write_text(service_account(f"{server.url}/token"))
        units = GoogleSheetUnits.model_validate(
            {"kind": "google_sheets", "sheet": SHEET, "range": "'My orders'!A:D", "service_account": "GOOGLE_KEY",
             "address": server.url}
        )  # fmt: skip
        assert quantities(count(units, tmp_path, GOOGLE_KEY="key.json")) == [1, 2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"private_key": None}, "it has no private_key"),
        ({"client_email": 7}, "it has no client_email"),
        ({"private_key": "canary-key"}, "its private_key can't sign"),
        ({"token_uri": "https://evil.example/token"}, "its token_uri is not https://oauth2.googleapis.com/token"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_by_the_name_of_its_variable(change: dict[str, object], said: str) -> None:
    with pytest.raises(UsageRefusal, match=said) as error:
        by_account([["day", "quantity"]], key=change)
    assert "GOOGLE_KEY" in str(error.value)
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("written", ["{canary", "canary/nowhere.json", "[1]", "\x00canary"])
def test_what_is_no_key_is_refused_without_being_shown(written: str, tmp_path: Path) -> None:
    units = {"kind": "google_sheets", "sheet": SHEET, "range": "A:B", "service_account": "GOOGLE_KEY"}
    with pytest.raises(UsageRefusal, match="GOOGLE_KEY") as error:
        count(GoogleSheetUnits.model_validate(units), tmp_path, GOOGLE_KEY=written)
    assert "canary" not in str(error.value)


def test_a_signature_that_google_does_not_accept_is_refused_without_showing_it() -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(Refusal, match=r"answered 400: .*invalid_grant.*Bad \*\*\*.*Check the key in GOOGLE_KEY"):
        by_account([["day", "quantity"]], key={"private_key": other.decode()})


@pytest.mark.parametrize(
    "change",
    [
        {}, {"published": "SHEET_URL", "sheet": SHEET}, {"sheet": SHEET}, {"sheet": SHEET, "range": "A:B"},
        {"published": "https://docs.google.com/x"}, {"sheet": "../x", "range": "A:B", "service_account": "GOOGLE_KEY"},
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_meant_is_refused_when_it_is_read(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GoogleSheetUnits.model_validate({"kind": "google_sheets", **change})
