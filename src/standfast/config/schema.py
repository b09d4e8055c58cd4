"""From plain parsed values to frozen dataclasses, collecting every mistake on the way. Pure.

The dataclass is the schema. Understood are bool, int, float, str, StrEnum, Literal, `X | None`,
`tuple[X, ...]`, `dict[str, X]`, Any (taken as it is), nested dataclasses, and unions of dataclasses told apart by a
`kind: Literal[...]` field. Annotated[...] narrows a type with the markers below.
"""

import dataclasses
import difflib
import inspect
import json
import math
import re
import types
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Final, Literal, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from standfast.config.mistakes import NOTHING, Mistake

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Duration:
    """Marks seconds: a number, or text such as "90s", "5min" or "2h"."""

    minimum_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Marks a number that has a lowest sensible value."""

    lowest: float


@dataclass(frozen=True, slots=True)
class Alias:
    """Marks a field whose key in the file is no Python name, such as `from`."""

    key: str


Seconds = Annotated[float, Duration()]


class Check(Protocol):
    """A dataclass may look at its own fields together; it yields (key, expected, found)."""

    def mistakes(self) -> Iterable[tuple[str, str, str]]:
        """What is wrong across fields; the keys are relative to this table, an element's is `array[number]`.

        Of an array in which some elements are wrong it sees the others: what is missing there proves nothing.
        """


_UNITS_S: Final = {"ms": 0.001, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION: Final = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*")
_ELEMENT: Final = re.compile(r"(\w+)\[(\d+)\]")
_BAD: Final = object()
# Longer ones are slips of the keyboard, and more than a time can be moved by.
LONGEST_S: Final = 10 * 365 * 86400.0


@dataclass(slots=True)
class _Builder:
    """What is being built.

    Attributes:
        schema: of the whole file.
        is_whole: whether all values are known: else those that are not there may be where nobody could read.
        guessed: whether the last look across fields saw one that stands at its default instead of what was meant.
        positions: of each array in which elements are left out, where those that are left stood.
    """

    source: Callable[[str], str]
    schema: type[Any]
    is_whole: bool = True
    mistakes: list[Mistake] = field(default_factory=list)
    guessed: bool = False
    positions: dict[str, list[int]] = field(default_factory=dict)

    def bad(self, key: str, expected: str, found: str = "", hint: str = "") -> Any:
        self.mistakes.append(Mistake(self.source(key), key, expected, found, hint))
        return _BAD


def build(
    schema: type[T], values: Mapping[str, Any], source: Callable[[str], str], *, is_whole: bool = True
) -> tuple[T | None, list[Mistake]]:
    """The dataclass filled from `values`, or None, with every mistake found.

    Args:
        source: tells where a dotted key was written, for the messages.
        is_whole: whether `values` are all that was written; of a part nothing is said across fields.
    """
    builder = _Builder(source, schema, is_whole)
    built = _table(builder, schema, values, "")
    return (None if builder.mistakes else cast(T, built)), builder.mistakes


def fields_of(schema: type[Any]) -> dict[str, tuple[str, Any]]:
    """The keys of a table: key in the file -> (attribute, type with its markers)."""
    hints = get_type_hints(schema, include_extras=True)
    found = {}
    for item in dataclasses.fields(schema):
        hint = hints[item.name]
        aliases = [marker.key for marker in get_args(hint)[1:] if isinstance(marker, Alias)]
        found[aliases[0] if aliases else item.name] = (item.name, hint)
    return found


def plain(hint: Any) -> Any:
    """A type without its markers and without `| None`."""
    if get_origin(hint) is Annotated:
        return plain(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        members = [member for member in get_args(hint) if member is not type(None)]
        return plain(members[0]) if len(members) == 1 else hint
    return hint


def _table(builder: _Builder, schema: type[Any], values: Any, key: str) -> Any:
    """The table; what is known of it where something in it is wrong, `_BAD` where that is not enough to build one."""
    if not isinstance(values, Mapping):
        return builder.bad(key, "a table", _shown(values))
    before = len(builder.mistakes)
    known = fields_of(schema)
    unsure = {*_misnamed(builder, values, known, key), *_missing(builder, schema, values, key)}
    arguments = {}
    for name, (attribute, hint) in known.items():
        if name in values:
            arguments[attribute] = _value(builder, hint, values[name], _join(key, name))
            unsure |= {attribute} if arguments[attribute] is _BAD else set()
    if unsure & _required(schema):
        return _BAD
    built = schema(**{attribute: value for attribute, value in arguments.items() if attribute not in unsure})
    seen = _KnownPart(built, unsure, builder) if len(builder.mistakes) > before else built
    for relative, expected, found in _across(builder, seen):
        builder.bad(_as_written(builder, key, relative), expected, found)
    return seen


def _misnamed(
    builder: _Builder, values: Mapping[str, Any], known: Mapping[str, tuple[str, Any]], key: str
) -> Iterator[str]:
    """Tells the keys that there are not; the attributes that were meant, where a name is like theirs."""
    for name, value in values.items():
        if name not in known:
            close = difflib.get_close_matches(name, _alike(known, value), n=1)
            guesses = [f'did you mean "{close[0]}"?'] if close else []
            if homes := {words: None for words, keys in _homes(builder.schema) if name in _alike(keys, value)}:
                guesses.append(f"it belongs {' or '.join(homes)}")
            hint = " or ".join(guesses) or f"remove it or correct its name{_choice(known)}"
            builder.bad(_join(key, name), "a known key", f'"{name}"', hint)
            yield from (known[one][0] for one in close)


def _alike(known: Mapping[str, tuple[str, Any]], value: Any) -> list[str]:
    """Of the known keys those that hold tables, where the value does; else the others."""
    is_table = isinstance(value[0] if value and isinstance(value, list) else value, Mapping)
    return [name for name, (_, hint) in known.items() if _expectation(hint).endswith(("table", "tables")) == is_table]


def _homes(schema: type[Any], path: str = "") -> Iterator[tuple[str, Mapping[str, tuple[str, Any]]]]:
    """Each table that a file may have: where its keys stand, in words, and which they are.

    A line whose "#" was taken away, but not that of its header, stands under another one.
    """
    known = fields_of(schema)
    if not path:
        yield "at the top of the file, above every [table]", known
    for name, (_, hint) in known.items():
        kind, inner = plain(hint), _join(path, name)
        is_array = get_origin(kind) is tuple
        item = plain(get_args(kind)[0]) if is_array else kind
        for one in get_args(item) or (item,):
            if _is_table(one):
                yield f"under [[{inner}]]" if is_array else f"under [{inner}]", fields_of(one)
                yield from _homes(one, inner)


def _choice(known: Mapping[str, tuple[str, Any]]) -> str:
    """What there is to choose from, where a table holds nothing but tables, such as [channels]."""
    is_choice = all(_is_table(hint) for _, hint in known.values())
    return f"; there are: {', '.join(known)}" if is_choice else ""


def _is_table(hint: Any) -> bool:
    return dataclasses.is_dataclass(plain(hint))


def _missing(builder: _Builder, schema: type[Any], values: Mapping[str, Any], key: str) -> Iterator[str]:
    """Tells the keys that have to be there and are not; their attributes."""
    required = _required(schema)
    for name, (attribute, hint) in fields_of(schema).items():
        if attribute in required and name not in values:
            builder.bad(_join(key, name), _expectation(hint), NOTHING, "this key has no default")
            yield attribute


def _required(schema: type[Any]) -> set[str]:
    return {item.name for item in dataclasses.fields(schema) if _is_required(item)}


def _across(builder: _Builder, seen: Any) -> Iterator[tuple[str, str, str]]:
    """What is wrong across fields, as far as it can be told while the value of some is not known."""
    if not builder.is_whole or not hasattr(seen, "mistakes"):
        return
    builder.guessed = False
    for mistake in seen.mistakes():
        if not builder.guessed:
            yield mistake
        builder.guessed = False


def _as_written(builder: _Builder, key: str, relative: str) -> str:
    """The key of a mistake across fields, elements counted as in the file and not among those that are right."""
    for part in relative.split("."):
        match = _ELEMENT.fullmatch(part)
        left = builder.positions.get(_join(key, match[1])) if match else None
        key = _join(key, f"{match[1]}[{left[int(match[2]) - 1]}]" if match and left else part)
    return key


class _KnownPart:
    """A table in which some fields stand at their default instead of what was meant: it notes when one is read."""

    def __init__(self, built: Any, unsure: Collection[str], builder: _Builder) -> None:
        self.built = built
        self.unsure = unsure
        self.builder = builder

    def __getattr__(self, name: str) -> Any:
        self.builder.guessed = self.builder.guessed or name in self.unsure
        found = inspect.getattr_static(type(self.built), name)
        if name in {item.name for item in dataclasses.fields(self.built)} or not hasattr(found, "__get__"):
            return getattr(self.built, name)
        # A method or property may read fields too.
        return found.__get__(self, type(self.built))


def _value(builder: _Builder, hint: Any, value: Any, key: str) -> Any:
    markers = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    kind = plain(hint)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _table(builder, kind, value, key)
    origin = get_origin(kind)
    if kind is Any:
        return value
    if origin in (Union, types.UnionType):
        return _variant(builder, get_args(kind), value, key)
    if origin is tuple:
        return _array(builder, get_args(kind)[0], value, key)
    if origin is dict:
        return _mapping(builder, get_args(kind)[1], value, key)
    return _scalar(builder, hint, kind, markers, value, key)


def _array(builder: _Builder, item: Any, value: Any, key: str) -> Any:
    if not isinstance(value, list):
        hint = f"write [[{key}]], in double brackets" if isinstance(value, Mapping) else ""
        return builder.bad(key, f"an array of {_plural(item)}", _shown(value), hint)
    read = [_value(builder, item, one, f"{key}[{index}]") for index, one in enumerate(value, 1)]
    right = tuple(one for one in read if one is not _BAD)
    if len(right) < len(read):
        builder.positions[key] = [index for index, one in enumerate(read, 1) if one is not _BAD]
    return right if right or not read else _BAD


def _mapping(builder: _Builder, item: Any, value: Any, key: str) -> Any:
    if not isinstance(value, Mapping):
        return builder.bad(key, "a table", _shown(value))
    read = {name: _value(builder, item, one, _join(key, name)) for name, one in value.items()}
    return _BAD if any(one is _BAD for one in read.values()) else read


def _variant(builder: _Builder, members: tuple[Any, ...], value: Any, key: str) -> Any:
    """One of several tables, chosen by its `kind`."""
    if not isinstance(value, Mapping):
        return builder.bad(key, "a table", _shown(value))
    kinds = {get_args(fields_of(member)["kind"][1])[0]: member for member in members}
    chosen = value.get("kind")
    if not isinstance(chosen, str) or chosen not in kinds:
        return builder.bad(_join(key, "kind"), _one_of(kinds), _shown(chosen) if "kind" in value else NOTHING)
    return _table(builder, kinds[chosen], value, key)


def _scalar(builder: _Builder, hint: Any, kind: Any, markers: tuple[Any, ...], value: Any, key: str) -> Any:
    duration = next((marker for marker in markers if isinstance(marker, Duration)), None)
    read = seconds(value) if duration else _plain_scalar(kind, value)
    if read is None:
        return builder.bad(key, _expectation(hint), _shown(value))
    if duration and read > LONGEST_S:
        return builder.bad(key, f"{_expectation(hint)} of at most ten years", _shown(value))
    lowest = duration.minimum_s if duration else None
    lowest = next((marker.lowest for marker in markers if isinstance(marker, AtLeast)), lowest)
    if lowest is not None and read < lowest:
        return builder.bad(key, f"{_expectation(hint)}, at least {lowest:g}", _shown(value))
    return read


def _plain_scalar(kind: Any, value: Any) -> Any:
    """The value in the wanted type, or None: nothing is converted that would change its meaning."""
    if get_origin(kind) is Literal:
        return value if isinstance(value, str) and value in get_args(kind) else None
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return kind(value) if isinstance(value, str) and value in list(kind) else None
    if kind is float:
        return _finite(value)
    return value if type(value) is kind else None


def _finite(value: Any) -> float | None:
    """A number as a float; None for what is none, for nan, and for what is too large to be one."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def seconds(value: Any) -> float | None:
    """A duration in seconds: 90, 1.5, "90s", "5min", "2h"; None for anything else."""
    if not isinstance(value, str):
        return _finite(value)
    match = _DURATION.fullmatch(value)
    unit_s = _UNITS_S.get(match[2] or "s") if match else None
    return _finite(float(match[1]) * unit_s) if match and unit_s else None


