"""The doctor's look at what is read and written outside: orders, bills, Vantage, alert channels.

Here: one look a thing, each with the adapter's own means. Not here: the mart (doctor_storage.py).
"""

import shutil
from collections.abc import Iterator
from importlib.util import find_spec

from unit_economics import alerts
from unit_economics.business_days import DayRange
from unit_economics.cli.diagnosis import Finding
from unit_economics.cli.options import yesterday
from unit_economics.cost_sources.focus import FocusFiles
from unit_economics.cost_sources.focus.delivery import parts_of
from unit_economics.cost_sources.focus.layout import layout_of
from unit_economics.cost_sources.focus.versions import is_other_dataset, version_of
from unit_economics.database_url import server_of
from unit_economics.deployment import Deployment
from unit_economics.entries.adapters import CostSource, UnitSource
from unit_economics.entries.rates import RateSource
from unit_economics.entries.revenue import Revenue
from unit_economics.object_storage import storage_of
from unit_economics.revenue_names import GROSS
from unit_economics.sinks.vantage import VantageMetric
from unit_economics.unit_sources.postgres import PostgresUnits
from unit_economics.unit_sources.postgres.session import Session, ask


def counted(of: Deployment, asset: str, source: UnitSource | Revenue) -> Iterator[Finding]:
    """Yesterday can be counted, units or what they earned, and by a role that can't write."""
    days = yesterday(of)
    found = source.count(days, calendar=of.calendar, unit=asset, outside=of.outside)
    if days.last in found.absent:
        yield Finding(asset, "warn", found.absent[days.last], f"unit-economics run --from {days.last} --to {days.last}")
    else:
        told = found.units if isinstance(source, UnitSource) else found.units[found.units["segment"] == GROSS]
        yield Finding(asset, "ok", f"{days.last}: {sum(told['quantity']):f}")
    for part in source.components.values() if isinstance(source, Revenue) else [source]:
        if isinstance(part, PostgresUnits):
            yield from _role(of, asset, part)


def rates(of: Deployment, source: RateSource) -> Iterator[Finding]:
    """Yesterday's exchange rates can be read, or those that are carried on."""
    days = yesterday(of)
    asked = DayRange(days.first - source.carry, days.last)
    quotes = source.read(asked, into=of.catalogue.currency, outside=of.outside).quotes
    known = sorted({quote.currency for quote in quotes})
    mend = "" if known else "Add the day to the source, or let an older rate `carry`"
    yield Finding("exchange_rates", "ok" if known else "warn", f"{days.last}: {', '.join(known) or 'no rate'}", mend)


def _role(of: Deployment, who: str, units: PostgresUnits) -> Iterator[Finding]:
    server = server_of(of.outside.secret(units.dsn), units.dsn)

    def may_write(session: Session) -> bool:
        row = session.connection.execute(
            "select bool_or(has_table_privilege(%s, privilege)) from unnest(array['INSERT', 'UPDATE', 'DELETE',"
            " 'TRUNCATE']) privilege",
            [units.relation],
        ).fetchone()
        return bool(row and row[0])

    if ask(server, f"{units.relation} in {units.dsn}", units.statement_timeout, may_write):
        mend = f"Give {units.dsn} a role with nothing but: grant select on {units.relation} to ..."
        yield Finding(f"{who}, role", "warn", "its role may write", mend)
    else:
        yield Finding(f"{who}, role", "ok", "its role can only read")


def bill(of: Deployment, name: str, source: CostSource) -> Iterator[Finding]:
    """The bill is there: FOCUS files by their version and newest period, anything else by reading yesterday."""
    who = f"bill {name}"
    if isinstance(source, FocusFiles):
        yield _focus(of, who, source)
        yield from _scan(of, who, source)
        return
    days = yesterday(of)
    read = source.read(days, calendar=of.calendar, kept=of.catalogue.kept, outside=of.outside)
    absent = read.absent.get(days.last)
    yield Finding(who, "warn" if absent else "ok", absent or f"{days.last}: {len(read.charges)} charges")


def _scan(of: Deployment, who: str, source: FocusFiles) -> Iterator[Finding]:
    """What the scan needs beside the bill: a folder to spill to, Spark where it is asked for."""
    folder = source.scan.below(of.outside.folder).folder
    if source.scan.spill:
        yield Finding(f"{who}, spill", "ok", f"{shutil.disk_usage(folder).free >> 30} GB are free in {folder}")
    if source.engine.kind == "spark":
        is_there = find_spec("pyspark") is not None
        mend = "" if is_there else "pip install 'unit-economics[spark]'"
        said = f"Spark is asked at {source.engine.master}" if is_there else "PySpark is not installed"
        yield Finding(f"{who}, engine", "ok" if is_there else "fail", said, mend)


def _focus(of: Deployment, who: str, source: FocusFiles) -> Finding:
    storage = storage_of(source.path, of.outside)
    parts = parts_of(storage)
    newest = max(parts, key=lambda part: (part.period or 0, part.file.changed_ns))
    columns = layout_of(storage, newest).columns
    where = f"{storage.shown}, file {newest.name}"
    version = "contract commitments" if is_other_dataset(columns) else f"FOCUS {version_of(columns, where=where)}"
    month = f"newest period {newest.period // 12}-{newest.period % 12 + 1:02}" if newest.period else newest.name
    return Finding(who, "ok", f"{len(parts)} file{'s' if len(parts) > 1 else ''}, {version}, {month}")


def vantage(of: Deployment, name: str, sink: VantageMetric) -> Iterator[Finding]:
    """The token may write and the business metric exists; only read."""
    title = sink.check_access(outside=of.outside)
    yield Finding(f"vantage for {name}", "ok", f"the token may write; the business metric is called {title!r}")


def channels(of: Deployment) -> Iterator[Finding]:
    """Every alert URL can be read; nothing is sent."""
    urls = of.catalogue.alerts.urls
    if not urls:
        yield Finding("alerts", "warn", "nobody is told", "Name variables under alerts.urls in the catalogue")
        return
    alerts.channels(of.outside, urls)
    yield Finding("alerts", "ok", f"{', '.join(urls)} can be used")
