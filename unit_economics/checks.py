"""The judgements: what is said of a day's rows before they are stored, and which words stop them.

Here: each check's severity, and the pure functions that judge. An error keeps a day out of the mart
and turns its gate red; a warning is shown and lets it pass. Samples are capped and hold only columns, never people.
Not here: each check's name and promise (promises.py), recording a result in Dagster (reporting.py) or PostgreSQL
(warehouse/ledger.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any, Literal

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from unit_economics.entries.adapters import Count, Delivery, Publication
from unit_economics.entries.platform import Checks
from unit_economics.exact import EXACT
from unit_economics.promises import CONSERVATION, CONTRACT, CONVERGED, DELIVERY, VOLUME_BAND
from unit_economics.promises import COST_CHECKS as COST_CHECKS
from unit_economics.promises import PUBLISH_CHECKS as PUBLISH_CHECKS
from unit_economics.promises import UNIT_CHECKS as UNIT_CHECKS
from unit_economics.promises import UNIT_COST_CHECKS as UNIT_COST_CHECKS
from unit_economics.refusals import Refusal
from unit_economics.schemas import CHARGES, SLICED_UNITS, UNITS
from unit_economics.warehouse.gate import Verdict

Severity = Literal["error", "warning"]
SAMPLE = 5
LEAST_HISTORY = 3

WAY_OUT = "checks.min_delivery"


@dataclass(frozen=True)
class Finding:
    """One check's word on one day."""

    day: date
    check: str
    passed: bool = True
    severity: Severity = "error"
    text: str = ""
    numbers: Mapping[str, float] = field(default_factory=dict)

    @property
    def blocks(self) -> bool:
        """Whether this keeps the day out of the mart."""
        return not self.passed and self.severity == "error"


def unit_findings(
    counted: Count, days: Iterable[date], history: Mapping[date, Decimal], rules: Checks
) -> list[Finding]:
    """Everything that is said of a range of counted days."""
    present = [day for day in days if day not in counted.absent and day not in counted.refused]
    is_sliced = "dimensions" in counted.units
    found = contract(SLICED_UNITS if is_sliced else UNITS, counted.units, present)
    for day, reason in counted.refused.items():
        found += [Finding(day, CONTRACT, passed=False, text=reason), Finding(day, DELIVERY), Finding(day, VOLUME_BAND)]
    good = sound(present, found)
    quantities: dict[date, Decimal] = dict.fromkeys(good, Decimal(0))
    for day, quantity in zip(counted.units["business_date"], counted.units["quantity"], strict=True):
        if day in quantities:
            quantities[day] = EXACT.add(quantities[day], quantity)
    absences = [_absent(day, reason, was_there=day in history) for day, reason in counted.absent.items()]
    found += adds_up(counted.totals, quantities)
    present_words = [_counted(day, quantity, history.get(day), rules) for day, quantity in quantities.items()]
    return [*found, *absences, *present_words, *volume_band(quantities, history, rules.volume_band)]


def adds_up(totals: Mapping[date, Decimal], quantities: Mapping[date, Decimal]) -> list[Finding]:
    """Whether the parts of each day add up to the whole that the source states, exactly."""
    return [
        Finding(day, CONSERVATION, passed=False, text=_apart(totals[day], quantity))
        if quantity != totals[day]
        else Finding(day, CONSERVATION)
        for day, quantity in quantities.items()
        if day in totals
    ]


def _apart(whole: Decimal, parts: Decimal) -> str:
    return (
        f"the source counts {whole.normalize():f} in all, and its dimensions add up to {parts.normalize():f}: something"
        " is counted in several of their values; count rows, or take that dimension out"
    )


def _counted(day: date, quantity: Decimal, former: Decimal | None, rules: Checks) -> Finding:
    """A day that lost units since it was counted before: more likely lost rows than lost orders."""
    if former and quantity < rules.min_delivery * former:
        text = f"only {quantity:f} where {former.normalize():f} were counted before; if that is right, lower {WAY_OUT}"
        return Finding(day, DELIVERY, passed=False, text=text)
    return Finding(day, DELIVERY)


