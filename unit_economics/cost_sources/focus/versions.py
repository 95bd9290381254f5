"""Which FOCUS version a file is, told by its columns alone.

Here: the columns that tell versions and datasets apart, and the refusal of those that are not understood.
Not here: reading the columns from a file (layout.py).
"""

from collections.abc import Sequence

from unit_economics.refusals import Refusal

NEEDED = (
    "ChargePeriodStart",
    "ChargePeriodEnd",
    "ProviderName",
    "ServiceName",
    "ChargeCategory",
    "BillingCurrency",
    "BilledCost",
    "EffectiveCost",
    "ListCost",
    "ContractedCost",
)
"""The columns that are read and that FOCUS 1.0-1.3 make mandatory."""

OPTIONAL = ("SubAccountId", "RegionId", "Tags")
"""The columns that are read where the file has them: FOCUS makes them conditional."""

_SINCE = {
    "1.3": {"ServiceProviderName", "HostProviderName", "ContractApplied", "AllocatedTags", "AllocatedMethodId"},
    "1.2": {"BillingAccountType", "SubAccountType", "PricingCurrency", "PricingCurrencyEffectiveCost", "InvoiceId"},
    "1.1": {"ServiceSubcategory", "SkuMeter", "SkuPriceDetails", "CapacityReservationId", "CommitmentDiscountQuantity"},
}
_ONLY_1_4 = {"InvoiceDetailId", "CommitmentProgramEligibilityDetails"}
_ONLY_0_5 = {"ChargeType", "AmortizedCost", "BilledCurrency", "Provider", "Publisher"}
_ONLY_PREVIEW = {"ChargeSubcategory", "Region", "InvoiceIssuer"}
_COMMITMENTS = {"ContractCommitmentId", "ContractCommitmentType"}


def is_other_dataset(columns: Sequence[str]) -> bool:
    """Whether the file is FOCUS 1.3's other dataset, contract commitments, which holds no charges."""
    return set(columns) >= _COMMITMENTS and "BilledCost" not in columns


def version_of(columns: Sequence[str], *, where: str) -> str:
    """The FOCUS version, 1.0 to 1.3; refused, by the names of the columns, where it is another or none."""
    names = set(columns)
    unknown = _version_not_understood(names)
    if unknown:
        raise _refusal(f"this is {unknown}, which is not understood", where)
    missing = [column for column in NEEDED if column not in names]
    if missing:
        raise _refusal(_what_is_missing(missing, columns), where)
    return next((version for version, since in _SINCE.items() if names & since), "1.0")


def _version_not_understood(names: set[str]) -> str | None:
    if names & _ONLY_1_4 or ("ServiceProviderName" in names and "ProviderName" not in names):
        return "FOCUS 1.4 or newer (it has InvoiceDetailId, or no ProviderName)"
    if len(names & _ONLY_0_5) > 1:
        return f"FOCUS 0.5 (it has {', '.join(sorted(names & _ONLY_0_5))})"
    if names & _ONLY_PREVIEW and "BilledCost" in names and "ContractedCost" not in names:
        return f"FOCUS 1.0-preview (it has {', '.join(sorted(names & _ONLY_PREVIEW))})"
    return None


def _what_is_missing(missing: Sequence[str], columns: Sequence[str]) -> str:
    if len(missing) == len(NEEDED):
        return f"this is no FOCUS cost and usage file; its columns are {_some(columns)}"
    spelled = {column.lower(): column for column in columns}
    other_case = [f"{spelled[name.lower()]} instead of {name}" for name in missing if name.lower() in spelled]
    if other_case:
        return f"columns are spelled otherwise than in FOCUS: {', '.join(other_case)}"
    return f"FOCUS's mandatory columns {', '.join(missing)} are missing"


def _some(columns: Sequence[str]) -> str:
    shown = ", ".join(column[:40] for column in columns[:5])
    return f"{shown}, ..." if len(columns) > 5 else shown


def _refusal(what: str, where: str) -> Refusal:
    return Refusal(what, where=where, remedy="Export the bill as FOCUS 1.0, 1.1, 1.2 or 1.3 with all mandatory columns")
