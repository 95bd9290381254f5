"""The stand-in for Vantage as a program of its own, so that Dagster's processes can publish to it.

`python -m unit_economics.demo.standin PORT FILE` serves one business metric on loopback until it is stopped. Its values
are kept in the file, as Vantage would keep them: a value that is gone after a restart would look like somebody's doing.
"""

import json
import socket
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import uvicorn

from unit_economics.demo.vantage_books import Books, Metric
from unit_economics.demo.vantage_server import application
from unit_economics.whole_files import write_whole

TOKEN = "demo-token"  # noqa: S105  opens nothing but this stand-in
METRIC = Books(TOKEN).add_metric("Orders")
"""The token of the first metric, which is the same every time."""


@dataclass
class KeptMetric(Metric):
    """A business metric whose rows outlive the process."""

    file: Path = Path()

    @classmethod
    def found(cls, file: Path) -> "KeptMetric":
        """The metric as an earlier process left it, or an empty one."""
        written: list[tuple[str, str, str]] = json.loads(file.read_text()) if file.exists() else []
        rows = [(datetime.fromisoformat(moment), label, Decimal(amount)) for moment, label, amount in written]
        return cls("Orders", rows, file)

    def merge(self, rows: Sequence[tuple[datetime, str, Decimal]]) -> None:
        """Replace or add rows, and keep them."""
        super().merge(rows)
        self._keep()

    def delete(self, first: datetime, end: datetime, label: str | None) -> int:
        """Delete rows, and keep the others."""
        deleted = super().delete(first, end, label)
        self._keep()
        return deleted

    def _keep(self) -> None:
        rows = [(moment.isoformat(), label, str(amount)) for moment, label, amount in self.rows]
        write_whole({self.file: json.dumps(rows).encode()})


def serve(port: int, file: Path) -> None:
    """Serve the stand-in until this process is stopped."""
    books = Books(TOKEN, metrics={METRIC: KeptMetric.found(file)})
    config = uvicorn.Config(application(books), log_config=None, access_log=False, lifespan="off", ws="none")
    with socket.create_server(("127.0.0.1", port)) as listening:
        uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
