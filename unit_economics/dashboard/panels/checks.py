"""Every check of every asset over the last 28 days: how often it passed, and its newest complaint.

Here: counting words. Not here: judging, or what a check promises (promises.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from unit_economics.dashboard.panels.banner import shortened
from unit_economics.dashboard.scene import Scene
from unit_economics.promises import promises
from unit_economics.warehouse.gate import Verdict

_LONGEST = 300


@dataclass(frozen=True)
class Row:
    """One check: passing / judged as text, and the newest complaint with its day."""

    asset: str
    check: str
    promise: str
    failed: int
    warned: int
    judged: int
    newest: str

    @property
    def tone(self) -> str:
        """bad, warn or good; empty where no day was judged."""
        return "bad" if self.failed else "warn" if self.warned else "good" if self.judged else ""

    @property
    def passing(self) -> str:
        """`27 / 28`."""
        return f"{self.judged - self.failed - self.warned} / {self.judged}"


@dataclass(frozen=True)
class Checks:
    """The checks, worst first."""

    rows: Sequence[Row]
    template: str = "panels/checks.html"


def checks(scene: Scene) -> Checks:
    """The newest word on each day is what counts: a mended day has passed."""
    rows = [
        _row(scene, asset, check, promise)
        for asset, of_asset in promises(scene.of).items()
        for check, promise in of_asset.items()
    ]
    return Checks(sorted(rows, key=lambda row: (-row.failed, -row.warned, row.judged == 0)))


def _row(scene: Scene, asset: str, check: str, promise: str) -> Row:
    words = {day: word for (name, day), word in scene.words.items() if name == asset}
    failed = _said(check, ((day, word.failures) for day, word in words.items()))
    warned = _said(check, ((day, word.warnings) for day, word in words.items()))
    return Row(asset, check, promise, len(failed), len(warned), len(words), _newest(scene, words, failed or warned))


def _said(check: str, words: Iterable[tuple[date, Mapping[str, str]]]) -> Mapping[date, str]:
    return {day: said[check] for day, said in words if check in said}


def _newest(scene: Scene, words: Mapping[date, Verdict], said: Mapping[date, str]) -> str:
    if not words:
        return "no day was judged"
    return f"{scene.numbers.short_day(max(said))}: {shortened(said[max(said)], _LONGEST)}" if said else ""
