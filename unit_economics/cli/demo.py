"""`unit-economics demo`: a synthetic shop, a year of days in one run, and Dagster's UI to look at them.

Here: the command. Not here: its steps (demo_show.py), the shop and its answers (demo/).
"""

import click

from unit_economics.cli.up import until_stopped
from unit_economics.local.state import STATE
from unit_economics.narration import Narrator


@click.command("demo")
@click.option("--once", is_flag=True, help="Print the numbers and end; without the UI.")
@click.option("--days", default=365, show_default=True, type=click.IntRange(7, 1000), help="Days, ending yesterday.")
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535), help="Where the UI listens.")
@click.option("--browser/--no-browser", default=False, show_default=True, help="Open the UI in the browser.")
def command(*, once: bool, days: int, port: int, browser: bool) -> None:
    """A synthetic shop and its cloud bill: a year computed in one run, then Dagster's UI to look around in.

    Needs no account and no database, and touches nothing outside .unit_economics/demo.
    """
    narrator = Narrator()
    with until_stopped(narrator):
        from unit_economics.cli.demo_show import prepared

        with prepared(narrator, STATE / "demo", days, is_ui_wanted=not once) as show:
            show.compute()
            show.tell()
            if not once:
                show.stay(port, browser=browser)
