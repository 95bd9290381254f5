"""A month that a person closes, once: its pack of files shows for ever what was believed at that moment.

Here: closing a month, and making its pack again. Not here: whether it is ready (readiness.py), what is in a pack
(pack.py), proving one (verifying.py), where it is put (folder.py), the record (warehouse/month_closes.py).

The record is kept once the pack is on the disk: a month whose pack could not be written is not closed.

A close is never made again: what is stored later is told apart from it, in the pack of the next close and in the view
`restated_after_close`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

from unit_economics.closing.pack import MANIFEST, hash_of, pack
from unit_economics.closing.readiness import refuse_unready
from unit_economics.deployment import Deployment
from unit_economics.environment import parsed_catalogue
from unit_economics.refusals import Refusal
from unit_economics.warehouse.connection import Connection
from unit_economics.warehouse.ledger import Run
from unit_economics.warehouse.month_closes import MonthClose, close_of, closes, keep_close
from unit_economics.warehouse.restatements import settled_moment
from unit_economics.warehouse.stored_days import catalogue_text

Put = Callable[[Mapping[str, bytes]], None]
"""What writes the files of a pack; raises `Refusal` where it can't."""


@dataclass(frozen=True)
class Closed:
    """A closed month with the files of its pack; is_new: whether it was closed just now."""

    close: MonthClose
    files: Mapping[str, bytes]
    is_new: bool


def close_month(of: Deployment, month: date, run: Run, by: str, put: Put, *, with_provisional: bool = False) -> Closed:
    """Close the month that begins on this day and put its pack; where it is closed already, make its pack again.

    Raises `Refusal` where the month is not over or a day of it is not final, where the pack can't be put, and where
    the pack of a closed month comes out otherwise than it was.
    """
    closed = _made(of, month, run, by, with_provisional=with_provisional)
    put(closed.files)
    if closed.is_new:
        with of.warehouse.transaction() as connection:
            if not keep_close(connection, closed.close, run):
                raise Refusal(
                    "somebody else has just closed a month", where=f"{month:%Y-%m}", remedy="Run the same again"
                )
    return closed


def _made(of: Deployment, month: date, run: Run, by: str, *, with_provisional: bool) -> Closed:
    with of.warehouse.connection() as connection:
        at = settled_moment(connection)
    with of.warehouse.snapshot() as connection:
        if done := close_of(connection, month):
            return Closed(done, _as_it_was(of, connection, done), is_new=False)
        refuse_unready(of, connection, month, at, with_provisional=with_provisional)
        previous = max((one.closed_at for one in closes(connection)), default=None)
        _refuse_one_moment(month, at, previous)
        draft = MonthClose(month, at, previous, "", by, run.run_id, run.code_version, run.catalogue_version)
        files = pack(of, connection, draft)
    return Closed(replace(draft, manifest_sha256=hash_of(files[MANIFEST])), files, is_new=True)


def _refuse_one_moment(month: date, at: datetime, previous: datetime | None) -> None:
    """What moved between two closes is told by the later one: it needs a later moment."""
    if previous and at <= previous:
        raise Refusal(
            "something has been writing since before the last close",
            where=f"{month:%Y-%m}",
            remedy="Run the same again once it has ended; the view pg_stat_activity says what it is",
        )


def made_again(of: Deployment, connection: Connection, close: MonthClose) -> Mapping[str, bytes]:
    """The pack of a closed month out of what is stored, by the catalogue that closed it."""
    text = catalogue_text(connection, close.catalogue_version) or ""
    catalogue = parsed_catalogue(text, f"catalogue {close.catalogue_version}")
    return pack(replace(of, catalogue=catalogue, catalogue_text=text), connection, close)


def _as_it_was(of: Deployment, connection: Connection, close: MonthClose) -> Mapping[str, bytes]:
    files = made_again(of, connection, close)
    if hash_of(files[MANIFEST]) != close.manifest_sha256:
        raise Refusal(
            "its pack comes out otherwise than when it was closed, so it is not written",
            where=f"{close.month:%Y-%m}, closed {close.closed_at:%Y-%m-%d %H:%M} UTC",
            remedy=f"Ask which number differs with `unit-economics close {close.month:%Y-%m} --verify`",
        )
    return files
