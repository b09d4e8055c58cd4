"""Files of variables as Docker, python-dotenv and shells read them: the .env of the earlier systems. Pure."""

import re
from dataclasses import dataclass
from typing import Final

_ASSIGNMENT: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_SINGLE: Final = re.compile(r"'([^']*)'\s*(?:#.*)?")
_DOUBLE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
# $NAME and ${NAME} stand for another variable, which this does not look up.
_REFERENCE: Final = re.compile(r"\$(?:\{|[A-Za-z_])")


@dataclass(frozen=True, slots=True)
class Assignment:
    """A variable, its value, and the line that says so, counted from 1."""

    line: int
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class OddLine:
    """A line that could not be understood, and the variable that it is about; "" where not even that can be told."""

    line: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class DotEnv:
    """What a file says, the last word on each name; what that came after; and the lines that were not understood."""

    assignments: tuple[Assignment, ...]
    odd_lines: tuple[OddLine, ...]
    overruled: tuple[Assignment, ...] = ()


def parse(text: str) -> DotEnv:
    """The variables of a text: comments and empty lines are passed over, `export` too."""
    found: dict[str, Assignment] = {}
    odd, overruled = [], []
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        match = _ASSIGNMENT.fullmatch(stripped)
        value = _value(match[2]) if match else None
        if match is None or value is None:
            odd.append(OddLine(number, match[1] if match else ""))
        else:
            overruled += [found[match[1]]] if match[1] in found else []
            found[match[1]] = Assignment(number, match[1], value)
    return DotEnv(tuple(sorted(found.values(), key=lambda one: one.line)), tuple(odd), tuple(overruled))


def _value(written: str) -> str | None:
    """The value of what stands behind the equals sign, None when it cannot be told."""
    if match := _SINGLE.fullmatch(written):
        return match[1]
    if written.startswith("'"):
        return None
    if match := _DOUBLE.fullmatch(written):
        text = re.sub(r"\\(.)", lambda one: _ESCAPES.get(one[1], one[1]), match[1])
    elif written.startswith('"'):
        return None
    else:
        text = re.sub(r"(^|\s+)#.*", "", written).strip()
    return None if _REFERENCE.search(text) else text
