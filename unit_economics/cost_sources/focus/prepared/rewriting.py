"""Rewriting parts of one layout into one file a UTC day: sorted, compressed, the tags in use as columns.

Here: the SQL, and running it in bounded memory: first split by day, as the rows come, then each day sorted by itself.
Sorting while splitting would hold all of it at once. Not here: whether the bill is sound and what was written is equal
to it (sums.py), or where the files go (placing.py).

Every column of the delivery is kept as it is stated, but for times (in UTC) and the four costs (exact decimals).
"""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from unit_economics.cost_sources.focus import query
from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.cost_sources.focus.query import COST_FIELDS, TIME_FIELDS, Asked
from unit_economics.cost_sources.focus.scan import connection
from unit_economics.cost_sources.focus.tags import column_sql, literal, quoted, tag_column
from unit_economics.object_storage import Storage
from unit_economics.refusals import Refusal

_DAY = "unit_economics_day"
_SORTED_BY = ("ProviderName", "SubAccountId", "ServiceName", "RegionId", "ChargeCategory")
_THEN_BY = ("ResourceId", "ChargePeriodStart")
_ROWS_HELD = 1 << 18
_FEWEST_ROWS = 1 << 10


@dataclass(frozen=True)
class Rewrite:
    """Parts of one layout, and a folder for the files that are made of them."""

    storage: Storage
    layout: Layout
    parts: Sequence[Part]
    asked: Asked
    folder: Path

    def files(self, days: int) -> Iterator[tuple[date, Path]]:
        """A file for each of the days, of which there are so many."""
        self._refuse_alike()
        self.folder.mkdir()
        with connection(self.storage, spill=self.folder) as session:
            self._split(session, days)
            for rows in sorted((self.folder / "rows").iterdir()):
                day = rows.name.partition("=")[2]
                yield date.fromisoformat(day), self._sorted(session, rows, self.folder / f"{day}.parquet")

    def _split(self, session: duckdb.DuckDBPyConnection, days: int) -> None:
        """The rows as they come, in a folder a day; so few are held of each day that all days' fit into memory."""
        session.execute("set preserve_insertion_order = false")
        session.execute(f"set partitioned_write_flush_threshold = {max(_FEWEST_ROWS, _ROWS_HELD // days)}")
        self._copy(session, self._rows(), self.folder / "rows", f"compression lz4_raw, partition_by ({_DAY})")

    def _sorted(self, session: duckdb.DuckDBPyConnection, rows: Path, to: Path) -> Path:
        files = f"read_parquet({literal(f'{rows}/*.parquet')}, hive_partitioning=false)"
        self._copy(session, f"select * from {files} order by {self._order()}", to, "compression zstd")
        shutil.rmtree(rows)
        return to

    def _copy(self, session: duckdb.DuckDBPyConnection, rows: str, to: Path, how: str) -> None:
        try:
            session.execute(f"copy ({rows}) to {literal(str(to))} (format parquet, {how})")
        except duckdb.Error as error:
            refusal = Refusal(
                "it could not be rewritten",
                where=f"{self.storage.shown}, {self.parts[0].name} and the files like it",
                remedy="Check the free space of the folder, then prepare again",
            )
            refusal.aside = f" DuckDB says: {error}"
            raise refusal from error

    def _rows(self) -> str:
        """Every kept column, and the day a row starts on."""
        typed = {field: f"cast({name} as timestamptz)" for name, field in TIME_FIELDS.items()}
        typed |= {field: name for name, field in COST_FIELDS.items()}
        stated = {name: f"stated_as_{place}" for place, name in enumerate(self._columns()) if name not in typed}
        tags = {name: f"tag_{place}" for place, name in enumerate(self._tags())}
        kept = [f"{text} as {quoted(name)}" for name, text in {**typed, **stated, **tags}.items()]
        urls = [self.storage.url(part.file.path) for part in self.parts]
        more = [f"{column_sql(self.layout, name)} as {alias}" for name, alias in stated.items()]
        rows = query.typed_rows(self.layout, urls, self.asked, *more)
        return f"select {', '.join(kept)}, cast(starts as date) as {_DAY} from ({rows})"

    def _order(self) -> str:
        held = self._columns()
        first, last = ([name for name in names if name in held] for names in (_SORTED_BY, _THEN_BY))
        return ", ".join(map(quoted, [*first, *self._tags(), *last]))

    def _refuse_alike(self) -> None:
        """DuckDB would call the second of them otherwise, and a rule that looks at it would find nothing."""
        names = Counter(name.lower() for name in self._columns())
        alike = [name for name in self._columns() if names[name.lower()] > 1]
        if alike:
            raise Refusal(
                f"the columns {' and '.join(alike)} differ only in upper and lower case",
                where=f"{self.storage.shown}, file {self.parts[0].name}, header",
                remedy="Deliver the file with one of them, or read it without preparing it",
            )

    def _columns(self) -> list[str]:
        """All columns that have a name: what is kept costs a little, what is not kept can't be asked for later."""
        return [name for name in self.layout.columns if name.strip()]

    def _tags(self) -> list[str]:
        """The columns of the tags in use, by their place among the asked keys."""
        return [tag_column(place, key) for place, key in enumerate(self.asked.read_keys)]
