"""What is said of a publication beside whether it arrived: that nobody else had a hand in it.

Here: judging what a destination held before anything was sent. Not here: whether it holds what was sent (checks.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from unit_economics.checks import Finding
from unit_economics.drift import Sent, was_touched
from unit_economics.entries.adapters import Difference, Publication
from unit_economics.promises import UNTOUCHED


def untouched(wanted: Mapping[date, Decimal], publication: Publication, sent: Sent) -> list[Finding]:
    """A warning on each day that somebody changed there since it was sent; what is wanted has been sent again."""
    differences = {difference.day: difference for difference in publication.differences}
    found = {
        day: _changed_there(one, sent.get(day, ()))
        for day, one in differences.items()
        if was_touched(one.held, sent.get(day, ()))
    }
    return [
        Finding(day, UNTOUCHED, passed=day not in found, severity="warning", text=found.get(day, "")) for day in wanted
    ]


def _changed_there(difference: Difference, sent: Sequence[Decimal]) -> str:
    now = f"{_plain(difference.wanted)} was sent in its place"
    if difference.held is None:
        return f"deleted there: it held nothing where {_plain(sent[0])} had been sent, and {now}"
    if not sent:
        return f"written there: it held {_plain(difference.held)}, which was never sent from here, and {now}"
    return f"edited there: it held {_plain(difference.held)} where {_plain(sent[0])} had been sent, and {now}"


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
