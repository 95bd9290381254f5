"""What the demo prepares before its run and what it looks at afterwards.

Here: the shop's days, the catalogue, the variables, the last week and what was published. Not here: processes and the
order of the steps (cli/demo.py), the shop itself (shop.py).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from string import Template

import httpx
import psycopg

from unit_economics.business_days import DayRange
from unit_economics.demo import standin
from unit_economics.demo.shop import SEED, deliver_late, fill_shop
from unit_economics.demo.usage import STORAGE

METRIC, SINK = "cost_per_order", "vantage_business_metric"
VARIABLES = (
    "UNIT_ECONOMICS_DATABASE_URL",
    "ORDERS_DATABASE_URL",
    "STORAGE_DATABASE_URL",
    "VANTAGE_API_URL",
    "VANTAGE_API_TOKEN",
    "ORDERS_METRIC_ID",
)
_WEEK = """
    select business_date, d.quantity, d.cost, d.unit_cost, n.nowcast_unit_cost, d.status
    from unit_economics.unit_costs d
    left join unit_economics.unit_cost_nowcasts n using (metric, business_date, cost_scope, billing_currency)
    where metric = 'cost_per_order' and cost_scope = 'all' and business_date > %s and business_date <= %s order by 1
"""


@dataclass(frozen=True)
class Day:
    """One business day as the mart has it, and what the stand-in for Vantage answers when asked for it."""

    day: date
    orders: Decimal | None
    cost: Decimal | None
    cost_per_order: Decimal | None
    nowcast: Decimal | None
    status: str
    published: Decimal | None


@dataclass(frozen=True)
class Tour:
    """The demo in one folder, for these days."""

    folder: Path
    days: DayRange

    @classmethod
    def until_yesterday(cls, folder: Path, count: int) -> "Tour":
        """The tour of `count` days that end yesterday, in UTC."""
        last = datetime.now(UTC).date() - timedelta(days=1)
        return cls(folder, DayRange(last - timedelta(days=count - 1), last))

    @property
    def catalogue(self) -> Path:
        """Where its catalogue is written."""
        return self.folder / "unit_economics.yaml"

    @property
    def complete_day(self) -> date:
        """A day whose bill grows no more, by the age that a bill of files is complete at."""
        return self.days.last - timedelta(days=3)

    @property
    def is_done(self) -> bool:
        """Whether an earlier demo of this release computed exactly these days."""
        return self._marker.exists() and json.loads(self._marker.read_text("utf-8")) == self._identity

    def remember(self) -> None:
        """Count as done."""
        self._marker.write_text(json.dumps(self._identity), "utf-8")

    def fill(self, shop_url: str) -> str:
        """Make up the shop and its catalogue; returns what there is now, in words."""
        key = fill_shop(shop_url, self.folder, self.days)
        self.catalogue.write_text(catalogue_text(self.days), "utf-8")
        orders = sum(answer.completed_orders for answer in key.days.values())
        charges = sum(answer.charge_rows for answer in key.days.values())
        return f"{orders:,} orders and a cloud bill of {charges:,} charges, {self.days}"

    def leave_variables(self, known: Mapping[str, str]) -> None:
        """Write what a command typed in the demo's folder needs to look at this demo.

        Nothing of Dagster's own: its programs, which run there too, would take it for more than their environment.
        """
        lines = [f"{name}='{known[name]}'\n" for name in VARIABLES]
        (self.folder / ".env").write_text("".join(lines), "utf-8")

    def restate(self) -> DayRange | None:
        """Let the provider deliver what comes late; the days to read again, None where nothing does."""
        again = DayRange(max(self.days.first, self.days.last - timedelta(days=34)), self.days.last)
        return again if deliver_late(self.folder) else None

    def week(self, mart_url: str, vantage_url: str) -> list[Day]:
        """The last seven days."""
        published = held(vantage_url, self.days.last - timedelta(days=6))
        with psycopg.connect(mart_url) as connection:
            rows = connection.execute(_WEEK, [self.days.last - timedelta(days=7), self.days.last]).fetchall()
        return [Day(*row, published=published.get(row[0])) for row in rows]

    @property
    def _marker(self) -> Path:
        return self.folder / "done.json"

    @property
    def _identity(self) -> dict[str, object]:
        days = [str(self.days.first), str(self.days.last)]
        return {"days": days, "seed": SEED, "release": [version("unit-economics"), version("dagster")]}


def catalogue_text(days: DayRange) -> str:
    """What the demo measures on these days; to be reviewed half a year later."""
    text = (resources.files("unit_economics.demo") / "catalogue.yaml").read_text("utf-8")
    return Template(text).substitute(first_day=days.first, review_by=days.last + timedelta(days=180))


def variables(base: Mapping[str, str], catalogue: Path, shop_url: str, vantage_url: str) -> dict[str, str]:
    """What the demo's programs find in their environment beside the databases."""
    return {
        **base,
        "UNIT_ECONOMICS_CATALOGUE": str(catalogue.resolve()),
        "ORDERS_DATABASE_URL": shop_url,
        "STORAGE_DATABASE_URL": f"sqlite:///{catalogue.resolve().parent / STORAGE}",
        "VANTAGE_API_URL": vantage_url,
        "VANTAGE_API_TOKEN": standin.TOKEN,
        "ORDERS_METRIC_ID": standin.METRIC,
    }


def held(vantage_url: str, first: date) -> dict[date, Decimal]:
    """What the stand-in answers for the days from `first` on."""
    with httpx.Client(headers={"Authorization": f"Bearer {standin.TOKEN}"}, trust_env=False) as client:
        address = f"{vantage_url}/business_metrics/{standin.METRIC}/values"
        answer = client.get(address, params={"start_date": str(first), "limit": "1000"}).raise_for_status()
    return {date.fromisoformat(row["date"][:10]): Decimal(row["amount"]) for row in answer.json()["values"]}


def answers(vantage_url: str) -> bool:
    """Whether the stand-in is ready."""
    try:
        held(vantage_url, date.max)
    except httpx.TransportError:
        return False
    return True
