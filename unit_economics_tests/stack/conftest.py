"""Hands the running stack to the tests here and in browser/. Not here: the stack (running.py)."""

import pytest

from unit_economics_tests.stack import running


def pytest_configure(config: pytest.Config) -> None:
    """Make the fixtures known for the whole session: defined in two packages, there would be two stacks."""
    if not config.pluginmanager.has_plugin(running.__name__):
        config.pluginmanager.register(running, running.__name__)
