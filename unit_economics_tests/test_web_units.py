"""What every unit source that is asked over the web does with a server that misbehaves, and with its secrets.

Here: the same faults for all kinds. Not here: what one kind counts (test_prometheus_units.py and its siblings).
"""

import gzip
import json
import logging
import time
import traceback
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count, UnitSource
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal, Unreachable, UsageRefusal
from unit_economics.unit_sources import KINDS, web_entry
from unit_economics.web_api.waits import Clock, wanted_wait
from unit_economics_tests.test_google_sheet_units import SHEET, service_account
from unit_economics_tests.vantage_faults import START, FakeTime, http_answer, raw_server
from unit_economics_tests.web_server import Reply, Request, as_json, serving

CANARIES = {
    "PROM_TOKEN": "canary-prom-token", "PROM_USER": "canary-user", "PROM_PASSWORD": "canary-p%ss+word",
    "DATADOG_API_KEY": "canary-api", "DATADOG_APPLICATION_KEY": "canary-application", "API_TOKEN": "canary-token",
}  # fmt: skip
ACCESS_TOKEN = "canary-access"
CALENDAR = BusinessCalendar(ZoneInfo("UTC"), timedelta())
DAYS = DayRange(date(2026, 3, 28), date(2026, 3, 29))
ENTRIES: dict[str, dict[str, Any]] = {
    "prometheus": {"kind": "prometheus", "query": "orders", "over_day": "sum", "token": "PROM_TOKEN"},
    "prometheus, basic": {
        "kind": "prometheus", "query": "orders_total", "over_day": "increase", "user": "PROM_USER",
        "password": "PROM_PASSWORD",
    },
    "datadog": {"kind": "datadog", "query": "sum:orders{*}.as_count()", "over_day": "sum"},
    "sheet": {"kind": "google_sheets", "sheet": SHEET, "range": "A:B", "service_account": "GOOGLE_KEY"},
    "published sheet": {"kind": "google_sheets", "published": "SHEET_URL"},
    "http_json": {"kind": "http_json", "headers": {"Authorization": {"variable": "API_TOKEN", "prefix": "Bearer "}}},
}  # fmt: skip
ASKING_JSON = sorted(set(ENTRIES) - {"published sheet"})


def entry(name: str, address: str, **more: Any) -> UnitSource:
    fields = {**ENTRIES[name], **more}
    if "published" not in fields:
        fields["address"] = f"{address}/orders" if fields["kind"] == "http_json" else address
    return KINDS[fields["kind"]].model_validate(fields)


def count(name: str, address: str, **more: Any) -> Count:
    variables = {
        **CANARIES, "GOOGLE_KEY": service_account(f"{address}/token"), "SHEET_URL": f"{address}/canary-link?output=csv"
    }  # fmt: skip
    outside = Outside(variables)
    return entry(name, address, **more).count(DAYS, calendar=CALENDAR, unit="Order", outside=outside)


def with_token(answer: Callable[[Request], Reply]) -> Callable[[Request], Reply]:
    """Google's token first; then what the test wants."""
    token = as_json({"access_token": ACCESS_TOKEN})
    return lambda request: token if request.path == "/token" else answer(request)


def refusal(name: str, reply: Reply, **more: Any) -> tuple[Refusal, int]:
    with serving(with_token(lambda _: reply)) as server:
        with pytest.raises(Refusal) as error:
            count(name, server.url, **more)
        return error.value, len([one for one in server.requests if one.path != "/token"])


def left_in(text: str) -> list[str]:
    key = json.loads(service_account("x"))["private_key"].splitlines()[3]
    secrets = [*CANARIES.values(), ACCESS_TOKEN, "canary-link", key]
    return [secret for secret in secrets if secret in text]


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 302, 422])
def test_a_refusing_server_is_asked_once_and_no_secret_that_it_repeats_is_shown(name: str, status: int) -> None:
    said = " ".join([*CANARIES.values(), ACCESS_TOKEN, "%25ss%2Bword"])
    headers = {"location": "https://evil.example/", "content-type": "application/json"}
    error, requests = refusal(name, Reply(said.encode(), status, headers))
    assert requests == 1
    assert not isinstance(error, Unreachable)
    assert str(status) in str(error) or "it redirects to a host" in str(error)
    own = (
        [*CANARIES.values()] if name == "published sheet" else [CANARIES.get(v, ACCESS_TOKEN) for v in _variables(name)]
    )
    assert not {*own, "canary-link"} & set(left_in(str(error)))
    if status in {401, 403} and name != "published sheet":
        assert all(variable in str(error) for variable in _variables(name))


