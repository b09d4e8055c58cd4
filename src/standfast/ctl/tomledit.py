"""Changing a key in a TOML text as a person would: comments, order and everything else stay as they are. Pure."""

import copy
import json
import tomllib
from collections.abc import Mapping
from typing import Any

from standfast.config.lines import key_lines
from standfast.errors import StandfastError


class EditError(StandfastError):
    """A text that cannot be changed by machine."""


def with_value(text: str, key: str, value: Any) -> str:
    """The text with a plain value, or an array of them, at a dotted key; new tables come at its end.

    Raises:
        EditError: the text is written in a way that does not allow it, or is no TOML.
    """
    wanted = _with(_parsed(text, key), key, value)
    for edited in (_replaced(text, key, value), _inserted(text, key, value), _appended(text, key, value)):
        if edited is not None and _is(edited, wanted):
            return edited
    raise EditError(f"cannot change {key} by machine: it stands in an unusual way; write {key} = {literal(value)}")


def value_at(values: Mapping[str, Any], key: str) -> Any:
    """The value at a dotted key, None where there is none."""
    found: Any = values
    for part in key.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def literal(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    # JSON's texts, numbers and booleans are TOML's, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _parsed(text: str, key: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EditError(f"cannot change {key}: the file is no TOML: {error}; correct it first") from error


def _is(text: str, wanted: Mapping[str, Any]) -> bool:
    try:
        return tomllib.loads(text) == wanted
    except tomllib.TOMLDecodeError:
        return False


def _with(values: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(values)
    *tables, last = key.split(".")
    inner = changed
    for table in tables:
        inner = inner.setdefault(table, {})
        if not isinstance(inner, dict):
            raise EditError(f"cannot change {key}: {table} is no table; correct it first")
    inner[last] = value
    return changed


def _replaced(text: str, key: str, value: Any) -> str | None:
    """With the value where the old one stands on one line, its comment kept."""
    number = key_lines(text).get(key)
    if number is None:
        return None
    lines = text.splitlines(keepends=True)
    before, equals, behind = lines[number - 1].partition("=")
    old = _value_on(behind)
    if old is None:
        return None
    comment = behind[len(old) :].rstrip("\n")
    new = f" {literal(value)}"
    # A comment that was aligned with its neighbours stays so where there is room.
    padding = " " * max(1 if comment.strip() else 0, len(old) + len(comment) - len(comment.lstrip()) - len(new))
    lines[number - 1] = f"{before}{equals}{new}{padding if comment.strip() else ''}{comment.lstrip()}\n"
    return "".join(lines)


def _value_on(behind: str) -> str | None:
    """The value at the start of what stands behind an equals sign, up to its comment; None for one of many lines."""
    ends = [index for index, character in enumerate(behind) if character == "#"]
    for end in [*ends, len(behind.rstrip("\n"))]:
        try:
            tomllib.loads(f"x = {behind[:end]}")
        except tomllib.TOMLDecodeError:
            continue
        return behind[:end].rstrip()
    return None


def _inserted(text: str, key: str, value: Any) -> str | None:
    """With a new line: in its table, or before the first table for a key of the top."""
    table, _, name = key.rpartition(".")
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        lines[-1] += "\n"
    if table:
        number = key_lines(text).get(table)
        if number is None or not lines[number - 1].lstrip().startswith("["):
            return None
    else:
        number = next((at for at, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
        while number > 0 and lines[number - 1].startswith("#"):
            number -= 1
    lines.insert(number, f"{name} = {literal(value)}\n")
    return "".join(lines)


def _appended(text: str, key: str, value: Any) -> str | None:
    """With a new table at the end."""
    table, _, name = key.rpartition(".")
    end = "" if not text or text.endswith("\n") else "\n"
    return f"{text}{end}\n[{table}]\n{name} = {literal(value)}\n" if table else None
