"""Whether the pages of GET /costs are one whole answer.

Here: putting the pages together, and refusing what shows that one is missing, doubled or from another moment.
Not here: what a row means (vantage_charges.py), and following the links (vantage/api.py).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from unit_economics.currencies import CURRENCIES
from unit_economics.refusals import Refusal
from unit_economics.vantage import answers
from unit_economics.web_api.strict_json import Json, plain

WHERE = "Vantage GET /costs"
_AGAIN = "Run it again; if it stays, report it to Vantage"
_HALF_A_CENT = Decimal("0.005")


@dataclass(frozen=True)
class Bill:
    """All rows of one answer."""

    rows: list[Json]
    pages: int


def read_bill(pages: Iterable[Json]) -> Bill:
    """The rows of all pages; raises `Refusal` where they are not one whole answer."""
    read: list[list[Json]] = []
    totals: set[tuple[Decimal, str]] = set()
    for page in pages:
        rows = answers.rows(page, "costs", WHERE)
        # Single rows may be alike (a row has no key), but a whole page that was there before is the same page again.
        if rows and rows in read:
            raise Refusal("a page came twice", where=WHERE, remedy=_AGAIN)
        read.append(rows)
        totals.add(_total(page))
    _refuse_moved(totals, [len(rows) for rows in read])
    bill = Bill([row for rows in read for row in rows], len(read))
    _refuse_wrong_sum(bill.rows, totals)
    return bill


def _total(page: Json) -> tuple[Decimal, str]:
    total = page.get("total_cost")
    if not isinstance(total, dict):
        raise Refusal("the answer has no total cost", where=WHERE, remedy=_AGAIN)
    stated = cast("Json", total)
    currency = answers.text(stated, "currency", WHERE) or ""
    if currency not in CURRENCIES:
        what = f"{plain(currency)!r} is no currency of ISO 4217" if currency else "it has no currency"
        raise Refusal(f"the total cost is wrong: {what}", where=WHERE, remedy=_AGAIN)
    return answers.amount(stated, "amount", WHERE), currency


def _refuse_moved(totals: set[tuple[Decimal, str]], lengths: Sequence[int]) -> None:
    if len(totals) > 1:
        raise Refusal("the total changed between two pages", where=WHERE, remedy=_AGAIN)
    full, last = lengths[0], lengths[-1]
    if any(length != full for length in lengths[:-1]) or last > full or (len(lengths) > 1 and last == 0):
        raise Refusal("the pages are not equally long, so the costs moved between them", where=WHERE, remedy=_AGAIN)


def _refuse_wrong_sum(rows: Sequence[Json], totals: set[tuple[Decimal, str]]) -> None:
    ((stated, currency),) = totals
    others = {str(row.get("currency")) for row in rows} - {currency}
    if others:
        raise Refusal(
            f"the rows are in {sorted(others)[0]!r} but the total is in {currency}",
            where=WHERE,
            remedy="Set one currency for the workspace in Vantage",
        )
    amounts = [answers.amount(row, "amount", WHERE) for row in rows]
    summed = answers.exact_sum(amounts)
    if abs(summed - stated) > _rounding(amounts):
        what = f"the rows add up to {summed} but the total is {stated}: a page is missing or doubled"
        raise Refusal(what, where=WHERE, remedy=_AGAIN)


def _rounding(amounts: Sequence[Decimal]) -> Decimal:
    """Half a cent for the total, and half of the last digit of each row, which may be rounded as well."""
    finest = min((int(amount.as_tuple().exponent) for amount in amounts), default=0)
    return _HALF_A_CENT + len(amounts) * Decimal(5).scaleb(min(finest, -2) - 1)
