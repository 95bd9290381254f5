"""Can the number be trusted: asked of the whole mart each morning, one module a proof, one line to register it.

Here: which proofs a deployment has. Not here: running them (proof_assets.py), or a day's own checks (checks.py).
"""

from collections.abc import Callable, Sequence

from unit_economics.deployment import Deployment
from unit_economics.proof.nowcast import nowcast_proof
from unit_economics.proof.proof import Proof
from unit_economics.proof.read_back import read_back
from unit_economics.proof.restatement import restatement_report
from unit_economics.proof.vantage_unit_cost import vantage_unit_cost

_PROOFS: Sequence[Callable[[Deployment], Proof | None]] = (
    restatement_report,
    read_back,
    vantage_unit_cost,
    nowcast_proof,
)


def proofs_of(deployment: Deployment) -> list[Proof]:
    """Every proof that this catalogue has something for."""
    return [proof for make in _PROOFS if (proof := make(deployment))]
