"""Can the numbers be trusted: what each proof found last, a line each, with the command that tells more.

Here: the lines, of what the catalogue asks for. Not here: the questions (mart/proofs.py), finding it (proof/).
"""

from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, timedelta
from decimal import Decimal

from unit_economics.asset_names import revenue_sink_asset, sink_asset
from unit_economics.business_days import DayRange
from unit_economics.dashboard.mart.proofs import Invoiced, invoiced, last_close, moved, read_back, unreadable
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.words.spans import counted, spans
from unit_economics.warehouse.completeness_kept import CompleteThrough, complete_through

SINCE = timedelta(hours=24)
_BAD, _OPEN = ("unexplained",), ("not_held", "open", "provisional")
_WORST = (*_BAD, *_OPEN, "explained", "reconciled")
_HELD = {"edited": "edited by hand", "deleted": "deleted by hand", "behind": "older than ours", "foreign": "never sent"}
_TOUCHED = ("edited", "deleted")


@dataclass(frozen=True)
class Line:
    """One proof: its name, what it found in a word and in a sentence, and what to type."""

    name: str
    text: str
    command: str
    state: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Proof:
    """The proofs that this catalogue has."""

    lines: Sequence[Line]
    template: str = "panels/proof.html"


def proof(scene: Scene) -> Proof:
    """Completeness and restatements always; the others where they are asked for."""
    return Proof([_complete(scene), *_invoices(scene), *_read_back(scene), _restated(scene), *_closed(scene)])


def _complete(scene: Scene) -> Line:
    names = [*scene.of.catalogue.cost_sources, scene.view.metric]
    known = {one.name: one for one in complete_through(scene.connection, names)}
    told = "; ".join(_through(scene, known[name]) for name in names if name in known)
    return Line("Complete through", told or "nothing is stored yet", "unit-economics status")


def _through(scene: Scene, one: CompleteThrough) -> str:
    rule = f" ({one.rule})" if one.rule else ""
    return f"{one.name} {scene.numbers.day(one.complete_through)}{rule}"


def _invoices(scene: Scene) -> Iterator[Line]:
    if scene.of.catalogue.reconciliation is None:
        return
    found = invoiced(scene.connection)
    for one in found:
        worst = min(one.states, key=_WORST.index)
        tone = "bad" if worst in _BAD else "warn" if worst in _OPEN else "good"
        command = f"unit-economics reconcile --period {one.period:%Y-%m}"
        yield Line("Invoices", _stands(scene, one), command, worst.replace("_", " "), tone)
    if not found:
        yield Line("Invoices", "none is stated yet", "unit-economics invoice add --help")
    if silent := unreadable(scene.connection):
        text = f"{', '.join(silent)} can't be read by invoice"
        yield Line("Invoices", text, "unit-economics reconcile", "not read", "warn")


def _stands(scene: Scene, one: Invoiced) -> str:
    """`Oct 2026: of $119.00 on 2 invoices $100.00 are billed, $19.00 explained and $0.00 unexplained; score 0.8403`."""
    numbers = replace(scene.numbers, currency=one.currency)
    when = numbers.month(one.period) if one.period.day == 1 else f"From {numbers.day(one.period)}"
    invoices = f"{one.invoices} invoice{'' if one.invoices == 1 else 's'}"
    if one.amount is None:
        return f"{when}: {invoices}; what was billed for them can't be told"
    amount, *parts = map(numbers.money, (one.amount, one.billed, one.explained, one.unexplained))
    score = "" if one.score is None else f"; score {one.score:.4f}"
    rest = f"; {one.not_told} of them can't be told" if one.not_told else ""
    billed, explained, unexplained = parts
    said = f"{billed} are billed, {explained} explained and {unexplained} unexplained"
    return f"{when}: of {amount} on {invoices} {said}{score}{rest}"


def _read_back(scene: Scene) -> Iterator[Line]:
    metric = scene.metric
    assets = [sink_asset(scene.view.metric, sink) for sink in metric.published]
    assets += [revenue_sink_asset(scene.view.metric, sink) for sink in metric.published_revenue]
    if not assets:
        return
    found, command = read_back(scene.connection, assets), f"unit-economics vantage read-back {scene.view.metric}"
    if not found:
        yield Line("Published", "not read back yet", command)
        return
    wrong = [f"{found[verdict]} {words}" for verdict, words in _HELD.items() if verdict in found]
    text = f"{sum(found.values())} values read back, {', '.join(wrong) or 'each as it should be'}"
    yield Line("Published", text, command, *_verdict(found))


def _verdict(found: Collection[str]) -> tuple[str, str]:
    if any(verdict in found for verdict in _TOUCHED):
        return "changed there", "bad"
    return ("differs", "warn") if any(verdict in found for verdict in _HELD) else ("agrees", "good")


def _restated(scene: Scene) -> Line:
    since = scene.now.astimezone(UTC) - SINCE
    found = moved(scene.connection, scene.question, since, scene.series.shown)
    command = f"unit-economics restatements --since {since:%Y-%m-%dT%H:%M:%SZ}"
    if not found:
        return Line("Restated", f"no day of {scene.view.scope} is another number than a day ago", command)
    text = f"{_days(scene, found)} than a day ago"
    return Line("Restated", text, command, "restated", "warn")


def _days(scene: Scene, found: Mapping[date, Decimal | None]) -> str:
    """`2 days, 3 Jun – 4 Jun, +$3.00 in all, are other numbers`."""
    dearer = sum((change for change in found.values() if change is not None), Decimal(0))
    are = "is another number" if len(found) == 1 else "are other numbers"
    return f"{counted(found)} ({spans(scene.numbers, found)}; {scene.numbers.signed_money(dearer)} cost) {are}"


def _closed(scene: Scene) -> Iterator[Line]:
    command, close = "unit-economics close --list", last_close(scene.connection)
    if close is None:
        if scene.of.catalogue.close:
            yield Line("Closed", "no month yet", command)
        return
    month, at, by = close
    last = month.replace(day=monthrange(month.year, month.month)[1])
    since = moved(scene.connection, scene.question, at, DayRange(month, last))
    became = f"{_days(scene, since)} than in its pack" if since else "no number of it has moved since"
    when = scene.numbers.day(at.astimezone(scene.of.calendar.timezone).date())
    text = f"{scene.numbers.month(month)}, on {when} by {by}: {became}"
    yield Line("Closed", text, command, *(("restated", "warn") if since else ("as closed", "good")))
