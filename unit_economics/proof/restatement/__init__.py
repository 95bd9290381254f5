"""What changed since the report before: each morning's restatement report, kept as it was said.

Here: the proof, and reading what it is about. Not here: causes (insight/restating.py), the page (page.py).
"""

from collections.abc import Mapping

from unit_economics.deployment import Deployment
from unit_economics.insight.restating import Restatements
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.proof.restatement.page import days_of, headline, page
from unit_economics.warehouse import restatements
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.restatements import Span

ASSET = "restatement_report"
COPIES_FOLLOW = "published_copies_follow"


def restatement_report(of: Deployment) -> Proof:
    """The proof of this deployment."""
    return Proof(
        ASSET,
        "What became another number since the report before: by day, service and cause, whose unit cost moved and by"
        " how much, and which published copies are wrong until the publication follows.",
        list(of.catalogue.measured),
        {COPIES_FOLLOW: "Every published value is the one that is stored now; the publication follows by itself."},
        lambda run: _prove(of, run),
    )


def restated(of: Deployment, connection: Connection, span: Span) -> Restatements:
    """All that is different between two moments."""
    return restatements.read_restatements(connection, span, list(of.catalogue.measured), _copies(of))


def chain(of: Deployment, metric: str) -> list[str]:
    """The assets that a metric rests on, and itself."""
    return [*of.chain(metric), metric]


def _copies(of: Deployment) -> Mapping[str, str]:
    return {name: node.inputs[0] for name, node in of.graph.items() if node.kind == "publication"}


def _prove(of: Deployment, run: Run) -> Proved:
    with of.warehouse.connection() as connection:
        span = restatements.since_last_report(connection)
    with of.warehouse.snapshot() as connection:
        found = restated(of, connection, span)
    body = page(found, span, lambda metric: chain(of, metric))
    if not found.is_empty:
        with of.warehouse.transaction() as connection:
            restatements.keep_report(connection, span, len(found.moved), body, run.run_id)
    shown = {"moved": headline(found), "days": days_of(found) or "none", "unit_costs_moved": len(found.moved)}
    return Proved(shown, [_copies_follow(found)], {"report": body})


def _copies_follow(found: Restatements) -> Judgement:
    wrong = found.wrong_copies
    if not wrong:
        return Judgement(COPIES_FOLLOW)
    first, last = min(copy.day for copy in wrong), max(copy.day for copy in wrong)
    what = (
        f"{len(wrong)} published value{' is' if len(wrong) == 1 else 's are'} no longer what is stored, first {first}"
    )
    remedy = f"the gap sensor publishes them again; by hand: unit-economics publish --from {first} --to {last}"
    return Judgement(COPIES_FOLLOW, passed=False, severity="warning", text=f"{what}; {remedy}")
