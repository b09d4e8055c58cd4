"""Reading a configuration file: the edge of this package."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from standfast.config import earlier, environment, lines, schema
from standfast.config.mistakes import VARIABLE, ConfigError, Mistake
from standfast.paths import is_there

T = TypeVar("T")

_TOML_PLACE: Final = re.compile(r"(.*) \(at line (\d+), column (\d+)\)", re.DOTALL)


def load(shape: type[T], path: Path, environ: Mapping[str, str], *, required: bool = False) -> T:
    """Fill the dataclass `shape` from a TOML file (or a JSON file of the same name) and the environment.

    A file that is not there leaves the defaults, unless it is required.

    Raises:
        ConfigError: with every mistake in it.
    """
    path = _existing(path)
    try:
        text = path.read_text()
    except FileNotFoundError:
        if required:
            missing = Mistake(str(path), "", "a configuration file", "none", "write it, or correct the name")
            raise ConfigError([missing], is_missing=True) from None
        text = ""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "bytes that are not UTF-8"
        hint = "see its owner and mode" if isinstance(error, PermissionError) else ""
        raise ConfigError([Mistake(str(path), "", "a readable file", str(reason), hint)]) from error
    return load_text(shape, text, str(path), environ)


def load_text(shape: type[T], text: str, name: str, environ: Mapping[str, str]) -> T:
    """The same from a text; `name` stands for it in the messages, and `.json` at its end says how to read it.

    Raises:
        ConfigError: with every mistake in it.
    """
    is_json = name.endswith(".json")
    values = _parse_json(text, name) if is_json else _parse_toml(text, name)
    found_lines = lines.json_key_lines(text) if is_json else lines.key_lines(text)
    variables = _override(values, shape, environ)

    def source(key: str) -> str:
        whole, table = re.sub(r"\[\d+\]$", "", key), key.rpartition(".")[0]
        variable = variables.get(whole)
        if variable is None and table and not {key, table} & found_lines.keys():
            # It is missing from a table of which the file says nothing: a variable brought that up.
            variable = next((found for one, found in variables.items() if f"{one}.".startswith(f"{table}.")), None)
        if variable is not None:
            return f"{VARIABLE}{variable}"
        line = lines.line_of(found_lines, key)
        return f"{name}:{line}" if line else name

    built, mistakes = schema.build(shape, values, source)
    mistakes += earlier.bad_switches(shape, environ)
    if built is None or mistakes:
        raise ConfigError(mistakes)
    return built


def _override(values: dict[str, Any], shape: type[Any], environ: Mapping[str, str]) -> dict[str, str]:
    """Put what the environment says over the file's values; which key came from which variable.

    Standfast's own names come before the earlier ones, and a table that is switched off is off whatever is in it.
    """
    before = earlier.overrides(shape, environ)
    found = {**before, **environment.overrides(shape, environ)}
    for key, (_, value) in found.items():
        if value == {}:
            _set(values, key, value, over=False)
        elif value is not None:
            _set(values, key, value)
    for key, (_, value) in before.items():
        if value is None:
            _remove(values, key)
    return {key: variable for key, (variable, _) in found.items()}


def _existing(path: Path) -> Path:
    as_json = path.with_suffix(".json")
    return as_json if not is_there(path) and is_there(as_json) else path


def _parse_toml(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (RecursionError, ValueError) as error:
        raise ConfigError([_unread(name, "TOML", error)]) from error


def _parse_json(text: str, name: str) -> dict[str, Any]:
    try:
        values = json.loads(text or "{}")
    except (RecursionError, ValueError) as error:
        raise ConfigError([_unread(name, "JSON", error)]) from error
    if not isinstance(values, dict):
        raise ConfigError([Mistake(name, "", "a JSON object at the top")])
    return values


def _unread(name: str, language: str, error: Exception) -> Mistake:
    """That a text is none of its language: its values are not known, so nothing else can be said of them."""
    what, line, column = _place_of(error)
    source, at = (f"{name}:{line}", f"at column {column}: ") if line else (name, "")
    return Mistake(source, "", language, hint=f"{at}{what[:1].lower()}{what[1:]}; the rest of this file was not read")


def _place_of(error: Exception) -> tuple[str, int, int]:
    """What a parser complains of, in its words, and the line and column; 0 where it does not tell."""
    if isinstance(error, RecursionError):
        return "brackets in brackets without end", 0, 0
    if isinstance(error, json.JSONDecodeError):
        return error.msg, error.lineno, error.colno
    match = _TOML_PLACE.fullmatch(str(error))
    return (match[1], int(match[2]), int(match[3])) if match else (str(error), 0, 0)


def _set(values: dict[str, Any], key: str, value: Any, *, over: bool = True) -> None:
    *tables, last = key.split(".")
    for table in tables:
        inner = values.setdefault(table, {})
        if not isinstance(inner, dict):
            return  # the file holds something else where a table belongs; the schema will say so
        values = inner
    if over or last not in values:
        values[last] = value


def _remove(values: dict[str, Any], key: str) -> None:
    *tables, last = key.split(".")
    for table in tables:
        inner = values.get(table)
        if not isinstance(inner, dict):
            return
        values = inner
    values.pop(last, None)
