"""What Vantage counts as cost: the settings of a question, each one said.

Here: the settings as parameters, and as a report has them saved. Not here: which of them a cost scope means (proof/,
cost_sources/), asking (api.py).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import cast

from unit_economics.web_api.strict_json import Json


@dataclass(frozen=True)
class CostSettings:
    """The switches that change a cost. None: the report does not say, and Vantage takes its workspace's default."""

    amortize: bool | None = True
    include_credits: bool | None = True
    include_refunds: bool | None = True
    include_discounts: bool | None = True
    include_tax: bool | None = True

    @classmethod
    def saved(cls, report: Json) -> "CostSettings":
        """Those that a cost report is saved with."""
        found = report.get("settings")
        stated = cast("Json", found) if isinstance(found, dict) else {}
        return cls(**{name: _switch(stated.get(name)) for name in cls.__dataclass_fields__})

    @property
    def stated(self) -> Mapping[str, bool | None]:
        """Each by its name."""
        return asdict(self)

    @property
    def parameters(self) -> dict[str, str]:
        """As parameters of GET /costs; one left out would be whatever is saved, which anyone may change."""
        said = {name: str(value).lower() for name, value in self.stated.items() if value is not None}
        whole = {**said, "unallocated": "false", "show_previous_period": "false", "aggregate_by": "cost"}
        return {f"settings[{name}]": value for name, value in whole.items()}


def _switch(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
