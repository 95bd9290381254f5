"""The bill's rows as SQL: every layout brought to the same typed columns, then summed in one scan.

Here: composing the SQL. Not here: the day rule (day_rule.py), running it (scan.py).
Parts of one layout are one relation; a row that can't be counted carries the name of the field in `fault`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.cost_sources.focus import day_rule, rule_sql
from unit_economics.cost_sources.focus import tags as tags_sql
from unit_economics.cost_sources.focus.layout import Layout
from unit_economics.cost_sources.focus.tags import column_sql, literal
from unit_economics.currencies import CURRENCIES
from unit_economics.entries.allocation import Allocation
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
INVOICED_FIELDS = {
    "provider_name": "ProviderName",
    "publisher_name": "PublisherName",
    "invoice_issuer_name": "InvoiceIssuerName",
    "billing_account_id": "BillingAccountId",
    "invoice_id": "InvoiceId",
    "billing_period": "BillingPeriodStart",
    "service_name": "ServiceName",
    "charge_category": "ChargeCategory",
    "charge_class": "ChargeClass",
    "billing_currency": "BillingCurrency",
}
"""What a charge is invoiced by; a column that the file lacks (FOCUS 1.0 has no InvoiceId) is empty."""
COST_FIELDS = {
    "billed_cost": "BilledCost",
    "effective_cost": "EffectiveCost",
    "list_cost": "ListCost",
    "contracted_cost": "ContractedCost",
}
TIME_FIELDS = {"starts": "ChargePeriodStart", "ends": "ChargePeriodEnd"}
_PERIOD = INVOICED_FIELDS["billing_period"]
FILE_AT_FAULT = "min(case when fault is not null then file end)"


@dataclass(frozen=True)
class Asked:
    """What is wanted of the bill: by which fields it is summed, and which of its costs."""

    days: DayRange
    calendar: BusinessCalendar
    tag_keys: tuple[str, ...]
    is_spread: bool
    null_words: tuple[str, ...]
    allocations: Mapping[str, Allocation] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=lambda: FIELDS)
    costs: tuple[str, ...] = COSTS

    @property
    def tags(self) -> list[str]:
        """The columns that hold the kept tags, in the order of the keys."""
        return [f"tag_{n}" for n in range(len(self.tag_keys))]

    @cached_property
    def read_keys(self) -> list[str]:
        """The keys of the tags that are kept, and then of those that only rules look at."""
        looked_at = set[str]().union(*(allocation.tag_keys for allocation in self.allocations.values()))
        return [*self.tag_keys, *sorted(looked_at.difference(self.tag_keys))]

    @property
    def rule_columns(self) -> dict[str, str]:
        """The columns that only rules look at, by their FOCUS names in snake_case."""
        looked_at = rule_sql.columns_of(list(self.allocations.values()))
        return {name: f"rule_{name}" for name in looked_at if name not in self.fields}

    @property
    def taken(self) -> list[str]:
        """The columns that say, for each allocation, which rule took a charge; and whether it is untagged."""
        return [*(f"taken_{n}" for n in range(len(self.allocations))), *(["is_untagged"] if self.allocations else [])]


def totals(charges: str, asked: Asked, share: Callable[[str], str] = day_rule.share, file: str = FILE_AT_FAULT) -> str:
    """Sums by all dimensions, and by day and currency alone; what holds a charge that can't be counted `is_faulty`.

    Every engine runs this text, in its own dialect; only how a long charge's share is divided exactly differs. Texts
    are judged here, once a sum and not once a row.
    """
    dated = day_rule.spread if asked.is_spread else day_rule.on_one_day
    by = ", ".join(["business_date", *asked.fields, *asked.tags, *asked.taken])
    sums = ", ".join(f"sum({_of_the_day(cost, asked, share)}) as {cost}" for cost in asked.costs)
    summed = (
        f"select grouping(provider_name) as is_total, {by}, {sums}, count(*) as charge_rows, {file} as file"
        f" from ({_taken(dated(charges, asked.days, asked.calendar), asked)})"
        f" group by grouping sets (({by}), (business_date, billing_currency))"
    )
    wrong = " or ".join(_faults_of_texts(asked))
    told = f"case when business_date is null or is_total = 0 and ({wrong}) then 1 else 0 end as is_faulty"
    # Asked together with `is_faulty`, the days are not asked of every row: DuckDB would work each day out twice.
    return (
        f"select * from (select {told}, summed.* from ({summed}) as summed) as judged where is_faulty = 1"
        f" or business_date between date '{asked.days.first}' and date '{asked.days.last}'"
    )


def _of_the_day(cost: str, asked: Asked, share: Callable[[str], str]) -> str:
    return f"case when is_long then {share(cost)} else {cost} end" if asked.is_spread else cost


def _taken(dated: str, asked: Asked) -> str:
    """The charges with the rule that takes each."""
    if not asked.allocations:
        return dated
    tags = {key: f"tag_{n}" for n, key in enumerate(asked.read_keys)}
    columns = asked.rule_columns
    names = rule_sql.Names(lambda name: columns.get(name, name), tags.__getitem__)
    taken = [rule_sql.taken_by(allocation, names) for allocation in asked.allocations.values()]
    found = [*taken, rule_sql.is_untagged(asked.read_keys, names)]
    named = ", ".join(f"{text} as {name}" for text, name in zip(found, asked.taken, strict=True))
    return f"select *, {named} from ({dated})"


def charges(layout: Layout, urls: Sequence[str], asked: Asked, *, closely: bool = False) -> str:
    """The rows of these parts that can touch the asked days, typed, with the field that is at fault."""
    return judged(_typed(layout, read(layout, urls, asked), asked), asked, closely=closely)


def judged(typed: str, asked: Asked, *, closely: bool = True) -> str:
    """Typed rows with the field that is at fault, and without what only told it; closely: by its texts too."""
    tags = [f"tag_{n}" for n in range(len(asked.read_keys))]
    texts = [_shortened(name) for name in asked.fields]
    columns = ["file", *TIME_FIELDS, *texts, *tags, *asked.rule_columns.values(), *COSTS]
    tests = {**_faults_of_rows(), **(_faults_of_texts(asked) if closely else {})}
    return f"select {', '.join(columns)}, {_first_of(tests)} as fault from ({typed})"


def _shortened(name: str) -> str:
    """A billing period goes by the day of its start as the source writes it: moments of one day are one period."""
    return f"substr({name}, 1, 10) as {name}" if name == "billing_period" else name


def file_at_fault(charges: str) -> str:
    """The first file that holds a row at fault."""
    return f"select min(file) from ({charges}) where fault is not null"


def typed_rows(layout: Layout, urls: Sequence[str], asked: Asked, *more: str) -> str:
    """The rows of these parts, typed, each beside what else is wanted of it as it is stated."""
    return _typed(layout, read(layout, urls, asked), asked, *more)


def first_fault(layout: Layout, url: str, asked: Asked) -> str:
    """Row number (a CSV's header is row 1), field and stated value of the first row of a part that can't be counted."""
    rows = read(layout, [url], asked)
    number = "file_row_number + 1" if layout.is_parquet else "row_number() over () + 1"
    numbered = f"(select *, {number} as nth_row from {rows})"
    stated = {field: f"stated_{name}" for name, field in {**TIME_FIELDS, **asked.fields, **COST_FIELDS}.items()}
    value = " ".join(f"when '{field}' then cast({column} as varchar)" for field, column in stated.items())
    fault = _first_of({**_faults_of_rows(), **_faults_of_texts(asked)})
    return (
        f"select nth_row, fault, case fault {value} end from"
        f" (select *, {fault} as fault from ({_typed(layout, numbered, asked, 'nth_row')}))"
        " where fault is not null order by nth_row limit 1"
    )


def read(layout: Layout, urls: Sequence[str], asked: Asked) -> str:
    """The files as a relation, with `filename`: a CSV's columns are texts, called c0, c1 and so on."""
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
    texts = [f"{_text(layout, field)} as {name}" for name, field in asked.fields.items()]
    stated = [f"{_text(layout, field)} as stated_{name}" for name, field in {**TIME_FIELDS, **asked.fields}.items()]
    stated += [f"{_stated(layout, field)} as stated_{name}" for name, field in COST_FIELDS.items()]
    times = [f"{_moment(layout, field)} as {name}" for name, field in TIME_FIELDS.items()]
    costs = [f"{_money(layout, field)} as {name}" for name, field in COST_FIELDS.items()]
    tags = [f"{tags_sql.value(layout, key, nth)} as tag_{nth}" for nth, key in enumerate(asked.read_keys)]
    looked_at = [f"{_text(layout, focus_name(name))} as {column}" for name, column in asked.rule_columns.items()]
    size = f"{tags_sql.size(layout, asked.read_keys)} as tags_size"
    listed = ", ".join(["filename as file", *times, *stated, *texts, *looked_at, *costs, *tags, size, *more])
    source = tags_sql.with_parsed(layout, rows, asked.read_keys)
    return f"select {listed} from {source} where {_within(layout, asked)}"


def focus_name(name: str) -> str:
    """A FOCUS column as FOCUS spells it: `ResourceId` for `resource_id`."""
    return "".join(word.capitalize() for word in name.split("_"))


def _text(layout: Layout, field: str) -> str:
    return f"nullif(cast({column_sql(layout, field)} as varchar), '')"


def _stated(layout: Layout, field: str) -> str:
    """What is stated of a cost: as it is stored where that is a number, for no row's sake is made a text."""
    return _text(layout, field) if layout.kind(field) in (None, "text") else column_sql(layout, field)


def _moment(layout: Layout, field: str) -> str:
    """A timestamp in UTC. Text goes through TIMESTAMPTZ: a cast to TIMESTAMP drops `+02:00` without a word."""
    column = column_sql(layout, field)
    if layout.kind(field) == "moment":
        return f"cast({column} as timestamp)"
    cast = "cast" if layout.kind(field) == "utc_moment" else "try_cast"  # nanoseconds need it, other units lose nothing
    return f"make_timestamp(epoch_us({cast}({column} as timestamptz)))"


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
    """Only rows that can touch the days: one condition a stored column, so that row groups can be passed over."""
    span = day_rule.span(asked.days, asked.calendar)
    if asked.is_spread:
        return f"{_bounded(layout, 'ends', f'>= {span.first}')} and {_bounded(layout, 'starts', f'< {span.end}')}"
    return _bounded(layout, "starts", f">= {span.first}", f"< {span.end}")


def _bounded(layout: Layout, name: str, *bounds: str) -> str:
    """Whether a time is missing or within the bounds, each a comparison and a moment."""
    kind = layout.kind(TIME_FIELDS[name])
    zone = ("timestamptz", "+00") if kind == "utc_moment" else ("timestamp", "")
    column = name if kind == "text" else f"cast({column_sql(layout, TIME_FIELDS[name])} as {zone[0]})"
    tests = [bound.split(" ", 1) for bound in bounds]
    held = " and ".join(f"{column} {comparison} {zone[0]} '{moment}{zone[1]}'" for comparison, moment in tests)
    return f"({column} is null or ({held}))"


def _first_of(faults: Mapping[str, str]) -> str:
    """The FOCUS name of the first field for which the row can't be counted; null where it can."""
    return f"case {' '.join(f'when {test} then {literal(field)}' for test, field in faults.items())} end"


def _faults_of_rows() -> dict[str, str]:
    """What can't be seen any more once rows are summed, with the field that is at fault."""
    return {
        "starts is null": "ChargePeriodStart",
        "ends is null or ends < starts": "ChargePeriodEnd",
        "billed_cost is null": "BilledCost",
        "effective_cost is null": "EffectiveCost",
        "list_cost is null and stated_list_cost is not null": "ListCost",
        "contracted_cost is null and stated_contracted_cost is not null": "ContractedCost",
        f"tags_size > {tags_sql.LARGEST}": "Tags",
    }


def _faults_of_texts(asked: Asked) -> dict[str, str]:
    """What all rows of a sum have in common, with the field that is at fault."""
    categories = ", ".join(literal(category) for category in CHARGE_CATEGORIES)
    currencies = "|".join(CURRENCIES)
    texts = {**asked.fields, **dict.fromkeys(asked.tags, "Tags")}
    period = {"billing_period is not null and try_cast(substr(billing_period, 1, 10) as date) is null": _PERIOD}
    return {
        "provider_name is null": "ProviderName",
        f"charge_category is null or charge_category not in ({categories})": "ChargeCategory",
        f"billing_currency is null or not regexp_full_match(billing_currency, '{currencies}')": "BillingCurrency",
        **(period if "billing_period" in asked.fields else {}),
        **{f"contains({name}, chr(0))": field for name, field in texts.items()},
    }
