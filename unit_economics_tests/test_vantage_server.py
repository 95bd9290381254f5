"""The stand-in for Vantage answers as the published contract says, and remembers as Vantage is believed to."""

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from unit_economics.demo.standin import KeptMetric
from unit_economics.demo.vantage_books import Books, Report
from unit_economics.demo.vantage_server import serving
from unit_economics_tests.vantage_contract import ContractTransport
from unit_economics_tests.vantage_faults import TOKEN

COST = {"amount": "1.10", "currency": "USD", "provider": "aws", "service": "AmazonEC2"}
MIDNIGHT = "T00:00:00Z"


@pytest.fixture
def books() -> Books:
    return Books(TOKEN, costs=[{**COST, "accrued_at": f"2024-02-{day:02}"} for day in range(1, 30)])


@pytest.fixture
def api(books: Books, vantage_contract: Path) -> Generator[httpx.Client]:
    """A client whose every request and reply is held against the contract."""
    transport = ContractTransport(httpx.HTTPTransport(trust_env=False), vantage_contract)
    with serving(books) as url, httpx.Client(transport=transport, base_url=url, headers=bearer(TOKEN)) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def put(api: httpx.Client, metric: str, *values: dict[str, object]) -> None:
    assert api.put(f"/business_metrics/{metric}", json={"values": values}).status_code == 200


def values(api: httpx.Client, metric: str, **parameters: str) -> list[tuple[str, str, str | None]]:
    rows = api.get(f"/business_metrics/{metric}/values", params=parameters).json()["values"]
    return [(row["date"][:10], row["amount"], row["label"]) for row in rows]


def test_every_operation_keeps_the_contract(api: httpx.Client, books: Books) -> None:
    assert api.get("/ping").status_code == 200
    assert api.get("/me").json()["bearer_token"]["scope"] == ["read", "write"]
    created = api.post("/business_metrics", json={"title": "Orders"})
    assert created.status_code == 201
    token = created.json()["token"]
    assert api.get(f"/business_metrics/{token}").json()["title"] == "Orders"
    assert [metric["token"] for metric in api.get("/business_metrics").json()["business_metrics"]] == [token]
    put(api, token, {"date": f"2024-03-01{MIDNIGHT}", "amount": 5})
    assert values(api, token) == [("2024-03-01", "5.0", None)]
    deleted = api.delete(f"/business_metrics/{token}/values", params={"start_date": "2024-03-01", "label": ""})
    assert deleted.json() == {"deleted_count": 1}
    assert api.get("/costs", params={"cost_report_token": "rprt_1", "settings[amortize]": "true"}).status_code == 200
    put(api, token, {"date": f"2024-02-01{MIDNIGHT}", "amount": 11})
    books.reports["rprt_1"] = Report({"amortize": True, "include_credits": False}, {token: 1000})
    report = api.get("/cost_reports/rprt_1").json()
    assert report["settings"] == {"amortize": True, "include_credits": False}
    assert [one["unit_scale"] for one in report["business_metric_tokens_with_metadata"]] == ["per_thousand"]
    (row,) = api.get("/unit_costs", params={"cost_report_token": "rprt_1", "date_bin": "day"}).json()["unit_costs"]
    assert (row["date"], row["unit_cost_amount"], row["business_metric_amount"]) == ("2024-02-01", "100.00", "11")


@pytest.mark.parametrize("token", ["wrong", f"{TOKEN}x", TOKEN[:-1]])
@pytest.mark.parametrize("path", ["/ping", "/me", "/costs", "/unit_costs?cost_report_token=x", "/business_metrics"])
def test_nothing_is_answered_without_the_right_token(api: httpx.Client, path: str, token: str) -> None:
    assert api.get(path, headers=bearer(token)).status_code == 401


def test_a_report_that_is_not_there_is_not_found(api: httpx.Client) -> None:
    assert api.get("/cost_reports/rprt_9").status_code == 404
    assert api.get("/unit_costs", params={"cost_report_token": "rprt_9"}).status_code == 404


def test_a_token_without_the_write_scope_may_only_read(api: httpx.Client, books: Books) -> None:
    token = books.add_metric("Orders")
    books.scopes = ("read",)
    assert api.get(f"/business_metrics/{token}").status_code == 200
    assert api.put(f"/business_metrics/{token}", json={"values": []}).status_code == 403
    assert api.post("/business_metrics", json={"title": "x"}).status_code == 403


