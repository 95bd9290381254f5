"""The sources of exchange rates: one module a kind, one line here. Each hands over dated rates.

Here: the registry. Not here: anything about one kind of source.
"""

from unit_economics.entries.rates import RateSource
from unit_economics.rate_sources.file import RateFile
from unit_economics.rate_sources.postgres import PostgresRates
from unit_economics.rate_sources.table import RateTable

KINDS: dict[str, type[RateSource]] = {
    "file": RateFile,
    "postgres": PostgresRates,
    "table": RateTable,
}
