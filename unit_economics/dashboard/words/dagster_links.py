"""Ways from a page into Dagster's UI.

Here: addresses; empty where nobody says where Dagster is. Not here: links between pages (view.py).
"""

from datetime import date
from urllib.parse import quote, urlencode

from unit_economics.entries.dashboard import Dashboard


def partition_url(dashboard: Dashboard, asset: str, day: date) -> str:
    """One day of an asset."""
    query = urlencode({"view": "partitions", "partition": str(day)})
    return _url(dashboard, f"assets/{quote(asset, safe='')}?{query}")


def run_url(dashboard: Dashboard, run_id: str) -> str:
    """One run."""
    return _url(dashboard, f"runs/{quote(run_id, safe='')}")


def _url(dashboard: Dashboard, path: str) -> str:
    return f"{dashboard.dagster.rstrip('/')}/{path}" if dashboard.dagster else ""
