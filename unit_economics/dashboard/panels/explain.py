"""One number explained: the formula with its numbers, and the way back from it to what the sources were read from.

Here: the current version of one day and scope. Not here: the question for it (dashboard/origins.py), older versions
(panels/versions.py), the charges behind it (dashboard/charges_behind.py), the checks' words (dashboard/trust.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import LiteralString

from markupsafe import Markup

from unit_economics.asset_names import units_asset
from unit_economics.business_days import ONE_DAY, DayRange
from unit_economics.dashboard.charts.lineage import Box, lineage
from unit_economics.dashboard.charts.svg import NOTHING
from unit_economics.dashboard.facts.charges_behind import ByService, by_service, reproducing
from unit_economics.dashboard.facts.origins import Version, explained_day, origin_of
from unit_economics.dashboard.facts.trust import checks_of, publications_of
from unit_economics.dashboard.mart.fingerprints import Read
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.dagster_links import partition_url, run_url
from unit_economics.dashboard.words.numbers import EMPTY
from unit_economics.day_states import states_in
from unit_economics.graph import ALLOCATED_COSTS, CLOUD_COSTS

_NUMBER: LiteralString = """
    select cost, quantity, cost / nullif(quantity, 0), reason, charge_rows from (
        select case when bool_and(cost is not null) then sum(cost) end as cost, max(quantity) as quantity,
            max(reason) as reason, sum(charge_rows) as charge_rows
        from unit_costs
        where metric = %(metric)s and business_date = %(day)s and billing_currency = %(currency)s
            and (cost_scope = %(scope)s or %(is_split)s and starts_with(cost_scope, %(scope)s || ':'))
        group by business_date
    ) of_day
"""


@dataclass(frozen=True)
class Explain:
    """The formula, the boxes behind it, and a table; `missing` says why there is no number."""

    day: str
    value: str
    kept: Sequence[tuple[str, str]]
    earlier: str = ""
    later: str = ""
    missing: str = ""
    formula: str = ""
    doubt: str = ""
    chart: Markup = NOTHING
    rows: Sequence[tuple[str, str]] = ()
    stored: Sequence[tuple[str, str, str, str]] = ()
    reads: Sequence[tuple[str, Read]] = ()
    sql: str = ""
    charges: ByService | None = None
    template: str = "panels/explain.html"


@dataclass(frozen=True)
class Number:
    """One row of `unit_costs`; all empty where the scope has no row on a day that is stored."""

    cost: Decimal | None = None
    quantity: Decimal | None = None
    unit_cost: Decimal | None = None
    reason: str | None = "this scope has no charge on this day"
    charge_rows: int = 0


def explain(scene: Scene) -> Explain:
    """The view's day, or the last complete one."""
    day = explained_day(scene)
    kept = [("metric", scene.view.metric), ("scope", scene.view.scope), ("by", scene.view.by)]
    kept += [("window", scene.view.window), ("range", scene.view.range), ("to", str(scene.view.to or ""))]
    if day is None:
        return Explain(EMPTY, "", kept, missing="no day is complete yet; choose one to see how it stands")
    links = (_link(scene, day - ONE_DAY), _link(scene, day + ONE_DAY))
    shown = (scene.numbers.day(day), str(day), kept, *links)
    found = origin_of(scene, day)
    if scene.view.metric not in found:
        return Explain(*shown, missing=_why_not(scene, day))
    number = _number(scene, day)
    charges = by_service(scene, day) if CLOUD_COSTS in found else None
    return Explain(
        *shown,
        formula=_formula(scene, number),
        chart=_boxes(scene, day, found, number),
        rows=_rows(scene, day, found),
        stored=[_stored(scene, one) for one in found.values()],
        reads=[(asset, read) for asset, one in found.items() for read in one.reads(scene)],
        sql=reproducing(scene, day),
        charges=charges,
        doubt=_doubt(scene, found, number, charges),
    )


def _link(scene: Scene, day: date) -> str:
    return scene.view.url(day=day) + "#explain"


