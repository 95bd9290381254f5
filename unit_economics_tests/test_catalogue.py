"""The catalogue file: what is accepted, and that everything else is one refusal which names each line.

Here: reading, with kinds of our own. Not here: what the real sources and sinks do with their entries.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field
from ruamel.yaml import YAML

from unit_economics.asset_names import revenue_asset
from unit_economics.business_days import BusinessCalendar, DayRange
from unit_economics.catalogue import Catalogue, content_version
from unit_economics.catalogue_file import catalogue_schema, load_catalogue, parse_catalogue
from unit_economics.catalogue_file.kinds import Kinds
from unit_economics.catalogue_file.yaml import LARGEST_FILE
from unit_economics.entries.adapters import CostSource, Count, Delivery, Kept, Publication, Sink, UnitSource
from unit_economics.entries.dashboard import Dashboard, Identity
from unit_economics.entries.entry import Entry, Variable
from unit_economics.entries.metric import REVENUE_IS, Metric, Targets
from unit_economics.environment import deployment, parsed_catalogue
from unit_economics.graph import graph_of
from unit_economics.outside import Outside
from unit_economics.refusals import UsageRefusal
from unit_economics_tests.mornings import CATALOGUE

GOOD = """\
business_day: {timezone: UTC, closes_after: PT2H}
currency: USD
restatement_window: P35D            # re-read this far back every day; bills change for weeks
cost_sources:
  bill: {kind: focus, path: ./data/focus}
cost_scopes:
  shop: {where: {tags: {app: [checkout, search]}}, basis: effective}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.total_orders}
    cost: shop
    owner: finops@example.com
    publish: {vantage: {business_metric: ORDERS_METRIC_ID}}
