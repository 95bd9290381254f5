"""The deployment that a command works on: the catalogue of `--config`, with the variables of the process and of .env.

Here: opening it. Not here: what it consists of (definitions.py).
"""

from collections.abc import Mapping
from pathlib import Path

from unit_economics.definitions import deployment, environment
from unit_economics.deployment import Deployment


def opened(config: Path | None, variables: Mapping[str, str] | None = None) -> Deployment:
    """The deployment; raises `UsageRefusal` with every line of the catalogue that is wrong."""
    return deployment(environment() if variables is None else variables, config)
