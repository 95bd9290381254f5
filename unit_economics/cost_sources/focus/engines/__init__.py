"""The scan on an existing distributed engine: the query that one machine runs, in the engine's own dialect.

Here: the catalogue's `engine`. The meaning of the query is in one place, query.py, as DuckDB's SQL; translation.py says
it in other dialects. What an engine has of its own is how the bill's columns are read and typed:

    spark      the files        spark_session, spark_files, spark_csv, spark_columns, spark_tags -> spark.py
    others     one table        table_columns.py -> table.py: SQL to be run where the table is

Not here: what the query means (query.py), and the division of shared cost, which no engine does.
"""

import re
from typing import Literal

from pydantic import Field, model_validator

from unit_economics.entries.entry import Entry

_SECRET = re.compile(r"secret|password|token|access[.]?key", re.IGNORECASE)
"""As `spark.redaction.regex` knows a setting that holds a secret."""


class Engine(Entry):
    """What scans the bill: DuckDB in the process, or a Spark cluster. The answers are the same."""

    kind: Literal["duckdb", "spark"] = "duckdb"
    master: str | None = Field(
        default=None, min_length=1, description="Spark's master: spark://host:7077, yarn, k8s://..., local[4]"
    )
    options: dict[str, str] = Field(default={}, description="Spark's settings, like spark.executor.memory; no secrets")

    @model_validator(mode="after")
    def _has_a_master(self) -> "Engine":
        if self.kind == "spark" and not self.master:
            raise ValueError("master: Spark needs one: spark://host:7077, yarn, k8s://..., or local[4]")
        secret = next(filter(_SECRET.search, self.options), None)
        if secret:
            raise ValueError(f"options: {secret} would put a secret into the catalogue; set it where Spark runs")
        if self.kind == "duckdb" and (self.master or self.options):
            raise ValueError("master: DuckDB runs in the process itself; take `master` and `options` out")
        return self