"""
SECRET = "geheim7Q"
AMBIGUOUS = ("yes", "no", "on", "off", "NO", "1:30", "0777", "1_000", "0x1F", "0o17", "0b1", "1e3", ".inf", ".nan")
INDICATORS = [*"-?:,[]{}&*!|>'\"%@`#~1é\n\t\0", "<<", "---", "...", "\\U"]
PIECES = [*GOOD.split(" "), *INDICATORS]


class Focus(CostSource):
    kind: Literal["focus"]
    path: str
    rate: Annotated[float, Field(gt=0)] = 1.0
    parts: int = 1
    keep: bool = True

    def read(self, days: DayRange, *, calendar: BusinessCalendar, kept: Kept, outside: Outside) -> Delivery:
        raise NotImplementedError


class Api(Focus):
    kind: Literal["api"]
    token: Variable
    path: str = ""


class Postgres(UnitSource):
    kind: Literal["postgres"]
    dsn: Variable
    relation: str

    def count(self, days: DayRange, *, calendar: BusinessCalendar, unit: str, outside: Outside) -> Count:
        raise NotImplementedError


class Vantage(Sink):
    business_metric: Variable
    token: Variable = "VANTAGE_API_TOKEN"

    @property
    def destination(self) -> str:
        return self.business_metric

    def publish(self, wanted: Mapping[date, Decimal], *, outside: Outside, dry_run: bool = False) -> Publication:
        raise NotImplementedError


KINDS = Kinds({"focus": Focus, "api": Api}, {"postgres": Postgres}, {"vantage": Vantage})


def read(text: str) -> Catalogue:
    return parse_catalogue(text, "c.yaml", KINDS)


def load(path: Path) -> Catalogue:
    return load_catalogue(path, KINDS)


def refused(text: str) -> str:
    with pytest.raises(UsageRefusal) as caught:
        read(text)
    return str(caught.value)


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def test_the_example_of_the_design_is_read_with_the_registered_classes() -> None:
    catalogue = read(GOOD)
    metric = catalogue.metrics["cost_per_order"]
    assert (type(catalogue), type(metric)) == (Catalogue, Metric)
    assert catalogue.cost_sources == {"bill": Focus(kind="focus", path="./data/focus")}
    assert metric.units == Postgres(kind="postgres", dsn="ORDERS_DATABASE_URL", relation="public.total_orders")
    assert metric.publish == {"vantage": Vantage(business_metric="ORDERS_METRIC_ID")}
    assert catalogue.restatement_window == timedelta(days=35)


def test_the_version_is_that_of_the_text_and_equal_texts_give_equal_catalogues() -> None:
    assert read(GOOD).version == content_version(GOOD)
    assert read(GOOD) == read(GOOD) != read(f"{GOOD}# a comment\n")


def test_a_version_can_not_be_written_by_hand() -> None:
    assert "c.yaml:15:1 version: unknown key" in refused(f"{GOOD}version: mine\n")


def test_a_json_dump_of_the_catalogue_keeps_what_only_the_kind_knows() -> None:
    assert json.loads(read(GOOD).model_dump_json())["cost_sources"]["bill"]["path"] == "./data/focus"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("unit: Order", "unt: Order", "c.yaml:10:5 metrics.cost_per_order.unt: unknown key; did you mean `unit`?"),
        ("dsn:", "dns:", "c.yaml:11:29 metrics.cost_per_order.units.dns: unknown key; did you mean `dsn`?"),
        ("{vantage:", "{vantge:", "c.yaml:14:15 metrics.cost_per_order.publish.vantge: unknown key; did you mean `va"),
        ("basis:", "base:", "c.yaml:7:52 cost_scopes.shop.base: unknown key; did you mean `basis`?"),
        ("currency:", "curency:", "c.yaml:2:1 curency: unknown key; did you mean `currency`?"),
    ],
)
def test_an_unknown_key_is_named_with_its_line_and_the_nearest_known_one(old: str, new: str, expected: str) -> None:
    assert expected in refused(changed(old, new))


def shared_by(key: str, among: str = "[search]") -> str:
    rules = "[{to: pool, where: {service_name: A}}, {to: search, where: {service_name: B}}]"
    shared = f"[{{cost_of: pool, among: {among}, by: {key}}}]"
    return changed("metrics:\n", f"  team:\n    allocation:\n      rules: {rules}\n      shared: {shared}\nmetrics:\n")


KEYS = "'even' or 'direct_cost', or must hold exactly one of weights, percent, units, driver, tiers"


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("{percent: {search: 110}}", "by.percent: they add up to 110, more than 100"),
        ("{percent: {search: 60%}}", "by.percent.search: must be a plain number like 0.8"),
        ("{weigths: {search: 1}}", "by.weigths: unknown key; did you mean `weights`?"),
        ("{tiers: [{up_to: 5, by: even}]}", "by.tiers: every tier but the last needs `up_to`, and the last has none"),
        ("{percent: {search: 1}, weights: {search: 1}}", f"by: must be {KEYS}"),
        ("{}", f"by: must be {KEYS}"),
        ("evenly", f"by: must be {KEYS}"),
    ],
)
def test_a_key_of_one_form_is_judged_as_that_form_and_one_of_no_form_by_all_of_them(key: str, expected: str) -> None:
    said = refused(shared_by(key))
    assert "1 problem\n" in said
    assert f"cost_scopes.team.allocation.shared.0.{expected}" in said


def test_a_target_that_no_rule_gives_to_is_named_at_its_line_with_those_there_are() -> None:
    expected = (
        "c.yaml:11:40 cost_scopes.team.allocation.shared.0.among.0: no rule gives to 'serch'; did you mean `search`?"
        " they give to pool, search, unused_commitment"
    )
    assert expected in refused(shared_by("even", among="[serch]"))


def test_a_target_with_capitals_or_spaces_is_refused_in_words() -> None:
    text = shared_by("even").replace("to: pool,", "to: Data Pool,")
    assert "rules.0.to: a target starts with a lower-case letter, then" in refused(text)


def test_an_empty_text_is_refused_in_words() -> None:
    assert "where.service_name: must not be empty" in refused(
        shared_by("even").replace("service_name: A", "service_name: ''")
    )


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("kind: focus", "kind: fokus", "c.yaml:5:3 cost_sources.bill: unknown kind; did you mean `focus`? allowed: fo"),
        ("kind: postgres", "kind: x", "c.yaml:11:5 metrics.cost_per_order.units: unknown kind; allowed: postgres"),
        ("kind: postgres, ", "", "c.yaml:11:5 metrics.cost_per_order.units: needs a `kind`"),
    ],
)
def test_an_unknown_kind_is_answered_with_the_list_of_kinds(old: str, new: str, expected: str) -> None:
    assert expected in refused(changed(old, new))


def test_a_duplicate_key_is_refused_with_both_lines() -> None:
    expected = "c.yaml:15:1 currency: this key is given twice; the first is in line 2"
    assert expected in refused(f"{GOOD}currency: EUR\n")


@pytest.mark.parametrize("value", [*AMBIGUOUS, "+1", ".5", "5.", "007.5"])
@pytest.mark.parametrize("field", ["owner: finops@example.com", "unit: Order"])
def test_a_value_that_yaml_readers_read_differently_is_refused_and_taken_in_quotes(field: str, value: str) -> None:
    key = field.partition(":")[0]
    assert "YAML readers disagree" in refused(changed(field, f"{key}: {value}"))
    metric = read(changed(field, f"{key}: '{value}'")).metrics["cost_per_order"]
    assert getattr(metric, key) == value


@pytest.mark.parametrize("value", ["1", "1.10", "true", "null", "[a]"])
def test_what_is_not_text_is_never_made_into_text(value: str) -> None:
    assert "metrics.cost_per_order.unit: must be text; put it in quotes" in refused(changed("Order\n", f"{value}\n"))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("PT2H", "'1:30'", "closes_after: must be a duration"),
        ("PT2H", "'01:30'", "closes_after: must be a duration"),
        ("PT2H", "7200", "closes_after: must be a duration"),
        ("UTC,", "UTC, first_day: '0',", "first_day: must be a date"),
        ("UTC,", "UTC, first_day: '1704067200',", "first_day: must be a date"),
        ("UTC,", "UTC, first_day: 20240101,", "first_day: must be a date"),
        ("UTC,", "UTC, first_day: 2024-02-30,", "first_day: must be a date"),
        ("./data", "x, parts: '3', keep: 'true', p: ./data", "parts: must be a whole number, without quotes"),
        ("./data", "x, parts: '3', keep: 'true', p: ./data", "keep: must be true or false, without quotes"),
        ("currency: USD", "checks: {volume_band: '1_000'}", "volume_band: must be a plain number"),
        ("currency: USD", "checks: {volume_band: '0777'}", "volume_band: must be a plain number"),
        ("currency: USD", "checks: {min_delivery: 1.5}", "min_delivery: must be less than or equal to 1"),
    ],
)
def test_text_and_numbers_that_pydantic_would_reinterpret_are_refused(old: str, new: str, expected: str) -> None:
    assert expected in refused(GOOD.replace(old, new, 1))


def test_dates_and_times_without_quotes_stay_what_is_written() -> None:
    text = changed("timezone: UTC", "first_day: 2024-02-29")
    catalogue = read(f"{text}automation: {{schedule_at: 06:30}}\n")
    assert catalogue.business_day.first_day == date(2024, 2, 29)
    assert catalogue.automation.schedule_at == "06:30"


def test_a_decimal_keeps_every_digit() -> None:
    digits = "1.1234567890123456789012345678901"
    assert read(f"{GOOD}checks: {{volume_band: {digits}}}\n").checks.volume_band == Decimal(digits)


def test_a_float_field_takes_a_plain_number() -> None:
    source = read(changed("./data/focus", "x, rate: 0.25")).cost_sources["bill"]
    assert isinstance(source, Focus)
    assert source.rate == 0.25


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: !!python/object/apply:os.system [id]\n", "c.yaml:1:4 a: a tag (!name) is not allowed"),
        ("a: !!str 0777\n", "c.yaml:1:4 a: a tag"),
        ("a: &x 1\n", "c.yaml:1:4 a: an anchor"),
        ("a: 1\nb: *x\n", "c.yaml:2:4 b: an alias"),
        ("a:\n  <<: {b: 1}\n", "c.yaml:2:3 a.<<: a merge key"),
        ("a: 1\n---\nb: 2\n", "c.yaml:2:1 not valid YAML: more than one document"),
        ("1: a\n", "c.yaml:1:1 1: a key must be text"),
        ("? [a]\n: 1\n", "c.yaml:1:3 ?: a key must be text"),
        ("a: [\n", "not valid YAML"),
        ("a: 1\nb: \x00\n", "c.yaml:2:1 this line holds a character that YAML does not allow"),
        ("a: 1\nb: \ud800\n", "c.yaml:2:1 this line holds a character that YAML does not allow"),
        ('a: 1\nb: "\\uD800"\n', "c.yaml:2:4 b: holds half of a character"),
        ('a: "\\UFFFFFFFF"\n', "an escape (\\U...) that is no character"),
        ("", "there is nothing in this file"),
        ("# nothing\n", "there is nothing in this file"),
        ("- a\n", "c.yaml:1:1 must hold keys and values"),
        ("[" * 100_000, "nested more than 20 levels deep"),
        ("a: " + "9" * 5000, "a number of more than 60 characters"),
        ("a" * (LARGEST_FILE + 1), "larger than 256 kB"),
    ],
)
def test_what_a_catalogue_must_not_hold_is_refused_where_it_stands(text: str, expected: str) -> None:
    assert expected in refused(text)


def test_an_alias_bomb_is_refused_and_never_built() -> None:
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 30))
    assert "an alias (*name) is not allowed" in refused(bomb)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ORDERS_DATABASE_URL", f"postgresql://shop:{SECRET}@db.example.com/orders"),
        ("ORDERS_DATABASE_URL", f"'{SECRET}'"),
        ("ORDERS_METRIC_ID", f"{SECRET}"),
        ("kind: focus", f"kind: api, token: {SECRET}"),
    ],
)
def test_a_value_where_the_name_of_a_variable_belongs_is_refused_and_not_printed(old: str, new: str) -> None:
    said = refused(changed(old, new))
    assert "write the NAME of the variable" in said
    assert SECRET not in said


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ORDERS_DATABASE_URL", f"{{{SECRET}: {SECRET}}}"),
        ("ORDERS_DATABASE_URL", f"!{SECRET} {SECRET}"),
        ("ORDERS_DATABASE_URL", f"!{SECRET}!{SECRET} x"),
        ("ORDERS_DATABASE_URL", f"*{SECRET}"),
        ("ORDERS_DATABASE_URL", f"'{SECRET}"),
        ("ORDERS_DATABASE_URL", f"%{SECRET}"),
        ("ORDERS_DATABASE_URL", f'"\\x{SECRET}"'),
        ("kind: focus", f"kind: {SECRET}"),
        ("PT2H", SECRET),
        ("effective", SECRET),
        ("timezone: UTC", f"timezone: postgresql://u:{SECRET}@h/db"),
        ("owner:", f"postgresql://u:{SECRET}@h/db:"),
    ],
)
def test_no_complaint_of_any_kind_prints_the_value(old: str, new: str) -> None:
    assert SECRET not in refused(changed(old, new))


def test_all_problems_come_in_one_refusal_in_the_order_of_the_file() -> None:
    text = changed("USD", "dollars").replace("kind: focus", "kind: fokus").replace("unit: Order", "unit: 3")
    said = refused(f"{text}currency: EUR\n")
    places = ["c.yaml:2:11 ", "c.yaml:5:3 ", "c.yaml:10:11 ", "c.yaml:15:1 "]
    assert "c.yaml: 4 problems\n" in said
    assert sorted(places, key=said.index) == places


def test_hundreds_of_problems_are_cut_short_and_counted() -> None:
    assert "and 152 more" in refused("".join(f"key{n}: x\n" for n in range(200)))


def test_a_value_of_neither_form_is_said_once() -> None:
    assert "shop.where.tags.app: must be text; put it in quotes, or must be a list" in refused(
        changed("[checkout, search]", "3")
    )


def test_a_scope_that_does_not_exist_is_named_with_its_line() -> None:
    expected = "c.yaml:12:18 metrics.cost_per_order.cost.1: no cost scope is called 'shopp'; did you mean `shop`?"
    assert expected in refused(changed("cost: shop", "cost: [shop, shopp]"))


def test_a_metric_that_is_not_called_cost_per_something_is_named_with_its_line() -> None:
    expected = "c.yaml:9:3 metrics.orders: a metric is named cost_per_<unit>"
    assert expected in refused(changed("cost_per_order", "orders"))


@pytest.mark.parametrize(("one", "other"), [("order", "orders"), ("query", "queries"), ("queries", "query")])
def test_two_metrics_whose_assets_would_share_a_name_are_refused(one: str, other: str) -> None:
    entry = GOOD.partition("  cost_per_order:\n")[2]
    text = changed("cost_per_order", f"cost_per_{one}") + f"  cost_per_{other}:\n{entry}"
    expected = f"c.yaml:15:3 metrics.cost_per_{other}: its assets would be named like those of cost_per_{one}"
    assert expected in refused(text)


def with_a_second_metric(publish: str) -> str:
    units = "{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.calls}"
    return f"{GOOD}  cost_per_call:\n    unit: Call\n    units: {units}\n    publish: {{{publish}}}\n"


@pytest.mark.parametrize("more", ["", ", token: OTHER_TOKEN"])
def test_two_metrics_that_would_overwrite_each_other_are_refused_by_name_and_line(more: str) -> None:
    said = refused(with_a_second_metric(f"vantage: {{business_metric: ORDERS_METRIC_ID{more}}}"))
    expected = "c.yaml:18:15 metrics.cost_per_call.publish.vantage: cost_per_order publishes to the same place"
    assert expected in said


def test_two_metrics_may_publish_to_two_places() -> None:
    metrics = read(with_a_second_metric("vantage: {business_metric: CALLS_METRIC_ID}")).metrics
    assert [sink.destination for metric in metrics.values() for sink in metric.publish.values()] == [
        "ORDERS_METRIC_ID",
        "CALLS_METRIC_ID",
    ]


@pytest.mark.parametrize("code", ["ZZZ", "XAU", "XXX", "DEM"])
def test_a_currency_that_is_none_is_refused_with_its_line(code: str) -> None:
    assert f"c.yaml:2:11 currency: '{code}' is no currency of ISO 4217" in refused(changed("USD", code))


@pytest.mark.parametrize("section", ["cost_sources", "units"])
def test_a_source_says_from_when_until_when_it_covers_the_days(section: str) -> None:
    mark = "path: ./data/focus" if section == "cost_sources" else "relation: public.total_orders"
    catalogue = read(changed(mark, f"{mark}, covers_from: 2024-02-01, covers_until: 2024-02-29"))
    source = catalogue.cost_sources["bill"] if section == "cost_sources" else catalogue.metrics["cost_per_order"].units
    days = [date(2024, 1, 31), date(2024, 2, 1), date(2024, 2, 29), date(2024, 3, 1)]
    assert [source.covers(day) for day in days] == [False, True, True, False]


def test_a_source_that_does_not_say_so_covers_every_day() -> None:
    catalogue = read(GOOD)
    for source in (catalogue.cost_sources["bill"], catalogue.metrics["cost_per_order"].units):
        assert source.covers(date.min)
        assert source.covers(date.max)


def test_a_missing_file_says_where_to_run_or_what_to_copy(tmp_path: Path) -> None:
    with pytest.raises(UsageRefusal, match=r"copy the example unit_economics\.yaml"):
        load(tmp_path / "unit_economics.yaml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"a: 1\nb: \xff\n", r"c\.yaml:2:1 this is not UTF-8"),
        (GOOD.encode("utf-16"), "this is not UTF-8"),
        (b"\xff" * (LARGEST_FILE + 1), "larger than 256 kB"),
    ],
)
def test_a_file_that_is_no_text_or_too_large_is_refused(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(content)
    with pytest.raises(UsageRefusal, match=expected):
        load(path)


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageRefusal, match="can't be read"):
        load(tmp_path)


@pytest.mark.parametrize("text", [GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n")])
def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(text.encode())
    assert load(path).metrics == read(GOOD).metrics


@pytest.mark.parametrize("text", [CATALOGUE, "\ufeff" + CATALOGUE, CATALOGUE.replace("\n", "\r\n")])
def test_what_the_mart_keeps_of_a_catalogue_is_the_text_that_its_version_names(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(text.encode())
    of = deployment({}, path)
    assert content_version(of.catalogue_text) == of.catalogue.version
    assert parsed_catalogue(of.catalogue_text, "kept") == of.catalogue


def test_the_json_schema_accepts_the_example_and_refuses_what_the_reader_refuses() -> None:
    schema = catalogue_schema(KINDS)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(YAML(typ="safe", pure=True).load(GOOD))
    for old, new in [("dsn:", "dns:"), ("kind: focus", "kind: x"), ("vantage:", "vantag:"), ("unit: O", "version: O")]:
        assert not validator.is_valid(YAML(typ="safe", pure=True).load(changed(old, new)))


REVENUE = "    revenue: {kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.daily_revenue}\n"


def test_revenue_is_read_with_the_registered_class_and_names_an_asset_of_its_own() -> None:
    without, catalogue = read(GOOD), read(GOOD + REVENUE)
    metric = catalogue.metrics["cost_per_order"]
    assert metric.revenue == Postgres(kind="postgres", dsn="ORDERS_DATABASE_URL", relation="public.daily_revenue")
    assert revenue_asset("cost_per_order") == "daily_order_revenue"
    assert without.metrics["cost_per_order"].revenue is None
    assert "daily_order_revenue" not in graph_of(without)


def test_the_definition_of_revenue_is_its_source_and_the_currency_and_moves_no_other() -> None:
    revenue = "daily_order_revenue"
    one = read(GOOD + REVENUE)
    elsewhere = read(GOOD + REVENUE.replace("daily_revenue", "sales"))
    in_euro = read((GOOD + REVENUE).replace("currency: USD", "currency: EUR"))
    assert len({graph_of(catalogue)[revenue].definition for catalogue in (one, elsewhere, in_euro)}) == 3
    for asset in ("daily_orders", "cloud_costs", "cost_per_order"):
        assert len({graph_of(catalogue)[asset].definition for catalogue in (one, elsewhere, read(GOOD))}) == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "dsn: ORDERS_DATABASE_URL, relation: public.d",
            "dns: A, relation: public.d",
            "revenue.dns: unknown key; did you",
        ),
        ("{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: public.d", "{kind: x, y: d", "revenue: unknown kind"),
    ],
)
def test_a_mistake_in_revenue_is_named_with_its_line(old: str, new: str, expected: str) -> None:
    said = refused(GOOD + REVENUE.replace(old, new))
    assert "c.yaml:15:" in said
    assert f"metrics.cost_per_order.{expected}" in said


def test_targets_are_exact_and_each_may_be_left_out() -> None:
    targets = read(f"{GOOD}    targets: {{unit_cost: 0.25, monthly_cost: 3000}}\n").metrics["cost_per_order"].targets
    assert targets == Targets(unit_cost=Decimal("0.25"), monthly_cost=Decimal(3000))


@pytest.mark.parametrize("wrong", ["0", "-1", "0.0"])
@pytest.mark.parametrize("target", ["unit_cost", "monthly_cost", "monthly_units", "margin_percent"])
def test_a_target_that_is_not_above_zero_is_refused_with_its_line(target: str, wrong: str) -> None:
    said = refused(f"{GOOD}    targets: {{{target}: {wrong}}}\n")
    assert f"c.yaml:15:{17 + len(target)} metrics.cost_per_order.targets.{target}: must be greater than 0" in said


def test_a_margin_that_nothing_can_show_is_refused() -> None:
    target = "    targets: {margin_percent: 97.5}\n"
    assert "targets.margin_percent: a margin needs `revenue` beside `units`" in refused(GOOD + target)
    assert "targets.margin_percent: must be less than 100" in refused(GOOD + REVENUE + target.replace("97.5", "100"))
    assert read(GOOD + REVENUE + target).metrics["cost_per_order"].revenue


def test_without_a_dashboard_entry_everyone_is_a_viewer_on_this_machine_only() -> None:
    assert read(GOOD).dashboard == Dashboard(everyone="viewer", hosts=[], dagster=None, identity=None)


def test_a_dashboard_behind_a_proxy_is_read_whole() -> None:
    identity = "{user_header: X-User, groups_header: X-Groups, finance_groups: [finance], proxies: [10.0.0.5, '::1']}"
    entry = f"{{hosts: [costs.example.com], dagster: 'https://dagster.example.com/d', identity: {identity}}}"
    dashboard = read(f"{GOOD}dashboard: {entry}\n").dashboard
    assert dashboard.hosts == ["costs.example.com"]
    assert dashboard.dagster == "https://dagster.example.com/d"
    assert dashboard.identity == Identity(
        user_header="X-User", groups_header="X-Groups", finance_groups=["finance"], proxies=["10.0.0.5", "::1"]
    )


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{everyone: admin}", "15:23 dashboard.everyone: must be 'viewer' or 'finance'"),
        ("{hosts: ['http://a.example']}", "15:21 dashboard.hosts.0: must be a host name in lower case"),
        ("{hosts: ['a.example:80']}", "15:21 dashboard.hosts.0: must be a host name in lower case"),
        ("{hosts: ['*']}", "15:21 dashboard.hosts.0: must be a host name in lower case"),
        ("{dagster: 'javascript:alert(1)'}", "15:22 dashboard.dagster: must be a URL like"),
        (f"{{dagster: 'https://u:{SECRET}@d.example'}}", "15:22 dashboard.dagster: must be a URL like"),
        ("{identity: {proxies: [10.0.0.5]}}", "dashboard.identity.user_header: is missing"),
        ("{identity: {user_header: X-User}}", "dashboard.identity.proxies: is missing"),
        ("{identity: {user_header: X-User, proxies: []}}", "dashboard.identity.proxies: must not be empty"),
        ("{identity: {user_header: X-User, proxies: [a]}}", "dashboard.identity.proxies: one of them is no IP address"),
        ("{identity: {user_header: X_User, proxies: ['::1']}}", "user_header: must be the name of an HTTP header"),
        (
            "{identity: {user_header: X-User, proxies: ['::1'], finance_groups: [finance]}}",
            "15:13 dashboard.identity: `finance_groups` need `groups_header`",
        ),
    ],
)
def test_a_dashboard_entry_that_can_not_be_meant_is_refused_where_it_stands(entry: str, expected: str) -> None:
    said = refused(f"{GOOD}dashboard: {entry}\n")
    assert expected in said
    assert SECRET not in said


SCOPES = """\
  all: {}
  service: {by: {column: service_name}}
  billed: {by: {tag: team}, basis: billed}
  part: {where: {region_id: eu}, by: {tag: team}}
