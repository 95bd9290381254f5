"""The deployment that a command works on: the catalogue of `--config`, with the variables of the process and of .env.

Here: opening it, with a quiet process. Not here: what it consists of (definitions.py).
"""

from collections.abc import Mapping
from pathlib import Path

import stamina.instrumentation

from unit_economics.definitions import deployment, environment
from unit_economics.deployment import Deployment


def opened(config: Path | None, variables: Mapping[str, str] | None = None) -> Deployment:
    """The deployment; raises `UsageRefusal` with every line of the catalogue that is wrong."""
    # stamina may log its retries to stdout, where a machine reads JSON; what comes of them is said anyway.
    stamina.instrumentation.set_on_retry_hooks([])
    return deployment(environment() if variables is None else variables, config)