def cost_findings(
    delivered: Delivery, days: Iterable[date], history: Mapping[date, int], rules: Checks
) -> list[Finding]:
    """Everything that is said of a range of delivered days, but for conservation, which needs the stored rows."""
    present = [day for day in days if day not in delivered.absent]
    found = contract(CHARGES, delivered.charges, present)
    rows: dict[date, int] = {}
    for day, count in zip(delivered.charges["business_date"], delivered.charges["charge_rows"], strict=True):
        rows[day] = rows.get(day, 0) + int(count)
    return [*found, *delivery(days, delivered.absent, rows, history, rules.min_delivery)]


def sound(days: Iterable[date], findings: Sequence[Finding]) -> list[date]:
    """The days on which nothing blocks."""
    blocked = {finding.day for finding in findings if finding.blocks}
    return [day for day in days if day not in blocked]


def verdicts(days: Iterable[date], findings: Sequence[Finding]) -> list[Verdict]:
    """The gate of each day: red where an error was found; a warning goes with it and keeps nothing out."""
    failures: dict[date, dict[str, str]] = {day: {} for day in days}
    warnings: dict[date, dict[str, str]] = {day: {} for day in failures}
    for finding in findings:
        if not finding.passed:
            words = failures if finding.blocks else warnings
            words[finding.day][finding.check] = finding.text
    return [Verdict(day, failures[day], warnings[day]) for day in failures]


def contract(schema: pa.DataFrameSchema, frame: pd.DataFrame, days: Iterable[date]) -> list[Finding]:
    """Judge every row against the schema; what concerns the whole frame is said of every day."""
    try:
        schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        return _contract_findings(errors.failure_cases, frame, list(days))
    return [Finding(day, CONTRACT) for day in days]


def _contract_findings(cases: pd.DataFrame, frame: pd.DataFrame, days: list[date]) -> list[Finding]:
    said: dict[date, list[str]] = {day: [] for day in days}
    for column, check, index in zip(cases["column"], cases["check"], cases["index"], strict=True):
        text = f"{column}: not {check}" if column is not None else str(check)
        for day in days if index is None or index != index else [frame["business_date"][index]]:
            if text not in said.setdefault(day, []):
                said[day].append(text)
    return [
        Finding(day, CONTRACT, passed=not texts, text="; ".join(texts[:SAMPLE]))
        for day, texts in said.items()
        if day in days
    ]


def volume_band(quantities: Mapping[date, Decimal], history: Mapping[date, Decimal], factor: Decimal) -> list[Finding]:
    """Warn where a day lies outside median / factor .. median * factor of the same weekday in eight weeks before."""
    known = {**history, **quantities}
    return [_band(day, quantity, known, factor) for day, quantity in quantities.items()]


def _band(day: date, quantity: Decimal, known: Mapping[date, Decimal], factor: Decimal) -> Finding:
    before = [known[past] for week in range(1, 9) if (past := day - timedelta(weeks=week)) in known]
    if len(before) < LEAST_HISTORY:
        return Finding(day, VOLUME_BAND, text="too little history to judge", numbers={"quantity": float(quantity)})
    usual = median(before)
    inside = usual / factor <= quantity <= usual * factor
    text = "" if inside else f"{quantity.normalize():f} is far from the usual {usual.normalize():f} of this weekday"
    numbers = {"quantity": float(quantity), "weekday_median": float(usual)}
    return Finding(day, VOLUME_BAND, inside, "warning", text, numbers)


def delivery(
    days: Iterable[date],
    absent: Mapping[date, str],
    rows: Mapping[date, int],
    before: Mapping[date, int],
    least: Decimal,
) -> list[Finding]:
    """Refuse a day that shrank below `least` of its own former rows; warn of one far below the median before it."""
    known = {**before, **rows}
    return [_delivered(day, absent.get(day), rows.get(day, 0), before.get(day), known, least) for day in days]


def _absent(day: date, reason: str, *, was_there: bool) -> Finding:
    """A day that is late is a warning; one that was delivered before and is gone was lost."""
    if was_there:
        text = f"{reason}, though it was delivered before; what was delivered then stands"
        return Finding(day, DELIVERY, passed=False, text=text)
    return Finding(day, DELIVERY, passed=False, severity="warning", text=reason)


