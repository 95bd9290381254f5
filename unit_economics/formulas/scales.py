"""What a unit measures, and at which scale. It imports pint, so only the comparison of units imports it.

Here: the physical units there are, and two units compared. Not here: how a unit is written (units.py).

The registry is pint's, but begins empty: it knows what is defined here and nothing of pint's own, in which a count, a
point or a bit would be physical. Its scales are fractions, so that two are equal or not.
"""

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from threading import Lock
from typing import cast

import pint

from unit_economics.formulas.units import Unit, is_physical

_PHYSICAL = """
    second = [time]
    ms = second / 1000
    minute = 60 * second
    hour = 60 * minute
    day = 24 * hour
    week = 7 * day
    year = 365.25 * day
    month = year / 12
    B = [data]
    kB = 1000 * B
    MB = 1000 * kB
    GB = 1000 * MB
    TB = 1000 * GB
    PB = 1000 * TB
    KiB = 1024 * B
    MiB = 1024 * KiB
    GiB = 1024 * MiB
    TiB = 1024 * GiB
    PiB = 1024 * TiB
    Wh = [energy]
    kWh = 1000 * Wh
    MWh = 1000 * kWh
    g_CO2e = [emissions]
    kg_CO2e = 1000 * g_CO2e
    t_CO2e = 1000 * kg_CO2e
"""

Registry = pint.UnitRegistry[Fraction]
Measure = tuple[Fraction, frozenset[tuple[str, Fraction]]]

_one_at_a_time = Lock()


def measure(unit: Unit) -> Measure:
    """How many of its base units it is, and these with their powers: the scale and the dimension."""
    with _one_at_a_time:
        registry = _registry()
        powers = {_defined(part.kind, part.many): power for part, power in unit.powers.items()}
        units = registry.UnitsContainer(powers)
        scale, _ = registry.get_root_units(units)
        dimension = registry.get_dimensionality(units)
    powers_of_each = ((name, cast("Fraction", power)) for name, power in dimension.items())
    return cast("Fraction", scale), frozenset(powers_of_each)


@cache
def _registry() -> Registry:
    # Its types say a file's name and float; as documented, None begins empty and any type of number will do.
    make = cast("Callable[..., Registry]", pint.UnitRegistry)
    registry = make(None, non_int_type=Fraction)
    for line in _PHYSICAL.strip().splitlines():
        registry.define(line.strip())
    return registry


@cache
def _defined(kind: str, many: int) -> str:
    """Its name in the registry, which knows it from now on."""
    if many > 1:
        name = f"times_{many}_{_defined(kind, 1)}"
        _registry().define(f"{name} = {many} * {_defined(kind, 1)}")
    elif is_physical(kind):
        name = kind.replace(" ", "_")
    else:
        # Whatever its letters are, the name is one that pint can read, and no other kind has it.
        name = f"kind_{kind.encode().hex()}"
        _registry().define(f"{name} = [{name}]")
    return name
