"""Exchange rates in a CSV file: a row a day and currency, its columns told by the names in its first row.

Here: the entry of the catalogue, and reading the file. Not here: the judgement of each row (quoting.py).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from unit_economics.business_days import DayRange
from unit_economics.entries.rates import Quotes, RateSource
from unit_economics.outside import Outside
from unit_economics.rate_sources.quoting import Judge, Row
from unit_economics.refusals import Refusal, UsageRefusal

NEEDED = ("date", "currency", "rate")
KNOWN = (*NEEDED, "base")
LARGEST_FILE = 100_000_000


class RateFile(RateSource):
    """A CSV file with the columns date, currency and rate, and base where the file names it; in any order."""

    kind: Literal["file"]  # pyright: ignore[reportIncompatibleVariableOverride]  # frozen: never set to another str
    path: str = Field(min_length=1, description="Of a CSV file, from the catalogue's folder")

    def read(self, days: DayRange, *, into: str, outside: Outside) -> Quotes:
        """The rates of these days; every row of the file is judged."""
        text = self._text(outside)
        judge = Judge(self.path, into, self.quoted == "per_reporting")
        return judge.quotes(self._rows(text), days)

    def _text(self, outside: Outside) -> str:
        path = outside.folder / self.path
        try:
            with path.open("rb") as file:
                content = file.read(LARGEST_FILE + 1)
        except OSError as error:
            remedy = "Put the file there, or correct `exchange_rates.path`"
            raise UsageRefusal(f"can't be read ({error.strerror})", where=self.path, remedy=remedy) from error
        if len(content) > LARGEST_FILE:
            raise Refusal("is larger than 100 MB", where=self.path, remedy="Keep only the days that are needed")
        try:
            return content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Refusal("is not UTF-8", where=self.path, remedy="Save it as UTF-8") from error

    def _rows(self, text: str) -> Iterator[Row]:
        lines = csv.reader(io.StringIO(text, newline=""), strict=True)
        try:
            places = self._places(next(lines, []))
            for values in lines:
                if values:
                    yield self._row(values, places, lines.line_num)
        except csv.Error as error:
            where = f"{self.path}, line {lines.line_num}"
            raise Refusal(f"is no CSV ({error})", where=where, remedy="Close every quote") from error

    def _places(self, header: Sequence[str]) -> dict[str, int]:
        lacking = [name for name in NEEDED if name not in header]
        strange = [name for name in header if name not in KNOWN]
        if lacking or strange or len(set(header)) < len(header):
            what = f"its first row is not {', '.join(NEEDED)} and perhaps base"
            raise Refusal(what, where=f"{self.path}, line 1", remedy="Name the columns so, in any order")
        return {name: place for place, name in enumerate(header)}

    def _row(self, values: Sequence[str], places: dict[str, int], line: int) -> Row:
        if len(values) != len(places):
            what = f"has {len(values)} values where the first row has {len(places)}"
            raise Refusal(what, where=f"{self.path}, line {line}", remedy="Correct the row")
        told = {name: values[place] for name, place in places.items()}
        return Row(f"line {line}", told["date"], told["currency"], told["rate"], told.get("base", ""))
