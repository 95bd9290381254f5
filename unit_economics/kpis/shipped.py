"""Reading the library: every KPI by name, from the files that are shipped with the package.

Here: the files. Not here: what an entry may say (entries/entry.py).
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources

from pydantic import TypeAdapter

from unit_economics.kpis.entry import Kpi

FOLDER = "library"


@cache
def library() -> Mapping[str, Kpi]:
    """Every KPI, in the order of its file."""
    from ruamel.yaml import YAML  # only where a catalogue has KPIs, or somebody asks for them

    files = sorted(resources.files("unit_economics.kpis").joinpath(FOLDER).iterdir(), key=lambda file: file.name)
    shape = TypeAdapter(dict[str, Kpi])
    found: dict[str, Kpi] = {}
    for file in files:
        if file.name.endswith(".yaml"):
            found |= shape.validate_python(YAML(typ="safe", pure=True).load(file.read_text("utf-8")))
    return found