def test_values_are_merged_by_date_and_label_and_listed_newest_first(api: httpx.Client, books: Books) -> None:
    token = books.add_metric("Orders")
    first, second = ({"date": f"2024-03-0{day}{MIDNIGHT}", "amount": day * 100} for day in (1, 2))
    put(api, token, first, second)
    put(api, token, {**first, "amount": 7.25}, {**first, "label": "eu", "amount": 3})
    assert values(api, token) == [
        ("2024-03-02", "200.0", None), ("2024-03-01", "3.0", "eu"), ("2024-03-01", "7.25", None)
    ]  # fmt: skip
    assert values(api, token, start_date="2024-03-02") == [("2024-03-02", "200.0", None)]


def test_deleting_takes_both_bounds_inclusive_and_one_label_or_all(api: httpx.Client, books: Books) -> None:
    token = books.add_metric("Orders")
    rows = [{"date": f"2024-03-0{day}T{hour}:00:00Z", "amount": 1} for day in (1, 2, 3) for hour in ("00", "23")]
    put(api, token, *rows, {"date": f"2024-03-02{MIDNIGHT}", "amount": 1, "label": "eu"})
    bounds = {"start_date": "2024-03-02", "end_date": "2024-03-02"}
    path = f"/business_metrics/{token}/values"
    assert api.delete(path, params={**bounds, "label": ""}).json() == {"deleted_count": 2}
    assert api.delete(path, params=bounds).json() == {"deleted_count": 1}
    assert [day for day, _, _ in values(api, token)] == ["2024-03-03"] * 2 + ["2024-03-01"] * 2
    assert api.delete(path).json() == {"deleted_count": 4}


def test_pages_are_linked_until_the_last(api: httpx.Client) -> None:
    query = {"start_date": "2024-02-01", "end_date": "2024-02-29", "limit": "10"}
    reply = api.get("/costs", params=query).json()
    days = [row["accrued_at"] for row in reply["costs"]]
    while reply["links"]["next"]:
        reply = api.get(reply["links"]["next"]).json()
        days += [row["accrued_at"] for row in reply["costs"]]
        assert reply["total_cost"] == {"amount": "31.90", "currency": "USD"}
    assert days == [f"2024-02-{day:02}" for day in range(29, 0, -1)]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_what_does_not_exist_is_not_found(api: httpx.Client, method: str) -> None:
    body = {"json": {"values": []}} if method == "PUT" else {}
    reply = api.request(method, "/business_metrics/bsnss_mtrc_none", **body)
    assert (reply.status_code, reply.json()) == (404, {"errors": ["Not found"]})


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"values": [1]}', b'{"values": 5}'])
def test_a_body_that_is_no_list_of_values_is_refused(books: Books, body: bytes) -> None:
    refuses(books, body)


@pytest.mark.parametrize("amount", [b'"1"', b"null", b"NaN", b"true", b"[]"])
def test_an_amount_that_is_no_number_is_refused(books: Books, amount: bytes) -> None:
    refuses(books, b'{"values": [{"date": "2024-03-01T00:00:00Z", "amount": ' + amount + b"}]}")


@pytest.mark.parametrize("date", [b'"2024-03-01"', b'"2024-03-01T00:00:00"', b'"soon"', b"1", b"null"])
def test_a_date_that_is_no_moment_is_refused(books: Books, date: bytes) -> None:
    refuses(books, b'{"values": [{"amount": 1, "date": ' + date + b"}]}")


def refuses(books: Books, body: bytes) -> None:
    token = books.add_metric("Orders")
    with serving(books) as url:
        reply = httpx.put(f"{url}/business_metrics/{token}", content=body, headers=bearer(TOKEN), trust_env=False)
    assert reply.status_code in {400, 422}
    assert books.metrics[token].rows == []


def test_every_answer_says_what_is_left_of_the_rate_limit(api: httpx.Client) -> None:
    first, second = (api.get("/ping").headers for _ in range(2))
    assert first["x-rate-limit-limit"] == "1000"
    assert int(first["x-rate-limit-remaining"]) - int(second["x-rate-limit-remaining"]) == 1
    assert int(first["x-rate-limit-reset"]) > 1_700_000_000


def test_a_stand_in_is_gone_when_its_context_ends(books: Books) -> None:
    with serving(books) as url:
        assert httpx.get(f"{url}/ping", headers=bearer(TOKEN), trust_env=False).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{url}/ping", trust_env=False)


def test_the_demo_s_stand_in_holds_after_a_restart_what_it_was_sent(tmp_path: Path) -> None:
    file = tmp_path / "vantage.json"
    first, second = datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 2, tzinfo=UTC)
    metric = KeptMetric.found(file)
    metric.merge([(first, "", Decimal("1.50")), (second, "eu", Decimal(2))])
    metric.delete(second, second + timedelta(days=1), None)
    assert KeptMetric.found(file).rows == [(first, "", Decimal("1.50"))]