def _delivered(
    day: date, absence: str | None, rows: int, former: int | None, known: Mapping[date, int], least: Decimal
) -> Finding:
    numbers = {"rows": float(rows)}
    if absence:
        return _absent(day, absence, was_there=bool(former))
    if former and rows < least * former:
        text = f"only {rows} rows where {former} were delivered before; if that is right, lower {WAY_OUT}"
        return Finding(day, DELIVERY, passed=False, text=text, numbers=numbers)
    trailing = [known[past] for n in range(1, 29) if (past := day - timedelta(days=n)) in known]
    if len(trailing) >= LEAST_HISTORY and rows < least * Decimal(median(trailing)):
        text = f"{rows} rows, the four weeks before had {median(trailing):g} at the median"
        return Finding(day, DELIVERY, passed=False, severity="warning", text=text, numbers=numbers)
    return Finding(day, DELIVERY, numbers=numbers)


def refuse_loss(days: Iterable[date], source: pd.DataFrame, mart: Mapping[tuple[date, str], tuple[Any, ...]]) -> None:
    """Raise `Refusal` unless the mart holds what the source states: rows and costs, a currency at a time, exactly.

    source: the `source_totals` of a delivery; mart: {(day, currency): (rows, billed, effective, list, contracted)}.
    """
    chosen = set(days)
    stated = {(row[0], row[1]): row[2:] for row in source.itertuples(index=False, name=None)}
    keys = sorted(key for key in {*stated, *mart} if key[0] in chosen)
    differing = [key for key in keys if not _equal(stated.get(key), mart.get(key))]
    if differing:
        day, currency = differing[0]
        raise Refusal(
            f"the source states {_shown(stated.get((day, currency)))} and the mart would hold"
            f" {_shown(mart.get((day, currency)))} (rows, billed, effective, list, contracted)",
            where=f"cloud_costs {day} {currency}, and {len(differing) - 1} more",
            remedy="Nothing was stored; please report it with the source's file or request",
        )


def conserved(days: Iterable[date]) -> list[Finding]:
    """What is said of days that `refuse_loss` let pass."""
    return [Finding(day, CONSERVATION) for day in days]


def held_back(days: Mapping[date, str], check: str) -> list[Finding]:
    """What is said of days that were not judged, since something before them is missing or red."""
    return [Finding(day, check, passed=False, severity="warning", text=reason) for day, reason in days.items()]


def standing(
    days: Iterable[date],
    failures: Mapping[date, Mapping[str, str]],
    absent: Mapping[date, str],
    every_check: Iterable[str],
) -> list[Finding]:
    """What was said of these days when they were last judged; their input has not changed since."""
    said = {*failures, *absent}
    red = [
        Finding(day, check, passed=False, text=text)
        for day, of_day in failures.items()
        for check, text in of_day.items()
    ]
    late = held_back({day: reason for day, reason in absent.items() if day not in failures}, DELIVERY)
    return [*red, *late, *(Finding(day, check) for day in days if day not in said for check in every_check)]


def converged(wanted: Mapping[date, Decimal], publication: Publication) -> list[Finding]:
    """Whether the destination shows what was to be published."""
    missed = set(publication.unconverged(wanted))
    return [
        Finding(
            day,
            CONVERGED,
            passed=day not in missed,
            text=f"the destination shows {publication.read_back.get(day)}, not {quantity}" if day in missed else "",
            numbers={"published": float(quantity)},
        )
        for day, quantity in wanted.items()
    ]


def _shown(totals: Sequence[Any] | None) -> str:
    return "nothing" if totals is None else ", ".join("-" if pd.isna(value) else f"{value}" for value in totals)


def _equal(one: Sequence[Any] | None, other: Sequence[Any] | None) -> bool:
    if one is None or other is None:
        return one is other
    return all((pd.isna(a) and pd.isna(b)) or a == b for a, b in zip(one, other, strict=True))


def refused(days: Iterable[date], reason: str) -> list[Finding]:
    """A delivery that was refused as a whole: none of its days can be trusted."""
    return [Finding(day, CONTRACT, passed=False, text=reason) for day in days]