"""


def test_the_slices_of_a_scope_are_the_splits_of_equal_charges_by_an_equal_cost() -> None:
    more = "  apps: {where: {tags: {app: [checkout, search]}}, by: {tag: app}}\n"
    catalogue = read(changed("cost_scopes:\n", f"cost_scopes:\n{SCOPES}{more}").replace("    cost: shop\n", ""))
    assert list(catalogue.slices_of("cost_per_order", "all")) == ["service"]
    assert list(catalogue.slices_of("cost_per_order", "shop")) == ["apps"]


def test_a_split_that_the_metric_does_not_use_is_no_slice_of_it() -> None:
    text = changed("cost_scopes:\n", f"cost_scopes:\n{SCOPES}")
    assert list(read(text.replace("cost: shop", "cost: [all, shop]")).slices_of("cost_per_order", "all")) == []
    assert list(read(text.replace("cost: shop", "cost: [all, service]")).slices_of("cost_per_order", "all")) == [
        "service"
    ]


@pytest.mark.parametrize("entry", [Targets, Dashboard, Identity])
def test_editors_are_told_what_each_field_of_the_dashboard_means(entry: type[Entry]) -> None:
    assert [name for name, field in entry.model_fields.items() if not field.description] == []
    schema = json.dumps(
        catalogue_schema(KINDS),
    )
    assert all(f'"description": {json.dumps(field.description)}' in schema for field in entry.model_fields.values())
    assert f'"description": "{REVENUE_IS}"' in schema


def is_answered(text: str) -> bool:
    """Whether the text is read or refused; any other exception goes through and fails the test."""
    try:
        return isinstance(read(text), Catalogue)
    except UsageRefusal as refusal:
        return refusal.where == "c.yaml"


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(" ".join)))
@example("a: 1\n b: 2")
@example("%YAML 9.9\n---\na: 1\n")
@example("!<a")
def test_any_text_gives_a_catalogue_or_a_refusal_and_nothing_else(text: str) -> None:
    assert is_answered(text)


@given(st.integers(0, len(GOOD)), st.integers(0, 6), st.text(max_size=6))
def test_a_good_file_with_any_small_damage_gives_a_catalogue_or_a_refusal(at: int, cut: int, put: str) -> None:
    assert is_answered(GOOD[:at] + put + GOOD[at + cut :])
