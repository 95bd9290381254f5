"""One finding of the doctor: a name, how it is, what was seen, and the command that mends it.

Here: the finding, and turning a refusal into one. Not here: what is looked at (doctor_*.py), showing it (doctor.py).
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

import psycopg

from unit_economics.refusals import Refusal, Unreachable

State = Literal["ok", "warn", "fail", "skip"]
_SECRETS = re.compile(r"([a-z][a-z0-9+.-]*://)[^\s/@]*@|password=\S+", re.IGNORECASE)


@dataclass(frozen=True)
class Finding:
    """What was found; `mend` is what to type or to change, empty where nothing needs mending."""

    name: str
    state: State
    text: str
    mend: str = ""
    unreachable: bool = False


Look = Callable[[], Iterable[Finding]]


def looked(name: str, look: Look) -> Iterator[Finding]:
    """Everything one look finds; what it raises is a finding too, so that the next look still happens."""
    try:
        yield from look()
    except Refusal as refusal:
        text = f"{refusal.where}: {refusal.what}{refusal.aside}"
        yield Finding(name, "fail", _clean(text), f"{refusal.remedy}", isinstance(refusal, Unreachable))
    except psycopg.Error as error:
        text = error.diag.message_primary or f"PostgreSQL did not answer ({type(error).__name__})"
        yield Finding(name, "fail", _clean(text), "Check the variable's URL and the server's log", unreachable=True)
    except OSError as error:
        yield Finding(
            name, "fail", _clean(error.strerror or type(error).__name__), "Check the path and its permissions"
        )


def _clean(text: str) -> str:
    return _SECRETS.sub(r"\1...@", " ".join(text.split()))
