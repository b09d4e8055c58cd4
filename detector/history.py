"""Recorded history: observations as JSON Lines, and back. Pure.

A line is `{"at": seconds, "kind": ...}` with the fields of the observation; docs/design.md
has the format ("Recorded history"). Lines ascend by `at`; empty ones and those that begin with # say nothing.
"""

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, TypeVar

from standfast.detector.model import (
    AgentObservation,
    CheckObservation,
    ClockEvent,
    ClockObservation,
    Ending,
    EndObservation,
    FileObservation,
    ManagerObservation,
    Observation,
    Outcome,
    ReleaseObservation,
    RestartObservation,
    RunResult,
    UnitObservation,
)
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.start_limit import StartLimit
from standfast.errors import StandfastError

E = TypeVar("E", bound=StrEnum)

# The year 5138; and no replay has to make its looks up to there.
_LATEST_S: Final = 1e11


class HistoryError(StandfastError):
    """A history cannot be read."""


def parse(lines: Iterable[str], name: str = "the history") -> Iterator[Observation]:
    """The observations of a history, in order.

    Raises:
        HistoryError: naming the first line that is no observation, or goes back in time.
    """
    last = float("-inf")
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            observation = from_line(line)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            told = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise HistoryError(f"cannot read {name}, line {number}: {told}; correct or remove the line") from error
        if observation.at < last:
            raise HistoryError(f'cannot read {name}, line {number}: its "at" goes back in time; sort the lines by "at"')
        last = observation.at
        yield observation


def from_line(line: str) -> Observation:
    """The observation of one line; ValueError, KeyError or TypeError where it is none."""
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("it is not a JSON object")
    kind = fields.get("kind")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise ValueError(f"the kind {json.dumps(kind)} is none of {', '.join(_READERS)}")
    try:
        return reader(_moment(fields["at"]), fields)
    except OverflowError as error:
        raise ValueError(str(error)) from error


