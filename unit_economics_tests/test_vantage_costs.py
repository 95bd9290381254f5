"""Costs from Vantage: every row exactly, or a refusal; never a wrong number without a word."""

import csv
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from unit_economics import schemas
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.vantage import VantageCosts
from unit_economics.cost_sources.vantage_pages import read_bill
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_desk import Answer, Asked
from unit_economics.demo.vantage_server import serving
from unit_economics.entries.adapters import Delivery, Kept
from unit_economics.refusals import Refusal, UsageRefusal
from unit_economics_tests.vantage_contract import ContractTransport, audit_every_client
from unit_economics_tests.vantage_faults import TOKEN, InMemory, Scripted, client, json_reply, outside, over_http

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
FEBRUARY = DayRange(date(2024, 2, 1), date(2024, 2, 29))
TWO_DAYS = DayRange(date(2024, 2, 1), date(2024, 2, 2))
Row = dict[str, object]


def source(**more: object) -> VantageCosts:
    return VantageCosts.model_validate({"kind": "vantage", "cost_report": "rprt_dev", **more})


def row(amount: object = "1.10", day: str = "2024-02-01", **more: object) -> Row:
    return {"accrued_at": day, "amount": amount, "currency": "USD", "provider": "aws", **more}


def page(rows: Sequence[Row], total: str, following: str | None = None) -> dict[str, object]:
    return {"links": {"next": following}, "total_cost": {"amount": total, "currency": "USD"}, "costs": rows}


def read(url: str, days: DayRange = TWO_DAYS, tag_keys: Sequence[str] = (), **more: object) -> Delivery:
    return source(**more).read(days, calendar=UTC_DAYS, kept=Kept(tag_keys), outside=outside(url))


def read_rows(*rows: Row, tag_keys: Sequence[str] = (), **more: object) -> Delivery:
    with serving(Books(TOKEN, costs=rows)) as url:
        return read(url, tag_keys=tag_keys, **more)


def read_pages(*pages: Mapping[str, object] | str | bytes) -> list[dict[str, object]]:
    """The rows of scripted pages, read through the real client in memory."""
    with client(Scripted(*[json_reply(content) for content in pages])) as api:
        return list(read_bill(api.cost_pages(source().parameters(TWO_DAYS, []))).rows)  # type: ignore[arg-type]


@pytest.fixture
def audited(monkeypatch: pytest.MonkeyPatch, vantage_contract: Path) -> list[ContractTransport]:
    return audit_every_client(monkeypatch, vantage_contract)


def pages_of_february(folder: Path, asked: Asked) -> Answer:
    number = asked.parameters["page"]
    written = (folder / f"vantage_costs_page{number}.json").read_text()
    return Answer(200, json.loads(written.replace("https://api.vantage.sh", asked.base)))


def by_scope(delivery: Delivery) -> dict[tuple[str, str], tuple[Decimal, int]]:
    cost: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    rows: dict[tuple[str, str], int] = defaultdict(int)
    for charge in delivery.charges.to_dict("records"):
        for scope in ("all", f"service:{charge['service_name']}"):
            key = str(charge["business_date"]), scope
            cost[key] += charge["billed_cost"]
            rows[key] += charge["charge_rows"]
    return {key: (cost[key], rows[key]) for key in cost}


def test_the_real_bill_of_february_gives_every_expected_row(
    shared_data: Path, audited: list[ContractTransport]
) -> None:
    case = shared_data / "d4_vantage_api_feb2024"
    with over_http(lambda asked: pages_of_february(case / "input", asked)) as url:
        delivery = read(url, FEBRUARY, amortize=False)
    found = by_scope(delivery)
    with (case / "expected_utc.csv").open() as expected:
        answers = list(csv.DictReader(expected))
    assert len(answers) == 609
    for answer in answers:
        cost, rows = found.pop((answer["day"], answer["scope"]), (None, 0))
        assert cost == (Decimal(answer["cost_billed"]) if answer["cost_billed"] else None), answer
        assert rows == int(answer["cost_rows"]), answer
    assert found == {}
    assert delivery.charges["charge_rows"].sum() == 295
    assert len(audited[0].checked) == 3


