"""What the check found, and which events that calls for. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.events import Event, Kind, Severity

CHECK_UNIT: Final = "standfast-check.service"


@dataclass(frozen=True, slots=True)
class Question:
    """One thing that is checked: a problem's identity, and what to do when it is not well."""

    type: str
    unit: str
    severity: Severity
    action: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found: well, not well (with the trouble in words), or unknown (None)."""

    question: Question
    well: bool | None
    words: str


def watcher_down(unit: str) -> Question:
    """Whether a watcher runs."""
    return Question("WATCHER_DOWN", unit, Severity.CRITICAL, f"systemctl status {unit}")


def watcher_stuck(unit: str) -> Question:
    """Whether a watcher's loop turns."""
    return Question("WATCHER_STUCK", unit, Severity.CRITICAL, f"systemctl restart {unit}")


DISK: Final = Question("DISK_SPACE_LOW", CHECK_UNIT, Severity.WARNING, "df -h; make room on this disk")
DATABASES: Final = Question("DATABASE_DAMAGED", CHECK_UNIT, Severity.CRITICAL, "Restore the database from its backup")
FILES: Final = Question("CRITICAL_FILE_BAD", CHECK_UNIT, Severity.WARNING, "Put the file back, or correct it")


def runs(unit: str, active_state: str) -> Answer:
    """Whether a watcher's unit is up; one that its operator stopped is not, and that is worth telling."""
    return Answer(watcher_down(unit), active_state in ("active", "reloading"), f"{unit} is {active_state}")


def turns(unit: str, age_s: float | None, limit_s: float) -> Answer:
    """Whether a watcher's status is fresh; None: it has none yet."""
    if age_s is None:
        return Answer(watcher_stuck(unit), None, f"{unit} has no status")
    return Answer(watcher_stuck(unit), age_s <= limit_s, f"{unit} looked last {age_s:.0f} s ago")


def disk(free: int, total: int, lowest_share: float, path: str) -> Answer:
    """Whether there is room."""
    share = free / total if total else 1.0
    return Answer(DISK, share >= lowest_share, f"{share:.1%} of the disk of {path} are free ({free // 2**20} MiB)")


def together(question: Question, found: Mapping[str, Finding]) -> Answer:
    """Several findings as the answer to one question: all is well only where all could be looked at."""
    failed = [f"{name} ({finding.detail})" for name, finding in found.items() if finding.outcome is Outcome.FAIL]
    unknown = [f"{name} ({finding.detail})" for name, finding in found.items() if finding.outcome is Outcome.UNKNOWN]
    if failed:
        return Answer(question, False, ", ".join(failed))
    if unknown or not found:
        return Answer(question, None, ", ".join(unknown) or "nothing to look at")
    return Answer(question, True, f"{len(found)} well")


def events(answers: Iterable[Answer], is_open: Callable[[Question], bool]) -> list[Event]:
    """A problem for each answer that is not well, the end of those that were told and are over."""
    said = []
    for answer in answers:
        if answer.well is False:
            said.append(_event(Kind.PROBLEM, answer))
        elif answer.well and is_open(answer.question):
            said.append(_event(Kind.RESOLVED, answer))
    return said


def _event(kind: Kind, answer: Answer) -> Event:
    question = answer.question
    action = question.action if kind is Kind.PROBLEM else ""
    return Event(kind, answer.words, type=question.type, severity=question.severity, unit=question.unit, action=action)
