"""The files of a month's close pack: sorted text without the moment of its making, so that it comes out again.

Here: which files there are, and the tables among them. Not here: the questions (warehouse/closed_rows.py), the pages
for people (pages.py), the manifest (manifest.py).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from unit_economics.closing.manifest import Summary, manifest
from unit_economics.closing.pages import Restated, read_me, restatements
from unit_economics.closing.readiness import days_of
from unit_economics.closing.reconciliation import reconciliation_files
from unit_economics.csv_text import as_csv
from unit_economics.deployment import Deployment
from unit_economics.proof.restatement import restated
from unit_economics.warehouse.closed_invoices import reconciled
from unit_economics.warehouse.closed_rows import ClosedMonth, Rows
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.month_closes import MonthClose
from unit_economics.warehouse.restatements import Span

MANIFEST = "manifest.json"
KEYS: Mapping[str, int] = {"observations.csv": 4, "figures.csv": 5, "inputs.csv": 2, "sources.csv": 1}
"""By table, how many of its first columns name a row."""


def pack(of: Deployment, connection: Connection, close: MonthClose) -> dict[str, bytes]:
    """Every file by its name, the manifest last; of: the deployment by the catalogue that closed the month."""
    month = ClosedMonth(connection, days_of(close.month), close.closed_at, close.catalogue_version)
    observations = month.observations()
    catalogues = {**month.catalogues(), close.catalogue_version: of.catalogue_text}
    files = {
        "README.md": read_me(close).encode(),
        "observations.csv": _csv(observations),
        "figures.csv": _csv(month.figures()),
        "inputs.csv": _csv(month.inputs()),
        "sources.csv": _csv(month.sources()),
        "definitions.json": json_text(month.definitions()),
        "restatements.md": _restatements(of, month, close).encode(),
        **reconciliation_files(reconciled(month), close, _csv),
        **{f"catalogue-{version}.yaml": text.encode() for version, text in catalogues.items() if text is not None},
    }
    not_kept = sorted(version for version, text in catalogues.items() if text is None)
    summary = Summary(of.calendar, month.days, observations, month.restated_months(), not_kept)
    hashes = {name: (len(content), hash_of(content)) for name, content in files.items()}
    return {**files, MANIFEST: json_text(manifest(close, summary, hashes))}


def hash_of(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def json_text(document: object) -> bytes:
    """JSON with its keys sorted."""
    return f"{json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)}\n".encode()


def _csv(rows: Rows) -> bytes:
    return as_csv(rows.names, ([_cell(value) for value in row] for row in rows.rows), line_end="\n")


def _cell(value: object) -> object:
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value.isoformat() if isinstance(value, datetime) else value


def _restatements(of: Deployment, month: ClosedMonth, close: MonthClose) -> str:
    since = close.previous_close or month.first_stored() or close.closed_at
    span = Span(since, close.closed_at)
    found = restated(of, month.connection, span)
    return restatements(of, close, Restated(span, found, month.restated_months(), month.moved_before()))
