"""Units from anybody's own API: JSON over HTTP, with the rows, the day and the quantity found by JSONPath (RFC 9535).

Here: the entry of the catalogue. Not here: asking page by page (asking.py), finding values (finding.py), what a row
must be like (given_rows.py).
"""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.entries.adapters import Count
from unit_economics.entries.entry import Entry, Variable
from unit_economics.outside import Outside
from unit_economics.unit_sources.counting import count_of
from unit_economics.unit_sources.dimensions import Told
from unit_economics.unit_sources.web_entry import ALLOW_PLAIN_HTTP, WebUnits

PLACEHOLDERS = ("from", "to", "last", "from_epoch", "to_epoch")
_OWN = {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding", "user-agent"}
_SECRET = re.compile(r"auth|key|token|cookie|secret|session|signature", re.IGNORECASE)
Path = Annotated[str, Field(min_length=1, max_length=500)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class SecretHeader(Entry):
    """A header whose value is a secret."""

    variable: Variable
    prefix: str = Field("", pattern=r"^[\x20-\x7e]{0,40}$", description="What comes before the secret, like 'Bearer '")


class HttpJsonUnits(WebUnits):
    """What one page of JSON, or several, say of each day: one row a day, or a day and combination of dimensions."""

    kind: Literal["http_json"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    address: str = Field(
        min_length=8,
        max_length=2000,
        description="The URL; {from} and {to} stand for the first day and the day after the last, {last} for the last"
        " day (all like 2026-03-28), {from_epoch} and {to_epoch} for the same moments in seconds",
    )
    headers: dict[HeaderName, str | SecretHeader] = Field(
        {}, description="More headers; a secret is named: Authorization: {variable: API_TOKEN, prefix: 'Bearer '}"
    )
    allow_plain_http: bool = Field(default=False, description=ALLOW_PLAIN_HTTP)
    rows: Path = Field("$", description="JSONPath of the list of rows in the answer, like $.data.items")
    day: Path = Field("day", description="The day in a row: a member's name, or a JSONPath that begins at the row")
    quantity: Path = Field("quantity", description="The quantity in a row, found like the day")
    next: Path | None = Field(
        None, description="JSONPath of the link to the next page, or of a cursor; there is none where nothing is found"
    )
    next_parameter: str | None = Field(
        None, pattern=r"^[A-Za-z0-9_.\[\]-]{1,64}$", description="The parameter that takes the cursor found at `next`"
    )
    most_pages: int = Field(100, ge=1, le=1000, description="More pages than this are refused")

    @field_validator("rows", "next", "day", "quantity")
    @classmethod
    def _is_path(cls, path: str | None) -> str | None:
        if path is not None and path.startswith("$"):
            from unit_economics.unit_sources.http_json.finding import fault_of

            if fault := fault_of(path):
                raise ValueError(f"{path!r} is no JSONPath of RFC 9535: {fault}")
        return path

    @field_validator("headers")
    @classmethod
    def _names_secrets(cls, headers: dict[str, str | SecretHeader]) -> dict[str, str | SecretHeader]:
        for name, value in headers.items():
            if name.lower() in _OWN:
                raise ValueError(f"{name} is set by the platform itself")
            if isinstance(value, str) and _SECRET.search(name):
                raise ValueError(f"{name}: name a variable, like {{variable: API_TOKEN, prefix: 'Bearer '}}")
            if isinstance(value, str) and not re.fullmatch(r"[\x20-\x7e]{0,200}", value):
                raise ValueError(f"{name}: a header holds plain characters only")
        return headers

    @model_validator(mode="after")
    def _consistent(self) -> "HttpJsonUnits":
        named = re.findall(r"\{([^{}]*)\}", self.address)
        unknown = [name for name in named if name not in PLACEHOLDERS]
        if (
            unknown
            or {self.address.count(brace) for brace in "{}"} != {len(named)}
            or "{" in "/".join(self.address.split("/")[:3])
        ):
            raise ValueError(f"address: after the host, it may hold {', '.join(f'{{{p}}}' for p in PLACEHOLDERS)}")
        for path in (self.rows, self.next or "$"):
            if not path.startswith("$"):
                raise ValueError(f"{path!r} is no JSONPath: it begins with $")
        if self.next_parameter and not self.next:
            raise ValueError("`next_parameter` belongs to `next`, which finds the cursor")
        for name, one in self.split_by.items():
            try:
                self._is_path(one.column)
            except ValueError as error:
                raise ValueError(f"dimensions.{name}: {error}") from None
        return self

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        """The units of these days, as the API tells them now."""
        from unit_economics.unit_sources.http_json.asking import counted  # httpx, only where it is asked

        told = Told.by(self.split_by, outside)
        tally = counted(self, days, calendar, told, outside)
        return count_of(tally, days, unit=unit, zero=self.absent_day == "zero", told=told)
