"""Which line of a TOML or JSON text a key stands on, so that a mistake can name it. Pure.

The parsers give values without positions. Of TOML this reads only headers and the starts of assignments: a key inside
an inline table is found at the line of the table. Both texts were parsed before: what is read here is right.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_ASSIGNMENT = re.compile(r"""\s*((?:[\w.-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")

_JSON_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
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


@dataclass(slots=True)
class _Container:
    """An object or array of JSON that is being read: its path, and the key or number of what comes next in it."""

    path: str
    is_array: bool
    key: str | None = None
    number: int = 1

    def inner(self) -> str:
        """The path of what comes next."""
        if self.is_array:
            return f"{self.path}[{self.number}]"
        return f"{self.path}.{self.key}" if self.path else str(self.key)


def json_key_lines(text: str) -> dict[str, int]:
    """The same for JSON."""
    lines: dict[str, int] = {}
    stack = [_Container("", is_array=True)]
    number, at = 1, 0
    for token in _JSON_TOKEN.finditer(text):
        number, at = number + text.count("\n", at, token.start()), token.start()
        now, word = stack[-1], token[0]
        if word in "{[":
            path = now.inner() if len(stack) > 1 else ""
            lines.setdefault(path, number)
            stack.append(_Container(path, is_array=word == "["))
        elif word in "}]":
            stack.pop()
        elif word == ",":
            now.key, now.number = None, now.number + 1
        elif word.startswith('"') and not now.is_array and now.key is None:
            now.key = json.loads(word)
            lines.setdefault(now.inner(), number)
        elif word != ":" and now.is_array:
            lines.setdefault(now.inner(), number)
    lines.pop("", None)
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
