"""The client of Vantage's API: where the token goes, how long a call may take, what is sent again."""

import gzip
import logging
import time
from collections.abc import Callable
from datetime import date, timedelta
from email.utils import format_datetime

import httpx
import pytest

from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_desk import Answer, Asked, Desk
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.vantage.api import PLACE, VantageApi
from unit_economics.web_api.address import HomeAddress
from unit_economics.web_api.client import Fault, Limits
from unit_economics.web_api.waits import Clock, backoff, wanted_wait
from unit_economics_tests.vantage_faults import (
    START,
    TOKEN,
    FakeTime,
    InMemory,
    RawServer,
    Scripted,
    client,
    http_answer,
    json_reply,
    outside,
    raw_server,
)

DAY = date(2024, 3, 1)
OK = json_reply({"bearer_token": {}})
HOME = "https://api.vantage.sh/v2"

JSON = "content-type: application/json\r\n"

CALLS: dict[str, Callable[[VantageApi], object]] = {
    "GET": lambda api: api.me(),
    "PUT": lambda api: api.put_values("m", [{"date": "2024-03-01T00:00:00Z", "amount": 1}]),
    "DELETE": lambda api: api.delete_day("m", DAY, label=""),
    "POST": lambda api: api.http.call("POST", api.http.home.url("/business_metrics", {}), {"title": "Orders"}),
}


# Waiting and sending again


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "-5"}, 1),
        ({"retry-after": "1000000000"}, 300),
        ({"retry-after": "9" * 500}, 300),
        ({"retry-after": format_datetime(START + timedelta(seconds=90), usegmt=True)}, 90),
        ({"retry-after": format_datetime(START - timedelta(days=1), usegmt=True)}, 1),
        ({"retry-after": format_datetime(START + timedelta(days=900), usegmt=True)}, 300),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": "Mon, 01 Jan 99999999999 00:00:00 GMT"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
        ({"x-rate-limit-reset": str(int(START.timestamp()) + 42)}, 42),
        ({"x-rate-limit-reset": "0"}, 1),
        ({"x-rate-limit-reset": "99999999999"}, 300),
        ({"x-rate-limit-reset": "NaN"}, None),
        ({"retry-after": "soon", "x-rate-limit-reset": str(int(START.timestamp()) + 42)}, 42),
    ],
)
def test_the_wait_that_a_server_asks_for_is_kept_between_one_second_and_five_minutes(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert wanted_wait(httpx.Headers(headers), START) == seconds
    time = FakeTime()
    transport = Scripted(json_reply({}, 429, headers), OK)
    with client(transport, time=time) as api:
        api.me()
    (slept,) = time.slept
    assert slept == seconds or (seconds is None and 1 <= slept <= 2)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 520])
def test_a_passing_fault_is_tried_again_until_it_has_passed(status: int) -> None:
    transport = Scripted(json_reply({}, status), json_reply("<html>", status), OK)
    with client(transport) as api:
        api.me()
    assert len(transport.requests) == 3


def test_a_status_that_no_rule_names_is_not_tried_again() -> None:
    transport = Scripted(json_reply({}, 425), OK)
    with client(transport) as api, pytest.raises(Refusal, match="answered 425"):
        api.me()
    assert len(transport.requests) == 1


@pytest.mark.parametrize("status", [500, 429])
def test_a_fault_that_never_passes_ends_after_six_tries(status: int) -> None:
    transport, time = Scripted(json_reply({}, status)), FakeTime()
    with client(transport, time=time) as api, pytest.raises(Unreachable, match=f"answered {status}"):
        api.me()
    assert len(transport.requests) == 6
    assert 30 < sum(time.slept) < 130


def test_a_server_that_asks_for_long_waits_uses_up_the_patience_and_not_more() -> None:
    transport, time = Scripted(json_reply({}, 429, {"retry-after": "300"})), FakeTime()
    with client(transport, time=time) as api, pytest.raises(Unreachable):
        api.me()
    assert time.passed == 900


@pytest.mark.parametrize(
    "fault",
    [
        httpx.ConnectError("no such host"),
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset"),
        httpx.RemoteProtocolError("peer closed connection without sending complete message body"),
        httpx.WriteError("reset"),
    ],
)
def test_a_connection_fault_is_tried_again_for_a_read(fault: Exception) -> None:
    transport = Scripted(fault, fault, OK)
    with client(transport) as api:
        api.me()
    assert len(transport.requests) == 3


