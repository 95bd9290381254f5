"""What is asked of the warehouses that no test can start: compiled by each one's own dialect, and read by a parser.

The text is SQLAlchemy's for the dialect; sqlglot parses it as that database's SQL. Nothing here was run by one.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
import sqlglot
from sqlalchemy.engine import Dialect, make_url

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.unit_sources.events import day_edges
from unit_economics.unit_sources.sql.columns import Kind, Relation, kind_of
from unit_economics.unit_sources.sql.question import Asked, Question, days_before_latest, one_row_a_day, rows_by_day
from unit_economics.unit_sources.sql.ways import ways_of

URLS = {
    "snowflake": "snowflake://u:p@account/db",
    "bigquery": "bigquery://project",
    "redshift": "redshift://u:p@h/d",
    "databricks": "databricks://token:x@host?http_path=/a&catalog=c&schema=s",
    "mysql": "mysql+pymysql://u:p@h/d",
}
CALENDAR = BusinessCalendar(ZoneInfo("UTC"), timedelta(hours=2))
DAYS = DayRange(date(2025, 3, 3), date(2025, 3, 4))
KINDS: dict[str, Kind] = {
    "ordered_at": "moment",
    "order_id": "text",
    "status": "text",
    "country": "text",
    "amount": "whole",
    "day": "date",
}


def dialect_of(name: str) -> Dialect:
    return make_url(URLS[name]).get_dialect()()


def asked_of(name: str, relation: str = "shop.orders") -> Asked:
    where: dict[str, list[str | int | bool]] = {"status": ["done", "x'; drop table t; --"]}
    return Asked(Relation(relation), KINDS, ways_of(name, None), dialect_of(name), where, ["country"])


def text_of(question: Question, dialect: Dialect) -> str:
    compiled = question.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return " ".join(str(compiled).split())


def parsed(text: str, name: str) -> sqlglot.Expr:
    plain = text.replace("%(", "p_").replace(")s", "").replace("%s", "?").replace(":`", ":").replace("`)", ")")
    return sqlglot.parse_one(plain, read=name)


def events(name: str, days: DayRange = DAYS, **more: Any) -> str:
    asked = asked_of(name)
    edges = [asked.ways.edge(edge, "moment", CALENDAR) for edge in day_edges(days, CALENDAR)]
    counted = more.pop("counted", ("order_id", False))
    return text_of(rows_by_day(asked, "ordered_at", "moment", counted, edges, **more), asked.dialect)


@pytest.mark.parametrize("name", URLS)
def test_events_are_asked_for_by_the_bare_column_in_one_statement(name: str) -> None:
    text = events(name, also_whole=True)
    assert "drop table" not in text
    assert text.count("UNION ALL") == 1
    assert text.upper().count("COUNT(DISTINCT") == 2
    assert sum(text.count(f"ordered_at{quote} >= ") for quote in ("", "`", '"')) == 2
    assert "GROUP BY" in text


@pytest.mark.parametrize("name", ["snowflake", "redshift", "mysql"])
def test_what_is_asked_is_sql_of_that_database(name: str) -> None:
    assert isinstance(parsed(events(name), name), sqlglot.exp.Select)


@pytest.mark.parametrize("name", URLS)
def test_a_sum_a_day_and_what_is_latest_are_said_in_every_dialect(name: str) -> None:
    asked = asked_of(name)
    assert "sum(" in events(name, counted=("amount", True))
    assert "max(" in text_of(
        days_before_latest(
            asked, "ordered_at", "moment", [datetime(2025, 3, 4, tzinfo=UTC)], datetime(2025, 4, 1, tzinfo=UTC)
        ),
        asked.dialect,
    )
    assert "IS NULL" in text_of(one_row_a_day(asked, "day", "amount", DAYS), asked.dialect)


NAMES = {
    "snowflake": "FROM lake.shop.orders",
    "bigquery": "FROM `lake`.`shop`.`orders`",
    "redshift": "FROM lake.shop.orders",
    "databricks": "FROM lake.shop.orders",
    "mysql": "FROM lake.shop.orders",
}


@pytest.mark.parametrize("name", URLS)
def test_a_relation_of_three_names_is_quoted_name_by_name(name: str) -> None:
    asked = asked_of(name, "lake.shop.orders")
    assert NAMES[name] in text_of(one_row_a_day(asked, "day", "amount", DAYS), asked.dialect)
    hostile = asked_of(name, "select.from.orders")
    quote = "`" if name in {"bigquery", "databricks", "mysql"} else '"'
    assert f"{quote}select{quote}.{quote}from{quote}." in text_of(
        one_row_a_day(hostile, "day", "amount", DAYS), hostile.dialect
    )


def test_a_year_needs_no_more_parameters_than_databricks_allows() -> None:
    asked = asked_of("databricks")
    edges = [
        asked.ways.edge(e, "moment", CALENDAR)
        for e in day_edges(DayRange(date(2025, 1, 1), date(2026, 1, 1)), CALENDAR)
    ]
    question = rows_by_day(asked, "ordered_at", "moment", None, edges)
    compiled = question.compile(dialect=asked.dialect, compile_kwargs={"render_postcompile": True})
    assert len(compiled.params or {}) - len(edges) < 20
    assert str(compiled).count(":`") < 20
    assert "'2025-01-02 00:00:00+00:00'" in str(compiled)


def test_mysql_is_asked_in_the_utc_of_its_session_and_tells_keys_apart_by_their_bytes() -> None:
    ways = ways_of("mysql", None)
    assert ways.edge(datetime(2025, 3, 3, tzinfo=UTC), "moment", CALENDAR) == datetime(2025, 3, 3)  # noqa: DTZ001
    assert "CAST(numbered.unit_key AS BINARY)" in events("mysql")
    assert "set time_zone = '+00:00'" in ways.settings(timedelta(seconds=60))


def test_a_whole_number_can_not_wrap_around_in_databricks() -> None:
    assert "sum(CAST(numbered.unit_key AS DECIMAL(38, 0)))" in events("databricks", counted=("amount", True))


SETTINGS = {
    "mysql": "set session max_execution_time = 90000",
    "mariadb": "set session max_statement_time = 90",
    "redshift": "set statement_timeout = 90000",
    "postgresql": "set transaction read only",
    "snowflake": "alter session set statement_timeout_in_seconds = 90",
    "databricks": "set statement_timeout = 90",
    "duckdb": "set TimeZone = 'UTC'",
    "sqlite": "pragma query_only = on",
}


@pytest.mark.parametrize(("name", "setting"), SETTINGS.items())
def test_a_session_is_told_its_zone_and_its_limit(name: str, setting: str) -> None:
    assert setting in ways_of(name, None).settings(timedelta(seconds=90))


def reflected() -> dict[str, tuple[Any, str, Kind]]:
    from databricks.sqlalchemy import TIMESTAMP, TIMESTAMP_NTZ
    from snowflake.sqlalchemy import TIMESTAMP_LTZ, TIMESTAMP_TZ
    from snowflake.sqlalchemy import TIMESTAMP_NTZ as SNOWFLAKE_NTZ
    from sqlalchemy.dialects import mysql
    from sqlalchemy_redshift.dialect import TIMESTAMPTZ

    return {
        "databricks timestamp": (TIMESTAMP(), "databricks", "moment"),
        "databricks timestamp_ntz": (TIMESTAMP_NTZ(), "databricks", "clock"),
        "snowflake tz": (TIMESTAMP_TZ(), "snowflake", "moment"),
        "snowflake ltz": (TIMESTAMP_LTZ(), "snowflake", "moment"),
        "snowflake ntz": (SNOWFLAKE_NTZ(), "snowflake", "clock"),
        "bigquery timestamp": (sa.TIMESTAMP(), "bigquery", "moment"),
        "bigquery datetime": (sa.DATETIME(), "bigquery", "clock"),
        "redshift timestamptz": (TIMESTAMPTZ(), "redshift", "moment"),
        "redshift timestamp": (sa.TIMESTAMP(), "redshift", "clock"),
        "mysql timestamp": (mysql.TIMESTAMP(), "mysql", "moment"),
        "mysql datetime": (mysql.DATETIME(), "mysql", "clock"),
        "mysql bigint": (mysql.BIGINT(), "mysql", "whole"),
        "mysql double": (mysql.DOUBLE(), "mysql", "float"),
        "decimal": (sa.DECIMAL(38, 2), "snowflake", "exact"),
        "text": (sa.TEXT(), "redshift", "text"),
        "json": (sa.JSON(), "mysql", "other"),
    }


@pytest.mark.filterwarnings("ignore")  # the dialects' own, where they are imported
def test_what_a_dialect_reflects_is_known_for_what_it_is() -> None:
    found = reflected()
    assert {name: kind_of(of, dialect) for name, (of, dialect, _) in found.items()} == {
        n: k for n, (*_, k) in found.items()
    }