def test_what_is_delivered_keeps_the_data_contract_and_the_published_one(audited: list[ContractTransport]) -> None:
    rows = [
        row("1.10", charge_type="Usage", account_id="0012", region="eu-west-1", tags=["app:shop", "team:a:b"]),
        row("2.25", charge_type="Usage", account_id="0012", region="eu-west-1", tags=["app:shop"]),
        row("-0.35", "2024-02-02", charge_type="Credit", service="AmazonEC2"),
    ]
    delivery = read_rows(*rows, tag_keys=["app"], amortize=True)
    schemas.CHARGES.validate(delivery.charges, lazy=True)
    first, second = delivery.charges.to_dict("records")
    assert (first["effective_cost"], first["billed_cost"], first["charge_rows"]) == (Decimal("3.35"), None, 2)
    assert (first["sub_account_id"], first["tags"]) == ("0012", '{"app":"shop"}')
    assert (second["charge_category"], second["sub_account_id"], second["tags"]) == ("Credit", None, "{}")
    assert audited[0].checked == ["GET /v2/costs"]


def test_the_source_totals_count_every_row_of_a_day() -> None:
    delivery = read_rows(row("1"), row("1"), row("2", service="S3"), row("3", "2024-02-02"), amortize=False)
    totals = delivery.source_totals.to_dict("records")
    assert [(t["business_date"], t["charge_rows"], t["billed_cost"], t["effective_cost"]) for t in totals] == [
        (date(2024, 2, 1), 3, 4, None),
        (date(2024, 2, 2), 1, 3, None),
    ]


def test_a_day_without_a_row_is_absent_unless_that_means_zero() -> None:
    assert list(read_rows(row()).absent) == [date(2024, 2, 2)]
    assert list(read_rows(row(), absent_day="zero").absent) == []
    nothing = read_rows()
    assert list(nothing.absent) == list(TWO_DAYS)
    schemas.CHARGES.validate(nothing.charges, lazy=True)
    assert list(nothing.source_totals.columns) == list(read_rows(row()).source_totals.columns)


def test_every_setting_and_grouping_is_always_sent() -> None:
    sent = source(amortize=False).parameters(TWO_DAYS, ["app"])
    assert sent == {
        "cost_report_token": "rprt_dev",
        "start_date": "2024-02-01",
        "end_date": "2024-02-02",
        "groupings": "provider,service,account_id,region,charge_type,tag:app",
        "date_bin": "day",
        "order": "asc",
        "limit": "5000",
        "settings[include_credits]": "true",
        "settings[include_refunds]": "true",
        "settings[include_discounts]": "true",
        "settings[include_tax]": "true",
        "settings[amortize]": "false",
        "settings[unallocated]": "false",
        "settings[aggregate_by]": "cost",
        "settings[show_previous_period]": "false",
    }


def test_a_setting_that_the_next_link_leaves_out_is_sent_all_the_same() -> None:
    transport = Scripted(
        json_reply(page([row("1")], "2.00", "/v2/costs?page=2")), json_reply(page([row("1", service="S3")], "2.00"))
    )
    with client(transport) as api:
        read_bill(api.cost_pages(source().parameters(TWO_DAYS, [])))
    first, second = (dict(request.url.params) for request in transport.requests)
    assert second == {**first, "page": "2"}


def test_many_pages_of_the_stand_in_add_up_exactly() -> None:
    rows = [row(f"0.{n:06d}1", f"2024-02-0{n % 2 + 1}", service=f"s{n % 97}") for n in range(1003)]
    with serving(Books(TOKEN, costs=rows, most_a_page=100)) as url:
        delivery = read(url)
    assert delivery.charges["effective_cost"].sum() == sum(Decimal(str(r["amount"])) for r in rows)
    assert delivery.charges["charge_rows"].sum() == 1003
    assert "pages=11 rows=1003" in delivery.fingerprint
    assert TOKEN not in delivery.fingerprint


