"""5,000 texts that people, typos and attackers write: each is a problem at one of its characters, or a right number.

Here: texts without any order. Not here: what a certain text is (test_formulas.py).
"""

import builtins
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from zlib import crc32

import pytest

from unit_economics.formulas import FormulaProblem, Leaf, Missing, check, disagreement, evaluate, parse
from unit_economics_tests.formula_worlds import by_python, is_right

VALID = (
    "cost(shop) / units(order)",
    "(revenue - cost) / revenue",
    "cost(storage) / units(gb_month)",
    "1 - cost(all) / cost(list)",
    'cost("team:team=a b") * 2.50',
    "mean(seats) / (last(orders) - -3)",
)
TOKENS = (
    *"+-*/()()..,:=\"'^%@ \n\t",
    "cost(shop)",
    "revenue",
    "sum(",
    "mean(",
    "last",
    "cost(",
    "12",
    "0.5",
    "1e9",
    "**",
)
CODE = (
    "__import__('builtins').ran.append(1)",
    "().__class__.__base__.__subclasses__()",
    "eval(ran.append(1))",
    "ran.append(1)",
    "[ran.append(1) for a in (1,)]",
    "exec('ran.append(1)')",
    "lambda: ran",
    "{ran}",
    "9**9**9",
    "a if ran else b",
    "(a := 1)",
    "1;2",
    "cost(__import__('os'))",
    "%s %d {0.__class__}",
)
ALIKE = str.maketrans("aceop1/*-()", "\u0430\u0441\u0435\u043e\u0440\uff11\u2215\u2217\u2010\uff08\uff09")
ODD = ("\x00", "\udcff", "\u202e", "\ufeff", "\u00a0", "\u2028", "\U0001f4b8", "\u0661", "e\u0301", "\x1b[31m", "\r\n")


def texts(count: int) -> Iterator[str]:
    """As many texts, of every kind in turn, always the same ones."""
    luck = random.Random(20261101)
    kinds = (soup, mutated, mutated, injected, alike, nested, noise)
    for number in range(count):
        yield kinds[number % len(kinds)](luck)


def soup(luck: random.Random) -> str:
    return "".join(luck.choices(TOKENS, k=luck.randint(1, 14)))


def mutated(luck: random.Random) -> str:
    text = luck.choice(VALID)
    for _ in range(luck.randint(1, 3)):
        place = luck.randrange(len(text) + 1)
        text = text[:place] + luck.choice(["", *TOKENS]) + text[place + luck.randint(0, 3) :]
    return text


def injected(luck: random.Random) -> str:
    place = luck.choice(["{code}", "{code} + 1", "1 + {code}", 'cost("{code}")', "cost({code})", "sum({code})"])
    return place.replace("{code}", luck.choice(CODE))


def alike(luck: random.Random) -> str:
    text = luck.choice(VALID)
    place = luck.randrange(len(text))
    return text[:place] + text[place:].translate(ALIKE) if luck.random() < 0.5 else text.translate(ALIKE)


def nested(luck: random.Random) -> str:
    depth = luck.choice([1, 5, 19, 20, 21, 100, 190, 5_000, 100_000])
    opening = luck.choice(["(", "-", "sum(", "(1+", "-(", "2*(", "cost("])
    closing = ")" * (depth * opening.count("(") - luck.choice([0, 0, 1]))
    return f"{opening * depth}revenue{closing}"


def noise(luck: random.Random) -> str:
    letters = [chr(luck.randrange(0x250)) for _ in range(luck.randint(0, 20))]
    return "".join([*letters, luck.choice(ODD), luck.choice(VALID)])


def value(name: str) -> Decimal:
    """Some value of a name, always the same, sometimes 0."""
    return Decimal(crc32(name.encode()) % 7) / 4


def amount(text: str) -> Decimal | Missing:
    """What our own language makes of a text, with a look at its units on the way."""
    formula = parse(text)
    assert parse(str(formula)) == formula
    try:
        disagreement("percent", check(formula, lambda _: Leaf("USD", "additive")))
    except FormulaProblem as refused:
        is_shown(refused, text)
    return evaluate(formula, {one: value(str(one)) for one in formula.references})


def is_shown(refused: FormulaProblem, text: str) -> None:
    """Hold a problem to its promise: a sentence that can be printed, and a caret under one character of the text."""
    assert refused.text == text
    assert 1 <= refused.column <= len(text) + 1
    assert str(refused).isprintable()
    line, caret = refused.pointed.split("\n")
    assert line.isprintable()
    assert (caret.strip(), len(caret) <= 121) == ("^", True)


def is_right_for(text: str, answer: Decimal | Missing) -> bool:
    return is_right(answer, by_python(text, value), divides="/" in text)


def fault(evaluator: Callable[[str], Decimal | Missing], text: str) -> str | None:
    """What an evaluator does wrong with a text, if anything."""
    ran = builtins.ran = []
    try:
        answer = evaluator(text)
        wrong = None if is_right_for(text, answer) else f"{answer} is wrong"
    except FormulaProblem as refused:
        is_shown(refused, text)
        wrong = None
    except Exception as error:  # noqa: BLE001  # whatever it is, it is what is looked for
        wrong = f"a traceback: {type(error).__name__}"
    finally:
        del builtins.ran
    return "code was run" if ran else wrong


def by_eval(text: str) -> Decimal:
    return Decimal(eval(text))


def from_left_to_right(text: str) -> Decimal | Missing:
    first, *rest = text.split()
    for operator, operand in zip(rest[::2], rest[1::2], strict=True):
        first = f"({first}) {operator} {operand}"
    return amount(first)


@pytest.mark.parametrize(
    ("known_bad", "text", "found"),
    [
        (by_eval, CODE[0], "code was run"),
        (by_eval, "cost(shop) / units(order)", "a traceback: NameError"),
        (by_eval, "1 +", "a traceback: SyntaxError"),
        (by_eval, "(", "a traceback: SyntaxError"),
        (by_eval, "0.1 + 0.2", f"{Decimal(0.1 + 0.2)} is wrong"),
        (from_left_to_right, "1 + 2 * 3", "9 is wrong"),
    ],
)
def test_an_evaluator_that_runs_code_breaks_or_miscounts_would_be_caught(
    known_bad: Callable[[str], Decimal], text: str, found: str
) -> None:
    assert fault(known_bad, text) == found
    assert fault(amount, text) is None


def test_each_of_5000_texts_is_a_problem_at_its_character_or_a_right_number() -> None:
    faults = {text: wrong for text in texts(5_000) if (wrong := fault(amount, text))}
    assert faults == {}


def test_the_5000_texts_are_of_both_kinds() -> None:
    refused = 0
    for text in texts(5_000):
        try:
            parse(text)
        except FormulaProblem:
            refused += 1
    assert 2_500 < refused < 4_700
