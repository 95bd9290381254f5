"""What Dagster's webserver is asked, in the words that its own UI uses.

Here: queries and mutations of Dagster's GraphQL. Not here: waiting, or what the answers should be.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx

_LAUNCH = """mutation LaunchPartitionBackfill($backfillParams: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $backfillParams) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
    ... on UnauthorizedError { message }
  }
}"""
_BACKFILL = """query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
  status runs { id status }
  assetBackfillData { assetBackfillStatuses { ... on AssetPartitionsStatusCounts {
    assetKey { path } numPartitionsTargeted numPartitionsMaterialized numPartitionsFailed } } } } } }"""
_PARTITIONS = """query($path: [String!]!) { assetNodeOrError(assetKey: {path: $path}) { ... on AssetNode {
  assetPartitionStatuses { ... on TimePartitionStatuses { ranges { startKey endKey status } } } } } }"""
_CHECK = """query($path: [String!]!, $check: String!) {
  assetCheckExecutions(assetKey: {path: $path}, checkName: $check, limit: 1000) {
    partition status evaluation { description } } }"""
_TICKS = """query($sensor: String!) { sensorOrError(sensorSelector: {sensorName: $sensor,
  repositoryLocationName: "unit_economics", repositoryName: "__repository__"}) { ... on Sensor {
  sensorState { ticks { status error { message } } } } } }"""
_RUNS = """{ runsOrError { ... on Runs { results { id status tags { key value } } } } }"""


@dataclass(frozen=True)
class Dagster:
    """One webserver."""

    address: str

    def ask(self, query: str, **variables: object) -> Any:
        """The data of an answer; an error of GraphQL fails the test."""
        body = {"query": query, "variables": variables}
        answer = httpx.post(f"{self.address}/graphql", json=body, timeout=30, trust_env=False).json()
        assert not answer.get("errors"), answer["errors"]
        return answer["data"]

    def launch_backfill(self, assets: Sequence[str], days: Sequence[str]) -> str:
        """Launch as the UI's dialog does; the id of the backfill."""
        selection = [{"path": [asset]} for asset in assets]
        parameters = {"assetSelection": selection, "partitionNames": list(days), "tags": []}
        launched = self.ask(_LAUNCH, backfillParams=parameters)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        return str(launched["backfillId"])

    def backfill(self, backfill_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.ask(_BACKFILL, id=backfill_id)["partitionBackfillOrError"]
        return found

    def partitions(self, asset: str) -> dict[str, str]:
        """The state of each day that has one: MATERIALIZED, FAILED or MATERIALIZING."""
        found = self.ask(_PARTITIONS, path=[asset])["assetNodeOrError"]["assetPartitionStatuses"]["ranges"]
        return {day: part["status"] for part in found for day in _between(part["startKey"], part["endKey"])}

    def check(self, asset: str, name: str) -> dict[str, tuple[str, str]]:
        """The newest word of a check that has ended on each partition: state and description."""
        words = self.ask(_CHECK, path=[asset], check=name)["assetCheckExecutions"]
        ended = [word for word in words if word["status"] != "IN_PROGRESS"]
        said = [(word["partition"], word["status"], (word["evaluation"] or {}).get("description")) for word in ended]
        return {day: (status, text or "") for day, status, text in reversed(said) if day}

    def ticks(self, sensor: str) -> list[dict[str, Any]]:
        """The ticks of a sensor that have ended, newest first."""
        ticks = self.ask(_TICKS, sensor=sensor)["sensorOrError"]["sensorState"]["ticks"]
        return [tick for tick in ticks if tick["status"] != "STARTED"]

    def runs(self) -> list[dict[str, Any]]:
        """Every run, newest first, with its tags as a dict."""
        found = self.ask(_RUNS)["runsOrError"]["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in found]


def _between(first: str, last: str) -> Iterator[str]:
    days = (date.fromisoformat(last) - date.fromisoformat(first)).days
    return (str(date.fromisoformat(first) + timedelta(days=n)) for n in range(days + 1))