@pytest.mark.parametrize(
    ("method", "fault", "requests"),
    [
        ("GET", json_reply({}, 500), 6),
        ("DELETE", json_reply({}, 500), 6),
        ("PUT", json_reply({}, 500), 1),
        ("POST", json_reply({}, 500), 1),
        ("GET", httpx.ReadTimeout("slow"), 6),
        ("DELETE", httpx.ReadTimeout("slow"), 6),
        ("PUT", httpx.ReadTimeout("slow"), 1),
        ("POST", httpx.ReadTimeout("slow"), 1),
        ("PUT", json_reply({}, 429), 6),
        ("POST", json_reply({}, 429), 1),
        ("PUT", httpx.ConnectError("refused"), 6),
        ("POST", httpx.ConnectError("refused"), 1),
    ],
)
def test_only_what_cannot_count_twice_is_sent_again(
    method: str, fault: httpx.Response | Exception, requests: int
) -> None:
    transport = Scripted(fault)
    with client(transport) as api, pytest.raises(Fault):
        CALLS[method](api)
    assert [request.method for request in transport.requests] == [method] * requests


def test_the_backoff_doubles_up_to_a_minute() -> None:
    assert all(2.0**n / 2 <= backoff(n) <= 2.0**n for n in range(1, 6))
    assert all(30 <= backoff(n) <= 60 for n in range(6, 60))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 406, 422])
@pytest.mark.parametrize("method", CALLS)
def test_a_refusal_of_the_server_is_never_sent_again(method: str, status: int) -> None:
    transport, time = Scripted(json_reply({"errors": ["no"]}, status)), FakeTime()
    with client(transport, time=time) as api, pytest.raises(Refusal) as error:
        CALLS[method](api)
    assert (len(transport.requests), time.slept) == (1, [])
    assert not isinstance(error.value, Unreachable)
    assert ("VANTAGE_API_TOKEN" in str(error.value)) == (status in {401, 403})


# Answers that cost too much


def limits(**more: float) -> Limits:
    return Limits(tries=1, **more)  # type: ignore[arg-type]


def read(server: RawServer, bounds: Limits) -> object:
    api = VantageApi.connect(outside(server.url), "VANTAGE_API_TOKEN", limits=bounds, clock=Clock())
    with api:
        return api.me()


@pytest.mark.parametrize("where", ["body", "headers"])
def test_a_server_that_sends_one_byte_at_a_time_is_given_up_at_the_deadline(where: str) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n"
    start = (head + b"\r\n",) if where == "body" else (head, b"x-slow: ")
    with raw_server(*start, *[b"a"] * 5000, drip_seconds=0.02) as server:
        begun = time.monotonic()
        with pytest.raises(Unreachable):
            read(server, limits(call_seconds=0.4, silent_seconds=10))
        assert 0.3 < time.monotonic() - begun < 2


def test_a_server_that_never_answers_is_given_up() -> None:
    with raw_server(b"HTTP/1.1 ", b"", drip_seconds=30) as server, pytest.raises(Unreachable, match="ReadTimeout"):
        read(server, limits(silent_seconds=0.1))


def test_a_server_that_falls_silent_is_given_up_at_the_deadline_of_the_call() -> None:
    with raw_server(b"HTTP/1.1 ", b"", drip_seconds=30) as server:
        begun = time.monotonic()
        with pytest.raises(Unreachable):
            read(server, limits(call_seconds=0.2, silent_seconds=20))
        assert time.monotonic() - begun < 2


def test_httpx_by_itself_would_wait_for_such_a_server() -> None:
    pieces = [b"HTTP/1.1 200 OK\r\ncontent-length: 40\r\n\r\n", *[b"a"] * 40]
    with raw_server(*pieces, drip_seconds=0.02) as server:
        begun = time.monotonic()
        httpx.get(server.url, timeout=0.3, trust_env=False)
        assert time.monotonic() - begun > 0.6


def test_a_packed_answer_that_grows_without_end_is_refused() -> None:
    bomb = gzip.compress(b"[" + b" " * 80_000_000)
    assert len(bomb) < 100_000
    packed = http_answer(bomb, headers=JSON + "content-encoding: gzip\r\n")
    with raw_server(packed) as server, pytest.raises(Refusal, match="larger than 33554432 bytes"):
        read(server, limits())