def test_sums_are_exact_beyond_the_default_precision() -> None:
    delivery = read_rows(row("99999999999999999999999"), row("0.000000000001"), amortize=False)
    assert delivery.charges["billed_cost"].tolist() == [Decimal("99999999999999999999999.000000000001")]


@pytest.mark.parametrize(
    ("amount", "stored"),
    [
        ("0.1234567890124", "0.123456789012"),
        ("0.1234567890125", "0.123456789013"),
        ("-0.1234567890125", "-0.123456789013"),
        ("0.12345678901249", "0.123456789012"),
        ("1.000000000000499999", "1"),
        ("1.000000000000500000", "1.000000000001"),
        ("1e-18", "0"),
        ("5e-13", "0.000000000001"),
        ("1E+3", "1000"),
    ],
)
def test_each_row_is_rounded_half_up_to_the_twelve_decimals_that_are_stored(amount: str, stored: str) -> None:
    charges = read_rows(row(amount)).charges
    assert charges["effective_cost"].tolist() == [Decimal(stored)]


@pytest.mark.parametrize("decimals", range(13, 19))
def test_rows_with_more_decimals_than_are_stored_add_up_to_what_the_source_states(decimals: int) -> None:
    fine = Decimal(f"0.{'3' * (decimals - 1)}6")
    delivery = read_rows(*(row(str(fine + n), service=f"s{n % 3}") for n in range(7)))
    (stated,) = delivery.source_totals["effective_cost"]
    stored = [cost.quantize(Decimal("1e-12")) for cost in delivery.charges["effective_cost"]]
    assert stored == delivery.charges["effective_cost"].tolist()
    assert sum(stored) == stated


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Europe/London", "Asia/Kolkata"])
def test_another_time_zone_than_utc_is_refused_before_anything_is_sent(zone: str) -> None:
    calendar = BusinessCalendar(ZoneInfo(zone), timedelta())
    with pytest.raises(UsageRefusal, match="counts its days in UTC"):
        source().read(TWO_DAYS, calendar=calendar, kept=Kept(), outside=outside("http://127.0.0.1:1/v2"))


@pytest.mark.parametrize(
    "given",
    [
        {"cost_report": None},
        {"filter": "(costs.provider = 'aws')"},
        {"workspace": "wrkspc_1"},
        {"cost_report": "rprt_1&x=2"},
        {"token": "vntg_tkn_1"},
        {"amortise": True},
        {"amortize": "yes"},
    ],
)
def test_an_entry_that_cannot_be_meant_that_way_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        source(**given)


def test_a_filter_in_a_workspace_takes_the_place_of_a_report() -> None:
    given = source(cost_report=None, filter="(costs.provider = 'aws')", workspace="wrkspc_1")
    sent = given.parameters(TWO_DAYS, [])
    assert (sent["filter"], sent["workspace_token"]) == ("(costs.provider = 'aws')", "wrkspc_1")
    assert "cost_report_token" not in sent


def test_a_tag_key_with_a_comma_is_refused_because_it_would_be_two_groupings() -> None:
    with pytest.raises(UsageRefusal, match="comma"):
        source().parameters(TWO_DAYS, ["a,b"])


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        (None, "{}"),
        ([], "{}"),
        (["app:"], "{}"),
        (["other:x"], "{}"),
        (["app:checkout"], '{"app":"checkout"}'),
        (["app:a:b"], '{"app":"a:b"}'),
        (["aws:ecs:front", "app:x"], '{"app":"x","aws:ecs":"front"}'),
        (["app:größe 🛒"], '{"app":"größe 🛒"}'),
    ],
)
def test_the_tags_that_were_asked_for_are_kept(tags: object, kept: str) -> None:
    delivery = read_rows(row(tags=tags), tag_keys=["app", "aws", "aws:ecs"])
    assert delivery.charges["tags"].tolist() == [kept]


