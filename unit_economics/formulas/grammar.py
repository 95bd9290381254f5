"""The grammar, and the tree that is built while a text is read. It imports lark, so only `parse` imports it.

Here: what is a formula and what isn't. Not here: the words for what isn't (parsing.py).

The parser is LALR: it keeps its own stack, so no depth of brackets is a recursion.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import cast

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from unit_economics.exact import LARGEST
from unit_economics.formulas.parsing import DEEPEST, misplaced, unreadable
from unit_economics.formulas.problem import FormulaProblem
from unit_economics.formulas.tree import (
    PLAIN_ARGUMENT,
    Chain,
    Negated,
    Node,
    Number,
    Operator,
    Reference,
    Step,
    Window,
    Windowed,
    levels,
    parts,
)

_MOST_DIGITS = 40

_GRAMMAR = rf"""
    ?start: total
    ?total: product ((PLUS | MINUS) product)*
    ?product: factor ((STAR | SLASH) factor)*
    ?factor: MINUS factor                        -> negated
           | NUMBER                              -> number
           | NAME                                -> bare
           | NAME "(" (ARGUMENT | QUOTED) ")"    -> called
           | WINDOW "(" total ")"                  -> windowed
           | "(" total ")"

    PLUS: "+"
    MINUS: "-"
    STAR: "*"
    SLASH: "/"
    NUMBER: /[0-9]+(\.[0-9]+)?/
    WINDOW.2: /(sum|mean|last)(?![A-Za-z0-9_])/
    NAME: /[A-Za-z][A-Za-z0-9_]*/
    ARGUMENT: /{PLAIN_ARGUMENT.pattern}/
    QUOTED: /"(?:[^"\x00-\x1f\x7f]|"")+"/
    SPACE: /[ \t\r\n]+/
    %ignore SPACE
"""


def tree_of(text: str) -> Node:
    """The tree of a text; raises `FormulaProblem`, which doesn't know the text."""
    try:
        # With a transformer, lark gives what that makes of the text and not a tree of its own.
        return cast("Node", cast("object", _parser().parse(text)))
    except UnexpectedCharacters as error:
        raise unreadable(text, error.pos_in_stream + 1) from None
    except UnexpectedToken as error:
        at_end = error.token.type == "$END"
        column = len(text.rstrip()) if at_end else error.token.start_pos or 0
        raise misplaced(text.rstrip(), column + 1, error.accepts) from None


@cache
def _parser() -> Lark:
    return Lark(_GRAMMAR, parser="lalr", lexer="contextual", transformer=_Builder())


class _Builder(Transformer[Token, Node]):
    """Makes each part of the tree as soon as it is read; a method is named as its rule of the grammar."""

    def total(self, children: Sequence[Node | Token]) -> Node:
        # Of one term alone there is no sum: the grammar's `?` hands the term on as it is.
        first, operators, operands = children[0], children[1::2], children[2::2]
        steps = tuple(map(_step, cast("Sequence[Token]", operators), cast("Sequence[Node]", operands)))
        return _bounded(Chain(cast("Node", first), steps))

    product = total

    def negated(self, children: tuple[Token, Node]) -> Node:
        minus, inner = children
        return _bounded(Negated(inner, _column(minus)))

    def number(self, children: tuple[Token]) -> Node:
        (token,) = children
        value = Decimal(token)
        if value >= LARGEST or len(token) > _MOST_DIGITS:
            raise FormulaProblem(f"a number has at most {_MOST_DIGITS} digits and is below 10^24", _column(token))
        return Number(value, _column(token))

    def bare(self, children: tuple[Token]) -> Node:
        (name,) = children
        return Reference("", str(name), column=_column(name))

    def called(self, children: tuple[Token, Token]) -> Node:
        function, argument = children
        return Reference(str(function), _unquoted(argument), column=_column(function))

    def windowed(self, children: tuple[Token, Node]) -> Node:
        token, inner = children
        for part in parts(inner):
            if isinstance(part, Windowed):
                raise FormulaProblem(f"{part.window}(...) can't stand inside {token}(...)", part.column)
        window = cast("Window", str(token))
        return _bounded(Windowed(window, _within(window, inner), _column(token)))


def _step(operator: Token, operand: Node) -> Step:
    if operator == "/" and isinstance(operand, Number) and operand.value == 0:
        raise FormulaProblem("nothing can be divided by 0", _column(operator))
    return Step(cast("Operator", str(operator)), operand, _column(operator))


def _unquoted(argument: Token) -> str:
    if argument.type != "QUOTED":
        return str(argument)
    name = argument[1:-1].replace('""', '"')
    if not name.isprintable():
        raise FormulaProblem("the name in quotes has a character that can't be shown", _column(argument))
    return name


def _within(window: Window, node: Node) -> Node:
    """The same part, with everything that it names asked for in this window."""
    match node:
        case Reference():
            return replace(node, window=window)
        case Chain():
            steps = tuple(replace(step, operand=_within(window, step.operand)) for step in node.steps)
            return Chain(_within(window, node.first), steps)
        case Negated() | Windowed():
            return replace(node, inner=_within(window, node.inner))
        case Number():
            return node


def _bounded(node: Negated | Windowed | Chain) -> Node:
    if levels(node) > DEEPEST:
        raise FormulaProblem(f"it is nested too deep here; {DEEPEST} levels at most", node.column)
    return node


def _column(token: Token) -> int:
    return (token.start_pos or 0) + 1
