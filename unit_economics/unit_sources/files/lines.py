"""The lines of a text file, none of them endless, each checked to be UTF-8.

Here: what CSV and JSON Lines share. Not here: what a line means (csv_rows.py, json_rows.py).
"""

import io
from collections.abc import Iterator

from unit_economics.object_storage import Storage
from unit_economics.unit_sources.files.parts import Part

_LINE_AT_MOST = 1 << 22
_BOM = b"\xef\xbb\xbf"


def lines_of(storage: Storage, part: Part) -> Iterator[str]:
    """The lines with their ends; refused, by line, where one is no text."""
    with storage.open(part.file.path, compression=part.compression) as stream:
        buffered = io.BufferedReader(stream, 1 << 20)
        number = 0
        while line := buffered.readline(_LINE_AT_MOST):
            number += 1
            yield _text(line.removeprefix(_BOM) if number == 1 else line, part, number)


def _text(line: bytes, part: Part, number: int) -> str:
    if len(line) == _LINE_AT_MOST:
        raise part.refusal("the line is longer than 4 MB", row=number)
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise part.refusal("it is not UTF-8 text", row=number, remedy="Write the file as UTF-8") from error
    if "\0" in text:
        raise part.refusal("it holds a NUL character", row=number)
    return text
