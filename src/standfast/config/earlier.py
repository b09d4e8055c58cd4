"""The names by which the earlier systems were configured: environment variables, accepted as they were. Pure.

A program declares those that are its own as `EARLIER` on its dataclass. Secrets are not taken from the environment,
which every child inherits and every `systemctl show` tells: they are only recognised.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from standfast.config.environment import SWITCHES, parsed, variables
from standfast.config.mistakes import VARIABLE, Mistake


class Form(StrEnum):
    """How the earlier systems wrote a value."""

    AS_IS = "as it is"
    ADDRESS = "an address, its scheme may be missing"
    SWITCH = "true or false: whether its table is there at all"


@dataclass(frozen=True, slots=True)
class Plain:
    """An earlier name of a key; of a table, for a switch. `scheme` is that of an address without one."""

    variable: str
    key: str
    form: Form = Form.AS_IS
    scheme: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """An earlier name of what is a systemd credential now, and the table that is of no use without it."""

    variable: str
    credential: str
    table: str


Earlier: TypeAlias = Plain | Secret


def names_of(shape: type[Any]) -> tuple[Earlier, ...]:
    """The earlier names that a program knows."""
    found: tuple[Earlier, ...] = getattr(shape, "EARLIER", ())
    return found


def overrides(shape: type[Any], environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """What the environment says by earlier names: dotted key -> (variable, value); an empty one says nothing.

    A table that is switched off has the value None, one that is switched on has an empty table.
    """
    hints = {key: hint for key, _, hint in variables(shape)}
    found: dict[str, tuple[str, Any]] = {}
    for name, text in _said(shape, environ):
        if name.form is not Form.SWITCH:
            found[name.key] = name.variable, _value(name, text, hints.get(name.key))
        elif text.lower() in SWITCHES:
            found[name.key] = name.variable, {} if SWITCHES[text.lower()] else None
    return found


def bad_switches(shape: type[Any], environ: Mapping[str, str]) -> list[Mistake]:
    """The switches that are neither on nor off."""
    return [
        Mistake(f"{VARIABLE}{name.variable}", name.key, "true or false", json.dumps(text))
        for name, text in _said(shape, environ)
        if name.form is Form.SWITCH and text.lower() not in SWITCHES
    ]


def secrets_in(shape: type[Any], environ: Mapping[str, str]) -> Iterator[str]:
    """A line for each secret that stands in the environment under its earlier name; the secret is not in it."""
    for name in names_of(shape):
        if isinstance(name, Secret) and environ.get(name.variable):
            yield (
                f"environment variable {name.variable}: a secret is not read from the environment; move it with "
                f"`standfastctl import-env FILE`, or `standfastctl secret set {name.credential}`, and take it out there"
            )


def _said(shape: type[Any], environ: Mapping[str, str]) -> Iterator[tuple[Plain, str]]:
    for name in names_of(shape):
        text = environ.get(name.variable, "").strip()
        if isinstance(name, Plain) and text:
            yield name, text


def _value(name: Plain, text: str, hint: Any) -> Any:
    if name.form is Form.ADDRESS and "://" not in text:
        return f"{name.scheme}://{text}"
    return parsed(hint, text)
