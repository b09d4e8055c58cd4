"""Environment overrides: STANDFAST_<KEY> and STANDFAST_<SECTION>_<KEY> for plain values. Pure."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_origin

from standfast.config.schema import fields_of, plain

PREFIX = "STANDFAST_"
# How people write a switch in an environment; a TOML file knows true and false only.
SWITCHES: Final[Mapping[str, bool]] = {
    word: is_on
    for is_on, words in ((True, ("true", "yes", "on", "1")), (False, ("false", "no", "off", "0")))
    for word in words
}


def overrides(schema: type[Any], environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """What the environment says about keys of `schema`: dotted key -> (variable, value).

    A text that does not fit its key's type is passed on as text, so that the schema names the
    variable and what it expected. Arrays are written with commas; arrays of tables have no variable.
    """
    return {
        key: (variable, parsed(hint, environ[variable]))
        for key, variable, hint in variables(schema)
        if variable in environ
    }


def variables(schema: type[Any], table: str = "") -> Iterator[tuple[str, str, Any]]:
    """Every plain key of a schema: (dotted key, its variable, its type)."""
    for name, (_, hint) in fields_of(schema).items():
        key = f"{table}.{name}" if table else name
        kind = plain(hint)
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            yield from variables(kind, key)
        elif _is_plain(kind):
            yield key, PREFIX + key.replace(".", "_").upper(), hint


def _is_plain(kind: Any) -> bool:
    if get_origin(kind) is tuple:
        return not dataclasses.is_dataclass(plain(kind.__args__[0]))
    return get_origin(kind) is not dict


def parsed(hint: Any, text: str) -> Any:
    """A text as the value that its key wants, or as it is where it does not fit."""
    kind = plain(hint)
    if get_origin(kind) is tuple:
        return [parsed(kind.__args__[0], part.strip()) for part in text.split(",") if part.strip()]
    if kind is bool:
        return SWITCHES.get(text.strip().lower(), text)
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            return text
    return text
