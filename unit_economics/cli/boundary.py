"""The process boundary: a group that loads its commands late and turns every error into one line and an exit code.

Here: the only place that catches everything. Not here: any command.
"""

import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, NoReturn

import click

from unit_economics.refusals import Refusal

INTERRUPTED = 130
FAULT = 70


@dataclass(frozen=True)
class Section:
    """Commands that belong together in the help: each name with its one line."""

    title: str
    commands: Mapping[str, str]


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; `package.<name>` holds the object `command`."""

    def __init__(self, *, sections: Sequence[Section], package: str, **settings: Any) -> None:  # noqa: ANN401  # click's
        super().__init__(**settings)
        self.sections, self.package = sections, package

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        """Every name, without loading anything."""
        return [name for section in self.sections for name in section.commands]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name; None where there is none."""
        if cmd_name not in self.list_commands(ctx):
            return None
        return import_module(f"{self.package}.{cmd_name.replace('-', '_')}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  # click's
        """The sections of the help, from their one-liners."""
        for section in self.sections:
            with formatter.section(section.title):
                formatter.write_dl(list(section.commands.items()))

    def main(self, *args: Any, **settings: Any) -> NoReturn:  # noqa: ANN401  # click's signature
        """Run one command line and leave the process with its exit code."""
        try:
            code = super().main(*args, **{**settings, "standalone_mode": False})
        except BaseException as error:  # noqa: BLE001  # the one process boundary
            code = exit_code(error)
        sys.exit(code or 0)


def exit_code(error: BaseException) -> int:
    """Say in one line what happened; returns the exit code. A fault of the program itself keeps its traceback."""
    match error:
        case SystemExit():
            return error.code if isinstance(error.code, int) else 1
        case Refusal():
            click.secho(f"unit-economics: {error}{error.aside}", fg="red", err=True)
            return error.exit_code
        case click.Abort() | KeyboardInterrupt():
            click.echo("unit-economics: interrupted; every day is either stored whole or as it was before.", err=True)
            return INTERRUPTED
        case click.ClickException():
            error.show()
            return error.exit_code
        case _:
            return _fault(error)


def _fault(error: BaseException) -> int:
    traceback.print_exception(error)
    click.secho(
        "unit-economics: this is a fault of the program, not yours. Please report it with the lines above.",
        fg="red",
        err=True,
    )
    return FAULT