def _variables(name: str) -> list[str]:
    named = {
        "prometheus": ["PROM_TOKEN"], "prometheus, basic": ["PROM_USER", "PROM_PASSWORD"],
        "datadog": ["DATADOG_API_KEY", "DATADOG_APPLICATION_KEY"], "sheet": ["GOOGLE_KEY"], "http_json": ["API_TOKEN"],
    }  # fmt: skip
    return named.get(name, [])


@pytest.mark.parametrize("name", ENTRIES)
def test_a_page_for_people_in_place_of_data_is_refused(name: str) -> None:
    error, _ = refusal(name, Reply(b"<html>log in</html>", headers={"content-type": "text/html"}))
    assert f"text/html instead of {'CSV' if name == 'published sheet' else 'JSON'}" in str(error)


@pytest.mark.parametrize("name", ASKING_JSON)
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"data": ', "not valid JSON"), (b'{"a": NaN}', "not valid JSON"), (b'{"a": 1, "a": 2}', "given twice"),
        (b"[" * 100_000, "nested too deeply"), (b"", "not valid JSON"), (b"{}", ""), (b"7", ""), (b"null", ""),
        (b'{"status": "success", "data": {"result": [{"metric": 7, "value": [1, "2"], "values": []}]}}', "not"),
        (b'{"status": "success", "data": {"result": [{"metric": {}, "value": 7, "values": [7]}]}}', "not"),
    ],
)  # fmt: skip
def test_an_answer_that_is_not_as_it_should_be_is_never_taken_for_no_data(name: str, body: bytes, said: str) -> None:
    if name == "sheet" and body == b"{}":
        body = b'{"range": 7}'
    error, _ = refusal(name, Reply(body), absent_day="zero")
    assert said in str(error)


