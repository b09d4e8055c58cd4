"""Which line of a TOML text a key stands on, so that a mistake can name it. Pure.

tomllib gives values without positions. This reads only headers and the starts of assignments;
a key inside an inline table is found at the line of the table.
"""

import re
from collections import Counter

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"""\s*((?:[\w.-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")

_ELEMENT = re.compile(r"\[\d+\]$")


def key_lines(text: str) -> dict[str, int]:
    """The line, counted from 1, of each dotted key and table; array elements count from 1 too."""
    lines: dict[str, int] = {}
    elements: Counter[str] = Counter()
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            table = _table_path(header[2], header[1] == "[[", elements)
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(line):
            key = _unquoted(assignment[1])
            lines.setdefault(f"{table}.{key}" if table else key, number)
    return lines


def line_of(lines: dict[str, int], key: str) -> int | None:
    """The line of a key, or of the nearest table around it that is known."""
    while key:
        if key in lines:
            return lines[key]
        element = _ELEMENT.search(key)
        key = key[: element.start()] if element else key.rpartition(".")[0]
    return None


def _table_path(written: str, is_array: bool, elements: Counter[str]) -> str:
    """The dotted path of a header, with the element numbers that it continues or begins."""
    parts = _unquoted(written).split(".")
    path = ""
    for index, part in enumerate(parts):
        path = f"{path}.{part}" if path else part
        if index == len(parts) - 1 and is_array:
            elements[path] += 1
        if elements[path]:
            path = f"{path}[{elements[path]}]"
    return path


def _unquoted(written: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in written.split("."))
