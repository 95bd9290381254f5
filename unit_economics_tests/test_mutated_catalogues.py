"""Two thousand damaged catalogues: each is still one, or a plain refusal with line numbers that repeats no secret.

Here: the catalogues as users have them, damaged at random with a fixed seed. Not here: any text at all
(test_catalogue.py).
"""

import random
import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest

from unit_economics.business_days import DayRange
from unit_economics.catalogue import Catalogue
from unit_economics.catalogue_file import problems
from unit_economics.contract import findings
from unit_economics.demo.tour import catalogue_text
from unit_economics.environment import parsed_catalogue
from unit_economics.graph import graph_of
from unit_economics.refusals import UsageRefusal
from unit_economics_tests.test_contract import GOOD, TODAY

SECRET = "geheim7Q"
URL = f"postgresql://me:{SECRET}@db.example/shop"
DEMO = catalogue_text(DayRange(TODAY - timedelta(days=365), TODAY))
RICH = f"""{GOOD}    state: draft
    direction: higher
    revenue: {{kind: postgres, dsn: DB, relation: public.sales, day: date, quantity: sales}}
    targets: {{unit_cost: 0.5, monthly_cost: 100, margin_percent: 70}}
    publish: {{vantage: {{business_metric: ORDERS_METRIC_ID}}}}
business_day: {{timezone: Europe/Berlin, closes_after: PT2H, first_day: 2024-02-29}}
currency: EUR
restatement_window: P35D
tags: [app, team]
checks: {{volume_band: 2.5, min_delivery: 0.5}}
automation: {{schedule_at: 06:30, gap_horizon: P400D, max_tries: 3, on_definition_change: keep}}
alerts: {{urls: [SLACK_URL], repeat_after: PT12H}}
dashboard: {{hosts: [costs.example.com], identity: {{user_header: X-User, proxies: [10.0.0.5]}}}}
"""
TEXTS = (DEMO, RICH)
ODD = [
    *("null", "true", "[]", "{}", "[[[]]]", "''", "~", "-1", "0", "1e400", "9" * 300, "0x10", "1_000", "NaN", ".inf"),
    *("2024-02-30", "0000-00-00", "P0D", "PT-1H", "P999999999999D", "é", "\u202eabc", "\U0001f600", '"\\0"'),
    *('"\\ud800"', "'a: b'", "*x", "&x y", "!!int 3", "<<", "---", "? a", "- a", "|", ">", "@", "`", "%", URL),
    *("{a: {b: {c: 1}}}", "[" * 30 + "]" * 30, "{a: " * 25 + "1" + "}" * 25),
]
WORD = re.compile(r"[A-Za-z_][\w./]*")
Mutate = Callable[[random.Random, str], str]


def line_deleted(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    del lines[chance.randrange(len(lines))]
    return "".join(lines)


def line_twice(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    return "".join([*lines[: at + 1], *lines[at:]])


def lines_swapped(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return "".join(lines)


def indented_otherwise(chance: random.Random, text: str) -> str:
    lines = text.splitlines(keepends=True)
    at = chance.randrange(len(lines))
    lines[at] = lines[at].lstrip(" ") if chance.random() < 0.5 else f"{' ' * chance.randrange(1, 9)}{lines[at]}"
    return "".join(lines)


def word_misspelt(chance: random.Random, text: str) -> str:
    word = chance.choice(list(WORD.finditer(text)))
    at = chance.randrange(word.start(), word.end())
    return text[:at] + chance.choice(["", "x", text[at] * 2]) + text[at + 1 :]


def words_swapped(chance: random.Random, text: str) -> str:
    one, other = sorted(chance.sample(list(WORD.finditer(text)), 2), key=lambda word: word.start())
    between = text[one.end() : other.start()]
    return text[: one.start()] + other[0] + between + one[0] + text[other.end() :]


def value_odd(chance: random.Random, text: str) -> str:
    at = chance.choice([match.end() for match in re.finditer(r": ", text)])
    end = re.compile(r"[,}\]\n]").search(text, at)
    return text[:at] + chance.choice(ODD) + text[end.start() if end else at :]


def key_odd(chance: random.Random, text: str) -> str:
    word = chance.choice(list(re.finditer(r"[\w]+(?=:)", text)))
    return text[: word.start()] + chance.choice(ODD) + text[word.end() :]


def bytes_put_in(chance: random.Random, text: str) -> str:
    at = chance.randrange(len(text))
    put = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 6))).decode("latin-1")
    return text[:at] + put + text[at + chance.randrange(4) :]


def cut_short(chance: random.Random, text: str) -> str:
    return text[: chance.randrange(len(text))]


DAMAGES: tuple[Mutate, ...] = (
    *(line_deleted, line_twice, lines_swapped, indented_otherwise, word_misspelt, words_swapped),
    *(value_odd, value_odd, key_odd, bytes_put_in, cut_short),
)


def damaged(seed: int) -> str:
    """One of the catalogues with one to three damages, always the same for a seed."""
    chance = random.Random(seed)
    text = chance.choice(TEXTS)
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        if text.count(": ") > 3:  # else there is nothing left to damage
            text = chance.choice(DAMAGES)(chance, text)
    return text


def complaint(text: str, parse: Callable[[str, str], Catalogue] = parsed_catalogue) -> str:
    """`read` or `refused` where the answer is as promised; else what is wrong with it."""
    try:
        catalogue = parse(text, "c.yaml")
    except UsageRefusal as refusal:
        return _of(str(refusal))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, ArithmeticError) as error:
        return f"a traceback: {type(error).__name__}"
    graph_of(catalogue)
    findings(catalogue, TODAY)
    return "read"


def _of(said: str) -> str:
    first, *lines = said.splitlines()
    if SECRET in said:
        return "a secret is repeated"
    if not re.fullmatch(r"c\.yaml: \d+ problems?", first) or not lines:
        return "no list of problems"
    if not all(re.match(r"  (c\.yaml:\d+:\d+ \S|and \d+ more)", line) for line in lines):
        return "a problem without its line"
    return "refused"


@pytest.mark.parametrize("part", range(10))
def test_a_damaged_catalogue_is_read_or_refused_with_lines_and_repeats_no_secret(part: int) -> None:
    found = {seed: complaint(damaged(seed)) for seed in range(part * 200, part * 200 + 200)}
    assert {seed: said for seed, said in found.items() if said not in ("read", "refused")} == {}
    assert set(Counter(found.values())) == {"read", "refused"}, "both must occur, or the damage is too small or too big"


def test_a_reader_that_repeats_what_it_refuses_would_be_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    text = RICH.replace("Europe/Berlin", f"'{URL}'")
    assert complaint(text) == "refused"
    monkeypatch.setattr(problems, "_hidden", lambda message: message)
    assert complaint(text) == "a secret is repeated"


def test_a_reader_that_fails_with_a_traceback_would_be_caught_on_many_of_them() -> None:
    def naive(text: str, name: str) -> Catalogue:
        """Goes by the words alone, as if whatever is between them were fine."""
        if re.search(r"currency: (?!USD|EUR)", text) or text.count("metrics:") != 1:
            raise KeyError(name)
        return parsed_catalogue(TEXTS[0], name)

    assert Counter(complaint(damaged(seed), naive) for seed in range(200))["a traceback: KeyError"] > 3


def test_a_refusal_without_lines_would_be_caught() -> None:
    def lineless(text: str, name: str) -> Catalogue:
        raise UsageRefusal("something is wrong somewhere", where=name, remedy=f"Look at {len(text)} characters")

    assert complaint(RICH, lineless) == "no list of problems"
