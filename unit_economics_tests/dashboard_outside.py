"""The dashboard as strangers meet it: from another address, on a real server, and its pages as a browser parses them.

Here: asking and parsing. Not here: expectations; a reader's view of a page (dashboard_client.py).
"""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser

from starlette.testclient import TestClient

from unit_economics.dashboard.web.serve import server_for
from unit_economics_tests import readers
from unit_economics_tests.dashboard_client import client_of
from unit_economics_tests.world import World

DAGSTER = "http://127.0.0.1:3000"
_OURS = ("/", "#", "?", DAGSTER)


@contextmanager
def browser(world: World, peer: str = "127.0.0.1") -> Generator[TestClient]:
    """Someone who asks from this address; a fault of the program is an answer to them."""
    with client_of(world.deployment(), client=(peer, 50000), raise_server_exceptions=False) as client:
        yield client


def stocked(shop: World) -> World:
    """The same with a mart that has a day of everything."""
    shop.now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    readers.mart(shop.url)
    return shop


@contextmanager
def serving(world: World, **changes: object) -> Generator[str]:
    """The dashboard as its command serves it, on a port of this machine; `changes` of uvicorn's configuration."""
    server = server_for(world.deployment(), "127.0.0.1")
    for name, value in changes.items():
        setattr(server.config, name, value)
    with socket.create_server(("127.0.0.1", 0)) as ours:
        thread = threading.Thread(target=server.run, args=([ours],))
        thread.start()
        try:
            yield f"http://127.0.0.1:{ours.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def elements(html: str) -> list[tuple[str, dict[str, str | None]]]:
    """Every element of a page with its attributes."""
    parser = _Elements()
    parser.feed(html)
    parser.close()
    return parser.found


def inline_code(html: str) -> list[str]:
    """What the policy would stop, and links that lead or load from elsewhere."""
    found: list[str] = []
    for tag, attributes in elements(html):
        is_data = attributes.get("type") == "application/json"
        found += ["script"] if tag == "script" and not attributes.get("src") and not is_data else []
        found += ["style element"] if tag == "style" else []
        found += [f"{tag} {name}" for name in attributes if name == "style" or name.startswith("on")]
        links = [value for name, value in attributes.items() if name in ("href", "src", "action", "xlink:href")]
        found += [f"{tag} to {link}" for link in links if link and not link.startswith(_OURS)]
    return found
