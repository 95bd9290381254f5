"""What a reader sees when a page can't be shown: one plain sentence, and what to do.

Here: which failure has which status and words. Not here: the sentences that the refusals carry.

Where the mart is, and why it refuses, is for the log: a page is read by people who only came for a number.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Any, cast

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from unit_economics.dashboard.assets import Assets
from unit_economics.dashboard.render import templates
from unit_economics.dashboard.view import NoSuchView
from unit_economics.refusals import Refusal

_LOG = logging.getLogger(__name__)
_TITLES = {
    401: "Nobody said who you are",
    403: "The way here is through the proxy",
    404: "There is no such page",
    405: "That can't be done here",
    500: "The page has a fault of its own",
    503: "The numbers can't be read right now",
}
_REMEDIES = {
    401: "Sign in again where you signed in. Whoever runs it: the catalogue names the header (dashboard.identity).",
    403: "Open it under the proxy's address. Whoever runs it: the catalogue names it (dashboard.identity.proxies).",
}
_WHAT = {404: "Nothing is at this address.", 405: "This address only answers to being read."}
_UNHARMED = "Nothing is lost: what is computed stays stored, and this page only reads it."
_SOON = {"retry-after": "5"}


def handlers(assets: Assets) -> Mapping[Any, Callable[[Request, Exception], Response]]:
    """A handler for every kind of failure."""

    def shown(status: int, what: str, remedy: str, headers: Mapping[str, str] | None = None) -> Response:
        values = {"status": status, "title": _TITLES.get(status, "It can't be shown"), "what": what, "remedy": remedy}
        back = ("/", "To the executive page") if status in (404, 405) else ("", "Try again")
        around = {"tabs": [], "freshness": None, "terms": "", "locale": "en-US", "asset": assets.url}
        page = templates().get_template("error.html").render(values, back=back[0], back_title=back[1], **around)
        return HTMLResponse(page, status, headers)

    def no_such_view(_request: Request, error: Exception) -> Response:
        refusal = cast("NoSuchView", error)
        return shown(404, f"{_capital(refusal.what)}.", f"{refusal.remedy}.")

    def refused(_request: Request, error: Exception) -> Response:
        refusal = cast("Refusal", error)
        _LOG.warning("%s%s", refusal, refusal.aside)
        remedy = refusal.remedy[:1].lower() + refusal.remedy[1:]
        return shown(503, f"{_capital(refusal.what)}.", f"{_UNHARMED} Whoever runs it: {remedy}.", _SOON)

    def of_http(_request: Request, error: Exception) -> Response:
        answer = cast("HTTPException", error)
        status = answer.status_code
        what, remedy = _WHAT.get(status, answer.detail), _REMEDIES.get(status, "Check the address.")
        return shown(status, what, remedy, answer.headers)

    def fault(_request: Request, _error: Exception) -> Response:
        return shown(500, "It is a fault of the program, not yours.", "Please report it with the lines of the log.")

    return {NoSuchView: no_such_view, Refusal: refused, HTTPException: of_http, Exception: fault}


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
