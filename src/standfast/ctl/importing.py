"""What becomes of an old .env: which key or credential each variable goes to, and the files as they are to be. Pure."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from typing import Any, Final

from standfast.config import NOTHING, VARIABLE, ConfigError, Mistake, load_text
from standfast.config.earlier import Form, Plain, Secret, names_of, overrides
from standfast.ctl import remarks, sms_route
from standfast.ctl.dotenv import Assignment, DotEnv, OddLine
from standfast.ctl.tomledit import EditError, literal, value_at, with_value
from standfast.errors import StandfastError
from standfast.unit_names import AGENT_STOPS_AFTER_S

HIDDEN: Final = "(hidden)"
# TimeoutStopSec of the agents' unit as it is shipped.
_LONGEST_STOP_S: Final = 9.0
_STOP: Final = "shutdown.timeout_s"


class Fate(StrEnum):
    """What becomes of a variable."""

    WRITTEN = "written"
    STORED = "stored"
    ALREADY = "already so"
    OFF = "not taken"
    BAD = "mistake"
    MISSING = "missing"
    UNKNOWN = "not understood"


class EnvError(StandfastError):
    """An old .env cannot be taken in."""


@dataclass(frozen=True, slots=True)
class Row:
    """What is told of one variable; its value is never part of it where it is a secret.

    Attributes:
        line: where it is said, counted from 1; 0 for one that is said nowhere, and is missing.
    """

    line: int
    name: str
    fate: Fate
    where: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """A configuration file that may take variables in, as it is now, or as it would begin if it is new."""

    shape: type[Any]
    path: str
    text: str
    agent: str | None = None
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """A secret that is to be stored."""

    row: Row
    credential: str
    agent: str | None
    value: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done: the files by path, changed ones only; the secrets; and what is told of each variable."""

    files: Mapping[str, str]
    secrets: tuple[Wish, ...]
    rows: tuple[Row, ...]


def is_known(name: str, shapes: Iterable[type[Any]]) -> bool:
    """Whether a variable is one of the earlier systems'."""
    return any(one.variable == name for shape in shapes for one in names_of(shape))


def make_plan(env: DotEnv, targets: Sequence[Target]) -> Plan:
    """What is to be done with the variables.

    Raises:
        EnvError: a file has a mistake of its own.
    """
    files: dict[str, str] = {}
    secrets: list[Wish] = []
    shapes = [target.shape for target in targets]
    rows = [_odd(one, shapes) for one in env.odd_lines]
    last = {one.name: one.line for one in env.assignments}
    rows += [
        Row(one.line, one.name, Fate.OFF, detail=f"it is said again in line {last[one.name]}, which counts")
        for one in env.overruled
    ]
    for target in targets:
        text, wishes, told = _for_target(env, target)
        is_begun = target.is_new and (wishes or any(row.fate is Fate.WRITTEN for row in told))
        if text != target.text or is_begun:
            files[target.path] = text
        secrets += wishes
        rows += told
    rows += [
        Row(one.line, one.name, Fate.UNKNOWN, detail=_meant(one.name, shapes))
        for one in env.assignments
        if not is_known(one.name, shapes)
    ]
    return Plan(files, tuple(secrets), tuple(sorted(rows, key=lambda row: row.line)))


def _meant(name: str, shapes: Iterable[type[Any]]) -> str:
    """Which of the earlier systems' variables a stranger is most like, if it is like any."""
    known = [one.variable for shape in shapes for one in names_of(shape)]
    like = get_close_matches(name.upper(), known, n=1, cutoff=0.8)
    return f"did you mean {like[0]}?" if like else ""


def _odd(one: OddLine, shapes: Sequence[type[Any]]) -> Row:
    """A variable of the earlier systems whose value cannot be told is a mistake; any other line is a stranger's."""
    if not one.name:
        return Row(one.line, "", Fate.UNKNOWN, detail="the line is no NAME=value")
    fate = Fate.BAD if is_known(one.name, shapes) else Fate.UNKNOWN
    return Row(one.line, one.name, fate, detail="quotes without end or a $VARIABLE: write the value itself")


