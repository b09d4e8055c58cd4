"""The words of messages, a renderer per kind: what happened, since when, and the next step, the host in front. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from typing import Final

from standfast.events import Severity
from standfast.notifier import fleet
from standfast.notifier.model import Draft, Message, MessageKind, Problem
from standfast.notifier.words import (
    NAMED_UNITS,
    clean,
    history_of,
    next_step,
    next_steps,
    not_over,
    occurrences,
    short,
    steps_left,
    stop_reminders,
    subject,
    time,
    type_of,
    whose,
)
from standfast.time_words import moment, span

AGGREGATE_TITLE: Final = "MULTIPLE ERRORS DETECTED"

Lines = list[str]
Renderer = Callable[[Draft, tzinfo | None], Lines]


def render(draft: Draft, message_id: str, host: str, zone: tzinfo | None) -> Message:
    """A draft in words."""
    title, *body = RENDERERS[draft.kind](draft, zone)
    lines = [f"{clean(host)}: {title}", *body]
    return Message(message_id, host, title, "\n".join(line for line in lines if line), draft)


def _problem(draft: Draft, zone: tzinfo | None) -> Lines:
    if draft.event is not None:
        return _happening(draft, zone, _critical(draft))
    (problem,) = draft.problems
    words, since, *steps = _details(problem, zone)
    then = f"{_comes_and_goes(draft, zone)}; its end is told when it is stable" if draft.changes else ""
    since = f"Since {moment(problem.last_occurrence, zone)}" if draft.changes else since
    began = f"It began as: {clean(problem.message)}" if problem.stands and problem.stands != problem.message else ""
    return [_critical(draft) + _subject(problem), words, began, since, clean(draft.note), then, *steps]


def _aggregate(draft: Draft, zone: tzinfo | None) -> Lines:
    """The form of the earlier system, a line per type with its occurrences; below each why and since, then the steps.

    Whoever reads it decides by it: which position is open, which line of a file is wrong.
    """
    by_type: dict[str, list[Problem]] = {}
    for problem in draft.problems:
        by_type.setdefault(problem.type, []).append(problem)
    lines = [line for error_type, group in by_type.items() for line in _of_type(error_type, group, zone)]
    return [AGGREGATE_TITLE, *lines, time(draft.at, zone), *next_steps(draft.problems)]


def _of_type(error_type: str, group: list[Problem], zone: tzinfo | None) -> Lines:
    count = f"{clean(error_type)}: {occurrences(sum(one.occurrences for one in group))}{whose(group)}"
    named = group[:NAMED_UNITS]
    return [count, *(f"- {_why(one, zone, among_several=len(group) > 1)}" for one in named)]


def _why(problem: Problem, zone: tzinfo | None, *, among_several: bool) -> str:
    """A problem's words and since when, in one line; the unit in front where the others have another."""
    unit = f"{clean(problem.unit)}: " if among_several and problem.unit else ""
    return f"{unit}{_words(problem)}since {moment(problem.first_occurrence, zone)}"


def _words(problem: Problem) -> str:
    return f"{short(problem.words)}, " if problem.words else ""


def _reminder(draft: Draft, zone: tzinfo | None) -> Lines:
    """What was said before, and how to have it said no more."""
    if len(draft.problems) == 1:
        (problem,) = draft.problems
        words, since, *steps = _details(problem, zone)
        return [f"STILL UNRESOLVED: {_subject(problem)}", words, since, stop_reminders(draft.problems), *steps]
    return [
        f"STILL UNRESOLVED: {len(draft.problems)} problems",
        *(f"{_subject(problem)}: {_words(problem)}{_since(problem, zone)}" for problem in draft.problems),
        time(draft.at, zone),
        stop_reminders(draft.problems),
        *next_steps(draft.problems),
    ]


def _recovery(draft: Draft, zone: tzinfo | None) -> Lines:
    ends = [problem.resolved_at or problem.last_occurrence for problem in draft.problems]
    if len(draft.problems) == 1:
        (problem,) = draft.problems
        lasted = f"It {_came_and_went(draft, ends[0]) if draft.since else _lasted(problem)}"
        was = f"It was: {clean(problem.words)}" if draft.untold and problem.words else ""
        told = [was, lasted, _now(problem, draft), _untold(draft), time(ends[0], zone)]
        return [f"RESOLVED: {_subject(problem)}", _not_over(draft), *told, *steps_left(draft.not_over)]
    each = [
        f"{_subject(problem)}: {'; '.join(filter(None, (_told_end(problem, draft), _now(problem, draft))))}"
        for problem in draft.problems
    ]
    told = [*each, _untold(draft), time(max(ends), zone)]
    return [f"RESOLVED: {len(draft.problems)} problems", _not_over(draft), *told, *steps_left(draft.not_over)]


