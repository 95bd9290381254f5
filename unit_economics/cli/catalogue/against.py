"""The catalogue to compare with: a file, or the same file in another commit of its git repository.

Here: getting its text, and refusing plainly what is neither. Not here: comparing (definition_diff.py).
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from unit_economics.catalogue import Catalogue
from unit_economics.environment import parsed_catalogue, read_catalogue
from unit_economics.refusals import Unreachable, UsageRefusal

PATIENCE_SECONDS = 30
WHERE = "--against"


def catalogue_against(against: str, path: Path) -> Catalogue:
    """The catalogue of this file; where there is no such file, that of `path` as this git commit has it."""
    if _is_file(against):
        return read_catalogue(Path(against))
    return parsed_catalogue(_in_git(against, path), f"{against}:{path.name}")


def _is_file(against: str) -> bool:
    try:
        return Path(against).is_file()
    except OSError:  # a name that no file can have, as one that is too long
        return False


def _in_git(ref: str, path: Path) -> str:
    git = _Git(path.resolve().parent)
    if git.ask("rev-parse", "--is-inside-work-tree") is None:
        raise UsageRefusal(
            f"{ref!r} is no file, and {path} is in no git repository", where=WHERE, remedy="Give the path of a file"
        )
    # A name that begins with a dash would be taken for an option.
    if ref.startswith("-") or git.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") is None:
        remedy = "Name a branch, tag or commit that this clone has (in a CI job fetch it first), or a file"
        raise UsageRefusal(f"git knows no commit {ref!r}, and there is no such file", where=WHERE, remedy=remedy)
    content = git.ask("show", "--no-textconv", f"{ref}:./{path.resolve().name}")
    if content is None:
        remedy = "Name a commit that has it, or give the path of the file that was used then"
        raise UsageRefusal(f"the commit {ref!r} has no {path}", where=WHERE, remedy=remedy)
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UsageRefusal(f"{path} in {ref!r} is not UTF-8", where=WHERE, remedy="Name another commit") from None


@dataclass(frozen=True)
class _Git:
    """Questions to git in one folder: no shell, no wait without end, nothing is changed."""

    folder: Path

    def ask(self, *words: str) -> bytes | None:
        """What git says; None where it says no."""
        program = which("git")
        if program is None:
            what = "there is no git on this machine, and no such file"
            raise UsageRefusal(what, where=WHERE, remedy="Install git, or give the path of a file")
        try:
            done = subprocess.run(  # noqa: S603  # no shell, and a commit that looks like an option is refused
                [program, *words], cwd=self.folder, capture_output=True, timeout=PATIENCE_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            what = f"git did not answer within {PATIENCE_SECONDS} seconds"
            raise Unreachable(what, where=WHERE, remedy="Try again, or give the path of a file") from None
        return done.stdout if done.returncode == 0 else None
