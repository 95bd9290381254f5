"""KPIs of the library as formulas of a catalogue: the parameters put in, and the cost scopes that they bring.

Here: what is wrong with an entry under `kpis`, and the catalogue that it makes. Not here: the line of a complaint
(catalogue_file/), which names fit a parameter (candidates.py), whether the formula says something (formula_book.py).
"""

import re
from collections.abc import Iterator, Mapping
from functools import reduce

from unit_economics.catalogue import BROUGHT, Catalogue
from unit_economics.entries.formula import FormulaEntry, Parameters
from unit_economics.formulas.units import per, unit_of
from unit_economics.kpis.candidates import Given, candidates, given
from unit_economics.kpis.entry import Kpi
from unit_economics.kpis.shipped import library
from unit_economics.nearest import closest

Problem = tuple[tuple[str, ...], str]
"""The path of keys in the catalogue, and what is wrong there."""
_PARAMETER = re.compile(r"\$(\w+)(?:\.(\w+))?")


def included(catalogue: Catalogue) -> tuple[Catalogue, list[Problem]]:
    """The catalogue with its KPIs as formulas, those left out that have a problem."""
    reserved = [name for name in catalogue.cost_scopes if name.startswith(BROUGHT)]
    what = f"a scope that begins with {BROUGHT} is brought by a KPI; rename it"
    problems: list[Problem] = [(("cost_scopes", name), what) for name in reserved]
    scopes, formulas = dict(catalogue.cost_scopes), dict(catalogue.formulas)
    for name, parameters in catalogue.kpis.items():
        wrong = list(_wrong(catalogue, name, parameters))
        problems += wrong
        if not wrong:
            kpi = kpi_of(name, parameters)
            formulas[name] = _formula(catalogue, kpi, parameters)
            scopes |= kpi.scopes
    return catalogue.model_copy(update={"cost_scopes": scopes, "formulas": formulas}), problems


def kpi_of(name: str, parameters: Parameters) -> Kpi:
    """The KPI that an entry under this name is of."""
    return library()[parameters.get("kpi", name)]


def _wrong(catalogue: Catalogue, name: str, parameters: Parameters) -> Iterator[Problem]:
    of, known = parameters.get("kpi", name), library()
    if of not in known:
        path = ("kpis", name, "kpi") if "kpi" in parameters else ("kpis", name)
        yield path, f"no KPI of the library is called {of!r}; {closest(of, list(known))}"
        return
    if name in catalogue.formulas:
        yield ("kpis", name), "a formula has this name already; rename one of them"
    needs = known[of].needs
    for parameter in parameters:
        if parameter not in (*needs, "kpi"):
            yield ("kpis", name, parameter), f"{of} has no such parameter; {closest(parameter, [*needs, 'kpi'])}"
    for parameter, need in needs.items():
        value, known_names = parameters.get(parameter), candidates(catalogue, need)
        if value is None:
            yield ("kpis", name), f"{of} needs `{parameter}`, {need.is_for}; there is {_listed(known_names)}"
        elif given(catalogue, need, value) is None:
            what = f"{value!r} is not {_asked(catalogue, need.unit)}{need.is_for}"
            yield ("kpis", name, parameter), f"{what}; {closest(value, known_names)}"


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "none in this catalogue yet"


def _asked(catalogue: Catalogue, units: list[str]) -> str:
    return f"in {' or '.join(units)}, ".replace("$currency", catalogue.currency) if units else ""


def _formula(catalogue: Catalogue, kpi: Kpi, parameters: Parameters) -> FormulaEntry:
    found = {name: given(catalogue, need, parameters[name]) for name, need in kpi.needs.items()}
    known = {name: one for name, one in found.items() if one}
    return FormulaEntry(
        formula=_PARAMETER.sub(lambda match: _text(known, match), kpi.formula),
        unit=_quotient([_PARAMETER.sub(lambda m: _unit(catalogue, known, m), half) for half in kpi.unit.split(" / ")]),
        title=kpi.title,
        purpose=f"{kpi.source}. Beware: {kpi.trap}."[:400],
        direction=kpi.direction,
    )


def _quotient(halves: list[str]) -> str:
    """The units as they are written, one after the other; a divisor that is itself a quotient is turned round."""
    written = " / ".join(halves)
    if not any(sign in half for half in halves[1:] for sign in "*/"):
        return written
    try:
        return str(reduce(per, map(unit_of, halves)))
    except ValueError:
        return written  # what can't be read is said of the formula


def _text(known: Mapping[str, Given], match: re.Match[str]) -> str:
    one = known[match[1]]
    return dict(one.parts)[match[2]] if match[2] else one.text


def _unit(catalogue: Catalogue, known: Mapping[str, Given], match: re.Match[str]) -> str:
    return catalogue.currency if match[1] == "currency" else known[match[1]].unit
