"""A pack's manifest: what was closed, when and by whom, which days are not final, and the hash of every file.

Here: from rows to that document. Not here: the files it names (pack.py), comparing it with a folder (verifying.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.warehouse.closed_rows import Rows
from unit_economics.warehouse.month_closes import MonthClose

FORMAT = 1


@dataclass(frozen=True)
class Summary:
    """What the manifest says of a month beside its record."""

    calendar: BusinessCalendar
    days: DayRange
    observations: Rows
    restated: Rows
    not_kept: Sequence[str]


def manifest(close: MonthClose, of: Summary, files: Mapping[str, tuple[int, str]]) -> dict[str, object]:
    """The document; files: by name the length in bytes and the SHA-256."""
    previous = close.previous_close
    return {
        "format": FORMAT,
        "month": f"{close.month:%Y-%m}",
        "closed_at": close.closed_at.isoformat(),
        "previous_close": previous.isoformat() if previous else None,
        "closed_by": close.closed_by,
        "run_id": close.run_id,
        "code_version": close.code_version,
        "catalogue_version": close.catalogue_version,
        "catalogues_not_kept": list(of.not_kept),
        "business_days": {
            "first": str(of.days.first),
            "last": str(of.days.last),
            "timezone": of.calendar.timezone.key,
        },
        "metrics": _metrics(of),
        "restated_closed_months": sorted({f"{row[0]:%Y-%m}" for row in of.restated.rows}),
        "files": {name: {"bytes": size, "sha256": sha256} for name, (size, sha256) in files.items()},
    }


def _metrics(of: Summary) -> dict[str, dict[str, object]]:
    names = of.observations.names
    metric, day, status, value = (names.index(name) for name in ("metric", "business_date", "status", "unit_cost"))
    found: dict[str, dict[date, str]] = {}
    values: dict[str, list[bool]] = {}
    for row in of.observations.rows:
        found.setdefault(row[metric], {})[row[day]] = row[status]
        values.setdefault(row[metric], []).append(row[value] is not None)
    return {
        name: {
            "days": len(days),
            "days_provisional": [str(one) for one, state in days.items() if state == "provisional"],
            "days_not_stored": [str(one) for one in of.days if one not in days],
            "values": len(values[name]),
            "values_empty": values[name].count(False),
        }
        for name, days in found.items()
    }
