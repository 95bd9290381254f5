"""Whether a KPI could be computed now: which names its parameters could have, and which columns the bill has.

Here: from a catalogue and what is known of the stored bill to what lacks. Not here: reading the mart (warehouse/).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from unit_economics.catalogue import Catalogue
from unit_economics.kpis.candidates import candidates
from unit_economics.kpis.entry import Kpi


@dataclass(frozen=True)
class Bill:
    """What the stored bill shows: FOCUS columns with a value, and targets of KPIs' own scopes that took a charge."""

    columns: Collection[str] = ()
    targets: Collection[str] = ()


SEEN = ("EffectiveCost", "BilledCost", "ListCost", "ContractedCost", "ChargeCategory", "ServiceName", "Tags")
"""The columns that the mart keeps; of the others only what rules said of them is known."""


@dataclass(frozen=True)
class Readiness:
    """The names that each parameter could have, what lacks, and what the bill tells only once the KPI is included."""

    parameters: Mapping[str, Sequence[str]]
    lacks: Sequence[str]
    unseen: Sequence[str]

    @property
    def is_ready(self) -> bool:
        """Whether nothing lacks."""
        return not self.lacks


def readiness(catalogue: Catalogue, kpi: Kpi, bill: Bill) -> Readiness:
    """What there is for a KPI, and what there isn't."""
    parameters = {name: candidates(catalogue, need) for name, need in kpi.needs.items()}
    lacking = [f"{name}: {kpi.needs[name].is_for}" for name, found in parameters.items() if not found]
    lacking += [f"no stored charge states {column}" for column in _needed(kpi) if column not in bill.columns]
    return Readiness(parameters, lacking, _unseen(kpi, bill))


def _needed(kpi: Kpi) -> list[str]:
    """The columns that must have a value for it: what charges say of tags may well be nothing."""
    return [column for column in kpi.focus if column in SEEN and column not in ("Tags", "ServiceName")]


def _unseen(kpi: Kpi, bill: Bill) -> list[str]:
    """The columns that rules look at, where no stored charge was told apart by them yet."""
    told = {
        f"{scope}:{rule.to}"
        for scope, entry in kpi.scopes.items()
        for rule in (entry.allocation.rules if entry.allocation else ())
        if rule.to != "other"
    }
    others = [column for column in kpi.focus if column not in (*SEEN, "ChargePeriodStart")]
    return [] if told & set(bill.targets) else others
