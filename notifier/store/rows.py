"""Rows of the database from and to what the ledger keeps."""

import json
from dataclasses import astuple
from datetime import datetime
from typing import Any, Final

from standfast.events import FailureClass, Severity
from standfast.moments import from_iso, iso
from standfast.notifier.flapping import Flap, Said
from standfast.notifier.heirs import GaveWay
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Identity, Problem, Stage
from standfast.notifier.silence import Silence

Row = tuple[Any, ...]

PROBLEM_COLUMNS: Final = (
    "id, error_type, error_message, first_occurrence, last_occurrence, occurrence_count, is_resolved, resolved_at,"
    " unit, severity, failure_class, action, stage, told_at, quiet, acknowledged, told_on, ended_by, ended_with,"
    " closed_at, told_elsewhere, stands"
)
FLAP_COLUMNS: Final = (
    "error_type, unit, changes, first_change, since, change_count, about, others_told, said, told_anew"
)
SILENCE_COLUMNS: Final = "id, unit, type, severity, start, end, why, by"


def from_problem(problem: Problem) -> Row:
    """The row of a problem, in the order of PROBLEM_COLUMNS."""
    return (
        problem.id,
        problem.type,
        problem.message,
        iso(problem.first_occurrence),
        iso(problem.last_occurrence),
        problem.occurrences,
        int(problem.resolved_at is not None),
        _iso_or_none(problem.resolved_at),
        problem.unit,
        problem.severity.value,
        problem.failure_class.value if problem.failure_class else "",
        problem.action,
        problem.stage.value,
        _iso_or_none(problem.told_at),
        problem.quiet,
        int(problem.acknowledged),
        json.dumps(problem.told_on),
        problem.ended_by,
        problem.ended_with,
        _iso_or_none(problem.closed_at),
        problem.told_elsewhere,
        problem.stands,
    )


def to_problem(row: Row) -> Problem:
    """The problem of such a row."""
    id_, type_, message, first, last, count, _, resolved_at, unit, severity, failure_class, action, *rest = row
    stage, told_at, quiet, acknowledged, told_on, ended_by, ended_with, closed_at, told_elsewhere, stands = rest
    return Problem(
        id=id_,
        type=type_,
        unit=unit,
        message=message,
        severity=Severity(severity),
        action=action,
        failure_class=FailureClass(failure_class) if failure_class else None,
        first_occurrence=from_iso(first),
        last_occurrence=from_iso(last),
        occurrences=count,
        stage=Stage(stage),
        told_at=_from_iso_or_none(told_at),
        told_on=tuple(json.loads(told_on)),
        resolved_at=_from_iso_or_none(resolved_at),
        quiet=quiet,
        acknowledged=bool(acknowledged),
        ended_by=ended_by,
        ended_with=ended_with,
        closed_at=_from_iso_or_none(closed_at),
        told_elsewhere=told_elsewhere,
        stands=stands,
    )


def from_flap(identity: Identity, flap: Flap) -> Row:
    """The row of a history, in the order of FLAP_COLUMNS."""
    changes, about = json.dumps([iso(at) for at in flap.changes]), json.dumps(sorted(flap.about))
    counts = (iso(flap.first), _iso_or_none(flap.since), flap.count)
    return (identity.type, identity.unit, changes, *counts, about, flap.told, flap.said.value, flap.anew)


def to_flap(row: Row) -> tuple[Identity, Flap]:
    """The history of such a row."""
    error_type, unit, changes, first, since, count, about, told, said, anew = row
    times = tuple(from_iso(at) for at in json.loads(changes))
    flap = Flap(
        times,
        from_iso(first),
        _from_iso_or_none(since),
        count,
        about=frozenset(json.loads(about)),
        told=told,
        said=Said(said),
        anew=anew,
    )
    return Identity(error_type, unit), flap


def from_silence(one: Silence) -> Row:
    """The row of a silence, in the order of SILENCE_COLUMNS."""
    return one.id, one.unit, one.type, one.severity, iso(one.start), iso(one.end), one.why, one.by


def to_silence(row: Row) -> Silence:
    """The silence of such a row."""
    id_, unit, error_type, severity, start, end, why, by = row
    return Silence(id_, unit, error_type, severity, from_iso(start), from_iso(end), why, by)


def notes_of(ledger: Ledger) -> dict[str, str]:
    """What the ledger knows beside its tables."""
    return {
        "window_closes_at": iso(ledger.window_closes_at) if ledger.window_closes_at else "",
        "heirs": json.dumps(ledger.heirs),
        "gave_way": json.dumps({number: astuple(one) for number, one in ledger.gave_way.items()}),
    }


def to_heirs(note: str) -> dict[str, tuple[str, ...]]:
    """What the note `heirs` says."""
    return {heir: tuple(channels) for heir, channels in json.loads(note or "{}").items()}


def to_gave_way(note: str) -> dict[int, GaveWay]:
    """What the note `gave_way` says."""
    return {int(number): GaveWay(*one) for number, one in json.loads(note or "{}").items()}


def _iso_or_none(at: datetime | None) -> str | None:
    return iso(at) if at else None


def _from_iso_or_none(text: str | None) -> datetime | None:
    return from_iso(text) if text else None