def _is_required(item: dataclasses.Field[Any]) -> bool:
    return item.default is dataclasses.MISSING and item.default_factory is dataclasses.MISSING


_WORDS: Final = {bool: "true or false", int: "a whole number", float: "a number", str: "text in quotes"}
_PLURALS: Final = {bool: "booleans", int: "whole numbers", float: "numbers", str: "texts in quotes"}


def _expectation(hint: Any) -> str:
    markers = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    if any(isinstance(marker, Duration) for marker in markers):
        return 'a duration (seconds, or text like "90s", "5min", "2h")'
    kind = plain(hint)
    if get_origin(kind) is Literal:
        return _one_of(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _one_of(kind)
    if get_origin(kind) is tuple:
        return f"an array of {_plural(get_args(kind)[0])}"
    return _WORDS.get(kind, "a table")


def _plural(item: Any) -> str:
    kind = plain(item)
    is_choice = isinstance(kind, type) and issubclass(kind, StrEnum)
    return _one_of(kind).removeprefix("one of ") if is_choice else _PLURALS.get(kind, "tables")


def _one_of(words: Iterable[Any]) -> str:
    return "one of " + ", ".join(f'"{word}"' for word in words)


def _shown(value: Any) -> str:
    """A value as it might stand in the file, cut to what fits in a line."""
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _join(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
