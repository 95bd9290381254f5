"""`unit-economics reconcile` and `invoice`: from a difference to its explanation on the command line."""

import json
from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from unit_economics.cli import main
from unit_economics_tests.invoiced_shop import FIRST, LAST, catalogue, every, opened
from unit_economics_tests.world import World

ADD = ["add", "INV-9", "--issuer", "AWS", "--account", "42", "--period", "2024-09", "--currency", "USD", "--by", "Ada"]
EXPLAIN = ["explain", "--kind", "tax", "--by", "Ada"]
Say = Callable[..., Result]


@pytest.fixture
def shop(world: Callable[..., World], monkeypatch: pytest.MonkeyPatch) -> World:
    shop = opened(world(catalogue("{}")))
    shop.deployment()
    monkeypatch.setenv("UNIT_ECONOMICS_DATABASE_URL", shop.url)
    monkeypatch.setenv("ORDERS_DATABASE_URL", shop.url)
    return shop


@pytest.fixture
def say(shop: World) -> Say:
    def run(*words: str) -> Result:
        return CliRunner().invoke(main, [*words, "--config", str(shop.folder / "unit_economics.yaml")])

    return run


def test_a_difference_is_shown_with_the_command_that_explains_it(shop: World, say: Say) -> None:
    shop.run(FIRST, LAST)
    assert say("invoice", *ADD, "--amount", "100.40").exit_code == 0
    told = say("reconcile")
    assert told.exit_code == 1
    assert "0.4 are unexplained and 0.1004 may be" in told.stdout
    command = told.stdout.rpartition("unit-economics invoice explain ")[2].split()
    assert command[:5] == ["INV-9", "--kind", "support", "--amount", "0.4"]
    words = [*command[:5], "--why", "the support contract", "--by", "Ada"]
    assert say("invoice", "explain", *words).exit_code == 0
    told = say("reconcile", "--period", "2024-09")
    assert told.exit_code == 0
    assert "explained" in told.stdout
    assert "support  0.4  the support contract (Ada)" in told.stdout
    assert "No invoice of that period is stated" in say("reconcile", "--period", "2024-08").stdout


def test_the_command_that_it_names_explains_all_though_a_part_was_explained_before(shop: World, say: Say) -> None:
    shop.run(FIRST, LAST)
    say("invoice", *ADD, "--amount", "110")
    say("invoice", "explain", "INV-9", "--kind", "support", "--amount", "7", "--why", "the contract", "--by", "Ada")
    words = " ".join(say("reconcile").stdout.split()).rpartition("unit-economics ")[2].split()
    assert words[:7] == ["invoice", "explain", "INV-9", "--kind", "support", "--amount", "10"]
    assert say(*words[:7], "--why", "the contract and its fee", "--by", "Ada").exit_code == 0
    assert say("reconcile").exit_code == 0


def test_of_an_invoice_without_a_charge_its_name_is_doubted_and_nothing_is_explained_away(
    shop: World, say: Say
) -> None:
    shop.run(FIRST, LAST)
    say("invoice", *ADD[:1], "INV-8", *ADD[2:3], "Amazom", *ADD[4:], "--amount", "10")
    told = " ".join(say("reconcile").stdout.split())
    assert "10 are unexplained and 0.01 may be. No charge is on it: state it again with its number" in told
    assert "invoice explain" not in told


def test_what_is_stated_by_hand_says_who_and_is_written_once(shop: World, say: Say) -> None:
    assert "INV-9 in USD is stated" in say("invoice", *ADD, "--amount", "100", "--tax", "19").stdout
    assert "was stated so already" in say("invoice", *ADD, "--amount", "100", "--tax", "19").stdout
    say("invoice", *ADD, "--amount", "101")
    found = every(shop, "invoice_versions", "amount, tax, source, recorded_by, superseded_at is null", "recorded_at")
    assert found == [(100, 19, "hand", "Ada", False), (101, None, "hand", "Ada", True)]
    assert "Ada" in say("invoice", "list").stdout
    (listed,) = json.loads(say("invoice", "list", "--json").stdout)
    assert (listed["amount"], listed["source"], listed["period_end"]) == ("101.000000000000", "hand", "2024-10-01")


def test_json_has_every_number_exactly(shop: World, say: Say) -> None:
    shop.run(FIRST, LAST)
    say("invoice", *ADD, "--amount", "100.40")
    document = json.loads(say("reconcile", "--json").stdout)
    (found,) = document["invoices"]
    assert (found["billed"], found["unexplained"], found["state"]) == (
        "100.000000000000",
        "0.400000000000",
        "unexplained",
    )
    assert document["unreadable_sources"] == {}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            [*EXPLAIN, "INV-8", "--amount", "1", "--why", "w"],
            "no invoice is called 'INV-8'. Did you mean `INV-9`? allowed: INV-9",
        ),
        ([*EXPLAIN, "INV-9", "--amount", "1e3", "--why", "w"], "'1e3' is no amount"),
        ([*EXPLAIN, "INV-9", "--amount", "1", "--why", " "], "--why: is empty"),
        ([*ADD, "--amount", "1,5"], "field amount: '1,5' is not an amount"),
        ([*ADD, "--amount", "5", "--credits", "3"], "credits make an invoice less"),
        ([*ADD[:-1], " ", "--amount", "5"], "nobody is named"),
    ],
)
def test_what_cannot_be_meant_is_said_and_nothing_is_written(
    shop: World, say: Say, words: list[str], said: str
) -> None:
    say("invoice", *ADD, "--amount", "100")
    told = say("invoice", *words)
    assert told.exit_code in (1, 2)
    assert said in told.stderr
    assert len(every(shop, "invoice_versions", "invoice")) == 1
    assert every(shop, "invoice_explanations", "amount") == []


def test_without_reconciliation_in_the_catalogue_the_command_says_what_to_write(shop: World, say: Say) -> None:
    shop.catalogue = shop.catalogue.rpartition("reconciliation")[0]
    shop.deployment()
    told = say("reconcile")
    assert told.exit_code == 2
    assert "Write `reconciliation: {}`" in told.stderr