@pytest.mark.parametrize("amount", ["1.10", "1e-7", "-3.5", "0", "1E+3", "0.0000000000000000001", 4, 1.5])
def test_a_plain_amount_is_read_exactly(amount: object) -> None:
    body = json.dumps(page([row(amount)], str(Decimal(str(amount)).quantize(Decimal("0.01")))))
    (found,) = read_pages(body)
    assert Decimal(str(found["amount"])) == Decimal(str(amount))


@pytest.mark.parametrize(
    "amount",
    [
        "1,234.56", "1.234,56", "", " 1", "1_000", "١٢", "NaN", "Infinity", "-inf", "1e400", "1e24", "--1", "0x10",
        None, True, [], {}, "9" * 5000,
    ],
)  # fmt: skip
def test_an_amount_that_is_not_plain_is_refused(amount: object) -> None:
    with pytest.raises(Refusal, match="no plain amount"):
        read_pages(page([row(amount)], "1.00"))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not valid JSON"),
        (b"null", "not a JSON object"),
        (b"[]", "not a JSON object"),
        (b"{}", "no list 'costs'"),
        (b'{"costs": null}', "no list 'costs'"),
        (b'{"costs": [1]}', "not an object"),
        (b'{"costs": []}', "no total cost"),
        (b'{"costs": [], "total_cost": {"amount": "0"}}', "no currency"),
        (b'{"costs": [], "total_cost": {"amount": "0", "currency": "usd"}}', "no currency"),
        (b'{"costs": [], "total_cost": {"amount": "0", "currency": "ZZZ"}}', "'ZZZ' is no currency of ISO 4217"),
        (b'{"costs": [], "total_cost": {"amount": "5", "currency": "USD"}}', "missing or doubled"),
        (b'{"costs": [{"amount": NaN}]}', "NaN is no number"),
        (b'{"costs": [{"amount": -Infinity}]}', "Infinity is no number"),
        (
            b'{"costs": [{"amount": 1e400, "currency": "USD"}], "total_cost": {"amount": "1", "currency": "USD"}}',
            "no plain amount",
        ),
        (b'{"costs": [], "costs": []}', "given twice"),
        (b'{"costs": [{"amount": "1", "amount": "2"}]}', "given twice"),
        (b'{"costs": [', "not valid JSON"),
        (b'{"a":' * 100_000, "nested too deeply"),
        (b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        (b"\xff\xfe{\x00}\x00", "not valid JSON"),
        (b'{"costs": [' + b"9" * 5000 + b"]}", "not valid JSON"),
    ],
)
def test_an_answer_that_is_not_the_agreed_one_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(Refusal, match=said):
        read_pages(body)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(currency="EUR")], "'EUR' but the total is in USD"),
        ([row(), row(currency=None)], "'None' but the total is in USD"),
    ],
)
def test_rows_of_another_currency_are_refused(rows: list[Row], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        read_pages(page(rows, "1.10"))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(provider=None)], "no 'provider'"),
        ([row(service=5)], "'service' is not a text"),
        ([row(service="a\x00b")], "'service' is not a text"),
        ([row(service="\ud800")], "'service' is not a text"),
        ([row(tags="app:x")], "^$"),
        ([row(tags=["app:x", "app:y"])], "two values of the tag"),
        ([row(day="2024-02-03")], "was not asked for"),
        ([row(day="2024-02-01T00:00:00")], "no day in UTC"),
        ([row(day="2024-02-30")], "no day in UTC"),
        ([row(day="0001-01-01T00:00:00+14:00")], "no day in UTC"),
        ([row(day="yesterday")], "no day in UTC"),
    ],
)
def test_a_row_that_cannot_be_a_charge_is_refused(rows: list[Row], said: str) -> None:
    if said == "^$":
        assert read_one(rows).charges["tags"].tolist() == ['{"app":"x"}']
        return
    with pytest.raises(Refusal, match=said):
        read_one(rows)


