"""`allocation explain` and `allocation check` say what the mart and the bill hold, and their suggestions come true.

Here: the commands on a real PostgreSQL and a real bill. Not here: the arithmetic of suggestions (test_suggestions.py),
the flow itself (test_allocated_flow.py).
"""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from click.testing import CliRunner, Result

from unit_economics.cli import main
from unit_economics_tests.focus_bills import charge, write_bill
from unit_economics_tests.test_light import HEAVY
from unit_economics_tests.world import World

DAY = "2024-09-10"
SECRET = "canary-4711"
RULES = """
        - {to: platform, where: {service_name: {prefix: Amazon EKS}}}
        - {to: checkout, where: {tags: {team: [checkout, cart]}}}
        - {to: search, where: {tags: {team: search}}}"""
CATALOGUE = f"""
cost_sources:
  bill: {{kind: focus, path: ./focus}}
drivers:
  cpu_hours:
    unit: CPU hour
    quantity:
      {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: cpu_hours, day: date, quantity: hours, segment: team}}
cost_scopes:
  all: {{}}
  by_service: {{by: {{column: service_name}}}}
  teams:
    allocation:
      rules:{RULES}
      shared:
        - {{cost_of: platform, among: [checkout, search], by: {{driver: cpu_hours}}, or_by: {{evenly: even}}}}
      max_unallocated: 0.2
metrics:
  cost_per_order:
    unit: Order
    units: {{kind: postgres, dsn: ORDERS_DATABASE_URL, relation: total_orders, day: date, quantity: total_orders}}
"""


def costing(amount: str, team: str = "", **changes: str) -> dict[str, str]:
    """A charge of this effective cost, with the team's tag."""
    tags = json.dumps({"team": team}) if team else "{}"
    costs = {"EffectiveCost": amount, "BilledCost": amount, "CommitmentDiscountStatus": ""}
    return charge(**{**costs, "Tags": tags, **changes})


BILL = (
    costing("30", ServiceName="Amazon EKS"),
    *(costing(f"{n}.5", "checkout", RegionId=f"eu-west-{n}") for n in range(1, 13)),
    costing("10", "cart"),
    costing("10", "search"),
    costing("7", ServiceName="Amazon S3"),
    costing("4", "on"),
    costing("-1.000001", ServiceName="yes", SubAccountId="0777"),
    costing("3", CommitmentDiscountStatus="Unused"),
)


