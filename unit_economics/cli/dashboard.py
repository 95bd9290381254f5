"""`unit-economics dashboard`: the pages for people who don't use Dagster, on this machine.

Here: the command line. Not here: the pages (dashboard/).
"""

import ipaddress
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unit_economics.cli.options import config_option
from unit_economics.cli.up import until_stopped
from unit_economics.deployment import Deployment
from unit_economics.local.stopping import Stopped, handling
from unit_economics.narration import Narrator

if TYPE_CHECKING:
    import uvicorn


@click.command("dashboard")
@click.option("--port", default=3001, show_default=True, type=click.IntRange(1, 65535), help="Where it listens.")
@click.option("--host", default="127.0.0.1", show_default=True, help="It has no login: open it to others by a proxy.")
@click.option("--dagster", metavar="URL", help="Dagster's UI, for links.  [dashboard.dagster of the catalogue]")
@config_option
def command(port: int, host: str, dagster: str | None, config: Path | None) -> None:
    """Serve the pages: what an order costs, why it moved, whether to trust it, what needs you. Ctrl-C stops it."""
    from unit_economics.local.ports import listening

    narrator = Narrator()
    with until_stopped(narrator), listening(host, port) as ours:
        of = _opened(config)
        _serve(narrator, of.linked_to(dagster) if dagster else of, host, ours)


def _opened(config: Path | None) -> Deployment:
    """The deployment; where the dashboard has a login of its own, no embedded mart is started for it."""
    from unit_economics.cli.opening import opened
    from unit_economics.dashboard.mart.reader import READING_URL
    from unit_economics.environment import environment

    variables = environment()
    return opened(config, variables, mart=not variables.get(READING_URL))


def _serve(narrator: Narrator, of: Deployment, host: str, ours: socket.socket) -> None:
    from unit_economics.dashboard.web.serve import server_for
    from unit_economics.local.ports import browsable

    if not _is_local(host) and of.catalogue.dashboard.identity is None:
        narrator.say(f"[yellow]Everybody who reaches {host} may read it[/]: the catalogue has no dashboard.identity.")
    address = f"http://{browsable(host)}:{ours.getsockname()[1]}"
    server = server_for(of, host)
    narrator.say(f"  [bold]{address}[/]   Ctrl-C stops it.")
    _run(server, ours)


def _run(server: "uvicorn.Server", ours: socket.socket) -> None:
    """Serve until asked to stop; uvicorn by itself knows of Ctrl-C and `kill`, and of no closed terminal."""
    asked: list[int] = []

    def leave(number: int) -> None:
        asked.append(number)
        server.should_exit = True

    with handling(leave):
        server.run(sockets=[ours])
    if asked:
        raise Stopped(asked[0])


def _is_local(host: str) -> bool:
    """Whether only this machine reaches it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
