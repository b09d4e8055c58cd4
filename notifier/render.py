"""The words of messages: what happened, since when, and the next step, with the host in front. Pure.

Times are shown in the configured zone. Texts come from other programs, so they are bounded and
stripped of control characters here.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from typing import Any

from standfast.events import Severity
from standfast.moments import iso
from standfast.notifier.model import Draft, Message, MessageKind, Problem
from standfast.notifier.redact import redacted

AGGREGATE_TITLE = "MULTIPLE ERRORS DETECTED"
# What stands before the subject; a restart needs none, its type says it.
_MARKS = {
    MessageKind.REMINDER: "STILL UNRESOLVED",
    MessageKind.RECOVERY: "RESOLVED",
    MessageKind.STATUS: "STILL WAITING",
    MessageKind.FLAPPING: "FLAPPING",
    MessageKind.RESTART: "",
    MessageKind.RESEND: "STILL UNRESOLVED",
}
# A message of a person's reading length; what a program put into one field is cut to this, with a mark.
LONGEST_FIELD = 1000
# So many units are named in a line of an aggregate; the rest is a number.
NAMED_UNITS = 3


def render(draft: Draft, message_id: str, host: str, zone: tzinfo | None) -> Message:
    """A draft in words."""
    title = _title(draft)
    lines = [f"{clean(host)}: {title}", *_body(draft, zone)]
    return Message(message_id, host, title, "\n".join(line for line in lines if line), draft)


def webhook_body(message: Message) -> dict[str, Any]:
    """The message as the JSON that webhooks get and that the outbox keeps."""
    draft = message.draft
    return {
        "id": message.id,
        "kind": draft.kind.value,
        "host": message.host,
        "severity": _shown_severity(draft).value,
        "title": message.title,
        "text": message.text,
        "at": iso(draft.at),
        "events": [_problem_json(problem) for problem in draft.problems] or _event_json(draft),
    }


def clean(text: str) -> str:
    """A text of another program on one line: no control characters, no secrets, no more than `LONGEST_FIELD`."""
    printable = "".join(char if char.isprintable() else " " for char in text[: LONGEST_FIELD * 2])
    words = redacted(" ".join(printable.split()))
    return words if len(words) <= LONGEST_FIELD else words[: LONGEST_FIELD - 1] + "…"


def duration(span: timedelta) -> str:
    """A span in the words of a person: 45 s, 12 min, 3 h 5 min, 2 d 4 h."""
    seconds = max(0, int(span.total_seconds()))
    for size, unit, part_size, part_unit in ((86400, "d", 3600, "h"), (3600, "h", 60, "min")):
        if seconds >= size:
            whole, part = seconds // size, seconds % size // part_size
            return f"{whole} {unit} {part} {part_unit}" if part else f"{whole} {unit}"
    return f"{seconds // 60} min" if seconds >= 120 else f"{seconds} s"


def moment(at: datetime, zone: tzinfo | None) -> str:
    """A time as a person in that zone writes it."""
    return f"{at.astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def occurrences(number: int) -> str:
    """A count in words."""
    return f"{number} occurrence" + ("" if number == 1 else "s")


def _title(draft: Draft) -> str:
    if draft.kind is MessageKind.AGGREGATE:
        return AGGREGATE_TITLE
    mark = _MARKS.get(draft.kind, "CRITICAL" if draft.severity is Severity.CRITICAL else "")
    return f"{mark}: {_subject(draft)}" if mark else _subject(draft)


def _subject(draft: Draft) -> str:
    """The type and the unit that the message is about."""
    if draft.event is not None:
        return clean(f"{draft.event.type or draft.event.kind.value.upper()} {draft.event.unit}")
    if len(draft.problems) > 1:
        return f"{len(draft.problems)} problems"
    return clean(f"{draft.problems[0].type} {draft.problems[0].unit}")


def _body(draft: Draft, zone: tzinfo | None) -> Iterable[str]:
    if draft.event is not None:
        return [clean(draft.event.message), _next_step(draft.event.action), f"Time: {moment(draft.at, zone)}"]
    if draft.kind is MessageKind.AGGREGATE:
        return [*_lines_by_type(draft.problems), f"Time: {moment(draft.at, zone)}"]
    problem = draft.problems[0]
    if draft.kind is MessageKind.RECOVERY:
        return _recovery_lines(draft.problems, zone)
    if draft.kind is MessageKind.FLAPPING:
        return [clean(problem.message), _flapping_line(draft, zone), _next_step(problem.action)]
    since = f"Since {moment(problem.first_occurrence, zone)}, {occurrences(problem.occurrences)}"
    return [clean(problem.message), since, _next_step(problem.action)]


def _recovery_lines(problems: tuple[Problem, ...], zone: tzinfo | None) -> list[str]:
    ends = [problem.resolved_at or problem.last_occurrence for problem in problems]
    lasted = [
        f"{duration(end - problem.first_occurrence)}, {occurrences(problem.occurrences)}"
        for problem, end in zip(problems, ends, strict=True)
    ]
    if len(problems) == 1:
        return [f"It lasted {lasted[0]}", f"Time: {moment(ends[0], zone)}"]
    named = [clean(f"{one.type} {one.unit}: {words}") for one, words in zip(problems, lasted, strict=True)]
    return [*named, f"Time: {moment(max(ends), zone)}"]


def _flapping_line(draft: Draft, zone: tzinfo | None) -> str:
    state = "over" if draft.problems[0].resolved_at else "there"
    return (
        f"It came and went, {draft.changes} changes by {moment(draft.at, zone)}, and is {state} now;"
        " the next message comes when it is stable"
    )


def _lines_by_type(problems: tuple[Problem, ...]) -> list[str]:
    """A line per error type: its number of occurrences, and which units have it."""
    by_type: dict[str, list[Problem]] = {}
    for problem in problems:
        by_type.setdefault(problem.type, []).append(problem)
    return [
        f"{clean(error_type)}: {occurrences(sum(one.occurrences for one in group))}{_units(group)}"
        for error_type, group in by_type.items()
    ]


def _units(problems: list[Problem]) -> str:
    units = [clean(problem.unit) for problem in problems if problem.unit]
    more = f" and {len(units) - NAMED_UNITS} more" if len(units) > NAMED_UNITS else ""
    return f" ({', '.join(units[:NAMED_UNITS])}{more})" if units else ""


def _next_step(action: str) -> str:
    return f"Next: {clean(action)}" if action else ""


def _shown_severity(draft: Draft) -> Severity:
    """A recovery goes where its problem went, but is no alarm itself."""
    return Severity.INFO if draft.kind is MessageKind.RECOVERY else draft.severity


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "type": clean(problem.type),
        "unit": clean(problem.unit),
        "severity": problem.severity.value,
        "message": clean(problem.message),
        "action": clean(problem.action),
        "first_occurrence": iso(problem.first_occurrence),
        "last_occurrence": iso(problem.last_occurrence),
        "occurrences": problem.occurrences,
        "resolved": problem.resolved_at is not None,
    }


def _event_json(draft: Draft) -> list[dict[str, Any]]:
    event = draft.event
    if event is None:
        return []
    return [
        {
            "type": clean(event.type),
            "unit": clean(event.unit),
            "severity": event.severity.value,
            "message": clean(event.message),
            "action": clean(event.action),
            "first_occurrence": iso(draft.at),
            "last_occurrence": iso(draft.at),
            "occurrences": 1,
            "resolved": False,
        }
    ]
