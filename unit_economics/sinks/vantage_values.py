"""The values of a business metric in Vantage: bringing what is stored there to what is wanted.

Here: what differs, sending it, reading it back, and what can't be sent. Not here: the entry (vantage.py), what the
stored rows of a day are (vantage_held.py), how a call is made (vantage/api.py).

The API promises neither that a PUT replaces a day nor that an answer means that something was stored. So nothing is
believed that was not read back, and a day whose rows add up wrong is deleted before it is sent again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import cast

from unit_economics.entries.adapters import Difference, Publication
from unit_economics.exact import LARGEST
from unit_economics.outside import Outside
from unit_economics.refusals import Refusal
from unit_economics.sinks.vantage import VantageMetric
from unit_economics.sinks.vantage_held import WHERE, DayHeld, days_held
from unit_economics.vantage import answers
from unit_economics.vantage.api import VantageApi
from unit_economics.web_api.client import Fault
from unit_economics.web_api.strict_json import Json
from unit_economics.web_api.waits import backoff

ROUNDS = 6
"""Times that what differs is sent; each round begins with what was read back."""
_EXACT_DIGITS = 15
"""Vantage takes amounts as JSON numbers, which are doubles: 15 digits always survive the way there and back."""


def publish(entry: VantageMetric, wanted: Mapping[date, Decimal], outside: Outside, *, dry_run: bool) -> Publication:
    """Make the business metric hold `wanted`, or with `dry_run` only look; raises `Refusal`."""
    for day, quantity in wanted.items():
        _refuse_unsendable(day, quantity)
    if not wanted:
        return Publication([], 0, {})
    metric = outside.secret(entry.business_metric)
    with VantageApi.connect(outside, entry.token) as api:
        writer = Writer(api, metric, entry.chunk)
        return writer.look(wanted) if dry_run else writer.bring_to(wanted)


def title_if_writable(entry: VantageMetric, outside: Outside) -> str:
    """What the business metric is called, once the token may write it; raises `Refusal` where it may not."""
    metric = outside.secret(entry.business_metric)
    with VantageApi.connect(outside, entry.token) as api:
        bearer = api.me().get("bearer_token")
        scopes = cast("Json", bearer).get("scope") if isinstance(bearer, dict) else None
        if not isinstance(scopes, list) or "write" not in scopes:
            remedy = f"Create a token with the scopes read and write, and put it into {entry.token}"
            raise Refusal("the token may not write", where=WHERE, remedy=remedy)
        title = answers.text(api.metric(metric), "title", WHERE)
        if entry.cost_report:
            _refuse_unattached(api.cost_report(entry.cost_report), entry, metric)
    return title or "(without a title)"


def _refuse_unattached(report: Json, entry: VantageMetric, metric: str) -> None:
    attached = answers.rows(report, "business_metric_tokens_with_metadata", "Vantage cost report")
    if all(one.get("business_metric_token") != metric for one in attached):
        raise Refusal(
            f"the business metric in {entry.business_metric} is not attached to {entry.cost_report}",
            where="Vantage cost report",
            remedy="Attach it to that report in Vantage, or take `cost_report` out",
        )


@dataclass
class Writer:
    """Brings one business metric to the wanted values and counts what it took."""

    api: VantageApi
    metric: str
    chunk: int
    requests_sent: int = 0

    def look(self, wanted: Mapping[date, Decimal]) -> Publication:
        """What differs, with nothing sent."""
        held = self._read(wanted)
        return Publication(_differences(held, wanted), 0, _totals(held))

    def bring_to(self, wanted: Mapping[date, Decimal]) -> Publication:
        """Send what differs and read it back, until nothing does or the rounds are used up."""
        held = self._read(wanted)
        before = _differences(held, wanted)
        for attempt in range(1, ROUNDS + 1):
            differing = _differences(held, wanted)
            if not differing:
                break
            if attempt > 1:
                self.api.http.clock.sleep(backoff(attempt))
            self._send(held, differing)
            held = self._read(wanted)
        return Publication(before, self.requests_sent, _totals(held))

    def _read(self, wanted: Iterable[date]) -> dict[date, DayHeld]:
        days = set(wanted)
        held = days_held(self.api.values(self.metric, min(days)), days)
        return {day: of_day for day, of_day in held.items() if of_day.amounts}

    def _send(self, held: Mapping[date, DayHeld], differing: Sequence[Difference]) -> None:
        try:
            for difference in differing:
                if _adds_up_wrong(held.get(difference.day)):
                    self.requests_sent += 1
                    self.api.delete_day(self.metric, difference.day, label="")
            for part in _parts(differing, self.chunk):
                self.requests_sent += 1
                self.api.put_values(self.metric, [_row(difference) for difference in part])
        except Fault as fault:
            # Whether it was applied shows in the next read; sent again blindly it could be counted twice.
            if not fault.maybe_applied:
                raise


def _adds_up_wrong(held: DayHeld | None) -> bool:
    """Whether a PUT at midnight could not replace what a wrong day holds."""
    return held is not None and not held.is_ours


def _differences(held: Mapping[date, DayHeld], wanted: Mapping[date, Decimal]) -> list[Difference]:
    found = [Difference(day, held[day].total if day in held else None, wanted[day]) for day in sorted(wanted)]
    return [difference for difference in found if difference.held != difference.wanted]


def _totals(held: Mapping[date, DayHeld]) -> dict[date, Decimal]:
    return {day: held[day].total for day in sorted(held)}


def _row(difference: Difference) -> dict[str, object]:
    amount = difference.wanted
    whole = amount == amount.to_integral_value()
    return {"date": f"{difference.day}T00:00:00Z", "amount": int(amount) if whole else float(amount)}


def _parts(differing: Sequence[Difference], size: int) -> Iterator[Sequence[Difference]]:
    return (differing[start : start + size] for start in range(0, len(differing), size))


def _refuse_unsendable(day: object, quantity: Decimal) -> None:
    what = None
    if type(day) is not date or isinstance(day, datetime):
        what = "is not a calendar day"
    elif not isinstance(quantity, Decimal) or not quantity.is_finite():  # pyright: ignore[reportUnnecessaryIsInstance]  a NULL would delete the day
        what = "is no finite decimal"
    elif quantity < 0 or quantity >= LARGEST:
        what = "is negative or beyond reason"
    elif len(quantity.normalize().as_tuple().digits) > _EXACT_DIGITS:
        what = f"has more than {_EXACT_DIGITS} digits, which Vantage would round"
    if what:
        raise Refusal(f"{quantity} {what}", where=f"value of {day} for Vantage", remedy="Correct the units of that day")
