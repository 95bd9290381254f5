"""What became of the latest runs, as the attempts, the ledger and the gate tell it.

Here: a question to the published views. Not here: Dagster's own record of a run, which knows more and is kept shorter.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from unit_economics.business_days import DayRange
from unit_economics.warehouse.connection import Connection


@dataclass(frozen=True)
class RunSummary:
    """What became of a run: its assets in the order they began, the days that it stored anew, and those it left red.

    ended_at: when it last decided anything; ended: whether it decided all that it began; failure: why it did not, where
    it said so.
    """

    run_id: str
    started_at: datetime
    ended_at: datetime | None
    ended: bool
    days: DayRange
    assets: Sequence[str]
    stored: int
    red: int
    failure: str | None


_RUNS: LiteralString = """
    with of_asset as (
        select run_id, asset, min(started_at) as started_at, max(committed_at) as ended_at,
            (array_agg(committed_at is not null order by attempt desc))[1] as ended,
            (array_agg(failure order by attempt desc))[1] as failure, min(first_day) as first_day,
            max(last_day) as last_day
        from (select * from attempts order by attempt desc limit 1000) newest group by 1, 2
    ), runs as (
        select run_id, min(started_at) as started_at, max(ended_at) as ended_at, bool_and(ended) as ended,
            (array_agg(failure order by started_at) filter (where failure is not null))[1] as failure,
            min(first_day) as first_day, max(last_day) as last_day, array_agg(asset order by started_at) as assets
        from of_asset group by 1 order by 2 desc limit %s
    ), stored as (
        select run_id, count(*) as days from day_versions where run_id in (select run_id from runs) group by 1
    ), red as (
        select run_id, count(*) as days from gate where not passed and business_date
            between (select min(first_day) from runs) and (select max(last_day) from runs) group by 1
    )
    select r.run_id, r.started_at, r.ended_at, r.ended, r.first_day, r.last_day, r.assets, coalesce(stored.days, 0),
        coalesce(red.days, 0), r.failure
    from runs r left join stored using (run_id) left join red using (run_id) order by r.started_at desc
"""


def last_runs(connection: Connection, most: int) -> Sequence[RunSummary]:
    """The latest runs that tried any day, newest first; a day counts once an asset."""
    rows = connection.execute(_RUNS, [most])
    return [
        RunSummary(run_id, started_at, ended_at, ended, DayRange(first, last), assets, stored, red, failure)
        for run_id, started_at, ended_at, ended, first, last, assets, stored, red, failure in rows
    ]
