"""A stand-in for Vantage on this machine, so that the whole platform runs without an account.

Here: serving the desk over HTTP on loopback. Not here: what it answers (vantage_desk.py).
"""

import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_desk import Asked, Desk


@contextmanager
def serving(books: Books, port: int = 0) -> Generator[str]:
    """The address of a running stand-in, on any free port unless one is given; stopped at the end."""
    with socket.create_server(("127.0.0.1", port)) as listening:
        server = uvicorn.Server(_config(books))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="vantage", daemon=True)
        thread.start()
        try:
            # No need to wait: the socket listens already, so an early call waits in its queue.
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v2"
        finally:
            server.should_exit = True
            thread.join()


def application(books: Books) -> Starlette:
    """The stand-in as an ASGI application."""
    desk = Desk(books)

    async def answer(request: Request) -> Response:
        asked = Asked(
            method=request.method,
            path=request.url.path.removeprefix("/v2"),
            parameters=dict(request.query_params),
            authorization=request.headers.get("authorization", ""),
            body=await request.body(),
            base=f"{request.url.scheme}://{request.url.netloc}",
        )
        found = desk.answer(asked)
        return JSONResponse(found.content, found.status, headers=dict(found.headers))

    return Starlette(routes=[Route("/v2/{path:path}", answer, methods=["GET", "POST", "PUT", "DELETE"])])


def _config(books: Books) -> uvicorn.Config:
    return uvicorn.Config(
        application(books), log_config=None, access_log=False, ws="none", lifespan="off", timeout_graceful_shutdown=1
    )
