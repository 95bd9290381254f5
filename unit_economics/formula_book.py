"""All formulas of a catalogue, each ready to be computed: what it names, its unit, its asset, and what that is made of.

Here: formulas in the order in which they stand on each other, and every problem of those that say nothing. Not here:
what a name stands for (formula_names.py), values (formula_days.py, formula_windows.py).

A formula that names another one is computed from what that is made of, not from its results: so every window is a ratio
of sums, and no rounding is carried on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from unit_economics.asset_names import formula_asset
from unit_economics.catalogue import Catalogue
from unit_economics.entries.formula import FormulaEntry
from unit_economics.formula_names import OF_THE_METRIC, Measured, measured
from unit_economics.formulas import (
    Checked,
    Formula,
    FormulaProblem,
    Leaf,
    Node,
    Reference,
    check,
    disagreement,
    in_order,
    inlined,
    parse,
)
from unit_economics.nearest import closest

Problem = tuple[tuple[str, ...], str]
"""The path of keys in the catalogue, and what is wrong there."""


@dataclass(frozen=True)
class Compiled:
    """A formula that can be computed. `formula` names nothing but what is measured, each by its one name."""

    name: str
    entry: FormulaEntry
    formula: Formula
    checked: Checked
    leaves: Mapping[Reference, Measured]

    @property
    def is_finance(self) -> bool:
        """Whether it rests on revenue, which is for finance only."""
        return any(leaf.function == "revenue" for leaf in self.leaves)

    @property
    def asset(self) -> str:
        """Its asset."""
        return formula_asset(self.name, is_finance=self.is_finance)

    @property
    def inputs(self) -> list[str]:
        """The assets that it is made of."""
        return list(dict.fromkeys(asset for one in self.leaves.values() for asset in one.assets))

    @property
    def meaning(self) -> list[object]:
        """What its values rest on, of all that the catalogue says."""
        scopes = dict.fromkeys(repr(part) for one in self.leaves.values() for part in one.meaning)
        return [str(self.formula), self.entry.unit, *scopes]


@dataclass
class _Book:
    catalogue: Catalogue
    parsed: dict[str, Formula] = field(default_factory=dict)
    done: dict[str, Compiled] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def wrong(self, name: str, key: str, what: str) -> None:
        self.problems.append((("formulas", name, key), what))

    def names(self, of: str | None, reference: Reference) -> str | None:
        """The formula that a reference stands for; None where it stands for something measured."""
        is_own = of is not None and reference.name in OF_THE_METRIC
        is_value = reference.function == "value" or (reference.function == "" and not is_own)
        return reference.name if is_value and reference.name in self.catalogue.formulas else None


def compiled(catalogue: Catalogue) -> tuple[Mapping[str, Compiled], Sequence[Problem]]:
    """Every formula that says something, those stood on first, and what is wrong with the others."""
    book = _Book(catalogue)
    for name, entry in catalogue.formulas.items():
        _parse(book, name, entry)
    for name in _ordered(book):
        _check(book, name)
    return book.done, book.problems


def _parse(book: _Book, name: str, entry: FormulaEntry) -> None:
    if entry.of is not None and entry.of not in book.catalogue.metrics:
        book.wrong(name, "of", f"no metric is called {entry.of!r}; {closest(entry.of, list(book.catalogue.metrics))}")
        return
    try:
        book.parsed[name] = parse(entry.formula)
    except FormulaProblem as problem:
        book.wrong(name, "formula", _pointed(problem))


def _ordered(book: _Book) -> list[str]:
    """The formulas in order; each names the others from its own metric, so it is asked one by one."""
    ofs = {name: entry.of for name, entry in book.catalogue.formulas.items()}
    owned = {
        name: inlined(formula, lambda one, of=ofs[name]: _marked(book, of, one))
        for name, formula in book.parsed.items()
    }
    try:
        return in_order(owned, lambda one: one.name if one.function == "value" else None)
    except FormulaProblem as problem:
        name = next(name for name, formula in owned.items() if formula.text == problem.text)
        book.wrong(name, "formula", _pointed(problem.of(book.parsed[name].text)))
        return []


def _marked(book: _Book, of: str | None, reference: Reference) -> Reference:
    """A formula by `value(...)`, whichever way it was named."""
    name = book.names(of, reference)
    return reference if name is None else replace(reference, function="value", name=name)


def _check(book: _Book, name: str) -> None:
    entry, formula = book.catalogue.formulas[name], book.parsed[name]
    stood_on = [other for other in (book.names(entry.of, one) for one in formula.references) if other]
    if any(other not in book.done for other in stood_on):
        return  # what is wrong is said where it is wrong
    try:
        checked = check(formula, lambda one: _leaf(book, entry.of, one))
        flat = inlined(formula, lambda one: _node(book, entry.of, one))
    except FormulaProblem as problem:
        book.wrong(name, "formula", _pointed(problem))
        return
    if how := disagreement(entry.unit, checked):
        book.wrong(name, "unit", how)
        return
    book.done[name] = Compiled(name, entry, flat, checked, dict(_leaves(book.catalogue, flat)))


def _leaf(book: _Book, of: str | None, reference: Reference) -> Leaf:
    name = book.names(of, reference)
    if name is None:
        return measured(book.catalogue, reference, of, list(book.catalogue.formulas)).leaf
    checked = book.done[name].checked
    return Leaf(checked.unit, checked.nature)


def _node(book: _Book, of: str | None, reference: Reference) -> Node:
    name = book.names(of, reference)
    if name is not None:
        return book.done[name].formula.tree
    own = measured(book.catalogue, reference, of, ()).name
    return replace(own, window=reference.window, column=reference.column)


def _leaves(catalogue: Catalogue, flat: Formula) -> Iterator[tuple[Reference, Measured]]:
    for reference in flat.references:
        yield replace(reference, window=None), measured(catalogue, reference, None, ())


def _pointed(problem: FormulaProblem) -> str:
    return "\n      ".join([str(problem), *problem.pointed.split("\n")])