@pytest.fixture
def shop(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    """One day of a bill, 100 orders, the CPU hours of two teams, and a folder as a user has it."""
    shop = world(CATALOGUE)
    shop.sql(f"create table total_orders as select date '{DAY}' as date, 100::bigint as total_orders")
    shop.sql("create table cpu_hours (date date, team text, hours bigint)")
    shop.sql(f"insert into cpu_hours values ('{DAY}', 'checkout', 3), ('{DAY}', 'search', 1)")
    write_bill(shop.folder / "focus", *BILL)
    shop.deployment()
    names = ("ORDERS_DATABASE_URL", "UNIT_ECONOMICS_DATABASE_URL")
    secrets = f"VANTAGE_API_TOKEN={SECRET}\n" + "".join(f"{name}={shop.url}\n" for name in names)
    (shop.folder / ".env").write_text(secrets)
    monkeypatch.chdir(shop.folder)
    for name in (*names, "VANTAGE_API_TOKEN", "DAGSTER_HOME", "UNIT_ECONOMICS_CATALOGUE"):
        monkeypatch.delenv(name, raising=False)
    return shop


def run(shop: World) -> None:
    assert shop.run(DAY, DAY).success


def call(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["allocation", *words])
    assert done.exit_code == code, done.output
    assert SECRET not in done.output
    assert "postgresql://" not in done.output
    return done


def document(*words: str, code: int = 0) -> dict[str, Any]:
    return json.loads(call(*words, "--json", code=code).stdout)


def checked() -> dict[str, Any]:
    [scope] = document("check", "--from", DAY, "--to", DAY, code=1)["scopes"]
    return scope


def with_rules(shop: World, *rules: str) -> None:
    """The catalogue with these rules after its own."""
    lines = "".join(f"\n        {rule}" for rule in rules)
    shop.catalogue = CATALOGUE.replace(RULES, RULES + lines)
    shop.deployment()


def by_rule(shop: World) -> Mapping[str, Decimal]:
    """What each rule takes directly, as it is stored."""
    rows = shop.sql(
        "select rule, sum(amount) from unit_economics.allocated_costs where variant = '' and step = 0 group by 1"
    )
    return dict(rows)


def test_the_books_come_to_the_stored_cost_and_say_who_gave_what_by_which_weights(shop: World) -> None:
    run(shop)
    [account] = document("explain", DAY, "teams:checkout")["accounts"]
    stored = shop.sql("select cost from unit_economics.cost_per_order where cost_scope = 'teams:checkout'")
    assert (Decimal(account["total"]), account["equals_stored"]) == (stored[0][0], True)
    direct, shared = account["lines"]
    assert (direct["rule"], Decimal(direct["amount"]), direct["charge_rows"]) == ("checkout", 94, 13)
    assert (shared["pool"]["name"], Decimal(shared["pool"]["gave"]), Decimal(shared["share"])) == (
        "platform",
        30,
        Decimal("0.75"),
    )
    assert {name: Decimal(weight) for name, weight in shared["weights"].items()} == {"checkout": 3, "search": 1}


def test_the_largest_charges_and_the_others_add_up_to_what_the_rules_took(shop: World) -> None:
    run(shop)
    [account] = document("explain", DAY, "teams:checkout")["accounts"]
    amounts = [Decimal(kind["amount"]) for kind in account["charges"]]
    stored = shop.sql(
        "select effective_cost from unit_economics.cloud_costs where taken_by ->> 'teams' = 'checkout' order by 1 desc"
    )
    assert amounts == [amount for (amount,) in stored[:10]]
    whole = account["all_charges"]
    assert (whole["kinds"], Decimal(whole["amount"]), whole["charge_rows"]) == (12, 94, 13)
    shown = call("explain", DAY, "teams:checkout").stdout
    rest = sum((amount for (amount,) in stored[10:]), Decimal(0))
    assert "other (2 kinds)" in shown
    assert any("other" in line and line.endswith(f" {rest.normalize():f}") for line in shown.splitlines())


def test_it_says_the_unit_cost_its_band_the_rules_and_what_it_was_made_of(shop: World) -> None:
    run(shop)
    shown = call("explain", DAY, "teams:checkout").stdout
    [(low, high)] = shop.sql(
        "select lowest, highest from unit_economics.unit_cost_band where cost_scope = 'teams:checkout'"
    )
    assert "116.5 USD / 100 Order = 1.165" in shown
    assert f"from {low.normalize():f} (evenly) to {high.normalize():f} (the declared key)" in shown
    assert 'tag team is "checkout" or "cart"' in shown
    assert "platform is shared among checkout and search by driver cpu_hours, or evenly: even" in shown
    [(run_id, version)] = shop.sql(
        "select run_id, version from unit_economics.day_versions where asset = 'allocated_costs'"
    )
    made = {row["asset"]: row for row in document("explain", DAY, "teams:checkout")["made_of"]}
    assert (made["allocated_costs"]["run_id"], made["allocated_costs"]["version"]) == (run_id, version)
    assert set(made) == {"cloud_costs", "allocated_costs", "driver_cpu_hours", "daily_orders", "cost_per_order"}


def test_all_targets_together_are_the_bill(shop: World) -> None:
    run(shop)
    accounts = document("explain", DAY, "teams")["accounts"]
    [(bill,)] = shop.sql("select sum(effective_cost) from unit_economics.cloud_costs")
    assert sum(Decimal(account["total"]) for account in accounts) == bill
    assert f"{bill.normalize():f}" in call("explain", DAY, "teams").stdout


def test_every_currency_has_its_own_books_and_what_is_declared_out_is_shown(shop: World) -> None:
    more = [costing("5", "cart", BillingCurrency="EUR"), costing("2", ChargeCategory="Tax")]
    write_bill(shop.folder / "focus", *more, name="more.csv")
    shop.catalogue = CATALOGUE.replace("max_unallocated", "leave_out: [tax]\n      max_unallocated")
    shop.deployment()
    run(shop)
    accounts = document("explain", DAY, "teams:checkout")["accounts"]
    assert [(one["currency"], Decimal(one["total"])) for one in accounts] == [("EUR", 5), ("USD", Decimal("116.5"))]
    shown = call("explain", DAY, "teams:left_out").stdout
    assert 'declared out: charge_category is "Tax"' in shown
    assert "= 2 USD, with no stored unit cost to compare with" in shown


def test_a_pool_without_basis_is_explained_where_its_cost_stayed(shop: World) -> None:
    shop.sql("delete from cpu_hours")
    run(shop)
    shown = call("explain", DAY, "teams:unallocated").stdout
    assert "platform by driver cpu_hours: no basis   100.00% of the 30 that platform gives" in shown
    assert "= 39.999999 USD, the stored cost" in shown


def test_a_scope_without_rules_is_explained_by_its_charges(shop: World) -> None:
    run(shop)
    [account] = document("explain", DAY, "by_service:Amazon S3")["accounts"]
    assert ([kind["service_name"] for kind in account["charges"]], Decimal(account["total"])) == (["Amazon S3"], 7)
    assert "no rules" in call("explain", DAY, "all").stdout
    assert len(document("explain", DAY, "by_service")["accounts"]) == 4


def test_a_text_of_the_bill_commands_neither_a_shell_nor_a_terminal(shop: World) -> None:
    """Who may tag a resource writes into the bill: here a title for the window, and a command behind a quote."""
    hostile = "'; touch owned; '\x1b]0;owned\x07\n"
    write_bill(shop.folder / "focus", costing("3", ServiceName=hostile))
    run(shop)
    output = call("explain", DAY, "by_service").output
    told = next(line for line in output.splitlines() if "charges behind one" in line)
    assert shlex.split(told.partition("unit-economics ")[2])[:3] == ["allocation", "explain", DAY]
    assert not {"touch", "owned;"} & set(shlex.split(told.partition(": ")[2]))
    assert not set("\x1b\x07") & set(output)


def test_a_scope_that_no_metric_uses_is_explained_in_every_currency(shop: World) -> None:
    write_bill(shop.folder / "focus", costing("5", BillingCurrency="EUR"), name="more.csv")
    shop.catalogue = f"{CATALOGUE}    cost: teams\n"
    shop.deployment()
    run(shop)
    accounts = document("explain", DAY, "all")["accounts"]
    totals = {one["currency"]: Decimal(one["total"]) for one in accounts}
    assert totals == {"EUR": 5, "USD": Decimal("146.999999")}


def test_explaining_loads_no_library_that_reads_or_runs(shop: World) -> None:
    run(shop)
    program = (
        "import sys\nfrom unit_economics.cli import main\n"
        f"try: main(['allocation', 'explain', '{DAY}', 'teams:checkout'])\nexcept SystemExit: pass\n"
        f"sys.exit(str({set(HEAVY)} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "the stored cost" in done.stdout
    assert done.stderr.strip() == "set()"


def test_another_catalogue_since_then_is_said_and_its_weights_are_not_made_up(shop: World) -> None:
    run(shop)
    shop.catalogue = CATALOGUE.replace("by: {driver: cpu_hours}, or_by: {evenly: even}", "by: even")
    shop.deployment()
    told = document("explain", DAY, "teams:checkout")
    assert [row["is_current_catalogue"] for row in told["made_of"] if row["asset"] == "allocated_costs"] == [False]
    assert "earlier catalogue" in told["remarks"][0]
    assert told["accounts"][0]["lines"][1]["weights"] == {}


def test_the_weights_are_those_that_were_used_whatever_was_counted_since(shop: World) -> None:
    run(shop)
    shop.sql("update cpu_hours set hours = 9 where team = 'search'")
    assert shop.run(DAY, DAY, "driver_cpu_hours").success
    told = document("explain", DAY, "teams:checkout")
    weights = told["accounts"][0]["lines"][1]["weights"]
    assert {name: Decimal(weight) for name, weight in weights.items()} == {"checkout": 3, "search": 1}
    assert told["remarks"] == ["allocated_costs was made of version 1 of driver_cpu_hours, which by now is at 2"]


def test_a_scope_that_the_stored_day_does_not_know_yet_is_one_sentence(shop: World) -> None:
    run(shop)
    shop.catalogue = CATALOGUE.replace("  teams:", "  crews:")
    shop.deployment()
    assert "crews 2024-09-10: nothing is stored" in call("explain", DAY, "crews", code=1).stderr


def test_books_that_do_not_come_to_the_stored_cost_are_exit_1(shop: World) -> None:
    run(shop)
    shop.sql("update unit_economics.unit_cost set cost = cost + 1 where cost_scope = 'teams:checkout'")
    told = document("explain", DAY, "teams:checkout", code=1)
    assert told["accounts"][0]["equals_stored"] is False
    assert "the books say 116.5" in told["remarks"][0]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((DAY, "team:checkout"), 2, "Name one like teams:checkout"),
        ((DAY, "teams:chekout"), 2, "Name one like teams:checkout"),
        ((DAY, "by_service:Amazon S4"), 2, "Name one like by_service:Amazon S3"),
        ((DAY, "all:checkout"), 2, "Write all"),
        (("10.9.2024", "teams"), 2, "write it like 2026-01-31"),
        (("2999-01-01", "teams"), 2, "is not over yet"),
        (("2024-09-09", "teams"), 1, "unit-economics run --from 2024-09-09"),
    ],
)
def test_a_mistake_is_one_sentence_with_the_nearest_right_name(
    shop: World, words: tuple[str, str], code: int, said: str
) -> None:
    run(shop)
    assert said in call("explain", *words, code=code).stderr


