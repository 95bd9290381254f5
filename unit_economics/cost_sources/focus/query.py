"""The bill's rows as SQL: every layout brought to the same typed columns, then summed in one scan.

Here: composing the SQL. Not here: the day rule (day_rule.py), running it (scan.py).
Parts of one layout are one relation; a row that can't be counted carries the name of the field in `fault`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import day_rule
from unit_economics.cost_sources.focus import tags as tags_sql
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.cost_sources.focus.tags import column_sql, literal
from unit_economics.currencies import CURRENCIES
from unit_economics.exact import LARGEST
from unit_economics.schemas import CHARGE_CATEGORIES, COSTS

MONEY = "decimal(38, 12)"
FIELDS = {
    "provider_name": "ProviderName",
    "sub_account_id": "SubAccountId",
    "service_name": "ServiceName",
    "region_id": "RegionId",
    "charge_category": "ChargeCategory",
    "billing_currency": "BillingCurrency",
}
COST_FIELDS = {
    "billed_cost": "BilledCost",
    "effective_cost": "EffectiveCost",
    "list_cost": "ListCost",
    "contracted_cost": "ContractedCost",
}
TIME_FIELDS = {"starts": "ChargePeriodStart", "ends": "ChargePeriodEnd"}


@dataclass(frozen=True)
class Asked:
    """What is wanted of the bill."""

    days: DayRange
    calendar: BusinessCalendar
    tag_keys: tuple[str, ...]
    is_spread: bool
    null_words: tuple[str, ...]

    @property
    def tags(self) -> list[str]:
        """The columns that hold the asked tags, in the order of the keys."""
        return [f"tag_{n}" for n in range(len(self.tag_keys))]


def totals(charges: str, asked: Asked) -> str:
    """Sums by all dimensions, sums by day and currency alone, and one row that counts what can't be counted."""
    if asked.is_spread:
        dated = day_rule.spread(charges, asked.days, asked.calendar, COSTS)
    else:
        dated = day_rule.on_one_day(charges, asked.days, asked.calendar)
    by = ", ".join(["business_date", *FIELDS, *asked.tags])
    sums = ", ".join(f"sum({cost}) as {cost}" for cost in COSTS)
    return (
        f"select grouping(business_date) as is_whole, grouping(provider_name) as is_total, {by}, {sums},"
        " count(*) as charge_rows, min(file) filter (where fault is not null) as faulty"
        f" from ({dated})"
        f" where fault is not null or business_date between date '{asked.days.first}' and date '{asked.days.last}'"
        f" group by grouping sets (({by}), (business_date, billing_currency), ())"
    )


def charges(layout: Layout, urls: Sequence[str], asked: Asked) -> str:
    """The rows of these parts that can touch the asked days, typed, with the field that is at fault."""
    columns = ["file", *TIME_FIELDS, *FIELDS, *asked.tags, *COSTS]
    typed = _typed(layout, _read(layout, urls, asked), asked)
    return f"select {', '.join(columns)}, {_fault(asked)} as fault from ({typed})"


def first_fault(layout: Layout, url: str, asked: Asked) -> str:
    """Row number (a CSV's header is row 1), field and stated value of the first row of a part that can't be counted."""
    rows = _read(layout, [url], asked)
    number = "file_row_number + 1" if layout.is_parquet else "row_number() over () + 1"
    numbered = f"(select *, {number} as nth_row from {rows})"
    stated = {field: f"stated_{name}" for name, field in {**TIME_FIELDS, **FIELDS, **COST_FIELDS}.items()}
    value = " ".join(f"when '{field}' then {column}" for field, column in stated.items())
    return (
        f"select nth_row, fault, case fault {value} end from"
        f" (select *, {_fault(asked)} as fault from ({_typed(layout, numbered, asked, 'nth_row')}))"
        " where fault is not null order by nth_row limit 1"
    )


def _read(layout: Layout, urls: Sequence[str], asked: Asked) -> str:
    files = f"[{', '.join(literal(url) for url in urls)}]"
    if layout.is_parquet:
        return f"read_parquet({files}, filename=true, hive_partitioning=false, file_row_number=true)"
    names = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(layout.columns)))
    nulls = f"[{', '.join(literal(word) for word in asked.null_words)}]"
    return (
        f"read_csv({files}, auto_detect=false, header=true, columns={{{names}}}, delim=',', quote='\"', escape='\"',"
        f" comment='', strict_mode=true, null_padding=false, ignore_errors=false, nullstr={nulls},"
        f" allow_quoted_nulls=false, filename=true, hive_partitioning=false,"
        f" compression='{'gzip' if layout.is_gzip else 'none'}')"
    )


