"""The proof `published_read_back`: does every destination still hold what was sent to it, over all days ever published.

Here: reading it, and what is said of it. Not here: the word for a day (drift.py), keeping it (warehouse/read_backs.py),
the look that a publication takes by itself before it sends (steps/publishing.py).

It sends nothing. A day inside the restatement window is put right by the morning's publication, which tells of it by
itself; an older one is told here, and is put right by whoever types what the message says.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from unit_economics import drift
from unit_economics.business_days import DayRange, shown
from unit_economics.checks import Severity
from unit_economics.deployment import Deployment
from unit_economics.drift import Holding
from unit_economics.going_out import going_out
from unit_economics.graph import Node
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.refusals import Refusal
from unit_economics.warehouse import publications, read_backs
from unit_economics.warehouse.ledger import Run

NAME = "published_read_back"
CHECK = "holds_what_we_sent"
MOST_DAYS = 400
"""A year and the days that a bill may still change: one read of a few pages."""
_MOST_SAID = 5
_PROMISES = {CHECK: "Every destination holds what was sent to it last, and nothing else, on all days ever published."}


def read_back(of: Deployment) -> Proof | None:
    """The proof, where something is published."""
    nodes = [node for node in of.graph.values() if node.sink]
    if not nodes:
        return None
    return Proof(
        name=NAME,
        description="What every destination holds, read back over all days that were ever published, against what was "
        "sent last and against what is right now. It sends nothing.",
        after=[node.name for node in nodes],
        checks=_PROMISES,
        prove=lambda run: _prove(of, nodes, run),
    )


def look(of: Deployment, node: Node) -> list[Holding]:
    """A word for every day of one destination, with nothing sent or stored; raises `Refusal`.

    What was sent is read on both sides of the question: a publication in between changes it, and is nobody's edit.
    """
    days = _published_days(of, node)
    if days is None or node.sink is None:
        return []
    with of.warehouse.snapshot() as connection:
        before = publications.last_sent(connection, node.name, days)
    held = node.sink.held(days, outside=of.outside)
    with of.warehouse.snapshot() as connection:
        after = publications.last_sent(connection, node.name, days)
        ours = going_out(of, node, connection, days).wanted
    sent = {day: [*after.get(day, []), *before.get(day, [])] for day in {*before, *after}}
    return drift.holdings(held.values, held.beside, sent, ours) if held else []


def _published_days(of: Deployment, node: Node) -> DayRange | None:
    last = of.calendar.last_closed_day(of.outside.now())
    with of.warehouse.snapshot() as connection:
        first = publications.first_published(connection, node.name)
    return DayRange(max(first, last - timedelta(days=MOST_DAYS - 1)), last) if first and first <= last else None


def _prove(of: Deployment, nodes: Sequence[Node], run: Run) -> Proved:
    judgements: list[Judgement] = []
    words: Counter[str] = Counter()
    changed = 0
    for node in nodes:
        try:
            found = look(of, node)
        except Refusal as refusal:
            judgements.append(
                Judgement(CHECK, passed=False, text=f"{node.name} could not be read: {refusal}", about=node.name)
            )
            continue
        with of.warehouse.transaction() as connection:
            changed += read_backs.keep(connection, node.name, found, run.run_id)
        words.update(one.verdict for one in found)
        judgements += judged(node, found)
    return Proved({**words, "days": words.total(), "changed": changed}, judgements)


def judged(node: Node, found: Sequence[Holding]) -> list[Judgement]:
    """An error for what somebody changed, a warning for what is behind or foreign; amounts of revenue are not said."""
    touched, foreign = list(drift.of(drift.TOUCHED, found)), list(drift.of(["foreign"], found))
    behind = list(drift.of(["behind"], found))
    said: list[tuple[Severity, list[Holding], str]] = [
        ("error", touched, f"somebody changed what was sent: {_days(node, touched)}. {_repair(touched)}"),
        ("warning", foreign, f"it holds what was never sent: {_days(node, foreign)}. Delete it there if it is wrong"),
        ("warning", behind, f"it holds older values: {_days(node, behind)}. {_repair(behind)}"),
    ]
    failed = [
        Judgement(CHECK, passed=False, severity=severity, text=f"{node.name}: {text}", about=node.name)
        for severity, days, text in said
        if days
    ]
    return failed or [Judgement(CHECK, about=node.name)]


def _repair(found: Sequence[Holding]) -> str:
    if not found:
        return ""
    days = [one.day for one in found]
    return f"Send ours again with: unit-economics publish --from {min(days)} --to {max(days)}"


def _days(node: Node, found: Sequence[Holding]) -> str:
    if node.kind == "revenue_publication":  # a check's words are for everybody; who may know looks into read_backs
        return shown(one.day for one in found)
    more = f" and {len(found) - _MOST_SAID} more" if len(found) > _MOST_SAID else ""
    return "; ".join(_said(one) for one in found[:_MOST_SAID]) + more


def _said(one: Holding) -> str:
    beside = f", beside it {one.beside}" if one.beside else ""
    return f"{one.day} {one.verdict}: it holds {_plain(one.held)}, ours is {_plain(one.ours)}{beside}"


def _plain(amount: Decimal | None) -> str:
    return "nothing" if amount is None else f"{amount.normalize():f}"
