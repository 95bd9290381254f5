"""A session on a Spark cluster, with the settings on which the answers depend.

Here: finding Spark and Java, and the session. Not here: what is asked of it (spark.py).
Spark allows one cluster a process; a run is a process of its own and gives its executors back when it ends.
"""

import logging
import re
import socket
import sys
from contextlib import closing
from tempfile import gettempdir
from typing import TYPE_CHECKING

from unit_economics.cost_sources.focus.engines import Engine
from unit_economics.refusals import Unreachable, UsageRefusal

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",  # times with a zone become days in UTC
    "spark.sql.ansi.enabled": "true",  # a sum beyond 38 digits is an error, not an empty value
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",  # how many digits a step of arithmetic keeps
    "spark.sql.variable.substitute": "false",  # `${x}` in a tag or a rule is a text
    "spark.sql.parser.escapedStringLiterals": "false",  # a backslash is written as two
    "spark.sql.caseSensitive": "true",  # `Tags` and `tags` are two columns
    "spark.sql.legacy.parquet.nanosAsLong": "true",  # otherwise a file with nanoseconds can't be opened at all
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",  # a time without a zone stays without one
    "spark.sql.parquet.mergeSchema": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
}
_QUIET = {
    "spark.log.level": "ERROR",
    "spark.ui.showConsoleProgress": "false",
    "spark.sql.warehouse.dir": f"{gettempdir()}/spark-warehouse",  # otherwise a folder where somebody just stands
}
_ADDRESS = re.compile(r"([^/,:]+):(\d+)")
_PATIENCE = 10


def session_of(engine: Engine) -> "SparkSession":
    """A session of our own on the cluster; refused where there is no Spark, no Java or no master."""
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise _usage("PySpark is not installed", "Install it: pip install 'unit-economics[spark]'") from error
    master = engine.master or ""
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)  # a refusal says what is wrong
    _refuse_silence(master)
    builder = SparkSession.builder.master(master).appName("unit-economics")
    for key, value in {**_QUIET, **engine.options}.items():
        builder = builder.config(key, value)
    try:
        shared = builder.getOrCreate()
    except PySparkException as error:
        remedy = "Spark 4 needs Java 17 or newer: on Debian, apt-get install openjdk-17-jre-headless"
        raise _usage("Spark can't be started", remedy) from error
    return _own(shared, engine)


def _own(shared: "SparkSession", engine: Engine) -> "SparkSession":
    if shared.sparkContext.master != engine.master:
        raise _usage(f"this process is at {shared.sparkContext.master} already", "Give all sources the same `master`")
    shared.sparkContext.pythonExec = engine.options.get("spark.pyspark.python", sys.executable)
    session = shared.newSession()
    for key, value in SETTINGS.items():
        session.conf.set(key, value)
    return session


def _refuse_silence(master: str) -> None:
    """Spark itself would try for a minute."""
    if master.startswith("spark://") and not any(map(_answers, _ADDRESS.findall(master))):
        raise Unreachable(
            "no Spark master answers", where=master, remedy="Check `engine: master` in the catalogue, and the network"
        )


def _answers(address: tuple[str, str]) -> bool:
    host, port = address
    try:
        with closing(socket.create_connection((host, int(port)), timeout=_PATIENCE)):
            return True
    except (OSError, OverflowError):
        return False


def _usage(what: str, remedy: str) -> UsageRefusal:
    return UsageRefusal(what, where="engine: spark", remedy=remedy)
