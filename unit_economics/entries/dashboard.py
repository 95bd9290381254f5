"""The catalogue's `dashboard:` entry: who may open the page, and by which name.

Here: what a user writes, and that it can be meant. Not here: judging a request (dashboard/), the rest of the catalogue
(catalogue.py).
"""

import ipaddress
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from unit_economics.entries.entry import Entry

HostName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]
Address = Annotated[str, Field(pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?$")]
SomeText = Annotated[str, Field(min_length=1, max_length=200)]


class Identity(Entry):
    """Who a request is from, as a proxy in front of the dashboard says in headers of its own."""

    user_header: HeaderName = Field(description="The header that names the user, like X-Forwarded-User")
    groups_header: HeaderName | None = Field(
        default=None, description="The header that lists the user's groups, with commas between them"
    )
    finance_groups: list[SomeText] = Field(default=[], description="Groups whose members see revenue and margin")
    finance_users: list[SomeText] = Field(default=[], description="Users who see revenue and margin")
    proxies: list[str] = Field(
        min_length=1, description="IP addresses of the proxies; the headers are believed from nobody else"
    )

    @field_validator("proxies")
    @classmethod
    def _addresses(cls, proxies: list[str]) -> list[str]:
        try:
            return [str(ipaddress.ip_address(proxy)) for proxy in proxies]
        except ValueError:
            raise ValueError("one of them is no IP address; write each like 10.0.0.5") from None

    @model_validator(mode="after")
    def _groups_have_a_header(self) -> "Identity":
        if self.finance_groups and self.groups_header is None:
            raise ValueError("`finance_groups` need `groups_header`, which says where a user's groups are named")
        return self


class Dashboard(Entry):
    """How the dashboard is reached, and what those who open it may see."""

    everyone: Literal["viewer", "finance"] = Field(
        default="viewer",
        description="What whoever opens the page may see where no identity is configured; finance sees revenue too",
    )
    hosts: list[HostName] = Field(
        default=[], description="Host names under which it may be opened, beside this machine's own"
    )
    dagster: Address | None = Field(default=None, description="Where Dagster's UI is, for links to it")
    report: SomeText | None = Field(
        default=None,
        description="Folder, relative to this file, in which Dagster keeps the last pages as files; left out, none",
    )
    identity: Identity | None = Field(default=None, description="Left out, nobody is told from anybody else")