def _told_end(problem: Problem, draft: Draft) -> str:
    return f"{_words(problem) if draft.untold else ''}{_lasted(problem)}"


def _not_over(draft: Draft) -> str:
    return not_over(draft.not_over, draft.problems)


def _untold(draft: Draft) -> str:
    """What was over before a channel could tell that it had begun is told once, as that."""
    return f"Not told while it lasted: {', '.join(draft.untold)} did not deliver it" if draft.untold else ""


def _flapping(draft: Draft, zone: tzinfo | None) -> Lines:
    """That it comes and goes, in the state of now: what is over at this moment needs no step but a look."""
    (problem,) = draft.problems
    then = f"the next message about it comes when {draft.note}"
    if not problem.resolved_at:
        now = f"{_comes_and_goes(draft, zone)}, and is there now; {then}"
        return [f"FLAPPING: {_critical(draft)}{_subject(problem)}", clean(problem.words), now, *next_steps([problem])]
    return [
        f"FLAPPING, over at this moment: {_subject(problem)}",
        _not_over(draft),
        f"It was: {clean(problem.words)}" if problem.words else "",
        f"{_comes_and_goes(draft, zone)}; {then}",
        *_steps_of_flapping(draft, problem),
    ]


def _steps_of_flapping(draft: Draft, problem: Problem) -> Lines:
    """What is over at this moment needs no step but a look, unless something else is not over."""
    history = f"how it came and went: {history_of(problem)}"
    if draft.not_over:
        return [history[0].upper() + history[1:], *steps_left(draft.not_over)]
    return [next_step(f"nothing while it is over; {history}")]


def _comes_and_goes(draft: Draft, zone: tzinfo | None) -> str:
    return f"It comes and goes since {moment(draft.since or draft.at, zone)}, {draft.changes} changes so far"


def _status(draft: Draft, zone: tzinfo | None) -> Lines:
    return _happening(draft, zone, "STILL WAITING: ")


def _restart(draft: Draft, zone: tzinfo | None) -> Lines:
    """Started, completed, partial or failed: its type says so, and that it is critical goes without saying."""
    return _happening(draft, zone)


def _shutdown(draft: Draft, zone: tzinfo | None) -> Lines:
    return _happening(draft, zone, _critical(draft))


def _test(draft: Draft, zone: tzinfo | None) -> Lines:
    return _happening(draft, zone)


RENDERERS: Final[Mapping[MessageKind, Renderer]] = {
    MessageKind.PROBLEM: _problem,
    MessageKind.AGGREGATE: _aggregate,
    MessageKind.REMINDER: _reminder,
    MessageKind.RESEND: _reminder,
    MessageKind.RECOVERY: _recovery,
    MessageKind.FLAPPING: _flapping,
    MessageKind.STATUS: _status,
    MessageKind.RESTART: _restart,
    MessageKind.SHUTDOWN: _shutdown,
    MessageKind.TEST: _test,
    MessageKind.CANARY: _test,
}


def _happening(draft: Draft, zone: tzinfo | None, mark: str = "") -> Lines:
    """What happened and does not last: its words, its next step where it needs one, and its time."""
    event = draft.event
    if event is None:
        raise ValueError(f"a {draft.kind} is about an event")
    title = mark + subject(type_of(event), event.unit)
    return [title, clean(event.message), time(draft.at, zone), next_step(event.action)]


def _critical(draft: Draft) -> str:
    return "CRITICAL: " if draft.severity is Severity.CRITICAL else ""


def _subject(problem: Problem) -> str:
    return subject(problem.type, problem.unit)


def _details(problem: Problem, zone: tzinfo | None) -> Lines:
    since = _since(problem, zone)
    return [clean(problem.words), since[0].upper() + since[1:], *next_steps([problem])]


def _since(problem: Problem, zone: tzinfo | None) -> str:
    return f"since {moment(problem.first_occurrence, zone)}, {occurrences(problem.occurrences)}"


def _now(problem: Problem, draft: Draft) -> str:
    """How it is now, where its source said so; that the fleet was well at its end is no news where it is not."""
    is_outdated = draft.not_over and fleet.is_of_fleet(problem)
    return "" if is_outdated else clean(problem.ended_with)


def _lasted(problem: Problem) -> str:
    """How long and how often; what only a person says to be over, or was closed before, is said to be that."""
    end = problem.closed_at or problem.resolved_at or problem.last_occurrence
    by = clean(problem.ended_by) + ("" if problem.closed_at else " says that it is over")
    who = f"; {by}" if problem.ended_by else ""
    return f"lasted {span(end - problem.first_occurrence)}, {occurrences(problem.occurrences)}{who}"


def _came_and_went(draft: Draft, end: datetime) -> str:
    """How long and how often it did, until it was over for good."""
    return f"came and went for {span(end - (draft.since or end))}, {draft.changes} changes"
