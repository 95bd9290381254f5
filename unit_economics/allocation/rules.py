"""Which rule of an allocation takes a charge: the meaning of the rules, for one charge at a time.

Here: the order of the questions, and what is written down of the answer. Not here: the same as SQL, for millions of
charges (cost_sources/focus/rule_sql.py); the two are held together by a test.
"""

import json
from collections.abc import Mapping
from datetime import date

from unit_economics.entries.allocation import LEFT_OUT, PARTS, UNALLOCATED, UNUSED_COMMITMENT, Allocation
from unit_economics.entries.conditions import Charge, Match

UNUSED = Match(commitment_discount_status="Unused")
BETWEEN = ","
"""Between the names of rules, where each of several takes the whole charge."""


def taken_by(allocation: Allocation, day: date, charge: Charge) -> str:
    """The name of the rule that takes the charge, or one of our own lines; several names where each takes it."""
    if any(PARTS[part].holds(charge) for part in allocation.leave_out):
        return LEFT_OUT
    if UNUSED.holds(charge):
        return UNUSED_COMMITMENT
    matching = [
        allocation.name_of(place)
        for place, rule in enumerate(allocation.rules)
        if rule.holds_on(day) and rule.where.holds(charge)
    ]
    if not matching:
        return UNALLOCATED
    return matching[0] if allocation.overlap == "first_wins" else BETWEEN.join(matching)


def is_untagged(keys: set[str], charge: Charge) -> bool:
    """Whether the charge has none of these tags, of which there are some."""
    return bool(keys) and not any(charge.tags.get(key) for key in keys)


def written(taken: Mapping[str, str]) -> str:
    """By scope, the rule that took a charge: as canonical JSON."""
    return json.dumps(dict(taken), sort_keys=True, separators=(",", ":"))
