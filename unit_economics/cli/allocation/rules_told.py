"""The rules and shares that took part in an explanation, in words.

Here: which ones, by the names they have in the books. Not here: the words of a condition (allocation/rule_words.py).
"""

from unit_economics.allocation.rule_words import match_in_words, rule_in_words, share_in_words
from unit_economics.allocation.rules import UNUSED
from unit_economics.cli.allocation.explanation import Explanation
from unit_economics.entries.allocation import LEFT_OUT, OVERLAP, PARTS, UNALLOCATED, UNUSED_COMMITMENT, Allocation


def rules_in_words(found: Explanation) -> dict[str, str]:
    """Every rule and share that took part, by the name it has in the books."""
    allocation = found.named.entry.allocation
    if allocation is None:
        return {}
    took_part = {posting.rule for account in found.accounts for posting in account.postings}
    words = {allocation.name_of(n): rule_in_words(rule) for n, rule in enumerate(allocation.rules)}
    words |= _own_lines(allocation)
    pools = {p.pool.name for account in found.accounts for p in account.postings if p.pool}
    shares = [share for share in allocation.shared if share.cost_of in pools and share.holds_on(found.day)]
    return {name: text for name, text in words.items() if name in took_part} | {
        f"sharing {share.cost_of}": share_in_words(share) for share in shares
    }


def _own_lines(allocation: Allocation) -> dict[str, str]:
    parts = " or ".join(match_in_words(PARTS[part]) for part in allocation.leave_out)
    return {
        UNUSED_COMMITMENT: f"{match_in_words(UNUSED)}, before any rule is asked",
        LEFT_OUT: f"declared out: {parts}",
        UNALLOCATED: "no rule takes the charge",
        OVERLAP: "takes off again what several rules took whole",
    }
