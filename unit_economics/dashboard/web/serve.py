"""The dashboard as a running server.

Here: how it serves. Not here: the command line and being stopped (cli/dashboard.py), the pages.
"""

import uvicorn

from unit_economics.dashboard.mart.reader import reader_of
from unit_economics.dashboard.web.app import application
from unit_economics.deployment import Deployment

_GRACE_SECONDS = 2
"""For pages that are just being made, when it is told to stop."""


def server_for(of: Deployment, name: str) -> uvicorn.Server:
    """The server, not yet running; `name` is what it is reached under, beside the catalogue's names.

    The peer's address is never taken from a header: it is by that address that the proxy is recognised.
    """
    config = uvicorn.Config(
        application(of, reader_of(of), name),
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        ws="none",
        limit_concurrency=200,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return uvicorn.Server(config)
