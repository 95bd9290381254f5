"""What is asked of the rows of files, as DuckDB's SQL over texts.

Here: what a text must look like to be a time or an exact number, the day of a time, the sums. Not here: reading the
files, running it (scan.py). A row that can't be counted carries the name of its field in `fault`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.unit_sources.events import day_edges

_TIME = r"(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)"
_ZONE = r"(Z|UTC|[+-](0\d|1[0-5])(:?[0-5]\d)?)"
_NUMBER = r"[+-]?(\d{1,24}(\.\d{0,27}0*)?|\.\d{1,27}0*)"
_FRACTION = "decimal(38, 27)"


@dataclass(frozen=True)
class Asked:
    """What is wanted of the rows: their columns are called c0, c1 and so on, the first is the day or the timestamp.

    counted: the position of the column that is counted or summed.
    accepted: by position, the values of each filter.
    local_zone: where a time without a zone hangs; None refuses it.
    edges: the moments between which each of the days lies.
    """

    days: DayRange
    calendar: BusinessCalendar
    now: datetime
    is_daily: bool
    is_summed: bool
    counted: int | None
    accepted: Sequence[tuple[int, Sequence[str | int | bool]]] = ()
    splits: Sequence[int] = ()
    local_zone: str | None = None
    also_whole: bool = False
    edges: Sequence[datetime] = field(default_factory=list)

    @property
    def values(self) -> list[object]:
        """The parameters, in the order of the filters."""
        return [value for _, values in self.accepted for value in values]


def question(asked: Asked) -> str:
    """Number of the day, whole, rows, rows without a quantity, two parts of the quantity, the latest, a fault, splits.

    Number 0 is what is not counted; the latest is the number of the last day that a row of any kind belongs to.
    """
    quantity = "sum(whole), sum(fraction)" if asked.is_summed else f"count({_distinct(asked)}), 0"
    uncounted = "count(*) - count(counted)" if asked.counted is not None else "0"
    splits = [f"case when number > 0 then split_{n} end" for n in range(len(asked.splits))]
    named = ", ".join(f"{text} as told_{n}" for n, text in enumerate(splits))
    by = ", ".join(["number", *(f"told_{n}" for n in range(len(splits)))])
    is_whole = "grouping(told_0) > 0" if asked.also_whole and splits else "false"
    groups = f"grouping sets (({by}), (number))" if asked.also_whole and splits else by
    told = "".join(f", told_{n}" for n in range(len(splits)))
    return (
        f"select number, {is_whole}, count(*), {uncounted}, {quantity}, max(belongs), min(fault){told}"
        f" from (select *{', ' + named if named else ''} from ({_judged(asked)})) group by {groups}"
    )


def _distinct(asked: Asked) -> str:
    return "*" if asked.counted is None else "distinct counted"


def _judged(asked: Asked) -> str:
    """The rows with their day's number, what they count, and the first thing that is wrong with them."""
    last = len(asked.edges) - 1
    tests = ["when is_meant and is_unreadable then {'file': file, 'row': row, 'field': 0, 'stated': stated}"]
    if asked.is_summed:
        wrong = f"counted is not null and not regexp_full_match(counted, '{_NUMBER}')"
        tests.append(
            f"when is_meant and belongs between 1 and {last} and {wrong}"
            f" then {{'file': file, 'row': row, 'field': {asked.counted}, 'stated': counted}}"
        )
    fault = f"case {' '.join(tests)} end"
    return (
        f"select *, case when is_meant and fault is null and belongs between 1 and {last} then belongs else 0 end"
        f" as number from (select *, {fault} as fault{_parts(asked)} from ({_belonging(asked)}))"
    )


def _parts(asked: Asked) -> str:
    """A number as its whole and its fraction, which can be summed exactly."""
    if not asked.is_summed:
        return ""
    digits = r"nullif(regexp_extract(counted, '^[+-]?(\d*)', 1), '')"
    after = r"concat('0.', regexp_extract(counted, '\.(\d{1,27})', 1), '0')"
    whole = f"coalesce(try_cast({digits} as hugeint), 0)"
    fraction = f"coalesce(try_cast({after} as {_FRACTION}), 0)"
    signed = "case when starts_with(counted, '-') then -({0}) else {0} end"
    return (
        f", case when counted is not null then {signed.format(whole)} end as whole"
        f", case when counted is not null then {signed.format(fraction)} end as fraction"
    )


