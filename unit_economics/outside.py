"""What an adapter is handed of the outside world: secrets by name, the folder of the catalogue, the clock, an ear.

Here: that one small type. Not here: where the values come from; only environment.py knows an environment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from unit_economics.refusals import UsageRefusal


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _silent(_progress: str) -> None:
    pass


@dataclass(frozen=True)
class Outside:
    """The world as the adapters see it; tests pass another one.

    `variables` holds secrets, so it is kept out of `repr`: a logged object must never show a value.
    `say` is told how far something long has come.
    """

    variables: Mapping[str, str] = field(repr=False)
    folder: Path = Path()
    now: Callable[[], datetime] = field(default=_utc_now, repr=False)
    say: Callable[[str], None] = field(default=_silent, repr=False)

    def secret(self, name: str) -> str:
        """The value of the variable called `name`; refused, by name, where it is not set."""
        value = self.variables.get(name, "").strip()
        if not value:
            raise UsageRefusal(
                f"the variable {name} is not set",
                where="environment",
                remedy=f"Put {name}=... into .env (see .env.example), then run `unit-economics doctor`",
            )
        return value

    def setting(self, name: str, default: str) -> str:
        """The value of an optional variable that is no secret."""
        return self.variables.get(name, "").strip() or default
