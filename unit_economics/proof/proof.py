"""What a proof is: something that is asked of the whole mart each morning, and what was found.

Here: its shape. Not here: any proof (the modules beside this one), running one in Dagster (proof_assets.py), or what is
computed day by day (steps/).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from unit_economics.checks import Severity
from unit_economics.warehouse.ledger import Run


@dataclass(frozen=True)
class Judgement:
    """One check's word on the whole: what is wrong and what to type, in one sentence; `text` is empty where it passed.

    about: what it is about where there are several (an invoice, a metric); people are told once for each.
    """

    check: str
    passed: bool = True
    severity: Severity = "error"
    text: str = ""
    about: str = ""


@dataclass(frozen=True)
class Proved:
    """What a proof found: the words that Dagster shows, some of them Markdown, and each check's judgements."""

    shown: Mapping[str, str | int | float]
    judgements: Sequence[Judgement] = ()
    markdown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Proof:
    """One asset without partitions: it is about everything that is stored by now.

    after: the assets that it looks at; checks: each by name with what it promises; prove: does it, for this run, and
    raises `Refusal`. The same mart gives the same rows, so that proving twice changes nothing.
    """

    name: str
    description: str
    after: Sequence[str]
    checks: Mapping[str, str]
    prove: Callable[[Run], Proved]
