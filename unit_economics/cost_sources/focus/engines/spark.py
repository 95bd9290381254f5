"""Running the scan on a Spark cluster: the rows that DuckDB would give, to the last decimal.

Here: the one query, and what is said when it fails. Not here: the meaning of the query (query.py), the files and their
columns (spark_files.py, spark_columns.py), the session (spark_session.py).
Only a scan that failed is looked at again, on this machine, by the scan of one machine: it names the row.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from unit_economics.cost_sources.focus import query
from unit_economics.cost_sources.focus.delivery import Part
from unit_economics.cost_sources.focus.engines import Engine, spark_columns, spark_files
from unit_economics.cost_sources.focus.engines.spark_session import session_of
from unit_economics.cost_sources.focus.engines.translation import translated
from unit_economics.cost_sources.focus.query import Asked
from unit_economics.cost_sources.focus.scan import REPAIR, Row, Scan
from unit_economics.object_storage import Storage
from unit_economics.refusals import Refusal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@dataclass(frozen=True)
class SparkScan:
    """One reading on a cluster, beside the same reading on one machine."""

    engine: Engine
    one_machine: Scan

    def rows(self) -> list[Row]:
        """What `query.totals` selects; refused, with file, row and field, where a row can't be counted."""
        session = session_of(self.engine)
        with self._refusing():
            totals = query.totals(self._charges(session), self._asked, spark_columns.share, file="null")
            found = _answer(session, totals)
            if not any(row[0] for row in found):
                return found
            ((file,),) = _answer(session, query.file_at_fault(self._charges(session, closely=True)))
        part = spark_files.named(str(file), self.one_machine.layouts)
        raise self.one_machine.fault_in(part) or self._unlike(part)

    @contextmanager
    def _refusing(self) -> Generator[None]:
        """Spark's errors as refusals."""
        from py4j.protocol import Py4JError
        from pyspark.errors import ArithmeticException, PySparkException

        try:
            yield
        except ArithmeticException as error:
            raise self._refusal("the sum of a day is beyond 38 digits", REPAIR) from error
        except (PySparkException, Py4JError) as error:
            raise self._diagnosis(unquote(str(error))) from error

    def _charges(self, session: "SparkSession", *, closely: bool = False) -> str:
        """The rows of all parts as SQL over relations of the session, one for each layout."""
        judged: list[str] = []
        for nth, (layout, parts) in enumerate(spark_files.by_layout(self.one_machine.layouts).items()):
            files = spark_files.relation(session, self._storage, layout, parts, self._asked)
            files.createOrReplaceTempView(f"files_{nth}")
            typed = spark_columns.typed(layout, f"files_{nth}", self._asked, dict(files.dtypes))
            session.sql(typed).createOrReplaceTempView(f"typed_{nth}")
            judged.append(query.judged(f"select * from typed_{nth}", self._asked, closely=closely))
        return " union all ".join(judged)

    def _diagnosis(self, said: str) -> Refusal:
        """What one machine finds in the parts that Spark names; a cluster that failed by itself names none."""
        parts = {part: layout for part, layout in self.one_machine.layouts.items() if part.file.path in said}
        suspected = replace(self.one_machine, layouts=parts)
        suspected.check_frames()
        remedy = "Check that every worker can read the files, and what Spark's own log says, then try again"
        failed = self._refusal(f"Spark at {self.engine.master} did not finish the scan", remedy)
        failed.aside = f" Spark says: {(said.splitlines() or ['nothing'])[0]}"
        return suspected.diagnosis() or failed

    def _unlike(self, part: Part) -> Refusal:
        return Refusal(
            "a time or the tags of a charge are written in a way that Spark reads otherwise than DuckDB does",
            where=f"{self._storage.shown}, file {part.name}",
            remedy="Write times like 2026-01-31T10:00:00Z and tags as strict JSON, or take `engine` out",
        )

    def _refusal(self, what: str, remedy: str) -> Refusal:
        return Refusal(what, where=self._storage.shown, remedy=remedy)

    @property
    def _asked(self) -> Asked:
        return self.one_machine.asked

    @property
    def _storage(self) -> Storage:
        return self.one_machine.storage


def _answer(session: "SparkSession", sql: str) -> list[Row]:
    return [tuple(row) for row in session.sql(translated(sql, "spark")).collect()]
