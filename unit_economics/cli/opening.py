"""The deployment that a command works on: the catalogue of `--config`, with the variables of the process and of .env.

Here: opening it, on the embedded PostgreSQL where no mart is named. Not here: what it consists of (environment.py).
"""

from collections.abc import Mapping
from pathlib import Path

import click

from unit_economics.deployment import Deployment
from unit_economics.environment import deployment, environment
from unit_economics.local.state import STATE, LocalState
from unit_economics.warehouse.connection import DATABASE_URL


def opened(config: Path | None, variables: Mapping[str, str] | None = None, *, mart: bool = True) -> Deployment:
    """The deployment; raises `UsageRefusal` with every line of the catalogue that is wrong."""
    known = environment() if variables is None else dict(variables)
    of = deployment(known, config)
    if not mart or known.get(DATABASE_URL):
        return of
    return deployment({**known, DATABASE_URL: _embedded_mart()}, config)


def _embedded_mart() -> str:
    """The mart that `up` serves right now, or else the same one, served until this command ends."""
    from unit_economics.local import embedded

    state = LocalState(STATE)
    if address := state.served_mart():
        return address
    context = click.get_current_context()
    context.with_resource(state.owned())
    return context.with_resource(embedded.running(state.postgres)).url(embedded.OURS)
