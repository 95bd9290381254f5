"""Units that read like a stock: what is there on every day again, so that its days must not be added up.

Here: the words, and which aggregation fits each. Not here: what an aggregation does (over_days.py), the warning about
one that isn't declared (contract.py).
"""

import re
from typing import Literal

Fitting = Literal["`aggregation: gauge`", "`aggregation: gauge` with `per: month`", "`aggregation: semi_additive`"]
_STORED = frozenset(("byte", "kb", "kib", "mb", "mib", "gb", "gib", "tb", "tib", "pb", "pib", "gigabyte", "terabyte"))
"""Sizes, where no more is said: GB are mostly kept, while `GB transferred` is a flow."""
_KEPT = frozenset(("stored", "used", "provisioned", "allocated"))
"""What may follow a size that is kept."""
_THERE = frozenset(
    ("account", "customer", "device", "employee", "licence", "license", "member", "merchant", "seat", "subscriber")
) | frozenset(("subscription", "tenant", "user", "workspace", "node", "host", "server", "vm", "instance", "database"))
"""Who and what is counted as being there: the last word counts, since a `user session` is a flow."""


def fitting_aggregation(unit: str) -> Fitting | None:
    """The aggregation that a unit of this name mostly has; None where it does not read like a stock."""
    words = [_singular(word) for word in re.findall(r"[a-z]+", unit.lower())]
    head, rest = words[:1], words[1:]
    if _STORED.issuperset(head) and rest == ["month"]:
        return "`aggregation: gauge` with `per: month`"
    if head and _STORED.issuperset(head) and _KEPT.issuperset(rest):
        return "`aggregation: gauge`"
    return "`aggregation: semi_additive`" if words and words[-1] in _THERE else None


def _singular(word: str) -> str:
    return word.removesuffix("s")
