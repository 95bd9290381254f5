"""Secrets as headers: who asks, and by which variable to say so without ever showing a value.

Here: reading a secret, the header made of it, taking it out of foreign texts. Not here: where it may go (address.py).
"""

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote

from unit_economics.refusals import UsageRefusal


@dataclass(frozen=True)
class Token:
    """A secret and the name of the variable that holds it; only the name is ever shown."""

    variable: str
    value: str = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[\x21-\x7e]+", self.value):
            raise UsageRefusal(
                f"the variable {self.variable} holds a character that no token has",
                where="environment",
                remedy="Paste the token again, without quotes, spaces or line breaks",
            )


@dataclass(frozen=True)
class Credentials:
    """The headers that say who asks; `names` are the variables to check where that was not accepted."""

    names: Sequence[str] = ()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)

    @classmethod
    def bearer(cls, token: Token) -> Self:
        """A token in `Authorization`."""
        return cls.header("authorization", token, "Bearer ")

    @classmethod
    def header(cls, name: str, token: Token, prefix: str = "") -> Self:
        """A token in a header of any name."""
        return cls([token.variable], {name.lower(): f"{prefix}{token.value}"}, [token.value])

    @classmethod
    def basic(cls, user: Token, password: Token) -> Self:
        """A user and a password (RFC 7617)."""
        packed = base64.b64encode(f"{user.value}:{password.value}".encode()).decode()
        names, secrets = [user.variable, password.variable], [packed, password.value, user.value]
        return cls(names, {"authorization": f"Basic {packed}"}, secrets)

    def __or__(self, other: "Credentials") -> "Credentials":
        """Both together."""
        return Credentials(
            [*self.names, *other.names], {**self.headers, **other.headers}, [*self.secrets, *other.secrets]
        )

    def without_secrets(self, text: str) -> str:
        """A foreign text with every secret that it repeats, plain or as a URL has it, made unreadable."""
        for secret in sorted({*self.secrets, *(quote(one, safe="") for one in self.secrets)}, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text


NOBODY = Credentials()