def _for_target(env: DotEnv, target: Target) -> tuple[str, list[Wish], list[Row]]:
    said = {one.name: one for one in env.assignments if one.value}
    rows: list[Row] = [
        Row(one.line, one.name, Fate.OFF, detail="it is empty")
        for one in env.assignments
        if not one.value and is_known(one.name, [target.shape])
    ]
    usable, mistakes = _without_mistakes(said, env, target)
    lacking = {row.name for row in mistakes if row.fate is Fate.MISSING}
    rows = [row for row in rows if row.name not in lacking] + mistakes
    found = overrides(target.shape, usable)
    off = {key: f"{variable} is false" for key, (variable, value) in found.items() if value is None}
    off |= _unread_switches(env, target, usable, {row.name: row.detail for row in mistakes if row.fate is Fate.OFF})
    text = target.text
    for key, (variable, value) in found.items():
        value, remark = _fitting(key, value)
        row = Row(said[variable].line, variable, Fate.WRITTEN, f"{target.path}: {key}", _shown(value) + remark)
        switch = _switch_over(key, off)
        if value is None:
            rows.append(replace(row, fate=Fate.OFF, where="", detail="no such channel is set up"))
        elif switch:
            rows.append(replace(row, fate=Fate.OFF, where="", detail=switch))
        else:
            text, fate, old = _taken(text, target.path, key, value)
            rows.append(replace(row, fate=fate, detail=row.detail + old))
    wishes, told = _secrets(said, target, off, text)
    text, routed = _routed(text, target, [row for row in rows if ": channels.sms" in row.where])
    return text, wishes, rows + told + routed


def _routed(text: str, target: Target, sms: Sequence[Row]) -> tuple[str, list[Row]]:
    """The file's text with routes for a new SMS channel, and a row that tells of them."""
    as_json = target.path.endswith(".json")
    before, after = load_plain(target.text, as_json=as_json), load_plain(text, as_json=as_json)
    others = sms_route.others_beside(before, after)
    if others is None or not sms:
        return text, []
    row = replace(sms[-1], where=f"{target.path}: route")
    if not others:
        alone = "SMS is the only channel: warnings and recoveries go there too"
        return text, [replace(row, fate=Fate.OFF, detail=alone)]
    detail = f"by SMS only what is critical, the rest by {', '.join(others)}"
    return sms_route.with_routes(text, others, as_json=as_json), [replace(row, detail=detail)]


def _without_mistakes(said: Mapping[str, Assignment], env: DotEnv, target: Target) -> tuple[dict[str, str], list[Row]]:
    """The variables that fit into the file, and a row for each that does not, or that the others need."""
    usable = {name: one.value for name, one in said.items()}
    rows: dict[str, Row] = {}
    while mistakes := _mistakes(usable, target):
        for variable, mistake in mistakes:
            usable.pop(variable, None)
            row = Row(said[variable].line, variable, Fate.BAD, detail=_what(mistake))
            needed = _needed(mistake, target.shape)
            if needed:
                rows = _missing(needed, mistake, env) | rows
                row = replace(row, fate=Fate.OFF, detail=_why_without(needed, rows))
            rows.setdefault(variable, row)
    return usable, list(rows.values())


def _mistakes(usable: Mapping[str, str], target: Target) -> list[tuple[str, Mistake]]:
    """What does not fit, with the variable that says so."""
    try:
        load_text(target.shape, target.text, target.path, usable)
    except ConfigError as error:
        found = [(mistake.source.removeprefix(VARIABLE), mistake) for mistake in error.mistakes]
        if own := [mistake for variable, mistake in found if variable not in usable]:
            raise EnvError(f"{own[0]}; correct it first, nothing was written") from error
        return found
    return []


def _what(mistake: Mistake) -> str:
    return f"{mistake.key}: expected {mistake.expected}, found {mistake.found or NOTHING}"


def _needed(mistake: Mistake, shape: type[Any]) -> str:
    """The variable of a key that is not there, and that the one whose mistake it is called needs; "" for no such."""
    plain = (name for name in names_of(shape) if isinstance(name, Plain) and name.form is not Form.SWITCH)
    return next((name.variable for name in plain if name.key == mistake.key and mistake.found == NOTHING), "")


def _missing(needed: str, mistake: Mistake, env: DotEnv) -> dict[str, Row]:
    """What is told of a variable that is said nowhere, or is empty; of one that could not be read is told already."""
    if any(one.name == needed for one in env.odd_lines):
        return {}
    line = next((one.line for one in env.assignments if one.name == needed), 0)
    table = mistake.key.rpartition(".")[0]
    return {needed: Row(line, needed, Fate.MISSING, detail=f"[{table}] cannot be without it")}


