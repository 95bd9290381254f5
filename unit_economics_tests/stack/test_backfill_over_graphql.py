"""A backfill as a person launches it, through every process that takes part, with one day that can't be right."""

import pytest

from unit_economics_tests.stack.days import ASSETS
from unit_economics_tests.stack.running import Stack

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.usefixtures("backfilled")]


def test_dump(stack: Stack, backfilled: str, late_bill, alerted):
    import json

    print(json.dumps(stack.dagster.backfill(backfilled), indent=1))
    for a in ASSETS:
        print(a, stack.dagster.partitions(a), stack.stored(a))
    print(stack.dagster.check("daily_orders", "contract"))
    print(stack.published(), stack.channel)
    print(stack.sql("select cause, sent_at, tries from unit_economics.outbox"))
    print(
        stack.sql(
            "select attempt, asset, first_day::text, last_day::text, started_at::text from unit_economics.attempt order by 1"
        )
    )
    for r in stack.dagster.runs():
        print(r)
    for s in ("missing_days", "freshness", "announce", "failed_runs"):
        print(s, stack.dagster.ticks(s)[:20])
