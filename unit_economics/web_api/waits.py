"""How long to wait before a call is tried again, and by which clock.

Here: what a server's headers ask for, and the backoff where they ask for nothing. Not here: what is tried again
(client.py).
"""

import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_LONGEST_WAIT = 300.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Clock:
    """The time as a call needs it; tests pass one that never waits."""

    now: Callable[[], datetime] = _utc_now
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def backoff(attempt: int) -> float:
    """Seconds before the next try: doubling up to a minute, with jitter so that many clients spread out."""
    longest = min(60.0, 2.0**attempt)
    return longest * (0.5 + random.random() / 2)  # noqa: S311  spreads load, guards nothing


def wanted_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """The seconds that the server asks to wait, between 1 and 300; None where it does not say."""
    after = headers.get("retry-after", "").strip()
    reset = headers.get("x-rate-limit-reset", "").strip()
    left = headers.get("x-ratelimit-reset", "").strip()
    for seconds in (_seconds(after), _until_date(after, now), _until_epoch(reset, now), _left_or_until(left, now)):
        if seconds is not None:
            return min(max(seconds, 1.0), _LONGEST_WAIT)
    return None


def _seconds(written: str) -> float | None:
    return float(written[:12]) if re.fullmatch(r"-?[0-9]+", written) else None


def _until_date(written: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(written)
    except (ValueError, OverflowError):
        return None
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()


def _until_epoch(written: str, now: datetime) -> float | None:
    return float(written) - now.timestamp() if re.fullmatch(r"[0-9]{1,12}(\.[0-9]+)?", written) else None


def _left_or_until(written: str, now: datetime) -> float | None:
    """Datadog writes the seconds that are left, others the moment."""
    return _until_epoch(written, now) if len(written.partition(".")[0]) > 9 else _seconds(written)