def _why_without(needed: str, rows: Mapping[str, Row]) -> str:
    """Why a variable was not taken that needs another."""
    row = rows.get(needed)
    if row is None or row.fate is Fate.BAD:
        return f"correct {needed} first"
    return f"{needed} is missing" if row.fate is Fate.MISSING else row.detail


def _unread_switches(env: DotEnv, target: Target, usable: Mapping[str, str], why: Mapping[str, str]) -> dict[str, str]:
    """The tables of whose switch nobody knows whether it is on: it may say off, so nothing of them is taken.

    Nor of those whose switch was not taken, `why` by variable.
    """
    written = {one.name for one in env.assignments if one.value} | {one.name for one in env.odd_lines}
    return {
        name.key: why.get(name.variable, f"correct {name.variable} first")
        for name in names_of(target.shape)
        if isinstance(name, Plain)
        and name.form is Form.SWITCH
        and name.variable in written
        and name.variable not in usable
    }


def _switch_over(key: str, off: Mapping[str, str]) -> str:
    return next((why for table, why in off.items() if key.startswith(f"{table}.")), "")


def _taken(text: str, path: str, key: str, value: Any) -> tuple[str, Fate, str]:
    """The file's text with the value in it, and words on the value that it takes the place of."""
    as_json = path.endswith(".json")
    current = value_at(load_plain(text, as_json=as_json), key)
    # A table that is switched on is made by the keys in it.
    if value == {} or current == value:
        return text, Fate.ALREADY if current is not None else Fate.WRITTEN, ""
    old = "" if current is None else f"; replaces {literal(current)}"
    try:
        return (_json_with(text, key, value) if as_json else with_value(text, key, value)), Fate.WRITTEN, old
    except EditError as error:
        raise EnvError(f"{path}: {error}; nothing was written") from error


def load_plain(text: str, *, as_json: bool) -> dict[str, Any]:
    """A configuration text as plain values; it was found to be right before."""
    values: dict[str, Any] = json.loads(text or "{}") if as_json else tomllib.loads(text)
    return values


def _json_with(text: str, key: str, value: Any) -> str:
    values = load_plain(text, as_json=True)
    *tables, last = key.split(".")
    inner = values
    for table in tables:
        inner = inner.setdefault(table, {})
    inner[last] = value
    return json.dumps(values, indent=2) + "\n"


def _secrets(
    said: Mapping[str, Assignment], target: Target, off: Mapping[str, str], text: str
) -> tuple[list[Wish], list[Row]]:
    """Secrets are stored where their table is, or will be: a token without its channel is of no use to anybody."""
    wishes, rows = [], []
    whose = f" of agent {target.agent}" if target.agent else ""
    values = load_plain(text, as_json=target.path.endswith(".json"))
    for name in names_of(target.shape):
        if not isinstance(name, Secret) or name.variable not in said:
            continue
        one = said[name.variable]
        row = Row(one.line, one.name, Fate.STORED, f"credential {name.credential}{whose}", HIDDEN)
        if name.table in off:
            rows.append(replace(row, fate=Fate.OFF, where="", detail=off[name.table]))
        elif value_at(values, name.table) is None and target.agent is None:
            rows.append(replace(row, fate=Fate.OFF, where="", detail=f"[{name.table}] is not configured"))
        elif remarks.is_stand_in(one.value):
            hint = f"a stand-in, no secret; the real one: standfastctl secret set {name.credential}"
            whose = f" --agent {target.agent}" if target.agent else ""
            rows.append(replace(row, fate=Fate.BAD, where="", detail=hint + whose))
        else:
            wishes.append(Wish(row, name.credential, target.agent, one.value))
    return wishes, rows


def _fitting(key: str, value: Any) -> tuple[Any, str]:
    """A value as it can be used on this host, and what a person should know of it."""
    if key == _STOP and isinstance(value, int | float) and value >= AGENT_STOPS_AFTER_S:
        return _LONGEST_STOP_S, f" instead of {value:g}: systemd kills the agent after {AGENT_STOPS_AFTER_S:g} s"
    if host := remarks.doubtful_host(value):
        return value, f'; is "{host}" a name on this host? In Docker it was; here it may be 127.0.0.1'
    return value, ""


def _shown(value: Any) -> str:
    return "on" if value == {} else literal(value)


def concerns(shape: type[Any], env: DotEnv) -> tuple[str, ...]:
    """The variables of the file that are a program's."""
    mine = {name.variable for name in names_of(shape)}
    return tuple(one.name for one in env.assignments if one.name in mine and one.value)