def _belonging(asked: Asked) -> str:
    """The rows with the number of their day: 0 before the first and in the future, beyond the last after it."""
    is_date = r"regexp_full_match(stated, '\d{4}-\d{2}-\d{2}')"
    moment = f"regexp_full_match(stated, '{_TIME}\\d*( ?{_ZONE})?')"
    has_zone = f"regexp_matches(stated, ':[0-9.]+ ?{_ZONE}$')"
    base = f"regexp_extract(stated, '^{_TIME}', 1)"
    at_zone = f"epoch_us(try_cast(concat({base}, regexp_extract(stated, '{_ZONE}$')) as timestamptz))"
    forms = [("date", is_date, "epoch_us(try_cast(stated as timestamp))")]
    if not asked.is_daily:
        forms.append(("zoned", f"{moment} and {has_zone}", at_zone))
    if asked.local_zone and not asked.is_daily:
        forms.append(("clock", f"{moment} and not {has_zone}", f"epoch_us(try_cast({base} as timestamp))"))
    form = _case("", {test: f"'{name}'" for name, test, _ in forms})
    at = _case("form", {f"'{name}'": value for name, _, value in forms})
    belongs = _case("form", {f"'{name}'": _numbered(asked, name) for name, *_ in forms})
    empty = "is_empty" if asked.is_daily else "false"
    formed = f"select *, {form} as form, stated is null as is_empty from ({_named(asked)})"
    return (
        f"select *, instant is null and not is_empty or {empty} as is_unreadable, coalesce({belongs}, 0) as belongs"
        f" from (select *, {at} as instant from ({formed}))"
    )


def _case(of: str, arms: Mapping[str, str]) -> str:
    return f"case {of} {' '.join(f'when {test} then {value}' for test, value in arms.items())} end"


def _numbered(asked: Asked, form: str) -> str:
    """The number of the day by the edges as this form of a time spells them."""
    edges = [_microseconds(edge, form, asked) for edge in asked.edges]
    until = _microseconds(asked.now, form, asked)
    arms = " ".join(f"when instant < {edge} then {number}" for number, edge in enumerate(edges))
    return f"case {arms} when instant <= {max(until, edges[-1])} then {len(edges)} else 0 end"


def _microseconds(moment: datetime, form: str, asked: Asked) -> int:
    if form == "date":
        day = moment.astimezone(asked.calendar.timezone).date()
        return _since_epoch(datetime.combine(day, time(), tzinfo=UTC))
    if form == "clock":
        hung = moment.astimezone(ZoneInfo(asked.local_zone or "UTC"))
        return _since_epoch(hung.replace(tzinfo=UTC))
    return _since_epoch(moment)


def _since_epoch(moment: datetime) -> int:
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _named(asked: Asked) -> str:
    counted = "null" if asked.counted is None else f"nullif(c{asked.counted}, '')"
    splits = "".join(f", c{position} as split_{n}" for n, position in enumerate(asked.splits))
    return (
        f"select file, row, nullif(c0, '') as stated, {counted} as counted, {_meant(asked)} as is_meant{splits}"
        " from batches"
    )


def _meant(asked: Asked) -> str:
    """Whether the row satisfies every filter: a text by its letters, a number by its worth."""
    tests: list[str] = []
    for position, values in asked.accepted:
        one_of = [_equal(f"c{position}", value) for value in values]
        tests.append(f"coalesce({' or '.join(one_of)}, false)")
    return " and ".join(tests) or "true"


def _equal(column: str, value: str | int | bool) -> str:  # noqa: FBT001  # a filter's value
    if isinstance(value, bool):
        return f"lower({column}) = lower(cast(? as varchar))"
    if isinstance(value, int):
        return f"try_cast({column} as decimal(38, 9)) = cast(? as decimal(38, 9))"
    return f"{column} = ?"


def edges_of(days: DayRange, calendar: BusinessCalendar, *, as_one: bool) -> Sequence[datetime]:
    """The edges of the days, or only the ends of all of them."""
    return calendar.window(days) if as_one else day_edges(days, calendar)
