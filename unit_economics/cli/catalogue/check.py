"""`unit-economics catalogue check`: everything that is to be mended in the file, each with line and column.

Here: the command line, and the three forms of the answer. Not here: what is refused (catalogue.py), what a sound
catalogue still lacks (contract.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from unit_economics.catalogue_file import Examined
from unit_economics.catalogue_file.problems import said
from unit_economics.catalogue_file.tree import Problem
from unit_economics.cli.options import config_option
from unit_economics.cli.table import coloured, harmless, show_json
from unit_economics.contract import Severity, findings
from unit_economics.environment import catalogue_path, environment, examine_catalogue


@dataclass(frozen=True, order=True)
class Line:
    """One thing to mend, where it stands."""

    line: int
    column: int
    severity: Severity
    text: str


@click.command("check")
@click.option("--strict", is_flag=True, help="Exit with 1 for a warning too.")
@click.option("--format", "form", type=click.Choice(["text", "json", "github"]), default="text", show_default=True)
@config_option
def command(*, strict: bool, form: str, config: Path | None) -> int:
    """What is to be mended in the catalogue: what no command would accept, and what a sound one still lacks.

    With --format github each finding becomes an annotation of a pull request. Nothing is read but the file. Exit code 1
    when there is an error; with --strict also when there is a warning.
    """
    path = catalogue_path(environment(), config)
    found = examined(examine_catalogue(path))
    is_fine = not any(strict or one.severity == "error" for one in found)
    _FORMS[form](str(path), found, is_fine)
    return int(not is_fine)


def examined(read: Examined) -> list[Line]:
    """Everything to mend, in the order of the file."""
    if read.catalogue is None:
        return [_line(problem, "error") for problem in sorted(set(read.problems))]
    today = datetime.now(UTC).astimezone(read.catalogue.business_day.calendar.timezone).date()
    found = findings(read.catalogue, today)
    return sorted(_line(Problem(read.tree.place_of(one.path), one.path, one.text), one.severity) for one in found)


def _line(problem: Problem, severity: Severity) -> Line:
    return Line(problem.place.line, problem.place.column, severity, harmless(said(problem)))


def _as_text(path: str, found: Sequence[Line], is_fine: bool) -> None:  # noqa: FBT001  # one of several alike
    for one in found:
        word = coloured("fail" if one.severity == "error" else "warn", one.severity)
        click.echo(f"{path}:{one.line}:{one.column} {word} {one.text}")
    errors = sum(one.severity == "error" for one in found)
    counts = [_many(errors, "error"), _many(len(found) - errors, "warning")]
    click.echo(f"{', '.join(counts)}{'' if is_fine else ': not fine'}" if found else "Nothing to mend.", err=True)


def _as_json(path: str, found: Sequence[Line], is_fine: bool) -> None:  # noqa: FBT001
    show_json({"ok": is_fine, "file": path, "findings": [asdict(one) for one in found]})


def _as_annotations(path: str, found: Sequence[Line], is_fine: bool) -> None:  # noqa: FBT001
    del is_fine
    for one in found:
        place = f"file={_escaped(path, ':,')},line={one.line},col={one.column}"
        click.echo(f"::{one.severity} {place}::{_escaped(one.text)}")


def _escaped(text: str, more: str = "") -> str:
    """As a workflow command of GitHub takes it."""
    for sign in f"%\r\n{more}":
        text = text.replace(sign, f"%{ord(sign):02X}")
    return text


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


_FORMS: Mapping[str, Callable[[str, Sequence[Line], bool], None]] = {
    "text": _as_text,
    "json": _as_json,
    "github": _as_annotations,
}
