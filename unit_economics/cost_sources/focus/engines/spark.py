"""Running the scan on a Spark cluster: the rows that DuckDB would give, to the last decimal.

Here: the files as relations, the one query over them, and what is said when it fails. Not here: the meaning of the
query (query.py), the columns (spark_columns.py), the session (spark_session.py).
Only a scan that failed is looked at again, on this machine, by the scan of one machine: it names the row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from unit_economics.cost_sources.focus import query
from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.engines import Engine, spark_columns, spark_csv
from unit_economics.cost_sources.focus.engines.spark_session import session_of
from unit_economics.cost_sources.focus.engines.translation import translated
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.cost_sources.focus.query import COST_FIELDS, FIELDS, TIME_FIELDS, Asked, focus_name
from unit_economics.cost_sources.focus.scan import REPAIR, Row, Scan
from unit_economics.cost_sources.focus.storage import Storage
from unit_economics.cost_sources.focus.tags import tag_column
from unit_economics.refusals import Refusal

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_MAGIC = frozenset("*?[]{},\\")


@dataclass(frozen=True)
class SparkScan:
    """One reading of parts on a cluster."""

    engine: Engine
    storage: Storage
    layouts: Mapping[Part, Layout]
    asked: Asked

    def rows(self) -> list[Row]:
        """What `query.totals` selects; refused, with file, row and field, where a row can't be counted."""
        session = session_of(self.engine)
        totals = query.totals(self._charges(session), self.asked, spark_columns.share, file="null")
        found = self._answer(session, totals)
        if any(row[0] for row in found):
            ((file,),) = self._answer(session, query.file_at_fault(self._charges(session, closely=True)))
            raise self._fault_in(unquote(str(file)))
        return found

    def _answer(self, session: "SparkSession", sql: str) -> list[Row]:
        from py4j.protocol import Py4JError
        from pyspark.errors import ArithmeticException, PySparkException

        try:
            return [tuple(row) for row in session.sql(translated(sql, "spark")).collect()]
        except ArithmeticException as error:
            raise self._refusal("the sum of a day is beyond 38 digits", REPAIR) from error
        except (PySparkException, Py4JError) as error:
            raise self._diagnosis(unquote(str(error))) from error

    def _charges(self, session: "SparkSession", *, closely: bool = False) -> str:
        """The rows of all parts, those of one layout as one relation of the session."""
        groups: dict[Layout, list[Part]] = {}
        for part, layout in self.layouts.items():
            groups.setdefault(layout, []).append(part)
        for nth, (layout, parts) in enumerate(groups.items()):
            files = self._parquet(session, parts) if layout.is_parquet else self._csv(session, layout, parts)
            files.createOrReplaceTempView(f"files_{nth}")
            types = {column: kind for column, kind in files.dtypes if column != "filename"}
            typed = spark_columns.typed(layout, f"files_{nth}", self.asked, types)
            session.sql(typed).createOrReplaceTempView(f"typed_{nth}")
        typed = [f"select * from typed_{nth}" for nth in range(len(groups))]
        return " union all ".join(query.judged(rows, self.asked, closely=closely) for rows in typed)

    def _parquet(self, session: "SparkSession", parts: Sequence[Part]) -> "DataFrame":
        """The files as they are: folders named like `BILLING_PERIOD=2026-01` add no column."""
        reader = session.read.option("recursiveFileLookup", "true")
        files = reader.parquet(*(_url(self.storage, part) for part in parts))
        needed = [f"`{column}`" for column in files.columns if column in self._columns(parts[0])]
        return files.selectExpr("_metadata.file_path as filename", *needed)

    def _csv(self, session: "SparkSession", layout: Layout, parts: Sequence[Part]) -> "DataFrame":
        columns = [column for column in layout.columns if column in self._columns(parts[0])]
        return spark_csv.rows(session, self.storage, layout, parts, columns, self.asked)

    def _columns(self, part: Part) -> set[str]:
        fields = {**TIME_FIELDS, **FIELDS, **COST_FIELDS}.values()
        tags = {tag_column(place, key) for place, key in enumerate(part.tag_columns)} if self.asked.read_keys else set()
        return {*fields, *map(focus_name, self.asked.rule_columns), *tags, *(["Tags"] if self.asked.read_keys else [])}

    def _fault_in(self, file: str) -> Refusal:
        part = next(part for part in self.layouts if file.endswith(part.file.path))
        return Scan(self.storage, self.layouts, self.asked).fault_in(part) or self._unlike(part)

    def _diagnosis(self, said: str) -> Refusal:
        """What one machine finds in the parts that Spark names; a cluster that failed by itself names none."""
        named = {part: layout for part, layout in self.layouts.items() if part.file.path in said}
        one_machine = Scan(self.storage, named, self.asked)
        one_machine.check_frames()
        remedy = "Check that every worker can read the files, and what Spark's own log says, then try again"
        failed = self._refusal(f"Spark at {self.engine.master} did not finish the scan", remedy)
        failed.aside = said.partition("\n")[0]
        return one_machine.diagnosis() or failed

    def _unlike(self, part: Part) -> Refusal:
        return Refusal(
            "a time or the tags of a charge are written in a way that Spark reads otherwise than DuckDB does",
            where=f"{self.storage.shown}, file {part.name}",
            remedy="Write times like 2026-01-31T10:00:00Z and tags as JSON with each key once, or take `engine` out",
        )

    def _refusal(self, what: str, remedy: str) -> Refusal:
        return Refusal(what, where=self.storage.shown, remedy=remedy)


def _url(storage: Storage, part: Part) -> str:
    """How Spark names the file; its wildcards are disarmed."""
    path = "".join(f"\\{letter}" if letter in _MAGIC else letter for letter in part.file.path)
    if storage.is_local:
        return f"file://{path}"
    place = urlsplit(storage.shown)
    return f"{'s3a' if place.scheme == 's3' else place.scheme}://{place.netloc}/{path.partition('/')[2]}"