def _why_not(scene: Scene, day: date) -> str:
    """The state of a day that is not stored, with its reason."""
    states = states_in(scene.connection, scene.of, DayRange(day, day))
    metric = scene.view.metric
    match states.state(metric, day):
        case "open":
            return "the business day is not over yet"
        case "before":
            return "it is before the first day that was ever stored"
        case state:
            return states.reason(metric, day) or f"it is {state}"


def _number(scene: Scene, day: date) -> Number:
    row = scene.connection.execute(_NUMBER, {**vars(scene.question), "day": day}).fetchone()
    return Number(*row) if row else Number()


def _formula(scene: Scene, number: Number) -> str:
    numbers = scene.numbers
    halves = f"{numbers.money(number.cost)} ÷ {numbers.count(number.quantity)} {scene.units_name}"
    if number.unit_cost is None:
        return f"{halves}: no unit cost, for {number.reason}"
    return f"{halves} = {numbers.money(number.unit_cost * scene.scale)} per {scene.per}"


def _doubt(scene: Scene, found: Mapping[str, Version], number: Number, charges: ByService | None) -> str:
    """What is wrong where the charges that the number was made of no longer add up to it."""
    is_same_bill = charges is not None and found[CLOUD_COSTS].superseded_at is None and number.cost is not None
    is_same_scope = found[scene.view.metric].definition == scene.of.definition(scene.view.metric)
    if charges is None or not (is_same_bill and is_same_scope) or charges.total == number.cost:
        return ""
    held, cost = scene.numbers.money(charges.total), scene.numbers.money(number.cost)
    return f"The charges that are stored add up to {held}, not to {cost}: somebody changed them by hand."


def _boxes(scene: Scene, day: date, found: Mapping[str, Version], number: Number) -> Markup:
    numbers, dashboard, metric = scene.numbers, scene.of.catalogue.dashboard, scene.view.metric
    amounts = {
        ALLOCATED_COSTS: "rules and shares",
        CLOUD_COSTS: f"{numbers.count(Decimal(number.charge_rows))} charges",
        units_asset(metric): f"{numbers.count(number.quantity)} {scene.units_name}",
    }
    inputs = [
        Box(
            f"{one.asset} v{one.version}",
            f"{amounts.get(one.asset, '')} · run {one.run_id[:8]}",
            partition_url(dashboard, one.asset, day),
        )
        for one in sorted(found.values(), key=lambda one: one.asset)
        if one.asset != metric
    ]
    own = found[metric]
    asset = Box(f"{metric} v{own.version}", f"run {own.run_id[:8]}", partition_url(dashboard, metric, day))
    shown = EMPTY if number.unit_cost is None else numbers.money(number.unit_cost * scene.scale)
    return lineage(inputs, asset, Box(shown, f"per {scene.per}"), width=520)


def _rows(scene: Scene, day: date, found: Mapping[str, Version]) -> list[tuple[str, str]]:
    own, numbers = found[scene.view.metric], scene.numbers
    newer = [one.asset for one in found.values() if one.superseded_at]
    stale = f"; newer is stored of {' and '.join(newer)}, so it will be computed again" if newer else ""
    return [
        ("Status", f"{own.status}{stale}"),
        ("Inputs complete through", numbers.day(own.complete_through)),
        ("Recorded", numbers.moment(own.recorded_at.astimezone(scene.of.calendar.timezone))),
        ("Release and catalogue", f"{own.code_version}, catalogue {own.catalogue_version}"),
        ("Checks", checks_of(scene, day)),
        ("Published", publications_of(scene, day)),
    ]


def _stored(scene: Scene, one: Version) -> tuple[str, str, str, str]:
    """An asset and its version, the definition, its run and that run's address."""
    of = f"definition {one.definition or 'none'}"
    of += f", read {one.source_hash[:12]}" if one.source_hash and one.asset != scene.view.metric else ""
    return f"{one.asset} v{one.version}", of, one.run_id, run_url(scene.of.catalogue.dashboard, one.run_id)
