"""Reading a configuration file: the edge of this package."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from standfast.config import earlier, environment, lines, schema
from standfast.config.mistakes import NOTHING, VARIABLE, ConfigError, Mistake
from standfast.config.salvage import Salvaged, Slip, salvaged
from standfast.paths import is_there

T = TypeVar("T")

_NOTHING_READ: Final = "nothing else in this file was read"


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
    read = Salvaged(_parse_json(text, name), text) if is_json else salvaged(text)
    values = read.values
    found_lines = lines.json_key_lines(text) if is_json else lines.key_lines(read.text)
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

    built, mistakes = schema.build(shape, values, source, is_whole=read.is_whole)
    mistakes = [*_unread(name, read), *_certain(mistakes, name, read), *earlier.bad_switches(shape, environ)]
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


def _parse_json(text: str, name: str) -> dict[str, Any]:
    try:
        values = json.loads(text or "{}")
    except (RecursionError, ValueError) as error:
        raise ConfigError([_no_language(name, "JSON", _slip_of(error), _NOTHING_READ)]) from error
    if not isinstance(values, dict):
        raise ConfigError([Mistake(name, "", "a JSON object at the top")])
    return values


def _unread(name: str, read: Salvaged) -> list[Mistake]:
    """The lines that are no TOML; whatever else is wrong with the file is told too, as far as it could be read."""
    rest = "" if read.is_whole else "what follows was not read" if read.text else _NOTHING_READ
    return [_no_language(name, "TOML", slip, rest) for slip in read.slips]


def _certain(mistakes: list[Mistake], name: str, read: Salvaged) -> list[Mistake]:
    """Those of a file's mistakes that do not come from what could not be read of it."""
    if not read.slips:
        return mistakes
    unread = {f"{name}:{line}" for line in read.left_out}
    return [one for one in mistakes if one.source not in unread and one.found != NOTHING]


def _no_language(name: str, language: str, slip: Slip, rest: str) -> Mistake:
    """That a text, or a line of it, is none of its language."""
    source = f"{name}:{slip.line}" if slip.line else name
    at = f"at column {slip.column}: " if slip.column else ""
    what = f"{at}{slip.what[:1].lower()}{slip.what[1:]}"
    return Mistake(source, "", "; ".join(filter(None, (language, what, rest))))


def _slip_of(error: Exception) -> Slip:
    if isinstance(error, RecursionError):
        return Slip("brackets in brackets without end")
    return Slip(error.msg, error.lineno, error.colno) if isinstance(error, json.JSONDecodeError) else Slip(str(error))


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