@pytest.mark.parametrize("coding", ["gzip, gzip", "br", "zstd", "deflate", "x"])
def test_an_answer_packed_another_way_than_asked_for_is_refused(coding: str) -> None:
    packed = http_answer(b"{}", headers=f"content-type: application/json\r\ncontent-encoding: {coding}\r\n")
    with raw_server(packed) as server, pytest.raises(Refusal, match="not asked for"):
        read(server, limits())


def test_a_packed_answer_of_the_right_size_is_read() -> None:
    packed = http_answer(gzip.compress(b'{"a": 1}'), headers=JSON + "content-encoding: gzip\r\n")
    with raw_server(packed) as server:
        assert read(server, limits()) == {"a": 1}


@pytest.mark.parametrize(
    ("reply", "kind", "said"),
    [
        (http_answer(b'{"a": ', headers=JSON + "content-length: 99\r\n"), Fault, "RemoteProtocolError"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n" + b'{"a": ', Refusal, "not valid JSON"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200_000 + b"\r\n", Fault, "ProtocolError"),
        (b"", Fault, "ProtocolError"),
        (b"\x00" * 1000, Fault, "ProtocolError"),
        (http_answer(b"not gzip", headers=JSON + "content-encoding: gzip\r\n"), Refusal, "can't be unpacked"),
        (http_answer(b"<html>hello</html>", headers="content-type: text/html\r\n"), Refusal, "text/html instead"),
        (http_answer(b"<html>hello</html>"), Refusal, "not valid JSON"),
        (http_answer(b"{}", headers=""), Refusal, "of no type instead of JSON"),
        (http_answer(b"", status="204 No Content"), Refusal, "answered 204"),
    ],
)  # fmt: skip
def test_a_broken_answer_is_a_fault_or_a_refusal_and_nothing_else(reply: bytes, kind: type, said: str) -> None:
    with raw_server(reply) as server, pytest.raises(kind, match=said):
        read(server, limits(silent_seconds=5))


def test_nobody_there_is_unreachable() -> None:
    with raw_server() as server:
        pass
    with pytest.raises(Unreachable, match="could not connect"):
        read(server, limits())


# Where the token goes


ELSEWHERE = [
    "https://evil.example/v2/costs?page=2",
    "http://api.vantage.sh/v2/costs?page=2",
    "http://api.vantage.sh:443/v2/costs?page=2",
    "https://api.vantage.sh:8443/v2/costs?page=2",
    "https://api.vantage.sh:80/v2/costs?page=2",
    "//evil.example/v2/costs",
    "///evil.example/v2/costs",
    "\\\\evil.example/v2/costs",
    "/\\evil.example/v2/costs",
    "https://api.vantage.sh@evil.example/v2/costs",
    "https://user:pass@api.vantage.sh/v2/costs",
    "https://user@api.vantage.sh/v2/costs?page=2",
    "https://@evil.example/v2/costs",
    "https://api.vantage.sh.evil.example/v2/costs",
    "https://evil.example/api.vantage.sh/v2/costs",
    "https://evil.example?api.vantage.sh/v2/costs",
    "https://evil.example#api.vantage.sh/v2/costs",
    "https://evil.example\\@api.vantage.sh/v2/costs",
    "https://api-vantage.sh/v2/costs",
    "https://api.vantage.sh./v2/costs",
    "https://xapi.vantage.sh/v2/costs",
    "https://vantage.sh/v2/costs",
    "https://api.v\N{CYRILLIC SMALL LETTER A}ntage.sh/v2/costs",
    "https://api。vantage。sh.evil.example/v2/costs",
    "https://169.254.169.254/latest/meta-data",
    "http://169.254.169.254/latest/meta-data",
    "http://[::ffff:169.254.169.254]/v2/costs",
    "https://127.0.0.1/v2/costs",
    "http://127.0.0.1/v2/costs",
    "http://localhost/v2/costs",
    "https://[::1]/v2/costs",
    "https://0/v2/costs",
    "https://2130706433/v2/costs",
    "https://0x7f000001/v2/costs",
    "file:///etc/passwd",
    "ftp://api.vantage.sh/v2/costs",
    "ws://api.vantage.sh/v2/costs",
    "gopher://api.vantage.sh/v2/costs",
    "javascript:alert(1)",
    "data:application/json,{}",
    "https:api.vantage.sh",
    "https://",
    "https:///v2/costs",
    "http://[::1",
    "https://api.vantage.sh:99999/v2/costs",
    "https://api.vantage.sh:x/v2/costs",
    "https://evil.example%2f@api.vantage.sh/v2/costs",
    "https://api.vantage.sh%00.evil.example/v2/costs",
    "https://api.vantage.sh\t.evil.example/v2/costs",
    "https://api.vantage.sh\r\nx: y/v2/costs",
    "/v2/me?page=2",
    "../../v1/costs",
    "/v2/costs/../me",
]
"""Links that lead elsewhere than https://api.vantage.sh/v2/costs, most of them in disguise."""


@pytest.mark.parametrize("link", ELSEWHERE)
def test_a_next_link_to_anywhere_else_is_refused_before_anything_is_sent(link: str) -> None:
    # An empty host is the host of the page itself, so these two lead to the page that was just read.
    said = "in a circle" if link in {"https://", "https:///v2/costs"} else "another place"
    transport = Scripted(json_reply({"costs": [], "links": {"next": link}}))
    api = VantageApi.connect(outside(HOME), "VANTAGE_API_TOKEN", transport=transport, clock=FakeTime().clock)
    with api, pytest.raises(Refusal, match=said):
        list(api.cost_pages({}))
    assert [request.url.host for request in transport.requests] == ["api.vantage.sh"]


@pytest.mark.parametrize("link", ELSEWHERE)
def test_a_redirect_to_anywhere_is_refused_and_not_followed(link: str) -> None:
    location = link.encode("ascii", "ignore").decode().replace("\r\n", "").replace("\t", "")
    for status in (301, 302, 303, 307, 308):
        transport = Scripted(json_reply({}, status, {"location": location}))
        with client(transport) as api, pytest.raises(Refusal, match="redirect"):
            api.me()
        assert len(transport.requests) == 1


@pytest.mark.parametrize(
    "link",
    ["/v2/costs?page=2", "?page=2", "https://api.vantage.sh/v2/costs?page=2", "https://api.vantage.sh:443/v2/costs?page=2",
     "HTTPS://API.VANTAGE.SH/v2/costs?page=2"],
)  # fmt: skip
def test_a_next_link_to_the_same_place_is_followed(link: str) -> None:
    transport = Scripted(json_reply({"links": {"next": link}}), json_reply({"links": {"next": None}}))
    api = VantageApi.connect(outside(HOME), "VANTAGE_API_TOKEN", transport=transport, clock=FakeTime().clock)
    with api:
        assert len(list(api.cost_pages({}))) == 2
    assert [request.url.params["page"] for request in transport.requests] == ["1", "2"]
    assert {request.headers["authorization"] for request in transport.requests} == {f"Bearer {TOKEN}"}


@pytest.mark.parametrize(
    "address",
    [
        "http://api.vantage.sh/v2", "http://10.0.0.1/v2", "http://169.254.169.254", "http://127.0.0.1.evil.example",
        "http://localhost.evil.example", "http://0x7f.1/", "http://evil.example#127.0.0.1", "http://evil.example?localhost",
        "https://user:pass@api.vantage.sh/v2", "https://user@api.vantage.sh", "https://@api.vantage.sh/v2",
        "https://api.vantage.sh/v2?token=1", "https://api.vantage.sh/v2#x", "https://api.vantage.sh\\@evil.example",
        "ftp://api.vantage.sh", "file:///etc/passwd", "api.vantage.sh/v2", "https://", "//api.vantage.sh", "https://[::1",
        "https://api.vantage.sh:x/v2", "https://api.vantage.sh\n/v2", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_an_address_that_a_token_may_not_go_to_is_refused(address: str) -> None:
    with pytest.raises(UsageRefusal, match="VANTAGE_API_URL"):
        HomeAddress.read(address, PLACE)


@pytest.mark.parametrize(
    "address",
    ["https://api.vantage.sh/v2", "https://api.vantage.sh/v2/", "https://vantage.example:8443", "http://127.0.0.1:4010/v2",
     "http://localhost:4010/v2", "http://[::1]:4010/v2", "http://127.8.9.10/v2"],
)  # fmt: skip
def test_an_address_with_https_or_on_this_very_machine_is_taken(address: str) -> None:
    url = HomeAddress.read(address, PLACE).url("/me", {})
    assert str(url) == address.rstrip("/") + "/me"


def pages_that_lead_to(other: RawServer) -> bytes:
    return http_answer(f'{{"costs": [], "links": {{"next": "{other.url}/costs"}}}}'.encode())


def test_a_naive_client_would_send_the_token_to_the_other_server() -> None:
    with raw_server(http_answer(b"{}")) as other, raw_server(pages_that_lead_to(other)) as home:
        with httpx.Client(headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False) as naive:
            naive.get(naive.get(f"{home.url}/costs").json()["links"]["next"])
        assert other.saw(TOKEN)


def test_between_two_servers_only_the_configured_one_sees_the_token() -> None:
    with raw_server(http_answer(b"{}")) as other, raw_server(pages_that_lead_to(other)) as home:
        with client(url=home.url) as api, pytest.raises(Refusal, match="another place"):
            list(api.cost_pages({}))
        assert home.saw(TOKEN)
        assert other.received == []


def test_a_proxy_or_a_netrc_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw_server(http_answer(b"{}")) as other, raw_server(http_answer(b'{"a": 1}')) as home:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, other.url.removesuffix("/v2"))
        assert read(home, limits()) == {"a": 1}
        assert other.received == []


@pytest.mark.parametrize("token", ["a b", "a\nb", "tökén", "a\x00", "a\x7f"])
def test_a_token_that_no_header_can_hold_is_refused_by_the_name_of_its_variable(token: str) -> None:
    world = outside(HOME, VANTAGE_API_TOKEN=token)
    with pytest.raises(UsageRefusal, match="VANTAGE_API_TOKEN") as error:
        VantageApi.connect(world, "VANTAGE_API_TOKEN")
    assert token not in str(error.value)


@pytest.mark.parametrize("metric", ["", "../me", "a/b", "a?b", "a#b", "a b", "%2e%2e", "é", "a" * 101])
def test_a_metric_that_would_change_the_path_is_refused(metric: str) -> None:
    with client(Scripted(OK)) as api, pytest.raises(UsageRefusal):
        api.metric(metric)


def test_neither_logs_nor_errors_nor_reprs_show_the_token_or_the_query(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"bad token Bearer {TOKEN}"
    shown: list[str] = []
    for status in (400, 401, 403, 404, 422, 302, 500, 200):
        with raw_server(http_answer(echo.encode(), status=f"{status} X")) as server:
            try:
                read(server, limits())
            except Refusal as error:
                shown += [str(error), repr(error), repr(error.__cause__)]
    with client(Scripted(OK)) as api:
        shown += [repr(api), repr(api.http), repr(vars(api.http))]
        with pytest.raises(Refusal) as refused:
            api.http.call("GET", httpx.URL("https://evil.example/x?secret=1"))
    assert "secret" not in str(refused.value)
    assert TOKEN not in "".join(shown)
    assert TOKEN not in caplog.text


# Creating a business metric


def test_a_metric_that_exists_is_found_on_any_page_and_not_created_again() -> None:
    books = Books(TOKEN, most_a_page=10)
    tokens = [books.add_metric(f"Orders {n}") for n in range(35)]
    with client(InMemory(Desk(books).answer)) as api:
        assert api.create_metric("Orders 33") == tokens[33]
        assert api.create_metric("Orders") == "bsnss_mtrc_0000000000000024"
    assert len(books.metrics) == 36


def test_two_metrics_of_one_title_are_refused() -> None:
    books = Books(TOKEN)
    books.add_metric("Orders")
    books.add_metric("Orders")
    with (
        client(InMemory(Desk(books).answer)) as api,
        pytest.raises(Refusal, match="2 business metrics are called 'Orders'"),
    ):
        api.create_metric("Orders")
    assert len(books.metrics) == 2


@pytest.mark.parametrize("is_applied", [True, False])
@pytest.mark.parametrize("status", [None, 500, 503])
def test_a_creation_without_an_answer_is_looked_up_and_never_sent_twice(status: int | None, is_applied: bool) -> None:
    books, posted = Books(TOKEN), []

    def answer(asked: Asked) -> Answer | None:
        if asked.method == "GET":
            return Desk(books).answer(asked)
        posted.append(asked)
        if is_applied:
            Desk(books).answer(asked)
        return None if status is None else Answer(status, {})

    with client(InMemory(answer)) as api:
        if is_applied:
            assert api.create_metric("Orders") in books.metrics
        else:
            with pytest.raises(Unreachable):
                api.create_metric("Orders")
    assert (len(posted), len(books.metrics)) == (1, int(is_applied))


def test_a_day_is_deleted_with_both_bounds_and_a_label_always() -> None:
    transport = Scripted(json_reply({"deleted_count": 1}))
    with client(transport) as api:
        api.delete_day("m", DAY, label="")
    assert dict(transport.requests[0].url.params) == {"start_date": "2024-03-01", "end_date": "2024-03-01", "label": ""}
