"""Taking an answer apart: each value as it was meant, or a refusal that names its path.

Here: objects, lists, texts and exact numbers out of JSON. Not here: parsing it (strict_json.py), what a value means.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from unit_economics.refusals import Refusal
from unit_economics.web_api.strict_json import Json

_DECIMAL = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?")


@dataclass(frozen=True)
class Shape:
    """What is told of an answer that is not as it should be: where it came from, and what to do."""

    where: str
    remedy: str

    def members(self, value: object, path: str) -> Json:
        """An object; `path` is told where it is none."""
        if not isinstance(value, dict):
            raise self.wrong(path, "an object", value)
        return cast("Json", value)

    def items(self, value: object, path: str) -> list[object]:
        """A list; a missing one is refused, because it is not the same as an empty one."""
        if not isinstance(value, list):
            raise self.wrong(path, "a list", value)
        return cast("list[object]", value)

    def wrong(self, path: str, wanted: str, value: object) -> Refusal:
        """The refusal of a value that is of another kind."""
        found = "nothing" if value is None else type(value).__name__
        return self.refused(f"the answer has {_KINDS.get(found, found)} and not {wanted} at {path}")

    def refused(self, what: str) -> Refusal:
        """Another refusal of the same answer."""
        return Refusal(what, where=self.where, remedy=self.remedy)


_KINDS = {
    "str": "a text", "dict": "an object", "list": "a list", "bool": "true or false", "int": "a number",
    "Decimal": "a number",
}  # fmt: skip


def exact(value: object) -> Decimal | None:
    """A number as it was written, or a text that is nothing but a plain decimal; None for anything else."""
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return Decimal(value)
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return Decimal(value)
    return None
