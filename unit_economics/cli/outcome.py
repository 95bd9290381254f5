"""What became of each day of a run, gathered from the events that the assets tell Dagster while it goes on.

Here: from Dagster's events to words a day. Not here: starting a run (runs.py), how it is shown (run.py, progress.py).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import cast

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError

from unit_economics.business_days import DayRange

STORED = ("new", "restated", "redefined", "same")
STATES = (*STORED, "red", "absent", "held", "failed")
"""held: an input is red or absent; failed: something else than a check stopped the asset."""


@dataclass
class AssetOutcome:
    """One asset: the days that were stored with the kind of change, and the reasons for those that were not."""

    asset: str
    changes: dict[date, str] = field(default_factory=dict)
    red: dict[date, str] = field(default_factory=dict)
    absent: dict[date, str] = field(default_factory=dict)
    warned: dict[date, str] = field(default_factory=dict)
    failure: str | None = None
    exit_code: int = 1
    is_over: bool = False


@dataclass
class Outcome:
    """All assets of a run, upstream first."""

    days: DayRange
    inputs: Mapping[str, Sequence[str]]
    assets: dict[str, AssetOutcome]
    is_interrupted: bool = False

    @classmethod
    def awaiting(cls, days: DayRange, inputs: Mapping[str, Sequence[str]], chosen: Iterable[str]) -> "Outcome":
        """Nothing has happened yet."""
        return cls(days, inputs, {asset: AssetOutcome(asset) for asset in chosen})

    def hear(self, entry: dg.EventLogEntry) -> str | None:
        """Take in one event; returns the asset that is over with it."""
        event = entry.dagster_event
        if event is None:
            return None
        match event.event_type_value:
            case "ASSET_MATERIALIZATION":
                self._stored(event)
            case "ASSET_CHECK_EVALUATION":
                self._judged(event.asset_check_evaluation_data)
            case "STEP_FAILURE" | "PIPELINE_FAILURE" if _is_interruption(event):
                self.is_interrupted = True
            case "STEP_SUCCESS" | "STEP_FAILURE" if event.step_key in self.assets:
                return self._over(event)
            case _:
                pass
        return None

    def state(self, asset: str, day: date) -> str:
        """One of `STATES`."""
        of_asset = self.assets[asset]
        if day in of_asset.changes:
            return {"status": "same"}.get(of_asset.changes[day], of_asset.changes[day])
        if day in of_asset.red or day in of_asset.absent:
            return "red" if day in of_asset.red else "absent"
        if of_asset.failure:
            return "failed"
        return "held" if self._holders(asset, day) or not of_asset.is_over else "absent"

    def reason(self, asset: str, day: date) -> str | None:
        """Why the day was not stored; None where it was."""
        of_asset = self.assets[asset]
        match self.state(asset, day):
            case "red" | "absent":
                return of_asset.red.get(day) or of_asset.absent.get(day) or "the source has nothing for this day"
            case "failed":
                return of_asset.failure
            case "held":
                return f"waits for {', '.join(self._holders(asset, day)) or 'an input that failed'}"
            case _:
                return None

    @property
    def exit_code(self) -> int:
        """0 when every day is stored; 3 when something did not answer; else 1."""
        failures = [of_asset.exit_code for of_asset in self.assets.values() if of_asset.failure]
        if failures:
            return max(failures)
        stored = all(self.state(asset, day) in STORED for asset in self.assets for day in self.days)
        return 0 if stored else 1

    def counts(self, asset: str) -> dict[str, int]:
        """How many days are in each state."""
        states = [self.state(asset, day) for day in self.days]
        return {state: states.count(state) for state in STATES}

    def _holders(self, asset: str, day: date) -> list[str]:
        known = [name for name in self.inputs[asset] if name in self.assets]
        return [name for name in known if self.state(name, day) not in STORED]

    def _stored(self, event: dg.DagsterEvent) -> None:
        key, partition = event.asset_key, event.partition
        if key is None or partition is None or key.to_user_string() not in self.assets:
            return
        metadata = event.step_materialization_data.materialization.metadata
        change = metadata.get("change")
        self.assets[key.to_user_string()].changes[date.fromisoformat(partition)] = (
            str(change.value) if change else "new"
        )

    def _judged(self, word: dg.AssetCheckEvaluation) -> None:
        of_asset = self.assets.get(word.asset_key.to_user_string())
        if of_asset is None or word.passed or word.partition is None:
            return
        day = date.fromisoformat(word.partition)
        if word.severity is dg.AssetCheckSeverity.ERROR:
            _say(of_asset.red, day, word, "failed")
        elif word.check_name == "delivery":
            of_asset.absent[day] = word.description or "the source has nothing for this day"
        if word.severity is dg.AssetCheckSeverity.WARN:
            _say(of_asset.warned, day, word, "look at it")

    def _over(self, event: dg.DagsterEvent) -> str:
        of_asset = self.assets[cast("str", event.step_key)]
        of_asset.is_over = True
        if event.event_type_value == "STEP_FAILURE" and not of_asset.red:
            of_asset.failure, of_asset.exit_code = _failure(event)
        return of_asset.asset


def _is_interruption(event: dg.DagsterEvent) -> bool:
    """Whether somebody pressed Ctrl-C: Dagster makes a failure of it instead of letting it through."""
    error = getattr(event.event_specific_data, "error", None)
    return error is not None and error.cls_name == DagsterExecutionInterruptedError.__name__


def _say(said: dict[date, str], day: date, word: dg.AssetCheckEvaluation, otherwise: str) -> None:
    """Beside what another check said of the day."""
    words = [*filter(None, [said.get(day)]), f"{word.check_name}: {word.description or otherwise}"]
    said[day] = "; ".join(dict.fromkeys(words))


def _failure(event: dg.DagsterEvent) -> tuple[str, int]:
    """The sentence of a `dg.Failure`, or the first line of anything else; and the exit code that it asks for."""
    data = event.step_failure_data
    said = data.user_failure_data
    if said is not None:
        code = said.metadata.get("exit_code") if isinstance(said.metadata, dict) else None
        return said.description or "it failed without a word", int(str(code.value)) if code else 1
    error = data.error.cause if data.error and data.error.cause else data.error
    return (error.message.strip().splitlines()[0] if error else "it failed without a word"), 1