def _moment(value: object) -> float:
    """Seconds since 1970, or since the beginning of a story."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not abs(float(value)) < _LATEST_S:
        raise ValueError(f'"at" is {json.dumps(value)}, expected seconds')
    return float(value)


def to_line(observation: Observation) -> str:
    """The line of an observation, without the fields that say nothing."""
    return json.dumps(_to_fields(observation), separators=(",", ":"))


def _unit(at: float, fields: Mapping[str, Any]) -> UnitObservation:
    return UnitObservation(
        at=at,
        unit=str(fields["unit"]),
        load_state=str(fields.get("load_state", "loaded")),
        active_state=str(fields["active_state"]),
        sub_state=str(fields.get("sub_state", "")),
        result=str(fields.get("result", "success")),
        n_restarts=int(fields.get("n_restarts", 0)),
        invocation_id=str(fields.get("invocation_id", "")),
        job=str(fields.get("job") or ""),
        needs=tuple(str(name) for name in fields.get("needs") or ()),
        unit_type=str(fields.get("type", "")),
        ended_by=_member(Ending, fields.get("ended_by", "")),
        job_result=str(fields.get("job_result", "")),
        since=_time(fields, "since"),
        restart_s=_time(fields, "restart_s"),
        main_exit=str(fields.get("exit", "")),
        start_limit=_start_limit(fields.get("start_limit")),
    )


def _start_limit(value: object) -> StartLimit | None:
    match value:
        case None:
            return None
        case [int(burst), int() | float() as interval_s] if math.isfinite(interval_s):
            return StartLimit(burst, float(interval_s))
    raise ValueError(f'"start_limit" is {json.dumps(value)}, expected a number of starts and of seconds')


def _manager(at: float, fields: Mapping[str, Any]) -> ManagerObservation:
    return ManagerObservation(at, _boolean(fields, "answers"), str(fields.get("system_state", "")))


def _file(at: float, fields: Mapping[str, Any]) -> FileObservation:
    ok = None if fields["ok"] is None else _boolean(fields, "ok")
    return FileObservation(at, str(fields["path"]), ok, str(fields.get("detail", "")))


def _check(at: float, fields: Mapping[str, Any]) -> CheckObservation:
    outcome = _member(Outcome, fields["outcome"])
    name, unit, detail = str(fields["name"]), str(fields.get("unit", "")), str(fields.get("detail", ""))
    return CheckObservation(at, name, unit, outcome, detail, _time(fields, "expires_at"))


def _figure(at: float, fields: Mapping[str, Any]) -> FigureObservation:
    figure = _member(Figure, fields["figure"])
    value, limit = float(fields["value"]), float(fields["limit"])
    if not (math.isfinite(value) and math.isfinite(limit)):
        raise ValueError("a figure and its limit are finite numbers")
    return FigureObservation(at, figure, str(fields["of"]), value, limit, str(fields.get("run", "")))


def _clock(at: float, fields: Mapping[str, Any]) -> ClockObservation:
    return ClockObservation(at, _member(ClockEvent, fields["event"]))


def _restart(at: float, fields: Mapping[str, Any]) -> RestartObservation:
    units, asked_for = (_names(fields, key) for key in ("units", "asked_for"))
    return RestartObservation(at, _member(RunResult, fields["result"]), str(fields.get("run_id", "")), units, asked_for)


def _agent(at: float, fields: Mapping[str, Any]) -> AgentObservation:
    flat = None if fields.get("flat") is None else _boolean(fields, "flat")
    return AgentObservation(at, str(fields["unit"]), str(fields["state"]), fields.get("killed") is True, flat)


def _names(fields: Mapping[str, Any], key: str) -> frozenset[str] | None:
    names = fields.get(key)
    return None if names is None else frozenset(str(name) for name in names)


def _time(fields: Mapping[str, Any], key: str) -> float | None:
    at = fields.get(key)
    return None if at is None else float(at)


def _boolean(fields: Mapping[str, Any], key: str) -> bool:
    if not isinstance(fields[key], bool):
        raise ValueError(f'"{key}" is {json.dumps(fields[key])}, expected true or false')
    return bool(fields[key])


def _member(kind: type[E], value: object) -> E:
    if not isinstance(value, str) or value not in list(kind):
        raise ValueError(f"{json.dumps(value)} is none of {', '.join(f'{one.value!r}' for one in kind)}")
    return kind(value)


_READERS: Final[Mapping[str, Callable[[float, Mapping[str, Any]], Observation]]] = {
    "unit": _unit,
    "manager": _manager,
    "file": _file,
    "check": _check,
    "figure": _figure,
    "clock": _clock,
    "restart": _restart,
    "agent": _agent,
    "release": lambda at, fields: ReleaseObservation(at),
    "end": lambda at, fields: EndObservation(at),
}


def _to_fields(observation: Observation) -> dict[str, Any]:
    at = round(observation.at, 3)
    match observation:
        case UnitObservation():
            return _unit_fields(at, observation)
        case FileObservation(path=path, ok=ok, detail=detail):
            return {"at": at, "kind": "file", "path": path, "ok": ok, "detail": detail}
        case CheckObservation():
            return _check_fields(at, observation)
        case FigureObservation():
            return _figure_fields(at, observation)
        case _:
            return {"at": at, **_host_fields(observation)}


def _host_fields(observation: Observation) -> dict[str, Any]:
    match observation:
        case ManagerObservation(answers=answers, system_state=system_state):
            return {"kind": "manager", "answers": answers, "system_state": system_state}
        case ClockObservation(event=event):
            return {"kind": "clock", "event": event}
        case RestartObservation():
            return {"kind": "restart", **_restart_fields(observation)}
        case AgentObservation(unit=unit, state=state, killed=killed, flat=flat):
            return {"kind": "agent", "unit": unit, "state": state, "killed": killed, "flat": flat}
        case ReleaseObservation():
            return {"kind": "release"}
    return {"kind": "end"}


def _restart_fields(seen: RestartObservation) -> dict[str, Any]:
    run_id = {"run_id": seen.run_id} if seen.run_id else {}
    named = {"units": seen.units, "asked_for": seen.asked_for}
    sets = {name: sorted(units) for name, units in named.items() if units is not None}
    return {"result": seen.result, **run_id, **sets}


def _check_fields(at: float, seen: CheckObservation) -> dict[str, Any]:
    fields = {"name": seen.name, "unit": seen.unit, "outcome": seen.outcome, "detail": seen.detail}
    more = {} if seen.expires_at is None else {"expires_at": round(seen.expires_at, 3)}
    return {"at": at, "kind": "check", **fields, **more}


def _figure_fields(at: float, seen: FigureObservation) -> dict[str, Any]:
    fields = {"figure": seen.figure, "of": seen.of, "value": round(seen.value, 3), "limit": round(seen.limit, 3)}
    more = {"run": seen.run} if seen.run else {}
    return {"at": at, "kind": "figure", **fields, **more}


def _unit_fields(at: float, seen: UnitObservation) -> dict[str, Any]:
    optional = {
        "type": seen.unit_type,
        "ended_by": seen.ended_by.value,
        "job_result": seen.job_result,
        "since": round(seen.since, 3) if seen.since is not None else None,
        "restart_s": seen.restart_s,
        "exit": seen.main_exit,
        "start_limit": [limit.burst, limit.interval_s] if (limit := seen.start_limit) else None,
    }
    return {
        "at": at,
        "kind": "unit",
        "unit": seen.unit,
        "load_state": seen.load_state,
        "active_state": seen.active_state,
        "sub_state": seen.sub_state,
        "result": seen.result,
        "n_restarts": seen.n_restarts,
        "invocation_id": seen.invocation_id,
        "job": seen.job,
        "needs": list(seen.needs),
        **{name: value for name, value in optional.items() if value not in ("", None)},
    }
