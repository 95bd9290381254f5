"""Holding every request and reply on the wire against Vantage's published contract.

Here: the transport that raises where one of them breaks it. Not here: misbehaviour (vantage_faults.py).
"""

import json
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

from unit_economics.web_api import client
from unit_economics.web_api.deadline import Deadline, DeadlineTransport

PUBLISHED_HOST = "https://api.vantage.sh"
UNDOCUMENTED = {401, 429, 500, 502, 503, 504}
"""Answers that Vantage gives but its contract does not list."""


@cache
def contract(path: Path) -> OpenAPI:
    spec = json.loads(path.read_text())
    # The contract says oauth2 but its token is a plain bearer token, which is what can be checked.
    spec["components"]["securitySchemes"] = {"oauth2": {"type": "http", "scheme": "bearer"}}
    for operation in (operation for path_item in spec["paths"].values() for operation in path_item.values()):
        if "security" in operation:
            operation["security"] = [{"oauth2": []}]
    return OpenAPI.from_dict(spec)


class _Request:
    path_pattern = None

    def __init__(self, request: httpx.Request) -> None:
        self.host_url = PUBLISHED_HOST
        self.path = request.url.path
        self.method = request.method.lower()
        self.body = request.content or None
        self.content_type = request.headers.get("content-type", "")
        query = parse_qsl(request.url.query.decode(), keep_blank_values=True)
        self.parameters = RequestParameters(
            # The contract allows `label=` in words ("including as an empty value"), which the checker can't read.
            query=ImmutableMultiDict([pair for pair in query if pair != ("label", "")]),
            header=Headers(dict(request.headers)),
            cookie=ImmutableMultiDict(),
        )


class _Reply:
    def __init__(self, reply: httpx.Response) -> None:
        self.data = reply.content
        self.status_code = reply.status_code
        self.content_type = reply.headers.get("content-type", "")
        self.headers = Headers(dict(reply.headers))


class ContractTransport(httpx.BaseTransport):
    """Pass each call on, and raise where it or its reply breaks the contract."""

    def __init__(self, inner: httpx.BaseTransport, path: Path) -> None:
        self._inner = inner
        self._contract = contract(path)
        self.checked: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self._contract.validate_request(_Request(request))
        reply = self._inner.handle_request(request)
        reply.read()
        if reply.status_code not in UNDOCUMENTED:
            self._contract.validate_response(_Request(request), _Reply(reply))
        self.checked.append(f"{request.method} {request.url.path}")
        return reply

    def close(self) -> None:
        self._inner.close()


def audit_every_client(monkeypatch: pytest.MonkeyPatch, path: Path) -> list[ContractTransport]:
    """Hold every client made from here on against the contract on the wire; the list fills with their transports."""
    made: list[ContractTransport] = []

    def transport(deadline: Deadline, *, is_tls: bool) -> httpx.BaseTransport:
        made.append(ContractTransport(DeadlineTransport(deadline, is_tls=is_tls), path))
        return made[-1]

    monkeypatch.setattr(client, "DeadlineTransport", transport)
    return made
