"""Finding values in JSON: a member by its name, or anything by a JSONPath of RFC 9535.

Here: the one use of the JSONPath library. Not here: what is done with what was found (asking.py).
"""

from functools import cache
from typing import cast

import jsonpath

from unit_economics.web_api.shape import Shape
from unit_economics.web_api.strict_json import plain


def fault_of(path: str) -> str | None:
    """Why a text is no JSONPath; None where it is one."""
    try:
        _compiled(path)
    except jsonpath.JSONPathError as error:
        return plain(str(error.args[0]) if error.args else "it can't be read")
    return None


def found(path: str, value: object, shape: Shape) -> object:
    """The one value at a path, or None where there is nothing; two values are refused."""
    if not path.startswith("$"):
        return shape.members(value, "a row").get(path)
    if not isinstance(value, (dict, list)):
        raise shape.wrong("a row", "an object", value)
    try:
        values = _compiled(path).findall(cast("dict[str, object]", value))
    except jsonpath.JSONPathError:
        raise shape.refused(f"{path} can't be looked up in the answer, which is nested too deeply") from None
    if len(values) > 1:
        raise shape.refused(f"{path} finds {len(values)} values and not one")
    return values[0] if values else None


@cache
def _compiled(path: str) -> jsonpath.JSONPath:
    return cast("jsonpath.JSONPath", jsonpath.compile(path, strict=True))
