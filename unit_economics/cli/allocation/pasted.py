"""A rule as a line of the catalogue, ready to paste: `- {to: amazon-s3, where: {service_name: Amazon S3}}`.

Here: quoting. Not here: which rule (allocation/suggestions.py), reading YAML (catalogue_file/).
"""

import json
import re

from unit_economics.catalogue_file.scalars import complaint, plain_value
from unit_economics.entries.allocation import Rule

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*")
_ESCAPED = re.compile("[^ -~\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|[\u2028\u2029]")


def pasted(rule: Rule) -> str:
    """The line, without what is left at its default."""
    return f"- {_written(rule.model_dump(by_alias=True, exclude_unset=True))}"


def _written(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_written(key)}: {_written(one)}' for key, one in value.items())}}}"
    text = str(value)
    return text if _PLAIN.fullmatch(text) and not complaint(text) and plain_value(text).is_text else _quoted(text)


def _quoted(text: str) -> str:
    """In double quotes, where YAML knows JSON's escapes; what it does not allow unescaped is escaped, too."""
    return _ESCAPED.sub(lambda found: f"\\U{ord(found[0]):08X}", json.dumps(text, ensure_ascii=False))
