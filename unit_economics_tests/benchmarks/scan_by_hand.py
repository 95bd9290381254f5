"""The scan's answer by other means: as a user of pandas would, as well as DuckDB can, and only reading what is needed.

Here: those three, for the rules of scan.py. Not here: the platform's own way, and measuring (scan.py).
"""

import json
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow.parquet as pq

_DIMENSIONS = ["ProviderName", "SubAccountId", "ServiceName", "RegionId", "ChargeCategory", "BillingCurrency"]
_COSTS = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"]
NEEDED = [*_DIMENSIONS, "CommitmentDiscountStatus", "Tags", "ChargePeriodStart", "ChargePeriodEnd", *_COSTS]
_TEXTS = NEEDED[:8]
_BY = ["day", *_DIMENSIONS, "team", "rule", "untagged"]
_RULE = """
case when CommitmentDiscountStatus = 'Unused' then 'unused_commitment'
     when team in ('team-0', 'team-1') then 'checkout'
     when team = 'team-2' and ServiceName like 'Service 1%' then 'search'
     when app like 'app-1%' and ServiceName = 'Service 7' then 'stock'
     when ServiceName in ('Service 3', 'Service 4', 'Service 5') then 'platform'
     when team is not null and RegionId like 'region-%' then 'rest'
     else 'unallocated' end as rule
"""
_SPLIT = """
select day, BillingCurrency, rule, e + coalesce(e / sum(e) over mine * pool, 0) from (
    select *, sum(e) filter (where rule = 'platform') over (partition by day, BillingCurrency) as pool
    from (select day, BillingCurrency, rule, sum(e) as e from answer where rule is not null group by all)
) where rule in ('checkout', 'search', 'stock') window mine as (partition by day, BillingCurrency)
"""


def decode(folder: Path) -> int:
    """The needed columns to Arrow, texts as dictionaries: what no way of reading can do without."""
    rows = 0
    for path in sorted(folder.glob("*.parquet")):
        with pq.ParquetFile(path, read_dictionary=_TEXTS) as file:
            rows += sum(len(batch) for batch in file.iter_batches(1 << 16, columns=NEEDED))
    return rows


def best_query(folder: Path, tags: str = "json") -> int:
    """The best that we could write: one pass, tags parsed once a row, exact sums, then the split."""
    with duckdb.connect(config={"memory_limit": "300MB"}) as connection:
        answer = summed(connection, folder, tags)
        return len(answer) + len(connection.execute(_SPLIT).fetchall())


def summed(connection: duckdb.DuckDBPyConnection, folder: Path, tags: str) -> list[tuple[object, ...]]:
    """By day, dimensions, team and rule, and by day and currency alone."""
    found = "json_extract_string(Tags, ['/team', '/app'])" if tags == "json" else "[Tags['team'], Tags['app']]"
    charges = (
        f"select *, {_RULE}, team is null and app is null as untagged from"
        " (select *, cast(ChargePeriodStart as date) as day, found[1] as team, found[2] as app from"
        f" (select *, {found} as found from '{folder}/*.parquet'))"
    )
    by, sums = ", ".join(_BY), ", ".join(f"sum({cost}) as {cost[0].lower()}" for cost in _COSTS)
    connection.execute("set TimeZone = 'UTC'; set preserve_insertion_order = false; set enable_progress_bar = false")
    connection.execute(
        f"create temp table answer as select {by}, {sums}, count(*) as rows from ({charges})"
        f" group by grouping sets (({by}), (day, BillingCurrency))"
    )
    return connection.execute("from answer").fetchall()


def pandas(folder: Path) -> int:
    """As most would write it first."""
    charges = pd.read_parquet(folder, columns=NEEDED)
    tags = charges["Tags"].map(lambda text: json.loads(text) if text else {})
    charges["team"] = tags.map(lambda held: held.get("team"))
    charges["day"] = charges["ChargePeriodStart"].dt.date
    return len(charges.groupby(["day", *_DIMENSIONS, "team"], dropna=False)[_COSTS].sum())
