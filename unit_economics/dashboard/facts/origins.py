"""Where one day's number comes from: the stored version of the metric, and those of the inputs that it was made of.

Here: the question and its answer. Not here: how it is shown (panels/origin.py, panels/explain.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from unit_economics.dashboard.mart.fingerprints import Read, reads_of
from unit_economics.dashboard.mart.series import COMPLETE
from unit_economics.dashboard.scene import Scene

LONGEST = 1_000_000
"""Of a fingerprint's characters; a longer one is counted and not read."""
_ORIGIN = """
    with number as (
        select asset, version, input_versions from day_versions
        where asset = %(metric)s and business_date = %(day)s and superseded_at is null
    ), made_of (asset, version) as (
        select asset, version from number
        union all
        select input.key, input.value::int from number cross join jsonb_each_text(number.input_versions) input
    )
    select v.asset, v.version, v.rows_version, v.status, v.complete_through, v.recorded_at, v.run_id, v.definition,
        v.code_version, v.catalogue_version, v.content_hash, v.source_hash, v.superseded_at,
        case when length(s.text) > %(longest)s then length(s.text) || ' characters, not listed' else s.text end
    from made_of m
    join day_versions v on v.asset = m.asset and v.business_date = %(day)s and v.version = m.version
    join day_versions r on r.asset = v.asset and r.business_date = v.business_date and r.version = v.rows_version
    left join attempts a on a.attempt = v.attempt
    left join attempts w on w.attempt = r.attempt
    cross join lateral (select coalesce(nullif(a.source_fingerprint, ''), w.source_fingerprint) as text) s
"""


@dataclass(frozen=True)
class Version:
    """One version of one day of an asset, with what its source read."""

    asset: str
    version: int
    rows_version: int
    status: str
    complete_through: date | None
    recorded_at: datetime
    run_id: str
    definition: str
    code_version: str
    catalogue_version: str
    content_hash: str | None
    source_hash: str | None
    superseded_at: datetime | None
    fingerprint: str | None

    def reads(self, scene: Scene) -> Sequence[Read]:
        """What its source says that it read."""
        return reads_of(self.fingerprint, scene.of.catalogue.cost_sources)


def explained_day(scene: Scene) -> date | None:
    """The day that is asked for, or the last complete one."""
    return scene.view.day or last_complete_day(scene)


def last_complete_day(scene: Scene) -> date | None:
    """The last day whose inputs are complete, also where the scope has no charge on it and so no unit cost."""
    return max((day.day for day in scene.series.days.values() if day.status in COMPLETE), default=None)


def origin_of(scene: Scene, day: date) -> Mapping[str, Version]:
    """The current version of the metric's day and of what it was made of, by asset; empty where nothing is stored."""
    values = {"metric": scene.view.metric, "day": day, "longest": LONGEST}
    return {row[0]: Version(*row) for row in scene.connection.execute(_ORIGIN, values)}
