"""`unit-economics allocation check`: what the rules match twice or never, and the rules that would catch the rest.

Here: the command line, the judgement, and the answer as JSON. Not here: reading (examination.py), showing
(check_page.py).
"""

from dataclasses import asdict
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from unit_economics.business_days import DayRange
from unit_economics.catalogue import BROUGHT
from unit_economics.cli.allocation.named import nearest
from unit_economics.cli.allocation.pasted import pasted
from unit_economics.cli.opening import opened
from unit_economics.cli.options import config_option, day_options, json_option, yesterday
from unit_economics.cli.table import show_json
from unit_economics.deployment import Deployment
from unit_economics.entries.allocation import Allocation
from unit_economics.refusals import UsageRefusal

if TYPE_CHECKING:
    from unit_economics.cli.allocation.examination import Examination, Examined

WEEK = timedelta(days=6)
MOST_SUGGESTIONS = 10


@click.command("check")
@day_options(default="the last 7 closed days")
@click.option("--scope", metavar="NAME", help="Only this cost scope. [all that have rules]")
@json_option
@config_option
def command(first: date | None, last: date | None, scope: str | None, *, as_json: bool, config: Path | None) -> int:
    """Charges that rules match twice or never, rules that match nothing, and rules that would catch what is left.

    The bill itself is read, by the catalogue as it is now: a rule can be tried before any day is computed. Nothing is
    stored. Exit code 1 when something was found.
    """
    of = opened(config)
    names = _names(of, scope)
    days = _days(of, first, last)
    from unit_economics.cli.allocation import check_page  # DuckDB and pandas: only where a bill is read
    from unit_economics.cli.allocation.examination import examined

    found = examined(of, days, names, MOST_SUGGESTIONS)
    is_clean = not (found.absent or found.found or any(map(has_findings, found.scopes)))
    if as_json:
        show_json({"ok": is_clean, **_document(found)})
    else:
        check_page.show(found)
    return int(not is_clean)


def has_findings(scope: "Examined") -> bool:
    """Whether a rule or a charge of this scope needs somebody's look.

    What no rule takes needs none up to the limit that the catalogue sets. A charge that two rules match is told and no
    fault: rules have an order so that the first can be the exception to the next.
    """
    matches, allocation = scope.matches, scope.allocation
    is_open = allocation.max_unallocated is None and any(kind.is_open for kind in scope.kinds)
    return bool(matches.never or matches.shadowed) or is_open


def _names(of: Deployment, scope: str | None) -> list[str]:
    known: dict[str, Allocation] = of.catalogue.allocations
    if scope is not None and scope not in known:
        raise nearest("cost scope with rules", scope, list(known))
    if not known:
        remedy = "Add `allocation: {rules: [...]}` to a cost scope"
        raise UsageRefusal("no cost scope has rules", where="cost_scopes", remedy=remedy)
    own = [name for name in known if not name.startswith(BROUGHT)]
    return own or list(known) if scope is None else [scope]


def _days(of: Deployment, first: date | None, last: date | None) -> DayRange:
    newest = yesterday(of).last
    until = last or max(first or newest, newest)
    begin = min(max(until - WEEK, of.catalogue.business_day.first_day), until)
    days = DayRange(first or begin, until)
    of.calendar.refuse_open(days, of.outside.now())
    return days


def _document(found: "Examination") -> dict[str, Any]:
    return {
        "from": found.days.first,
        "to": found.days.last,
        "absent": [{"day": day, "reason": reason} for day, reason in found.absent.items()],
        "findings": [{"day": one.day, "check": one.check, "text": one.text} for one in found.found],
        "scopes": [_scope(scope) for scope in found.scopes],
    }


def _scope(scope: "Examined") -> dict[str, Any]:
    matches = scope.matches
    return {
        "scope": scope.name,
        "cost": scope.bill,
        "unallocated": scope.left,
        "never": matches.never,
        "shadowed": matches.shadowed,
        "matched_twice": [asdict(twice) for twice in matches.twice],
        "suggestions": [
            {"rule": pasted(one.rule), "caught": one.caught, "charge_rows": one.charge_rows, "share": scope.share(one)}
            for one in scope.suggestions
        ],
        "shares": [asdict(one) for one in scope.shares],
    }
