"""How new Vantage's data is: as new as its integration that lags most, and not known where one never came."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.vantage import VantageCosts
from unit_economics.cost_sources.vantage_updates import last_updated
from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import serving
from unit_economics.entries.completeness import Complete, Moment
from unit_economics.refusals import Refusal
from unit_economics_tests.vantage_contract import ContractTransport, audit_every_client
from unit_economics_tests.vantage_faults import TOKEN, outside

UTC_DAYS = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
DAYS = DayRange(date(2024, 2, 1), date(2024, 2, 10))
NOW = datetime(2024, 2, 12, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def audited(monkeypatch: pytest.MonkeyPatch, vantage_contract: Path) -> list[ContractTransport]:
    """Every call and answer is held to the published contract."""
    return audit_every_client(monkeypatch, vantage_contract)


def integration(updated: str | None, status: str = "imported") -> Mapping[str, object]:
    return {
        "token": "accss_crdntl_1",
        "provider": "aws",
        "account_identifier": "1",
        "status": status,
        "last_updated": updated,
        "workspace_tokens": [],
        "created_at": "2024-01-01T00:00:00Z",
        "managed_account_tokens": [],
    }


def updated(*integrations: Mapping[str, object]) -> datetime | None:
    with serving(Books(TOKEN, integrations=[dict(one) for one in integrations])) as url:
        return last_updated(outside(url), "VANTAGE_API_TOKEN")


def test_it_is_as_new_as_the_integration_that_lags_most() -> None:
    found = updated(integration("2024-02-09T04:00:00Z"), integration("2024-02-08T04:00:00Z", "error"))
    assert found == datetime(2024, 2, 8, 4, tzinfo=UTC)


def test_an_integration_that_is_no_longer_in_use_holds_nothing_back() -> None:
    found = updated(integration("2024-02-09T04:00:00Z"), integration("2023-02-08T04:00:00Z", "disconnected"))
    assert found == datetime(2024, 2, 9, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    "integrations", [[], [integration(None)], [integration("2024-02-09T04:00:00Z"), integration(None)]]
)
def test_where_one_was_never_updated_nothing_is_known(integrations: list[Mapping[str, object]]) -> None:
    assert updated(*integrations) is None


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(Refusal, match="last_updated of an integration is 'soon'"):
        updated(integration("soon"))


def test_a_day_is_complete_once_vantage_was_updated_late_enough_after_it() -> None:
    settings = {"kind": "vantage", "cost_report": "rprt_dev", "complete_by": "delivery"}
    source = VantageCosts.model_validate(settings)
    with serving(Books(TOKEN, integrations=[dict(integration("2024-02-09T04:00:00Z"))])) as url:
        sign = source.sign(DAYS, calendar=UTC_DAYS, outside=outside(url))
    complete = source.rule.complete(list(DAYS), [], Moment(NOW, UTC_DAYS, sign))
    assert complete == Complete(frozenset(day for day in DAYS if day <= date(2024, 2, 5)), date(2024, 2, 5))


def test_by_age_vantage_is_not_asked(audited: list[ContractTransport]) -> None:
    source = VantageCosts.model_validate({"kind": "vantage", "cost_report": "rprt_dev"})
    source.sign(DAYS, calendar=UTC_DAYS, outside=outside("http://127.0.0.1:1/v2"))
    assert audited == []
