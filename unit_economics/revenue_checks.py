"""What is said of a day's components of revenue before they are stored.

A smaller net is no lost delivery: refunds of weeks ago make it smaller, and are to come in. So what may have been lost
is looked for in the gross alone; of what is taken off, only that it became less is worth a warning.
Here: these judgements. Not here: what is said of every count (checks.py), the arithmetic (revenue.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from unit_economics.checks import Finding, sound, unit_findings
from unit_economics.entries.adapters import Count
from unit_economics.entries.platform import Checks
from unit_economics.entries.revenue import Basis
from unit_economics.promises import CONTRACT, DELIVERY
from unit_economics.revenue_names import GIVEN_BACK, GROSS

Earned = Mapping[date, Mapping[str, Decimal]]
"""The amounts of each day by component."""


def revenue_findings(
    counted: Count, days: Sequence[date], history: Earned, rules: Checks, basis: Basis | None
) -> list[Finding]:
    """Everything that is said of a range of days whose revenue was read component by component."""
    former = {day: components[GROSS] for day, components in history.items() if GROSS in components}
    only_gross = replace(counted, units=counted.units[counted.units["segment"] == GROSS])
    contract = [one for one in unit_findings(counted, days, former, rules) if one.check == CONTRACT]
    found = [*contract, *(one for one in unit_findings(only_gross, days, former, rules) if one.check != CONTRACT)]
    good = set(sound(counted.units["business_date"].unique().tolist(), found))
    warned = {day: text for day in good if (text := _changed(history.get(day, {}), _parts(counted, day), basis))}
    return [
        replace(one, passed=False, severity="warning", text=warned[one.day])
        if one.check == DELIVERY and one.day in warned and one.passed
        else one
        for one in found
    ]


def _parts(counted: Count, day: date) -> dict[str, Decimal]:
    of_day = counted.units[counted.units["business_date"] == day]
    return dict(zip(of_day["segment"], of_day["quantity"], strict=True))


def _changed(before: Mapping[str, Decimal], now: Mapping[str, Decimal], basis: Basis | None) -> str:
    return "; ".join([*_less(before, now), *(_restated(before, now) if basis == "event_date" else ())])


def _less(before: Mapping[str, Decimal], now: Mapping[str, Decimal]) -> Iterator[str]:
    for name, amount in _taken_off(before):
        if name in now and now[name] < amount:
            yield f"{name} are {now[name].normalize():f} where {amount.normalize():f} were counted before"


def _restated(before: Mapping[str, Decimal], now: Mapping[str, Decimal]) -> Iterator[str]:
    for name, amount in _taken_off(before):
        if name in GIVEN_BACK and name in now and now[name] > amount:
            yield f"{name} of this day grew, though by refunds_basis event_date they count on their own day"


def _taken_off(components: Mapping[str, Decimal]) -> Iterable[tuple[str, Decimal]]:
    return ((name, amount) for name, amount in components.items() if name != GROSS)
