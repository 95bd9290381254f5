"""The catalogue as a contract: what `catalogue check` finds in a sound file and in a broken one, and where."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from unit_economics.business_days import DayRange
from unit_economics.cli import main
from unit_economics.contract import findings
from unit_economics.demo.tour import catalogue_text
from unit_economics.environment import parsed_catalogue

GOOD = """\
cost_sources:
  bill: {kind: focus, path: ./focus}
drivers:
  hours:
    unit: hour
    quantity: {kind: postgres, dsn: DB, relation: hours, day: date, quantity: hours, segment: team}
cost_scopes:
  all: {}
  team:
    allocation:
      rules: [{to: pool, where: {service_name: A}}, {to: web, where: {tags: {team: web}}}]
      shared:
        - {cost_of: pool, among: [web], by: {driver: hours}, or_by: {orders: {units: {web: cost_per_order}}}}
metrics:
  cost_per_order:
    unit: Order
    units: {kind: postgres, dsn: DB, relation: public.orders, timestamp: at}
    cost: [all, team]
    owner: finops
    purpose: Decide on prices
    review_by: 2027-01-31
"""
TODAY = date(2027, 1, 1)
SHIPPED = Path(__file__).parents[1] / "unit_economics.yaml"


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def found(text: str, today: date = TODAY) -> list[tuple[str, str, str]]:
    return [(".".join(one.path), one.severity, one.text) for one in findings(parsed_catalogue(text, "c.yaml"), today)]


def check(folder: Path, text: str, *words: str) -> Result:
    path = folder / "c.yaml"
    path.write_text(text)
    return CliRunner().invoke(main, ["catalogue", "check", "--config", str(path), *words])


def test_a_catalogue_that_keeps_its_contract_has_no_finding(tmp_path: Path) -> None:
    assert found(GOOD) == []
    assert (check(tmp_path, GOOD).exit_code, check(tmp_path, GOOD).stdout) == (0, "")


def test_the_shipped_catalogues_and_that_of_the_demo_keep_it(tmp_path: Path) -> None:
    assert findings(parsed_catalogue(SHIPPED.read_text(), "c.yaml"), TODAY) == []
    demo = catalogue_text(DayRange(TODAY - timedelta(days=365), TODAY))
    assert findings(parsed_catalogue(demo, "c.yaml"), TODAY) == []


@pytest.mark.parametrize("line", ["owner: finops", "purpose: Decide on prices", "review_by: 2027-01-31"])
def test_an_active_metric_without_a_field_of_the_contract_is_an_error_where_it_stands(
    line: str, tmp_path: Path
) -> None:
    text, key = changed(f"    {line}\n", ""), line.partition(":")[0]
    [(path, severity, said)] = found(text)
    assert (path, severity) == ("metrics.cost_per_order", "error")
    assert f"needs `{key}`" in said
    done = check(tmp_path, text)
    assert done.exit_code == 1
    assert f"c.yaml:15:3 error metrics.cost_per_order: an active metric needs `{key}`" in done.stdout


def test_a_draft_and_a_retired_metric_need_none_of_them() -> None:
    more = "  cost_per_call:\n    unit: Call\n    units: {kind: postgres, dsn: DB, relation: calls, timestamp: at}\n"
    assert len(found(GOOD + more)) == 3
    assert found(f"{GOOD}{more}    state: draft\n") == []
    assert found(f"{GOOD}{more}    state: retired\n") == []


def test_a_review_date_that_has_passed_is_a_warning_from_the_day_after(tmp_path: Path) -> None:
    assert found(GOOD, date(2027, 1, 31)) == []
    [(path, severity, _)] = found(GOOD, date(2027, 2, 1))
    assert (path, severity) == ("metrics.cost_per_order.review_by", "warning")
    long_ago = changed("2027-01-31", "2020-01-31")
    assert check(tmp_path, long_ago).exit_code == 0
    assert check(tmp_path, long_ago, "--strict").exit_code == 1
    assert "c.yaml:21:5 warning" in check(tmp_path, long_ago).stdout


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (changed("  all: {}\n", "  all: {}\n  idle: {}\n"), "c.yaml:9:3 warning cost_scopes.idle: no metric"),
        (changed("by: {driver: hours}", "by: even"), "c.yaml:4:3 warning drivers.hours: no shared cost"),
        (f"tags: [app]\n{GOOD}", "c.yaml:1:8 warning tags.0: no cost scope or dimension looks at this tag"),
        (
            "tags: [app]\n" + changed("all: {}", "all: {by: {tag: app}}"),
            "c.yaml:1:8 warning tags.0: is kept in any case, since the cost scope all looks at it",
        ),
        (
            changed("all: {}", "all: {basis: billed}"),
            "c.yaml:18:5 warning metrics.cost_per_order.cost: is computed over several bases, which must not be com",
        ),
        (
            changed("all: {}", "all: {basis: billed}"),
            "must not be compared (billed: all; effective: team); keep one",
        ),
        (
            GOOD + "    state: draft\n    publish: {vantage: {business_metric: M}}\n",
            "c.yaml:23:5 warning metrics.cost_per_order.publish: a draft is published nowhere",
        ),
    ],
)
def test_what_is_said_to_no_purpose_or_mixed_is_a_warning_where_it_stands(
    text: str, expected: str, tmp_path: Path
) -> None:
    done = check(tmp_path, text)
    assert (done.exit_code, expected in done.stdout) == (0, True), done.stdout
    assert check(tmp_path, text, "--strict").exit_code == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (changed("[all, team]", "[all, taem]"), ":18:17 error metrics.cost_per_order.cost.1: no cost scope is called "),
        (changed("[all, team]", "[all, taem]"), "did you mean `team`?"),
        (
            changed("driver: hours", "driver: hour"),
            ":13:54 error cost_scopes.team.allocation.shared.0.by.driver: no dri",
        ),
        (changed("driver: hours", "driver: hour"), "did you mean `hours`?"),
        (changed("web: cost_per_order", "web: cost_per_ordr"), "or_by.orders.units.web: no metric is called"),
        (changed("web: cost_per_order", "web: cost_per_ordr"), "did you mean `cost_per_order`?"),
        (changed("unit: Order", "unti: Order"), ":16:5 error metrics.cost_per_order.unti: unknown key; did you mean"),
        ("a: [", "c.yaml:1:5 error not valid YAML"),
        ("", "c.yaml:1:1 error there is nothing in this file"),
    ],
)
def test_a_broken_file_is_1_with_line_column_and_the_nearest_right_name(
    text: str, expected: str, tmp_path: Path
) -> None:
    done = check(tmp_path, text)
    assert (done.exit_code, expected in done.stdout) == (1, True), done.stdout


def test_several_wrong_names_are_told_at_once(tmp_path: Path) -> None:
    text = changed("[all, team]", "[alll, taem]").replace("driver: hours", "driver: hour")
    assert check(tmp_path, text).stdout.count(" error ") == 3


def test_a_file_that_is_not_utf_8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(b"a: 1\nb: \xff\n")
    done = CliRunner().invoke(main, ["catalogue", "check", "--config", str(tmp_path / "c.yaml")])
    assert (done.exit_code, "c.yaml:2:1 error this is not UTF-8" in done.stdout) == (1, True)


def test_a_file_that_is_not_there_is_2_as_for_every_command(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["catalogue", "check", "--config", str(tmp_path / "c.yaml")])
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_another_command_still_ends_with_2_on_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(changed("driver: hours", "driver: hour"))
    for words in ([], ["show"]):
        assert CliRunner().invoke(main, ["catalogue", "--config", str(tmp_path / "c.yaml"), *words]).exit_code == 2


def test_the_findings_are_one_json_document(tmp_path: Path) -> None:
    done = check(tmp_path, changed("driver: hours", "driver: hour"), "--format", "json")
    document = json.loads(done.stdout)
    assert document["ok"] is False
    assert [(one["line"], one["column"], one["severity"]) for one in document["findings"]] == [(13, 54, "error")]


def test_the_findings_are_annotations_of_a_pull_request(tmp_path: Path) -> None:
    text = changed("all: {}", "all: {by: {tag: '100%'}}")
    done = check(tmp_path, f"tags: ['100%']\n{text}", "--format", "github")
    path = str(tmp_path / "c.yaml")
    assert done.stdout.startswith(f"::warning file={path},line=1,col=8::tags.0: ")
    wrong = check(tmp_path, changed("[all, team]", "[all, '50%\\n::error::x']"), "--format", "github").stdout
    assert (wrong.count("\n"), "50%25" in wrong) == (1, True)


def test_the_findings_of_a_sound_catalogue_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = changed("    owner: finops\n", "").replace("  all: {}\n", "  all: {}\n  idle: {}\n")
    lines = [int(line.split(":")[1]) for line in check(tmp_path, text).stdout.splitlines()]
    assert lines == sorted(lines)
    assert len(lines) == 2


def test_alone_it_shows_owner_purpose_and_review_date(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(f"{GOOD}    state: draft\n")
    done = CliRunner().invoke(main, ["catalogue", "--config", str(tmp_path / "c.yaml")])
    assert "cost_per_order  draft, owner finops, review by 2027-01-31\n  Decide on prices\n" in done.stdout
    again = CliRunner().invoke(main, ["catalogue", "show", "--config", str(tmp_path / "c.yaml")])
    assert again.stdout == done.stdout


def test_the_schema_has_a_command_and_keeps_its_option() -> None:
    one, other = (CliRunner().invoke(main, ["catalogue", word]).stdout for word in ("schema", "--schema"))
    assert one == other
    assert set(json.loads(one)["$defs"]["Metric"]["properties"]) >= {"purpose", "review_by", "state", "direction"}
    assert "--schema" not in CliRunner().invoke(main, ["catalogue", "--help"]).stdout


READ = "{kind: postgres, dsn: DB, relation: public.x, day: day, quantity: q}"
GB = f"""\
  cost_per_gb:
    unit: %s
    units: {READ}
    state: draft
