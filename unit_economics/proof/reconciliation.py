"""Does the mart match the invoices: every invoice held against what was billed for it, each morning.

Here: the proof, and what is said of each invoice. Not here: holding them (held_invoices.py).
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from unit_economics.asset_names import INVOICED_COSTS
from unit_economics.business_days import shown
from unit_economics.checks import Severity
from unit_economics.deployment import Deployment
from unit_economics.insight.reconciling import FINAL
from unit_economics.markdown_table import table
from unit_economics.proof.closed_days import close_days
from unit_economics.proof.held_invoices import Held, held
from unit_economics.proof.proof import Judgement, Proof, Proved
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.reconciling import Stands

NAME = "invoice_reconciliation"
RECONCILED = "invoice_reconciled"
READABLE = "sources_readable"
_GUESS = "support"
CHECKS = {
    RECONCILED: "No invoice that is issued has more unexplained than the tolerance.",
    READABLE: "Every cost source could be read by invoice; what could not is listed, and never counted as 0.",
}
_DESCRIPTION = (
    "Every invoice beside what was billed for it: the difference, what explains it (tax, credits, support, marketplace,"
    " timing, rounding, out of scope), and what is left.\n\n```sql\nselect * from unit_economics.reconciliations\n```"
)


def invoice_reconciliation(of: Deployment) -> Proof | None:
    """The proof; None where the catalogue has no `reconciliation`."""
    rules = of.catalogue.reconciliation
    if rules is None:
        return None

    def prove(run: Run) -> Proved:
        found = held(of, rules, run)
        return _proved(found, close_days(of, run) if rules.close_days else ())

    return Proof(NAME, _DESCRIPTION, [INVOICED_COSTS], CHECKS, prove)


def _proved(found: Held, closed: Sequence[date]) -> Proved:
    states = [one.answer.state for one in found.stands]
    silent = [
        Judgement(READABLE, passed=False, severity="warning", text=f"{source}: {why}", about=source)
        for source, why in found.unreadable.items()
    ]
    return Proved(
        shown={
            "invoices": len(states),
            "written": found.written,
            "days_closed": shown(closed) or "none",
            **{state: states.count(state) for state in set(states)},
        },
        judgements=[*map(judged, found.stands), *silent],
        markdown={"reconciliations": _table(found)},
    )


def judged(one: Stands) -> Judgement:
    """What is said of one invoice: only one that is issued can fail, one that is not yet is a warning."""
    stated, left = one.recorded.invoice, one.answer.unexplained
    beyond = left is not None and one.tolerance is not None and left.copy_abs() > one.tolerance
    wrong = one.answer.state == "unexplained" or (one.answer.state == "provisional" and beyond)
    severity: Severity = "error" if stated.status in FINAL else "warning"
    text = f"{title(one)}: {told(one)}" if wrong else ""
    return Judgement(RECONCILED, not wrong, severity, text, stated.invoice_id)


def title(one: Stands) -> str:
    """Which invoice it is."""
    stated = one.recorded.invoice
    return f"invoice {stated.invoice_id} of {stated.issuer} from {stated.period_start}"


def told(one: Stands) -> str:
    """How it stands, in one sentence with the command that is next."""
    stated, found = one.recorded.invoice, one.answer
    if found.unexplained is None or one.tolerance is None:
        return found.reason
    said = f"{plain(stated.amount)} {stated.currency} where {plain(one.charged.billed)} were billed"
    left = f"{plain(found.unexplained)} are unexplained and {plain(one.tolerance)} may be"
    if not one.charged.charge_rows:
        return f"{said}; {left}. No charge is on it: {_NAMED_AS_THE_BILL_DOES}"
    return f"{said}; {left}. Find out why, then say it: {_explain(one, found.unexplained)}"


_NAMED_AS_THE_BILL_DOES = (
    "state it again with its number, or its issuer, account and period, as the bill has them; or with --status void"
)


def _explain(one: Stands, unexplained: Decimal) -> str:
    """The command that explains what is left; what a person said of the same kind is in it, for it is replaced."""
    before = [item.amount for item in one.answer.items if (item.kind, item.origin) == (_GUESS, "hand")]
    amount = plain(sum(before, unexplained))
    named = f"unit-economics invoice explain {one.recorded.invoice.invoice_id} --kind {_GUESS} --amount {amount}"
    return f"{named} --why ... --by ..."


def plain(amount: Decimal | None) -> str:
    """Every digit that says something; a dash where there is none."""
    return "-" if amount is None else f"{amount.normalize():f}"


def percent(one: Stands) -> str:
    """The difference as a part of the invoice."""
    amount, difference = one.recorded.invoice.amount, one.answer.difference
    return f"{100 * difference / amount:+.2f} %" if amount and difference is not None else "-"


def score(one: Stands) -> str:
    """The score, to four decimals."""
    return "-" if one.answer.score is None else f"{one.answer.score:.4f}"


HEAD = ("invoice", "period", "billed", "invoiced", "", "difference", "%", "score", "explained", "unexplained", "state")


def line(one: Stands) -> list[str]:
    """One invoice as a row under `HEAD`."""
    stated, found = one.recorded.invoice, one.answer
    return [
        *(stated.invoice_id, f"{stated.period_start:%Y-%m}", plain(one.charged.billed), plain(stated.amount)),
        *(stated.currency, plain(found.difference), percent(one), score(one), plain(found.explained)),
        *(plain(found.unexplained), found.state),
    ]


def _table(found: Held) -> str:
    silent = [f"\nNot readable by invoice: **{source}**: {why}" for source, why in found.unreadable.items()]
    return "\n".join([*table(HEAD, [line(one) for one in found.stands]), *silent])
