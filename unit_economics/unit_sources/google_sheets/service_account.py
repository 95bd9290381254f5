"""A service account of Google: its key, and the access token that it signs for itself (RFC 7523, RS256).

Here: reading the key, signing, the call to the token endpoint. Not here: what the token is used for (asking.py).
"""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import httpx

from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal
from unit_economics.unit_sources.web_entry import Line, connected
from unit_economics.web_api.address import is_loopback
from unit_economics.web_api.client import Call
from unit_economics.web_api.credentials import Credentials, Token
from unit_economics.web_api.place import Place
from unit_economics.web_api.shape import Shape

_ENDPOINT = "https://oauth2.googleapis.com/token"
_SCOPE = "https://www.googleapis.com/auth/spreadsheets.readonly"
_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_HOUR = 3600
_LARGEST_KEY = 100_000


@dataclass(frozen=True)
class Key:
    """A service account's key, and the name of the variable that it came from."""

    variable: str
    email: str
    private_key: str = field(repr=False)
    key_id: str
    endpoint: str

    @classmethod
    def read(cls, variable: str, outside: Outside) -> "Key":
        """The key in a variable, or in the file that it names; raises `UsageRefusal` without showing either."""
        try:
            written: object = json.loads(_written(outside.secret(variable), variable, outside))
        except (ValueError, RecursionError):
            raise _unusable("it is not JSON", variable) from None
        if not isinstance(written, dict):
            raise _unusable("it is not a JSON object", variable)
        key = cast("dict[str, object]", written)
        missing = [name for name in ("client_email", "private_key", "private_key_id") if not _is_text(key.get(name))]
        if missing:
            raise _unusable(f"it has no {missing[0]}", variable)
        endpoint = str(key.get("token_uri") or _ENDPOINT)
        if endpoint != _ENDPOINT and not _is_here(endpoint):
            raise _unusable(f"its token_uri is not {_ENDPOINT}", variable)
        texts = [str(key[name]) for name in ("client_email", "private_key", "private_key_id")]
        return cls(variable, texts[0], texts[1], texts[2], endpoint)

    def access_token(self, outside: Outside, timeout: timedelta) -> Token:
        """A token for an hour of reading; raises `Refusal` where Google gives none."""
        assertion = self._assertion(int(outside.now().timestamp()))
        remedy = f"Check the key in {self.variable}, and this machine's clock"
        place = Place(
            "Google's token endpoint",
            self.variable,
            _ENDPOINT,
            remedy=remedy,
        )
        secrets = Credentials([self.variable], {}, [assertion, self.private_key, self.key_id])
        with connected(Line(self.endpoint, place, secrets, timeout, is_page=True), outside) as api:
            form = {"grant_type": _GRANT, "assertion": assertion}
            answer = api.ask(Call("POST", api.home.base, form=form, only_reads=True))
            shape = Shape(place.of(f"POST {api.home.base.path}"), "Try again later")
            token = shape.members(answer, "the top").get("access_token")
        if not isinstance(token, str) or not token:
            raise shape.wrong("access_token", "a text", token)
        return Token(self.variable, token)

    def _assertion(self, now: int) -> str:
        claims = {"iss": self.email, "scope": _SCOPE, "aud": self.endpoint, "iat": now, "exp": now + _HOUR}
        try:
            import jwt
        except ImportError:
            raise UsageRefusal(
                "a service account needs the extra `google`",
                where="Google Sheets",
                remedy="Install it: pip install 'unit-economics[google]'",
            ) from None
        try:
            return jwt.encode(claims, self.private_key, algorithm="RS256", headers={"kid": self.key_id})
        except (ValueError, TypeError, jwt.PyJWTError):
            raise _unusable("its private_key can't sign", self.variable) from None


def _written(value: str, variable: str, outside: Outside) -> str:
    if value.startswith("{"):
        return value
    try:
        with (outside.folder / value).open("rb") as file:
            return file.read(_LARGEST_KEY).decode()
    except (OSError, ValueError):
        raise _unusable("it is neither JSON nor the path of a file that can be read", variable) from None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_here(endpoint: str) -> bool:
    try:
        return is_loopback(httpx.URL(endpoint).host)
    except (httpx.InvalidURL, UnicodeError):
        return False


def _unusable(why: str, variable: str) -> UsageRefusal:
    what = f"the service account's key can't be used: {why}"
    return UsageRefusal(what, where=variable, remedy="Download a JSON key of the service account and name it there")
