import pytest


def pytest_configure(config: pytest.Config) -> None:
    """Make the running stack known once, so that the tests here and in browser/ share one."""
    config.pluginmanager.import_plugin("unit_economics_tests.stack.running")
