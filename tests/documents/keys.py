"""Every key that a configuration file may have, from the dataclasses that read it. Pure."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from standfast.config import AtLeast, Duration
from standfast.config.environment import variables
from standfast.config.schema import fields_of, plain

# A lower limit only says that there is one at all.
SHOWN_S = 0.1
NO_DEFAULT = "none, it must be given"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what it takes, what holds without it, and which variables override it, the earlier systems' last."""

    name: str
    type: str
    default: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its keys; `path` is dotted, `is_array` for [[path]], `kind` for one that is told apart by it."""

    path: str
    is_array: bool
    kind: str
    keys: tuple[Key, ...]


def tables(schema: type[Any]) -> list[Table]:
    """All tables of a file, the top one first."""
    names = {key: [variable] for key, variable, _ in variables(schema)}
    for key, variable in earlier_names(schema).items():
        names.setdefault(key, []).append(variable)
    return list(_tables(schema, "", False, names))


def earlier_names(schema: type[Any]) -> dict[str, str]:
    """The variables by which the earlier systems were configured, by the key that each means now."""
    return {name.key: name.variable for name in getattr(schema, "EARLIER", ()) if hasattr(name, "key")}


def _tables(schema: type[Any], path: str, is_array: bool, names: Mapping[str, list[str]]) -> Iterator[Table]:
    keys, inner = [], []
    for name, (attribute, hint) in fields_of(schema).items():
        dotted = f"{path}.{name}" if path else name
        kind = plain(hint)
        element = plain(get_args(kind)[0]) if get_origin(kind) is tuple else kind
        members = get_args(element) if get_origin(element) is Union or _is_union(element) else (element,)
        if any(dataclasses.is_dataclass(member) for member in members):
            inner += [table for member in members for table in _tables(member, dotted, element is not kind, names)]
        else:
            default = next(item for item in dataclasses.fields(schema) if item.name == attribute)
            overrides = () if is_array else tuple(names.get(dotted, ()))
            keys.append(Key(name, _type(hint), _default(default), overrides))
    yield Table(path, is_array, _kind(schema), tuple(keys))
    yield from inner


def _is_union(kind: Any) -> bool:
    return type(kind).__name__ == "UnionType"


def _kind(schema: type[Any]) -> str:
    hint = fields_of(schema).get("kind", ("", None))[1]
    return str(get_args(hint)[0]) if get_origin(hint) is Literal else ""


def _type(hint: Any) -> str:
    kind = plain(hint)
    markers = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    least = next((f", at least {one.lowest:g}" for one in markers if isinstance(one, AtLeast)), "")
    for marker in markers:
        if isinstance(marker, Duration):
            return "duration" + (f", at least {marker.minimum_s:g} s" if marker.minimum_s >= SHOWN_S else "")
    if get_origin(kind) is tuple:
        return f"array: {_type(get_args(kind)[0])}"
    if words := _words(kind):
        return " or ".join(json.dumps(word) for word in words)
    return {bool: "true or false", int: "whole number", float: "number", str: "text"}.get(kind, "table") + least


def _words(kind: Any) -> list[str]:
    if get_origin(kind) is Literal:
        return [str(word) for word in get_args(kind)]
    return [word.value for word in kind] if isinstance(kind, type) and issubclass(kind, StrEnum) else []


def _default(item: dataclasses.Field[Any]) -> str:
    if item.default_factory is not dataclasses.MISSING:
        return "{}" if item.default_factory is dict else ""
    if item.default is dataclasses.MISSING:
        return NO_DEFAULT
    return "" if item.default is None else shown(item.default)


def shown(value: Any) -> str:
    """A value as it is written in TOML."""
    if isinstance(value, tuple):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, float):
        return f"{value:.10g}"
    return json.dumps(value)
