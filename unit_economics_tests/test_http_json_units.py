"""Units from anybody's own API, on loopback: found by JSONPath, page by page, exact to the last digit.

Here: what is counted. Not here: servers that misbehave in ways that no protocol has (test_web_units.py).
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics.unit_sources.given_rows import iso_day
from unit_economics.unit_sources.http_json import HttpJsonUnits
from unit_economics_tests.web_server import Reply, Request, as_json, serving

CALENDAR = BusinessCalendar(ZoneInfo("Europe/Berlin"), timedelta())
SATURDAY, SUNDAY = date(2026, 3, 28), date(2026, 3, 29)
TWO = [{"day": "2026-03-28", "quantity": 3}, {"day": "2026-03-29", "quantity": 4}]
VARIABLES = {"API_TOKEN": "canary-token", "OTHER_KEY": "canary-other", "NAMES_KEY": "k" * 16}


def entry(address: str, **more: Any) -> HttpJsonUnits:
    return HttpJsonUnits.model_validate({"kind": "http_json", "address": address, **more})


def read(answer: Callable[[Request], Reply], path: str = "/orders", **more: Any) -> Count:
    with serving(answer) as server:
        units = entry(f"{server.url}{path}", **more)
        days = DayRange(SATURDAY, SUNDAY)
        return units.count(days, calendar=CALENDAR, unit="Order", outside=Outside(VARIABLES))


def of(content: object, **more: Any) -> Count:
    return read(lambda _: as_json(content), **more)


def quantities(found: Count) -> list[Decimal]:
    return found.units["quantity"].tolist()


def test_rows_days_and_quantities_are_found_by_path_or_by_name() -> None:
    rows = [{"at": {"day": row["day"]}, "n": [row["quantity"]]} for row in TWO]
    found = of({"data": {"items": rows}}, rows="$.data.items", day="$.at.day", quantity="$.n[0]")
    assert quantities(found) == [3, 4]
    assert quantities(of(TWO)) == [3, 4]
    assert quantities(of([{"day": "2026-03-28", "a.b": 1}], quantity="a.b")) == [1]
    assert quantities(of([["2026-03-28", 5]], day="$[0]", quantity="$[1]")) == [5]


def test_the_address_says_which_days_are_wanted() -> None:
    asked: list[Mapping[str, str]] = []

    def answer(request: Request) -> Reply:
        asked.append({**request.parameters, "path": request.path})
        return as_json(TWO)

    read(answer, "/orders/{from}/{last}?until={to}&a={from_epoch}&b={to_epoch}")
    # Midnights of Berlin, of which the second is in summer time.
    assert asked == [
        {"path": "/orders/2026-03-28/2026-03-29", "until": "2026-03-30", "a": "1774652400", "b": "1774821600"}
    ]


def test_headers_carry_secrets_and_what_is_none() -> None:
    asked: list[Mapping[str, str]] = []

    def answer(request: Request) -> Reply:
        asked.append(request.headers)
        return as_json(TWO)

    bearer = {"variable": "API_TOKEN", "prefix": "Bearer "}
    read(answer, headers={"Authorization": bearer, "X-Api-Key": {"variable": "OTHER_KEY"}, "X-Tenant": "shop"})
    [headers] = asked
    assert headers["authorization"] == "Bearer canary-token"
    assert (headers["x-api-key"], headers["x-tenant"]) == ("canary-other", "shop")


@pytest.mark.parametrize(
    ("written", "exact"),
    [
        ("12345678901234567890.123456789012", "12345678901234567890.123456789012"), ("0.1", "0.1"), ("1e3", "1000"),
        ('"0.30"', "0.30"), ('"7"', "7"), ("0", "0"),
    ],
)  # fmt: skip
def test_numbers_are_exact_and_texts_are_taken_where_they_are_plain_decimals(written: str, exact: str) -> None:
    body = f'[{{"day": "2026-03-28", "quantity": {written}}}]'.encode()
    assert quantities(read(lambda _: Reply(body))) == [Decimal(exact)]


@pytest.mark.parametrize("written", ['"1e3"', '"1,234"', '" 7"', '""', "null", "true", '"NaN"', "{}", "[1]", "-1"])
def test_a_quantity_that_is_no_plain_number_refuses_its_day_alone(written: str) -> None:
    body = f'[{{"day": "2026-03-28", "quantity": {written}}}, {{"day": "2026-03-29", "quantity": 4}}]'.encode()
    found = read(lambda _: Reply(body))
    assert (quantities(found), list(found.refused)) == ([4], [SATURDAY])
    assert "member quantity" in found.refused[SATURDAY]


def test_a_moment_is_a_day_only_where_it_is_a_midnight_of_the_business_zone() -> None:
    midnights = [{"day": "2026-03-27T23:00:00Z", "quantity": 3}, {"day": "2026-03-29T00:00:00+01:00", "quantity": 4}]
    assert quantities(of(midnights)) == [3, 4]
    for moment in (
        "2026-03-28T00:00:00Z",
        "2026-03-28T00:00:00",
        "2026-03-28 00:00",
        1774652400,
        "28.03.2026",
        None,
        {},
    ):
        with pytest.raises(Refusal, match=r"member day in row 1 is .* no day like 2026-03-28"):
            of([{"day": moment, "quantity": 3}])


@pytest.mark.parametrize(
    ("zone", "day", "begins", "other"),
    [
        # Beirut's clocks go from midnight to 1:00, so the day begins at 1:00.
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-29T01:00:00+03:00", "2026-03-29T02:00:00+03:00"),
        # Havana's go back from 1:00 to midnight, so the day has two of them and begins at the first.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T00:00:00-04:00", "2026-11-01T00:00:00-05:00"),
    ],
)
def test_the_moment_at_which_a_day_begins_is_that_day_also_where_the_clocks_change_at_midnight(
    zone: str, day: date, begins: str, other: str
) -> None:
    assert iso_day(begins, ZoneInfo(zone)) == day
    assert iso_day(other, ZoneInfo(zone)) is None


def test_a_day_twice_is_refused_and_a_day_not_asked_for_is_read_over() -> None:
    found = of([*TWO, TWO[0], {"day": "2026-03-30", "quantity": "not looked at"}])
    assert "there are 2 rows for 2026-03-28. Make it one row a day" in found.refused[SATURDAY]
    assert quantities(found) == [4]


def test_dimensions_are_found_like_the_day_and_names_leave_only_as_keyed_hashes() -> None:
    rows = [
        {"day": "2026-03-28", "quantity": 3, "shop": {"region": "eu"}, "customer": "Jane Doe"},
        {"day": "2026-03-28", "quantity": 4, "shop": {}, "customer": "John Roe"},
        {"day": "2026-03-29", "quantity": "Jane", "shop": {"region": "Roe"}, "customer": ["Jane"]},
    ]
    who = {"area": "$.shop.region", "who": {"column": "customer", "pseudonym": "NAMES_KEY"}}
    found = of(rows, dimensions=who)
    assert quantities(found) == [4, 3]
    assert (found.totals, list(found.refused)) == ({SATURDAY: 7}, [SUNDAY])
    assert not any(name in f"{found}{found.units.to_dict()}" for name in ("Jane", "John", "Roe"))


def test_a_day_without_a_row_is_missing_unless_it_is_said_to_be_zero() -> None:
    assert of(TWO[:1]).absent == {SUNDAY: "the API has no row of this day"}
    assert quantities(of(TWO[:1], absent_day="zero")) == [3, 0]
    assert set(of([]).absent) == {SATURDAY, SUNDAY}


@pytest.mark.parametrize(
    ("content", "more", "said"),
    [
        ({"data": []}, {"rows": "$.items"}, r"nothing and not a list at \$\.items"),
        ({"items": {}}, {"rows": "$.items"}, r"an object and not a list at \$\.items"),
        ({"a": []}, {}, r"an object and not a list at \$"),
        ([1], {}, "a number and not an object at a row"),
        ([["2026-03-28"]], {"day": "$[*]", "quantity": "$[0]"}, None),
        ([["2026-03-28", "x"]], {"day": "$[*]", "quantity": "$[0]"}, r"\$\[\*\] finds 2 values and not one"),
        ({"a": [[], []]}, {"rows": "$.a[*]"}, r"\$\.a\[\*\] finds 2 values"),
    ],
)
def test_an_answer_of_another_shape_is_refused_with_the_path(content: object, more: dict[str, Any], said: str) -> None:
    if said is None:
        assert list(of(content, **more).refused) == [SATURDAY]
        return
    with pytest.raises(Refusal, match=said):
        of(content, **more)


# Pages


def paged(link: Callable[[int], object], pages: int = 3) -> Callable[[Request], Reply]:
    def answer(request: Request) -> Reply:
        number = int(request.parameters.get("page", "1"))
        day = f"2026-03-{26 + number}"
        following = link(number + 1) if number < pages else None
        return as_json({"rows": [{"day": day, "quantity": number}], "meta": {"next": following}})

    return answer


@pytest.mark.parametrize(
    "link", [lambda n: f"?page={n}&x=1", lambda n: f"/orders?page={n}", lambda n: f"../orders?page={n}"]
)
def test_links_to_the_next_page_are_followed(link: Callable[[int], str]) -> None:
    assert quantities(read(paged(link), rows="$.rows", next="$.meta.next")) == [2, 3]


def test_a_cursor_is_put_into_its_parameter() -> None:
    found = read(paged(lambda n: n), "/orders?size=1", rows="$.rows", next="$.meta.next", next_parameter="page")
    assert quantities(found) == [2, 3]


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("http://127.0.0.1:1/orders?page=2", "another place"),
        ("https://evil.example/", "another place"),
        ("//evil.example/orders", "another place"),
        ("?page=1", "in a circle"),
        (7, "a number and not a link at"),
        (["?page=2"], "a list and not a link at"),
    ],
)
def test_a_link_that_leads_elsewhere_or_nowhere_is_refused(link: object, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        read(paged(lambda _: link), "/orders?page=1", rows="$.rows", next="$.meta.next")


def test_more_pages_than_allowed_are_refused() -> None:
    with pytest.raises(Refusal, match="more than 5 pages"):
        read(paged(lambda n: n, 9), rows="$.rows", next="$.meta.next", next_parameter="page", most_pages=5)


def test_a_cursor_that_stays_the_same_is_a_circle() -> None:
    with pytest.raises(Refusal, match="in a circle"):
        read(paged(lambda _: 1), rows="$.rows", next="$.meta.next", next_parameter="page")


# The entry


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rows": "data.items"}, "begins with"),
        ({"rows": "$.["}, "no JSONPath"),
        ({"day": "$.a["}, "no JSONPath"),
        ({"dimensions": {"area": "$["}}, "dimensions.area"),
        ({"address": "https://api.example.com/{day}"}, "address"),
        ({"address": "https://{from}.example.com/"}, "address"),
        ({"address": "https://api.example.com/{from"}, "address"),
        ({"address": "https://api.example.com/{from}}"}, "address"),
        ({"next_parameter": "page"}, "belongs to `next`"),
        ({"headers": {"Authorization": "Bearer canary"}}, "name a variable"),
        ({"headers": {"X-Api-Key": "canary"}}, "name a variable"),
        ({"headers": {"Host": "evil.example"}}, "set by the platform"),
        ({"headers": {"X-Tenant": "a\nb"}}, "plain characters"),
        ({"headers": {"X-A": {"variable": "api-token"}}}, "variable"),
        ({"headers": {"X-A": {"variable": "API_TOKEN", "prefix": "a\r\n"}}}, "prefix"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused_when_it_is_read(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said) as error:
        HttpJsonUnits.model_validate({"kind": "http_json", "address": "https://api.example.com/x", **change})
    assert "canary" not in str(error.value)


def test_a_secret_goes_over_plain_http_only_where_the_entry_says_so() -> None:
    headers = {"Authorization": {"variable": "API_TOKEN"}}
    days = DayRange(SATURDAY, SUNDAY)
    refused = entry("http://nowhere.invalid/orders", headers=headers)
    with pytest.raises(UsageRefusal, match="unencrypted http"):
        refused.count(days, calendar=CALENDAR, unit="Order", outside=Outside(VARIABLES))
