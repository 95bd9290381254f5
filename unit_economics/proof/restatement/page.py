"""A restatement report as Markdown: which unit costs moved, what changed underneath, which published copies are wrong.

Here: words and tables. Not here: what changed (insight/restating.py, warehouse/restatements.py).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction

from unit_economics.asset_names import CLOUD_COSTS
from unit_economics.business_days import shown
from unit_economics.insight.restating import Moved, Restatements, change
from unit_economics.markdown_table import table
from unit_economics.warehouse.restatements import Span

MOST_ROWS = 60
_DIGITS = 6
Chain = Callable[[str], Sequence[str]]


def page(found: Restatements, span: Span, chain: Chain) -> str:
    """The report; chain: the assets that a metric is made of, and itself."""
    lines = [
        f"# What changed, {span.since:%Y-%m-%d %H:%M} to {span.until:%Y-%m-%d %H:%M} UTC",
        "",
        headline(found),
        *_section("Unit costs that moved", _MOVED, list(_moved(found, chain))),
        *_section("The bill", _BILL, list(_bill(found))),
        *_section("What was counted", ("day", "asset", "before", "now", "change"), list(_counted(found))),
        *_section("Published copies that are wrong", ("day", "asset", "published", "stored"), list(_copies(found))),
        *_first_stored(found.first_stored),
    ]
    return "\n".join(lines) + "\n"


def headline(found: Restatements) -> str:
    """One sentence: how many days of which metrics moved."""
    days = {(one.metric, one.day) for one in found.moved}
    if not days:
        return "No unit cost that was stored is another one now."
    metrics = sorted({metric for metric, _ in days})
    after_complete = {(row.asset, row.day) for row in found.changed if row.status == "restated"} & days
    late = f", {len(after_complete)} of them after they had been complete" if after_complete else ""
    return f"{len(days)} day{'' if len(days) == 1 else 's'} of {', '.join(metrics)} moved{late}."


_MOVED = ("day", "metric", "scope", "before", "now", "change", "by cost", "by units", "why")
_BILL = ("day", "service", "category", "effective before", "now", "change", "billed change", "why")


def _moved(found: Restatements, chain: Chain) -> Iterator[Sequence[str]]:
    for one in found.moved:
        moved = change(one.unit_cost_before, one.unit_cost)
        yield (
            *(str(one.day), one.metric, f"{one.cost_scope} {one.billing_currency}"),
            *(_short(one.unit_cost_before), _short(one.unit_cost), _signed(moved)),
            *(_signed(_decimal(one.by_cost)), _signed(_decimal(one.by_units)), ", ".join(_causes(found, one, chain))),
        )


def _causes(found: Restatements, one: Moved, chain: Chain) -> Sequence[str]:
    return found.causes(one, chain(one.metric))


def _bill(found: Restatements) -> Iterator[Sequence[str]]:
    redefined = {row.day for row in found.changed if row.asset == CLOUD_COSTS and row.is_redefined}
    for part in found.charges:
        yield (
            *(str(part.day), f"{part.provider_name} {part.service_name or '(none)'}", part.charge_category),
            *(_short(part.effective_before), f"{_short(part.effective)} {part.billing_currency}"),
            *(_signed(change(part.effective_before, part.effective)), _signed(change(part.billed_before, part.billed))),
            "definition change" if part.day in redefined else part.cause,
        )


def _counted(found: Restatements) -> Iterator[Sequence[str]]:
    for (asset, day), (before, now) in found.quantities.items():
        yield str(day), asset, _short(before), _short(now), _signed(change(before, now))


def _copies(found: Restatements) -> Iterator[Sequence[str]]:
    for copy in found.wrong_copies:
        yield str(copy.day), copy.asset, _short(copy.published), _short(copy.stored)


def _first_stored(first: Mapping[str, int]) -> list[str]:
    if not first:
        return []
    counted = ", ".join(f"{asset} {days}" for asset, days in first.items())
    return ["", f"Days that were stored for the first time: {counted}."]


def _section(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    more = [f"\n... and {len(rows) - MOST_ROWS} more: `unit-economics restatements --json` has all."]
    return ["", f"## {title}", "", *table(head, rows[:MOST_ROWS]), *(more if len(rows) > MOST_ROWS else [])]


def _decimal(part: Fraction | None) -> Decimal | None:
    return None if part is None else Decimal(part.numerator) / Decimal(part.denominator)


def _short(value: Decimal | None) -> str:
    return "-" if value is None else f"{round(value, _DIGITS).normalize():f}"


def _signed(value: Decimal | None) -> str:
    return "-" if value is None else f"{round(value, _DIGITS).normalize():+f}"


def days_of(found: Restatements) -> str:
    """The days that moved, for a title."""
    moved: list[date] = [one.day for one in found.moved]
    return shown(moved)