def test_the_check_suggests_rules_and_pasted_they_catch_what_was_promised(shop: World) -> None:
    scope = checked()
    [(left)] = [scope["unallocated"]["USD"]]
    assert Decimal(left) == Decimal("9.999999")
    promised = {one["rule"]: Decimal(one["caught"]["USD"]) for one in scope["suggestions"]}
    assert sum(promised.values()) == Decimal(left)
    assert next(iter(promised)) == "- {to: amazon-s3, where: {service_name: Amazon S3}}"
    assert '- {to: "on", where: {tags: {team: "on"}}}' in promised
    with_rules(shop, *promised)
    run(shop)
    taken = by_rule(shop)
    assert sorted(taken.values())[:3] == sorted([*promised.values(), Decimal(3)])[:3]
    assert "unallocated" not in taken


def test_rules_that_do_nothing_and_charges_that_match_twice_are_named(shop: World) -> None:
    with_rules(
        shop,
        "- {to: gone, where: {service_name: Amazon Nothing}}",
        "- {to: late, where: {tags: {team: cart}}}",
        "- {to: later, where: {tags: {team: cart}}, since: 2999-01-01}",
        "- {to: web, where: {tags: {team: [search, web]}}}",
    )
    scope = checked()
    assert scope["never"] == ["gone"]
    assert scope["shadowed"] == {"late": ["checkout"], "web": ["search"]}
    twice = [(t["first"], t["later"], Decimal(t["amount"]), t["charge_rows"]) for t in scope["matched_twice"]]
    assert twice == [("checkout", "late", 10, 1), ("search", "web", 10, 1)]
    shown = call("check", "--from", DAY, "--to", DAY, code=1).stdout
    assert "no charge matches it" in shown
    assert "comes too late, after checkout" in shown


