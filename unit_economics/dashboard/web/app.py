"""The dashboard as a web application: its addresses, and what becomes of an error.

Here: routes. Not here: what a page shows (pages.py), who may see it (access.py), headers (security.py).
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from unit_economics.dashboard.assets import Assets, shipped
from unit_economics.dashboard.files.card import headline_png
from unit_economics.dashboard.files.export import days_csv, slices_csv
from unit_economics.dashboard.mart.reader import Reader
from unit_economics.dashboard.pages import PAGES, Page
from unit_economics.dashboard.render import render
from unit_economics.dashboard.scene import Scene
from unit_economics.dashboard.view import view_of
from unit_economics.dashboard.web.access import role_of
from unit_economics.dashboard.web.failures import handlers
from unit_economics.dashboard.web.security import SecurityHeaders, TrustedHosts
from unit_economics.dashboard.words.locales import locale_of
from unit_economics.dashboard.words.numbers import Numbers
from unit_economics.deployment import Deployment

_CSV = "text/csv; charset=utf-8"
MOST_AT_ONCE = 8
"""Pages that are made at the same time: four wait for the mart while four are written; more would only hold memory."""
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Site:
    """What every request is answered from."""

    of: Deployment
    reader: Reader
    assets: Assets

    def page(self, page: Page) -> Callable[[Request], Response]:
        """The handler of one page."""

        def answer(request: Request) -> Response:
            return self.answer(request, lambda scene: HTMLResponse(render(page, scene, self.assets.url)))

        return answer

    def file(self, name: str, media_type: str, content: Callable[[Scene], bytes]) -> Callable[[Request], Response]:
        """The handler of a file that is saved under this name."""
        headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}

        def answer(request: Request) -> Response:
            return self.answer(request, lambda scene: Response(content(scene), 200, headers, media_type))

        return answer

    def picture(self, request: Request) -> Response:
        """The headline and its chart as a picture."""
        return self.answer(request, lambda scene: Response(headline_png(scene), media_type="image/png"))

    def answer(self, request: Request, of: Callable[[Scene], Response]) -> Response:
        """An answer made of one snapshot of the mart, as the role that the request has."""
        catalogue = self.of.catalogue
        role = role_of(request, catalogue.dashboard)
        view = view_of(request.query_params, catalogue)
        numbers = Numbers(locale_of(request.headers.get("accept-language")), catalogue.currency)
        with self.reader.snapshot(role) as connection:
            return of(Scene(self.of, view, numbers, role, connection, self.of.outside.now()))

    async def asset(self, request: Request) -> Response:
        """A file under static/; kept for good by caches only under the hash that is its own."""
        asset = self.assets.files.get(request.path_params["path"])
        if asset is None:
            raise HTTPException(404)
        is_ours = request.path_params["version"] == self.assets.version
        headers = {"cache-control": _FOREVER if is_ours else "no-store", "vary": "accept-encoding"}
        if asset.compressed and "gzip" in request.headers.get("accept-encoding", ""):
            return Response(asset.compressed, 200, {**headers, "content-encoding": "gzip"}, asset.media_type)
        return Response(asset.content, 200, headers, asset.media_type)

    async def icon(self, _request: Request) -> Response:
        """What a browser asks for by itself beside a picture or a file, which name no icon of theirs."""
        icon = self.assets.files["icon.svg"]
        return Response(icon.content, 200, {"cache-control": "max-age=86400"}, icon.media_type)


def application(of: Deployment, reader: Reader, *names: str) -> ASGIApp:
    """The dashboard of a deployment, under the catalogue's host names and these. It lets go of the mart at its end."""
    site = Site(of, reader, shipped())

    @asynccontextmanager
    async def connected(_app: Starlette) -> AsyncGenerator[None]:
        to_thread.current_default_thread_limiter().total_tokens = MOST_AT_ONCE
        yield
        reader.close()

    app = Starlette(
        routes=[
            *(Route(page.path, site.page(page)) for page in PAGES),
            Route("/days.csv", site.file("days.csv", _CSV, days_csv)),
            Route("/slices.csv", site.file("slices.csv", _CSV, slices_csv)),
            Route("/headline.png", site.picture),
            Route("/static/{version}/{path:path}", site.asset),
            Route("/favicon.ico", site.icon),
            Route("/health", _health),
        ],
        middleware=[
            Middleware(TrustedHosts, names=[*of.catalogue.dashboard.hosts, *names]),
            Middleware(GZipMiddleware, minimum_size=1000, compresslevel=5),
        ],
        exception_handlers=handlers(site.assets),
        lifespan=connected,
    )
    app.router.redirect_slashes = False  # it would lead to http:// behind a proxy that speaks https
    return SecurityHeaders(app)  # around all of it: a fault of the program is answered with them too


async def _health(_request: Request) -> Response:
    """Whether this process answers, with the mart there or not; never behind pages that wait for the mart."""
    return PlainTextResponse("ok")