"""


@pytest.mark.parametrize(
    ("unit", "fitting"),
    [
        *((unit, "declare `aggregation: gauge`, or") for unit in ("GB", "GiB", "TB", "GB stored")),
        *((unit, "declare `aggregation: gauge` with `per: month`, or") for unit in ("GB-month", "GiB month")),
        *((unit, "declare `aggregation: semi_additive`, or") for unit in ("Customers", "active user", "Seat")),
    ],
)
def test_a_unit_that_reads_like_a_stock_is_a_warning_until_it_says_how_it_aggregates(unit: str, fitting: str) -> None:
    [(path, severity, said)] = found(GOOD + GB % unit)
    assert (path, severity) == ("metrics.cost_per_gb.unit", "warning")
    assert "by default its days are added up" in said
    assert fitting in said
    for declared in ("gauge", "semi_additive", "additive"):
        assert found(f"{GOOD}{GB % unit}    aggregation: {declared}\n") == []


@pytest.mark.parametrize("unit", ["Order", "GB transferred", "user session", "Request", "CPU hour", "month", "1"])
def test_a_unit_that_reads_like_a_flow_need_not_say_how_it_aggregates(unit: str) -> None:
    assert found(GOOD + GB % f"'{unit}'") == []


def test_the_warning_of_a_stock_stands_at_the_unit(tmp_path: Path) -> None:
    assert "c.yaml:23:5 warning metrics.cost_per_gb.unit: GB reads like" in check(tmp_path, GOOD + GB % "GB").stdout


def test_a_quantity_that_reads_like_a_stock_is_a_warning_too() -> None:
    more = f"quantities:\n  seats: {{unit: Seat, source: {READ}}}\nformulas:\n  x: {{formula: 2 * seats, unit: Seat}}\n"
    assert [path for path, _, _ in found(GOOD + more)] == ["quantities.seats.unit"]


def test_a_scope_and_a_driver_that_only_a_formula_uses_are_used() -> None:
    text = changed("cost: [all, team]", "cost: all").replace("  all: {}\n", "  all: {}\n  idle: {}\n")
    assert [path for path, _, _ in found(text)] == ["cost_scopes.idle"]
    formulas = "formulas:\n  share: {formula: cost(team:web) / cost(idle), unit: percent}\n"
    assert found(text + formulas) == []


def test_a_quantity_of_the_same_name_makes_no_scope_used() -> None:
    text = changed("  all: {}\n", "  all: {}\n  worth: {}\n").replace("cost: [all, team]", "cost: all")
    more = f"quantities: {{worth: {{unit: USD, source: {READ}}}}}\nformulas: {{x: {{formula: 2 * worth, unit: USD}}}}\n"
    assert [path for path, _, _ in found(text + more)] == ["cost_scopes.worth"]


def test_a_quantity_that_no_formula_names_and_a_fee_that_no_metric_has_are_warnings() -> None:
    more = f"quantities: {{worth: {{unit: USD, source: {READ}}}}}\n"
    assert [path for path, _, _ in found(GOOD + more)] == ["quantities.worth"]
    fee = "fees: {card: {source: A list, prices: [{since: 2026-01-01, amount: 0.1}]}}\n"
    assert [path for path, _, _ in found(GOOD + fee)] == ["fees.card"]


@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("{formula: cost(teem), unit: USD}", "did you mean `cost(team)`?"),
        ("{formula: units(ordr), unit: Order}", "did you mean `units(order)`?"),
        ("{formula: units, of: cost_per_ordr, unit: Order}", "did you mean `cost_per_order`?"),
        ("{formula: units(call), unit: Call}", "the metric 'cost_per_call' is retired, so nobody counts its units"),
        ("{formula: variation(call), unit: '1'}", "the metric 'cost_per_call' is retired"),
        ("{formula: units, of: cost_per_call, unit: Call}", "the metric 'cost_per_call' is retired"),
    ],
)
def test_a_wrong_name_in_a_formula_is_an_error_with_the_nearest_right_one(
    formula: str, expected: str, tmp_path: Path
) -> None:
    call = f"  cost_per_call: {{unit: Call, state: retired, units: {READ}}}\n"
    done = check(tmp_path, f"{GOOD}{call}formulas:\n  x: {formula}\n")
    assert (done.exit_code, "error formulas.x." in done.stdout, expected in done.stdout) == (1, True, True), done.stdout


def test_a_wrong_fee_is_an_error_with_the_nearest_right_one(tmp_path: Path) -> None:
    fee = "fees: {card: {source: A list, prices: [{since: 2026-01-01, amount: 0.1}]}}\n"
    done = check(tmp_path, f"{GOOD}    revenue: {READ}\n    fees: [crad]\n{fee}")
    assert (done.exit_code, "did you mean `card`?" in done.stdout) == (1, True), done.stdout