def _typed(layout: Layout, rows: str, asked: Asked, *more: str) -> str:
    """What is stated and, beside it, what it is worth; null where the two don't go together."""
    texts = [f"{_text(layout, field)} as {name}" for name, field in FIELDS.items()]
    stated = [
        f"{_text(layout, field)} as stated_{name}" for name, field in {**TIME_FIELDS, **FIELDS, **COST_FIELDS}.items()
    ]
    times = [f"{_moment(layout, field)} as {name}" for name, field in TIME_FIELDS.items()]
    costs = [f"{_money(layout, field)} as {name}" for name, field in COST_FIELDS.items()]
    tags = [f"{tags_sql.value(layout, key, nth)} as {asked.tags[nth]}" for nth, key in enumerate(asked.tag_keys)]
    size = f"{tags_sql.size(layout)} as tags_size" if asked.tag_keys else "0 as tags_size"
    listed = ", ".join(["filename as file", *times, *stated, *texts, *costs, *tags, size, *more])
    source = tags_sql.with_parsed(layout, rows, asked.tag_keys)
    return f"select {listed} from {source} where {_within(layout, asked)}"


def _text(layout: Layout, field: str) -> str:
    return f"nullif(cast({column_sql(layout, field)} as varchar), '')"


def _moment(layout: Layout, field: str) -> str:
    """A timestamp in UTC. Text goes through TIMESTAMPTZ: a cast to TIMESTAMP drops `+02:00` without a word."""
    column = column_sql(layout, field)
    if layout.kind(field) == "moment":
        return f"cast({column} as timestamp)"
    zoned = column if layout.kind(field) == "utc_moment" else f"try_cast({column} as timestamptz)"
    return f"make_timestamp(epoch_us({zoned}))"


def _money(layout: Layout, field: str) -> str:
    """An exact decimal, rounded half up at the twelfth decimal; a float counts as its shortest decimal says."""
    column = column_sql(layout, field)
    exact = column if layout.kind(field) == "exact" else f"cast({column} as varchar)"
    cast = f"try_cast({exact} as {MONEY})"
    if layout.kind(field) == "text":
        cast = f"case when not contains({column}, '_') then {cast} end"
    # Said twice, computed once. A subquery that names it would be joined back to the rows: slower, in a year's memory.
    return f"case when abs({cast}) < cast('{LARGEST:f}' as {MONEY}) then {cast} end"


def _within(layout: Layout, asked: Asked) -> str:
    """Only rows that can touch the days, on the stored column where it allows row groups to be passed over."""
    span = day_rule.span(asked.days, asked.calendar)

    def bound(name: str, comparison: str, moment: object) -> str:
        kind = layout.kind(TIME_FIELDS[name])
        if kind == "text":
            return f"{name} {comparison} timestamp '{moment}'"
        zone = ("timestamptz", "+00") if kind == "utc_moment" else ("timestamp", "")
        return f"{column_sql(layout, TIME_FIELDS[name])} {comparison} {zone[0]} '{moment}{zone[1]}'"

    after = bound("ends" if asked.is_spread else "starts", ">=", span.first)
    before = bound("starts", "<", span.end)
    return f"(starts is null or ends is null or ({after} and {before}))"


def _fault(asked: Asked) -> str:
    """The FOCUS name of the first field for which the row can't be counted; null where it can."""
    categories = ", ".join(literal(category) for category in CHARGE_CATEGORIES)
    currencies = "|".join(CURRENCIES)
    texts = {**FIELDS, **dict.fromkeys(asked.tags, "Tags")}
    tests = {
        "starts is null": "ChargePeriodStart",
        "ends is null or ends < starts": "ChargePeriodEnd",
        "provider_name is null": "ProviderName",
        f"charge_category is null or charge_category not in ({categories})": "ChargeCategory",
        f"billing_currency is null or not regexp_full_match(billing_currency, '{currencies}')": "BillingCurrency",
        "billed_cost is null": "BilledCost",
        "effective_cost is null": "EffectiveCost",
        "list_cost is null and stated_list_cost is not null": "ListCost",
        "contracted_cost is null and stated_contracted_cost is not null": "ContractedCost",
        f"tags_size > {tags_sql.LARGEST}": "Tags",
        **{f"contains({name}, chr(0))": field for name, field in texts.items()},
    }
    return f"case {' '.join(f'when {test} then {literal(field)}' for test, field in tests.items())} end"
