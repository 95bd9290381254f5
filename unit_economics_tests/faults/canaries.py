"""Twelve secrets that must never be seen again, and every place in which they could be seen.

Here: the secrets, the search for them in any spelling, and reading all that a run leaves behind.
Not here: the failures in which they might slip out (test_secrets.py).
"""

import base64
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import dagster as dg
import psycopg
from dagster._serdes import serialize_value

SECRETS = {
    name: f"{start}-canary-{number:02}x{number * 7919:06}"
    for number, (name, start) in enumerate(
        {
            "orders password": "or/d+r",
            "orders user": "ordersuser",
            "mart password": "ma:r=t",
            "mart user": "martuser",
            "vantage token": "vntg_tkn_tok",
            "vantage address password": "addrpw",
            "alert password": "al!ert",
            "alert path token": "alertpath",
            "alert query token": "alertquery",
            "bucket key": "AKIAKEY",
            "bucket secret": "buck/et",
            "catalogue literal": "literal",
        }.items(),
        1,
    )
}


def traces(text: str) -> list[str]:
    """The names of all secrets that occur in the text: plain, URL-encoded, or inside base64 at any offset."""
    return [name for name, secret in SECRETS.items() if any(needle in text for needle in _spellings(secret))]


def _spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield secret.partition("-canary-")[2]
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret.encode()).decode().rstrip("=")
        yield encoded[offset * 2 : -2]


def left_in(instance: dg.DagsterInstance) -> str:
    """Every record that Dagster keeps of its runs."""
    runs = instance.get_runs()
    events = [serialize_value(entry) for run in runs for entry in instance.all_logs(run.run_id)]
    return "\n".join([*events, *(serialize_value(run) for run in runs)])


def left_in_mart(url: str) -> str:
    """Every column of every row of every table, as text."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables where schemaname = 'unit_economics'"
        ).fetchall()
        rows = [
            str(row[0])
            for (table,) in tables
            for row in connection.execute(f"select t::text from {table} t".encode()).fetchall()
        ]
    return "\n".join(rows)
