"""The stand-in for Vantage as a program of its own, so that Dagster's processes can publish to it.

`python -m unit_economics.demo.standin PORT` serves one empty business metric on loopback until it is stopped. What it
holds is in memory only: after a restart the next publication reads it back, sees what is missing, and sends that.
"""

import socket
import sys

import uvicorn

from unit_economics.demo.vantage_books import Books
from unit_economics.demo.vantage_server import application

TOKEN = "demo-token"  # noqa: S105  opens nothing but this stand-in
METRIC = Books(TOKEN).add_metric("Orders")
"""The token of the first metric, which is the same every time."""


def serve(port: int) -> None:
    """Serve the stand-in until this process is stopped."""
    books = Books(TOKEN)
    books.add_metric("Orders")
    config = uvicorn.Config(application(books), log_config=None, access_log=False, lifespan="off", ws="none")
    with socket.create_server(("127.0.0.1", port)) as listening:
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(int(sys.argv[1]))
