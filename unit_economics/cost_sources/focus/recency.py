"""What a FOCUS delivery says of itself: when it came, and by its recency metadata which days are complete.

Here: the newest manifest or file, and the JSON of FOCUS 1.3's metadata (Recency, TimeSectors). Not here: what follows
of it (entries/completeness.py), reading charges.

The specification names no file, only that it is accessible by a program; its examples lie in a folder `recency`, or are
called recency-<dataset instance>.json. Both are looked for.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import FocusFiles, delivery
from unit_economics.entries.completeness import Sign
from unit_economics.object_storage import Found, Storage, storage_of
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal

_RECENCY = re.compile(r"(^|/)(recency/[^/]*|recency[^/]*)\.json$", re.IGNORECASE)
_MANIFEST = re.compile(r"manifest[^/]*\.json$", re.IGNORECASE)
_REMEDY = "Correct the file, or leave `complete_by` out of the catalogue: then age decides"
Span = tuple[datetime, datetime]


def sign(entry: FocusFiles, days: DayRange, calendar: BusinessCalendar, outside: Outside) -> Sign:
    """What the delivery at the entry's path says now, as far as the entry asks; raises `Refusal`."""
    storage = storage_of(entry.path, outside)
    if entry.complete_by == "delivery":
        return Sign(_delivered_at(storage))
    if entry.complete_by == "source":
        return Sign(complete=frozenset(_complete(storage, days, calendar)))
    return Sign()


def _delivered_at(storage: Storage) -> datetime | None:
    """The newest manifest is written last, when its delivery is whole; without any, the newest file."""
    listing = storage.listing()
    manifests = [file for file in listing if _MANIFEST.search(file.name)]
    files = manifests or [part.file for part in delivery.all_parts(storage)]
    newest = max((file.changed_ns for file in files), default=None)
    return None if newest is None else datetime.fromtimestamp(newest / 1e9, UTC)


def _complete(storage: Storage, days: DayRange, calendar: BusinessCalendar) -> Iterator[date]:
    """The days that every recency file calls complete: each is of one dataset, and the bill is all of them."""
    found = [file for file in storage.listing() if _RECENCY.search(file.path)]
    if not found:
        raise Refusal(
            "`complete_by: source` finds no recency metadata (recency*.json, or a folder recency) in this delivery",
            where=storage.shown,
            remedy="Let the provider deliver it, or leave `complete_by` out of the catalogue: then age decides",
        )
    told = [one for file in found for one in _objects(storage, file)]
    for day in days:
        window = calendar.window(DayRange(day, day))
        if all(_covers(sectors, window) for sectors in told):
            yield day


def _objects(storage: Storage, file: Found) -> Iterator[Sequence[Span] | None]:
    """What each recency object calls complete: time sectors, or None where all of its dataset is."""
    where = f"{storage.shown}, file {file.name}"
    try:
        with storage.open(file.path) as stream:
            document = json.loads(stream.read())
    except ValueError:
        raise Refusal("is no JSON", where=where, remedy=_REMEDY) from None
    except OSError as error:
        raise storage.unreachable() from error
    for one in document if isinstance(document, list) else [document]:
        yield _sectors(one, where)


def _sectors(one: object, where: str) -> Sequence[Span] | None:
    if not isinstance(one, dict):
        raise Refusal("is no FOCUS recency metadata: an object was expected", where=where, remedy=_REMEDY)
    recency = cast("dict[str, Any]", one)
    if "TimeSectors" not in recency:
        if not isinstance(recency.get("DatasetInstanceComplete"), bool):
            what = "has neither TimeSectors nor a DatasetInstanceComplete that is true or false"
            raise Refusal(what, where=where, remedy=_REMEDY)
        return None if recency["DatasetInstanceComplete"] else ()
    sectors = cast("list[dict[str, Any]]", recency["TimeSectors"])
    return sorted(
        (_moment(sector, "TimeSectorStart", where), _moment(sector, "TimeSectorEnd", where))
        for sector in sectors
        if sector.get("TimeSectorComplete") is True
    )


def _moment(sector: dict[str, Any], key: str, where: str) -> datetime:
    written = sector.get(key)
    try:
        moment = datetime.fromisoformat(str(written).upper())
    except ValueError:
        moment = None
    if moment is None:
        raise Refusal(f"{key} is {written!r}, no time like 2026-01-31T00:00:00Z", where=where, remedy=_REMEDY)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _covers(sectors: Sequence[Span] | None, window: Span) -> bool:
    """Whether the sectors, sorted, leave no moment of the half-open window out."""
    if sectors is None:
        return True
    reached, end = window
    for start, stop in sectors:
        if start <= reached < stop:
            reached = stop
    return reached >= end