def test_clean_is_exit_0_and_a_pool_without_basis_or_a_crossed_limit_is_exit_1(shop: World) -> None:
    days = ("check", "--from", DAY, "--to", DAY)
    found = document(*days, code=1)["findings"]
    assert [one["check"] for one in found] == ["basis", "unallocated_share"]
    run(shop)
    assert document(*days)["ok"] is True
    shop.catalogue = CATALOGUE.replace("max_unallocated: 0.2", "max_unallocated: 0.01")
    shop.deployment()
    assert "more than 1.0%" in call(*days, code=1).stdout


def test_what_no_rule_takes_is_found_where_no_limit_says_how_much_is_fine(shop: World) -> None:
    run(shop)
    shop.catalogue = CATALOGUE.replace("      max_unallocated: 0.2\n", "")
    shop.deployment()
    assert checked()["unallocated"] == {"USD": "9.999999000000"}


def test_declared_overlap_is_shown_and_is_no_fault(shop: World) -> None:
    run(shop)
    with_rules(shop, "- {to: web, where: {tags: {team: [search, cart]}}}")
    shop.catalogue = shop.catalogue.replace("max_unallocated", "overlap: every_match\n      max_unallocated")
    shop.deployment()
    told = document("check", "--from", DAY, "--to", DAY)
    twice = [(t["first"], t["later"], Decimal(t["amount"])) for t in told["scopes"][0]["matched_twice"]]
    assert (told["ok"], twice) == (True, [("checkout", "web", 10), ("search", "web", 10)])
    run(shop)
    [account] = document("explain", DAY, "teams:overlap")["accounts"]
    assert (Decimal(account["total"]), Decimal(account["all_charges"]["amount"])) == (-20, -20)


def test_a_name_that_is_none_and_days_that_the_bill_lacks_are_said(shop: World) -> None:
    assert "Name one like teams" in call("check", "--scope", "team", code=2).stderr
    absent = document("check", "--from", "2024-09-11", "--to", "2024-09-12", code=1)["absent"]
    assert [one["day"] for one in absent] == ["2024-09-11", "2024-09-12"]
    assert "every" not in call("check", "--from", "2024-09-11", "--to", "2024-09-12", code=1).stdout.lower()
    assert "not over yet" in call("check", "--to", "2999-01-01", code=2).stderr
