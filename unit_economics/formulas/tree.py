"""What a formula is once it is read: an immutable tree whose parts know where they stand in the text.

Here: the parts, what they name, and how they are written. Not here: reading a text (parsing.py), units (checking.py),
numbers (evaluation.py).

Two formulas are equal where their trees are; where something stands makes no difference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Literal

Window = Literal["sum", "mean", "last"]
Operator = Literal["+", "-", "*", "/"]

PLAIN_ARGUMENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_:=.\-]*")
"""What an argument looks like that needs no quotes."""


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    value: Decimal
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.value:f}"


@dataclass(frozen=True)
class Reference:
    """Something measured: `cost(shop)`, or `revenue` with no function; `window` is the sum, mean or last around it."""

    function: str
    name: str
    window: Window | None = None
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        if not self.function:
            return self.name
        plain = PLAIN_ARGUMENT.fullmatch(self.name)
        argument = self.name if plain else '"' + self.name.replace('"', '""') + '"'
        return f"{self.function}({argument})"


@dataclass(frozen=True)
class Negated:
    """A minus sign before something."""

    inner: "Node"
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"-{_bracketed(self.inner)}"


@dataclass(frozen=True)
class Windowed:
    """How the days of the window are put together, for everything that is named inside."""

    window: Window
    inner: "Node"
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.window}({self.inner})"


@dataclass(frozen=True)
class Step:
    """An operator and what stands on its right; the column is the operator's."""

    operator: Operator
    operand: "Node"
    column: int = field(default=1, compare=False)

    def __str__(self) -> str:
        return f"{self.operator} {_bracketed(self.operand, within=self.operator)}"


@dataclass(frozen=True)
class Chain:
    """A sum (only + and -) or a product (only * and /) of any length, computed from left to right."""

    first: "Node"
    steps: tuple[Step, ...]

    @property
    def column(self) -> int:
        """Where its first operator stands."""
        return self.steps[0].column

    @property
    def is_sum(self) -> bool:
        """Whether it adds and subtracts."""
        return self.steps[0].operator in ("+", "-")

    def __str__(self) -> str:
        return " ".join([_bracketed(self.first, within=self.steps[0].operator), *map(str, self.steps)])


Node = Number | Reference | Negated | Windowed | Chain


@dataclass(frozen=True)
class Formula:
    """A formula that can be computed; written out, it is the same formula with its spaces in order."""

    tree: Node
    text: str = field(compare=False)

    def __str__(self) -> str:
        return str(self.tree)

    @cached_property
    def references(self) -> tuple[Reference, ...]:
        """Everything it names, in order, each once; the same name in another window is another one."""
        return tuple(dict.fromkeys(part for part in parts(self.tree) if isinstance(part, Reference)))

    @cached_property
    def divides(self) -> bool:
        """Whether there is a division in it: only then its answer may have no last digit."""
        chains = (part for part in parts(self.tree) if isinstance(part, Chain))
        return any(step.operator == "/" for chain in chains for step in chain.steps)


def parts(node: Node) -> Iterator[Node]:
    """This part and all that are in it, from left to right."""
    yield node
    for inner in inside(node):
        yield from parts(inner)


def levels(node: Node) -> int:
    """How deep parts are inside each other; 0 for a number or a name."""
    return 1 + max(map(levels, inside(node)), default=-1)


def inside(node: Node) -> tuple[Node, ...]:
    """What this part is directly made of."""
    if isinstance(node, Chain):
        return (node.first, *(step.operand for step in node.steps))
    return (node.inner,) if isinstance(node, Negated | Windowed) else ()


def _bracketed(node: Node, within: Operator | None = None) -> str:
    """The part as text; a product needs no brackets as a term of a sum, every other chain does."""
    if isinstance(node, Chain) and not (within in ("+", "-") and not node.is_sum):
        return f"({node})"
    return str(node)