def read_one(rows: list[Row]) -> Delivery:
    total = page(rows, "1.10")
    with over_http(lambda _: Answer(200, total)) as url:
        return read(url, tag_keys=["app"])


@pytest.mark.parametrize("day", ["2024-02-01", "2024-02-01+00:00", "2024-02-01T00:00:00Z", "2024-02-01T02:00:00+02:00"])
def test_a_day_in_any_agreed_spelling_is_that_day_in_utc(day: str) -> None:
    assert read_one([row(day=day)]).charges["business_date"].tolist() == [date(2024, 2, 1)]


def test_credits_may_make_a_whole_day_negative() -> None:
    assert read_rows(row("-5"), row("2")).charges["effective_cost"].tolist() == [-3]


NEXT = "/v2/costs?page=2"


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ([page([row("1")], "3.00", NEXT), page([row("1")], "3.00")], "came twice"),
        ([page([row("1")], "3.00", NEXT), page([row("2")], "2.00")], "total changed"),
        ([page([row("1")], "3.00", NEXT), page([row("1"), row("1", service="a")], "3.00")], "equally long"),
        (
            [
                page([row("1"), row("2")], "6.00", NEXT),
                page([row("3")], "6.00", "/v2/costs?page=3"),
                page([row("4"), row("5")], "6.00"),
            ],
            "equally long",
        ),
        ([page([row("1")], "1.00", NEXT), page([], "1.00")], "equally long"),
        ([page([row("1")], "3.00", None)], "missing or doubled"),
        ([page([row("1.00"), row("1.00")], "1.00", None)], "missing or doubled"),
        ([page([row("1.1234")], "1.13", None)], "missing or doubled"),
        ([page([row("1")], "9.00", NEXT), page([row("2")], "9.00", "/v2/costs?page=1")], "in a circle"),
        ([page([row("1")], "9.00", NEXT)], "came twice"),
        ([page([row("1")], "9.00", "//evil.example/v2/costs?page=2")], "another place"),
        ([page([row("1")], "9.00", "/v2/me?page=2")], "another place"),
        ([{**page([row("1")], "9.00"), "links": {"next": 2}}], "no text"),
    ],
)
def test_pages_that_are_not_one_whole_answer_are_refused(pages: list[dict[str, object]], said: str) -> None:
    with pytest.raises(Refusal, match=said):
        read_pages(*pages)


def test_next_links_without_end_are_refused() -> None:
    transport = InMemory(lambda asked: endless(int(asked.parameters["page"])))
    with client(transport) as api, pytest.raises(Refusal, match="more than 1000 pages"):
        read_bill(api.cost_pages(source().parameters(TWO_DAYS, [])))


def endless(number: int) -> Answer:
    return Answer(200, page([row(str(number))], "1.00", f"/v2/costs?page={number + 1}"))


def test_a_total_that_is_rounded_to_cents_is_accepted() -> None:
    assert len(read_pages(page([row("1.1234"), row("2.0016")], "3.13"))) == 2
    assert len(read_pages(page([row("0.33"), row("0.33"), row("0.33")], "1.00"))) == 3


def test_a_bill_that_was_restated_gives_the_new_numbers_and_another_fingerprint() -> None:
    books = Books(TOKEN, costs=[row("1")])
    with serving(books) as url:
        before = read(url)
        again = read(url)
        books.costs = [row("1"), row("4")]
        after = read(url)
    assert before.fingerprint == again.fingerprint != after.fingerprint
    assert after.charges["effective_cost"].tolist() == [5]


def test_a_token_that_expires_between_two_pages_is_refused_at_once() -> None:
    transport = Scripted(json_reply(page([row("1")], "3.00", NEXT)), json_reply({"errors": ["expired"]}, 401))
    with client(transport) as api, pytest.raises(Refusal, match="Check the variable VANTAGE_API_TOKEN"):
        read_bill(api.cost_pages(source().parameters(TWO_DAYS, [])))
    assert len(transport.requests) == 2
