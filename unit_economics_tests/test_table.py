"""The scan as SQL for engines that hold the bill as a table: the same answers where it runs, the same text elsewhere.

ClickHouse is run (chdb, the real engine in a wheel). BigQuery, Snowflake and Trino are parsed in their own dialect and
compared with files of accepted text, which `python -m unit_economics_tests.test_table` writes anew.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlglot
from chdb.session import Session
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cli.scan_sql import command
from unit_economics.cost_sources.focus import reading
from unit_economics.cost_sources.focus.engines import table_columns
from unit_economics.cost_sources.focus.engines.table import DIALECTS, Dialect, scan_sql
from unit_economics.cost_sources.focus.engines.table_columns import FORMS, TagForm
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.entries.adapters import Delivery
from unit_economics.entries.allocation import Allocation
from unit_economics.refusals import UsageRefusal
from unit_economics_tests.focus_bills import assert_same_sums, charge, read_bill
from unit_economics_tests.test_focus_days import amounts, moments
from unit_economics_tests.test_rules import allocations, charges

GOLDEN = Path(__file__).parent / "golden"
RULES = {
    "rules": [
        {"to": "cart", "where": {"tags": {"team": ["cart", "it's"]}, "not": {"charge_category": "Tax"}}},
        {"to": "nodes", "where": {"resource_id": {"glob": "i-%_?\\!*"}}, "since": date(2024, 3, 31)},
    ],
    "overlap": "every_match",
}


def asked_of(
    first: date,
    last: date,
    zone: str,
    rules: Mapping[str, Any],
    tag_keys: tuple[str, ...] = ("app", 'a."b'),
    *,
    spread: bool = False,
) -> Asked:
    calendar = BusinessCalendar(ZoneInfo(zone), timedelta(hours=2))
    scopes = {name: Allocation.model_validate(written) for name, written in rules.items()}
    return Asked(DayRange(first, last), calendar, tag_keys, spread, (), scopes)


EASTER = asked_of(date(2024, 3, 30), date(2024, 4, 1), "Europe/Berlin", {"teams": RULES})


@pytest.mark.parametrize("tags", FORMS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_each_engine_is_the_accepted_one(dialect: Dialect, tags: TagForm) -> None:
    assert scan_sql(dialect, "billing.focus", EASTER, tags) == golden(dialect, tags).read_text()


def golden(dialect: Dialect, tags: TagForm) -> Path:
    return GOLDEN / f"scan_{dialect}_{tags}.sql"


@pytest.mark.parametrize("tags", FORMS)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_of_each_engine_is_sql_of_its_dialect(dialect: Dialect, tags: TagForm) -> None:
    *_, query = sqlglot.parse(golden(dialect, tags).read_text(), read=dialect)
    assert isinstance(query, exp.Query)
    assert query.named_selects[-2:] == ["charge_rows", "file"] or query.is_star
    assert not list(query.find_all(exp.Command))
    if dialect in ("bigquery", "clickhouse"):
        assert not list(query.find_all(exp.Escape)), "it has no ESCAPE"
    if dialect == "bigquery":
        assert {str(kind) for kind in query.find_all(exp.DataType) if kind.is_type("decimal")} <= {"BIGNUMERIC"}


def test_a_spread_that_no_engine_is_known_to_divide_alike_is_refused() -> None:
    spread = asked_of(date(2024, 3, 1), date(2024, 3, 2), "UTC", {}, spread=True)
    for dialect in DIALECTS:
        with pytest.raises(UsageRefusal, match="not compiled for other engines"):
            scan_sql(dialect, "t", spread, "json")


@pytest.fixture(scope="module")
def clickhouse() -> Iterator[Session]:
    with Session() as session:
        yield session


COLUMNS = ("ResourceId", "ChargeClass", "CommitmentDiscountStatus")


def answer(clickhouse: Session, path: Path, asked: Asked, tags: TagForm) -> Delivery:
    """What ClickHouse gives for the SQL, as a delivery."""
    columns = "* replace (JSONExtract(ifNull(Tags, ''), 'Map(String, String)') as Tags)" if tags == "map" else "*"
    clickhouse.query("drop table if exists bill")
    clickhouse.query(f"create table bill engine = Memory as select {columns} from file('{path}')")
    sql = scan_sql("clickhouse", "bill", asked, tags).strip().rstrip(";")
    found = clickhouse.query(sql, "ArrowTable")
    table = found if isinstance(found, pa.Table) else pa.table({})
    rows = [tuple(row.values()) for row in table.to_pylist()]
    place = table.column_names.index("is_untagged") if asked.allocations else None
    rows = [
        tuple(bool(cell) if n == place and cell is not None else cell for n, cell in enumerate(row)) for row in rows
    ]
    assert not any(row[0] for row in rows)
    return Delivery(reading._charges(rows, asked), reading._totals(rows))


def write(folder: Path, bill: list[Mapping[str, str]]) -> Path:
    whole = [{**dict.fromkeys(COLUMNS, ""), **charge(**row)} for row in bill]
    pq.write_table(pa.Table.from_pylist(whole), folder / "bill.parquet")
    return folder / "bill.parquet"


rows = st.builds(
    lambda columns, start, length, billed: {
        **columns,
        "ChargePeriodStart": start.isoformat(),
        "ChargePeriodEnd": (start + length).isoformat(),
        "BilledCost": f"{billed:f}",
        "ListCost": "",
    },
    charges,
    moments,
    st.sampled_from([timedelta(0), timedelta(hours=1), timedelta(days=40)]),
    amounts,
)


@settings(max_examples=30)
@given(
    bill=st.lists(rows, min_size=5, max_size=30),
    written=st.lists(allocations, max_size=4),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
    tags=st.sampled_from(FORMS),
)
def test_clickhouse_gives_what_duckdb_gives(
    clickhouse: Session,
    tmp_path_factory: pytest.TempPathFactory,
    bill: list[Mapping[str, str]],
    written: list[dict[str, Any]],
    zone: str,
    tags: TagForm,
) -> None:
    path = write(tmp_path_factory.mktemp("bill"), bill)
    asked = asked_of(date(2024, 3, 1), date(2024, 10, 31), zone, {f"s{n}": w for n, w in enumerate(written)}, ("team",))
    theirs = answer(clickhouse, path, asked, tags)
    ours = read_bill(
        path, asked.days.first, asked.days.last, zone=zone, tag_keys=asked.tag_keys, allocations=asked.allocations
    )
    assert_same_sums(ours, theirs)


ODD = ["1e-7", "0.0000000000005", "-0.0000000000005", "0.00000000000049", "123456789012345678901.123456789012", "-0"]


def odd_bill(folder: Path) -> Path:
    return write(folder, [charge(BilledCost=cost, ServiceName=f"s{n}") for n, cost in enumerate(ODD)])


def test_clickhouse_rounds_half_up_at_the_twelfth_decimal(clickhouse: Session, tmp_path: Path) -> None:
    path, asked = odd_bill(tmp_path), asked_of(date(2024, 9, 10), date(2024, 9, 10), "UTC", {}, ())
    assert_same_sums(read_bill(path), answer(clickhouse, path, asked, "json"))
    assert Decimal("1e-12") in set(read_bill(path).charges["billed_cost"])


def test_decimals_that_are_cut_off_would_be_caught(
    clickhouse: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = table_columns.WORDS["clickhouse"]
    cut = table_columns.Words(
        words.text, words.moment, "toDecimal256OrNull(toString({column}), 12)", words.tags, "", words.after
    )
    monkeypatch.setitem(table_columns.WORDS, "clickhouse", cut)
    path, asked = odd_bill(tmp_path), asked_of(date(2024, 9, 10), date(2024, 9, 10), "UTC", {}, ())
    with pytest.raises(AssertionError, match="billed_cost"):
        assert_same_sums(read_bill(path), answer(clickhouse, path, asked, "json"))


def test_a_row_at_fault_marks_the_answer(clickhouse: Session, tmp_path: Path) -> None:
    path = write(tmp_path, [charge(), charge(EffectiveCost="free")])
    asked = asked_of(date(2024, 9, 10), date(2024, 9, 10), "UTC", {}, ())
    with pytest.raises(AssertionError):
        answer(clickhouse, path, asked, "json")


CATALOGUE = """
currency: USD
cost_sources: {bill: {kind: focus, path: ./focus}}
cost_scopes: {shop: {where: {tags: {app: [checkout]}}}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.orders, timestamp: ordered_at}
"""


def test_the_command_prints_sql_for_the_catalogues_days_and_tags(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_text(CATALOGUE)
    days = ["--from", "2026-01-30", "--to", "2026-01-31", "--config", str(tmp_path / "catalogue.yaml")]
    done = CliRunner().invoke(command, ["--dialect", "snowflake", "--table", "billing.focus", *days])
    assert done.exit_code == 0, done.output
    assert "BETWEEN CAST('2026-01-30' AS DATE) AND CAST('2026-01-31' AS DATE)" in done.stdout
    assert "GET(TRY_PARSE_JSON(Tags), 'app')" in done.stdout.upper().replace("TAGS", "Tags").replace("'APP'", "'app'")


@pytest.mark.parametrize("name", ["", "a'b"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_can_t_be_the_name_of_a_table_is_refused(dialect: Dialect, name: str) -> None:
    with pytest.raises(UsageRefusal, match="can't be the name of a table"):
        scan_sql(dialect, name, EASTER, "json")


if __name__ == "__main__":
    for each in DIALECTS:
        for form in FORMS:
            golden(each, form).write_text(scan_sql(each, "billing.focus", EASTER, form))