@pytest.mark.parametrize("name", ENTRIES)
def test_an_answer_without_end_is_refused(name: str) -> None:
    kind = "text/csv" if name == "published sheet" else "application/json"
    bomb = Reply(gzip.compress(b" " * 40_000_000), headers={"content-type": kind, "content-encoding": "gzip"})
    error, _ = refusal(name, bomb)
    assert "larger than 33554432 bytes" in str(error)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_body_that_was_cut_is_a_fault_that_is_tried_again(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FakeTime()
    monkeypatch.setattr(web_entry, "clock_of", lambda _: clock.clock)
    kind = "text/csv" if name == "published sheet" else "application/json"
    error, requests = refusal(name, Reply(b"day,quantity\n", headers={"content-type": kind, "content-length": "999"}))
    assert isinstance(error, Unreachable)
    assert "RemoteProtocolError" in str(error)
    assert requests == 6


@pytest.mark.parametrize("name", ENTRIES)
@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_tried_again_and_at_last_unreachable(
    name: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeTime()
    monkeypatch.setattr(web_entry, "clock_of", lambda _: clock.clock)
    error, requests = refusal(name, Reply(b"<html>", status), absent_day="zero")
    assert isinstance(error, Unreachable)
    assert (requests, len(clock.slept)) == (6, 5)
    assert left_in(str(error)) == []


def test_a_csv_that_does_not_say_where_it_ends_is_refused() -> None:
    open_end = b"HTTP/1.1 200 OK\r\ncontent-type: text/csv\r\n\r\nday,quantity\n2026-03-28,1\n"
    with raw_server(open_end) as server, pytest.raises(Refusal, match="may be cut"):
        count("published sheet", server.url.removesuffix("/v2"))


@pytest.mark.parametrize("name", sorted(set(ENTRIES) - {"sheet"}))
def test_a_server_that_drips_is_given_up_at_the_deadline(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_entry, "clock_of", lambda _: Clock(sleep=lambda _: None))
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5000\r\n\r\n"
    with raw_server(head, *[b"a"] * 5000, drip_seconds=0.02) as server:
        begun = time.monotonic()
        with pytest.raises(Unreachable):
            count(name, server.url.removesuffix("/v2"), timeout=timedelta(seconds=0.3))
        assert time.monotonic() - begun < 5


@pytest.mark.parametrize("name", ENTRIES)
def test_no_secret_is_in_a_log_a_traceback_or_what_is_printed(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with serving(with_token(lambda _: Reply(b"no", 404))) as server:
        source = entry(name, server.url)
        with pytest.raises(Refusal) as error:
            count(name, server.url)
    seen = f"{source!r} {source.model_dump_json()} {caplog.text} " + "".join(traceback.format_exception(error.value))
    assert left_in(seen) == []


@pytest.mark.parametrize("name", ["prometheus", "prometheus, basic", "http_json", "datadog", "sheet"])
def test_a_secret_goes_over_plain_http_to_no_other_machine(name: str) -> None:
    if name == "sheet":
        with serving(with_token(lambda _: as_json({}))) as server, pytest.raises(UsageRefusal, match="unencrypted"):
            variables = {"GOOGLE_KEY": service_account(f"{server.url}/token")}
            entry(name, "http://sheets.example").count(
                DAYS, calendar=CALENDAR, unit="Order", outside=Outside(variables)
            )
        return
    with pytest.raises(UsageRefusal, match=r"unencrypted http.*https"):
        count(name, "http://nowhere.invalid:9090")


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("prometheus", {"token": None}), ("http_json", {"headers": {}}), ("prometheus", {"allow_plain_http": True}),
        ("http_json", {"allow_plain_http": True}),
    ],
)  # fmt: skip
def test_plain_http_is_for_who_sends_no_secret_or_says_that_it_may(
    name: str, more: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_entry, "clock_of", lambda _: Clock(sleep=lambda _: None))
    with pytest.raises(Unreachable, match="could not connect"):
        count(name, "http://nowhere.invalid:9090", **more)


def test_an_address_in_a_variable_is_shown_by_its_name_alone() -> None:
    units = {"kind": "prometheus", "url": "PROM_URL", "query": "x", "over_day": "sum"}
    source = KINDS["prometheus"].model_validate(units)
    with serving(lambda _: Reply(b"canary", 404)) as server, pytest.raises(Refusal, match="at PROM_URL") as error:
        outside = Outside({"PROM_URL": f"{server.url}/canary-path"})
        source.count(DAYS, calendar=CALENDAR, unit="Order", outside=outside)
    assert "canary" not in str(error.value)


def test_a_partial_answer_of_prometheus_is_refused() -> None:
    content = {"status": "success", "data": {"resultType": "matrix", "result": []}, "warnings": ["store is down"]}
    error, _ = refusal("prometheus", as_json(content))
    assert "may be partial, because Prometheus warns" in str(error)


@pytest.mark.parametrize("name", ["prometheus", "prometheus, basic", "datadog"])
@pytest.mark.parametrize("told", [{"status": "error"}, {"status": "success"}])
def test_no_secret_that_an_error_inside_an_answer_repeats_is_shown(name: str, told: dict[str, str]) -> None:
    said = " ".join(CANARIES[variable] for variable in _variables(name))
    error, _ = refusal(name, as_json({**told, "error": f"not for {said}", "warnings": [f"not for {said}"]}))
    assert "not for ***" in str(error)
    assert left_in(str(error)) == []


@pytest.mark.parametrize(
    ("reset", "seconds"), [("17", 17), ("0", 1), ("99999", 300), (str(int(START.timestamp()) + 42), 42), ("soon", None)]
)
def test_a_reset_is_the_seconds_that_are_left_or_the_moment(reset: str, seconds: float | None) -> None:
    assert wanted_wait({"x-ratelimit-reset": reset}, START) == seconds


def test_basic_authentication_is_what_rfc_7617_says() -> None:
    with raw_server(http_answer(b"{}", status="401 Unauthorized")) as server, pytest.raises(Refusal):
        count("prometheus, basic", server.url.removesuffix("/v2"))
    [request] = server.received
    assert b"authorization: basic y2fuyxj5lxvzzxi6y2fuyxj5lxalc3mrd29yza==" in request.lower()
