"""Reading FOCUS files from end to end: what is there, what of it is needed, and what a reading hands over.

Here: the order of the steps, and the rows of the scan as a `Delivery`. Not here: any of the steps (their own modules),
the settings (the entry in __init__.py).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from unit_economics import schemas
from unit_economics.allocation import rules
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles, delivery
from unit_economics.cost_sources.focus.delivery import Delivered, Part
from unit_economics.cost_sources.focus.layout import Layout, layout_of
from unit_economics.cost_sources.focus.prepared.contents import Prepared, prepared
from unit_economics.cost_sources.focus.query import FIELDS, Asked
from unit_economics.cost_sources.focus.scan import Row, Scan
from unit_economics.cost_sources.focus.versions import is_other_dataset, version_of
from unit_economics.entries.adapters import Delivery, Kept
from unit_economics.object_storage import Storage, storage_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal

TOTALS = ["business_date", "billing_currency", "charge_rows", *schemas.COSTS]


def glance(entry: FocusFiles, days: DayRange, calendar: BusinessCalendar, kept: Kept, outside: Outside) -> str:
    """A hash of the names, sizes and times of the files, and of how they are read."""
    contents = contents_of(storage_of(entry.path, outside))
    listing = contents.look(days, calendar, spread=entry.long_charges == "spread")
    settings = [entry.path, entry.long_charges, *entry.null_words, calendar.timezone.key, *sorted(set(kept.tag_keys))]
    settings += [f"{name} {allocation.scanned}" for name, allocation in kept.allocations.items()]
    return hashlib.sha256("\n".join([*settings, *listing]).encode()).hexdigest()


def read(entry: FocusFiles, days: DayRange, calendar: BusinessCalendar, kept: Kept, outside: Outside) -> Delivery:
    """The charges of these days; raises `Refusal` rather than leave out a row or a file."""
    covered = [day for day in days if entry.covers(day)]
    if not covered:
        return Delivery(schemas.empty(schemas.CHARGES), pd.DataFrame(columns=TOTALS))
    asked = Asked(
        days=DayRange(covered[0], covered[-1]),
        calendar=calendar,
        tag_keys=tuple(sorted(set(kept.tag_keys))),
        is_spread=entry.long_charges == "spread",
        null_words=tuple(entry.null_words),
        allocations=kept.allocations,
    )
    found = scanned(entry, asked, outside)
    return Delivery(
        charges=_charges(found.rows, asked),
        source_totals=_totals(found.rows),
        absent={} if entry.absent_day == "zero" else _absent(found.rows, asked, found.periods),
        fingerprint=_fingerprint(entry, asked, found.identities),
    )


def contents_of(storage: Storage) -> Delivered | Prepared:
    """What is at a place: a delivery as it came, or one that was prepared."""
    return prepared(storage) or Delivered(storage, delivery.parts_of(storage))


@dataclass(frozen=True)
class Scanned:
    """The rows that `query.totals` selects, what identifies each part that was read, and the delivered periods."""

    rows: Sequence[Row]
    identities: Mapping[Part, str]
    periods: set[int | None]


def scanned(entry: FocusFiles, asked: Asked, outside: Outside) -> Scanned:
    """One scan of a delivery that stays the same while it is read; raises `Refusal`."""
    storage = storage_of(entry.path, outside)
    contents = contents_of(storage)
    before = contents.parts
    try:
        parts, identities = contents.wanted(asked.days, asked.calendar, spread=asked.is_spread)
        layouts = layouts_of(storage, parts)
        with_rows = {part: layout for part, layout in layouts.items() if layout.has_rows}
        rows = _rows(entry, Scan(storage, with_rows, asked, entry.scan.below(outside.folder), outside.say))
    except Refusal:
        delivery.refuse_changed(storage, before)
        raise
    delivery.refuse_changed(storage, before)
    return Scanned(rows, {part: identities[part.name] for part in layouts}, contents.periods)


def _rows(entry: FocusFiles, scan: Scan) -> list[Row]:
    if not scan.layouts:
        return []
    if entry.engine.kind == "duckdb":
        return scan.rows()
    from unit_economics.cost_sources.focus.engines.spark import SparkScan  # only where a cluster is asked

    return SparkScan(entry.engine, scan).rows()


def _fingerprint(entry: FocusFiles, asked: Asked, identities: Mapping[Part, str]) -> str:
    settings = {
        "long_charges": entry.long_charges,
        "null_words": entry.null_words,
        "tag_keys": asked.tag_keys,
        "timezone": asked.calendar.timezone.key,
        **(
            {"allocations": {name: repr(one.scanned) for name, one in asked.allocations.items()}}
            if asked.allocations
            else {}
        ),
    }
    files = [{"name": part.name, "size": part.file.size, "content": hashed} for part, hashed in identities.items()]
    return json.dumps({"settings": settings, "files": files}, sort_keys=True, separators=(",", ":"))


def layouts_of(storage: Storage, parts: Sequence[Part]) -> dict[Part, Layout]:
    """The layouts of the charge files; contract commitments, the other dataset of FOCUS 1.3, are passed over."""
    layouts = {part: layout_of(storage, part) for part in parts}
    bill = {part: layout for part, layout in layouts.items() if not is_other_dataset(layout.columns)}
    for part, layout in bill.items():
        if layout.columns:
            version_of(layout.columns, where=f"{storage.shown}, file {part.name}")
    if parts and not bill:
        raise Refusal(
            "there are only contract commitments here, no charges",
            where=storage.shown,
            remedy="Point `path` at FOCUS cost and usage files",
        )
    return bill


def _charges(rows: Sequence[Row], asked: Asked) -> pd.DataFrame:
    by = ["business_date", *FIELDS, *asked.tags, *asked.taken]
    names = ["is_faulty", "is_total", *by, *schemas.COSTS, "charge_rows", "file"]
    detail = pd.DataFrame([row for row in rows if not row[1]], columns=names, dtype=object)
    if detail.empty:
        return schemas.empty(schemas.CHARGES)
    values = detail[asked.tags].to_numpy().tolist()
    detail["tags"] = [_canonical(dict(zip(asked.tag_keys, row, strict=True))) for row in values]
    taken = detail[asked.taken[:-1]].to_numpy().tolist()
    detail["taken_by"] = [rules.written(dict(zip(asked.allocations, row, strict=True))) for row in taken]
    if not asked.allocations:
        detail["is_untagged"] = pd.Series(data=False, index=detail.index, dtype=object)
    keys = ["business_date", *FIELDS, "tags", "taken_by", "is_untagged"]
    ordered = detail.sort_values(keys, na_position="first", ignore_index=True)
    return ordered[list(schemas.CHARGES.columns)].astype({"charge_rows": "int64"})


def _totals(rows: Sequence[Row]) -> pd.DataFrame:
    """The sums that DuckDB made by day and currency alone, beside and not from those by dimension."""
    totals = [row for row in rows if row[1]]
    width = len(TOTALS) - 3
    data = [(row[2], row[2 + len(FIELDS)], row[-2], *row[-2 - width : -2]) for row in totals]
    frame = pd.DataFrame(data, columns=TOTALS, dtype=object).astype({"charge_rows": "int64"})
    return frame.sort_values(["business_date", "billing_currency"], ignore_index=True)


def _canonical(tags: Mapping[str, str | None]) -> str:
    held = {key: value for key, value in tags.items() if value is not None}
    return json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _absent(rows: Sequence[Row], asked: Asked, periods: set[int | None]) -> dict[date, str]:
    held = {row[2] for row in rows}
    return {day: _why(day, periods) for day in asked.days if day not in held}


def _why(day: date, periods: set[int | None]) -> str:
    if None in periods or delivery.month_number(day) in periods:
        return "the bill has no charge of this day yet"
    return f"there is no delivery for billing period {day:%Y-%m}"
