"""A message as the JSON that webhooks get and that the outbox keeps. Pure."""

from typing import Any

from standfast.events import Severity
from standfast.moments import iso
from standfast.notifier.model import Draft, Message, MessageKind, Problem
from standfast.notifier.words import clean, numbered_step, type_of


def webhook_body(message: Message) -> dict[str, Any]:
    """The whole message."""
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


def _shown_severity(draft: Draft) -> Severity:
    """A recovery goes where its problem went, but is no alarm itself; what may be back at any moment is a warning."""
    if draft.kind is MessageKind.RECOVERY:
        return Severity.INFO
    if draft.kind is MessageKind.RESTART and draft.event is not None:
        return draft.event.severity
    is_over = draft.kind is MessageKind.FLAPPING and all(one.resolved_at for one in draft.problems)
    return Severity.WARNING if is_over and draft.severity is Severity.CRITICAL else draft.severity


def _problem_json(problem: Problem) -> dict[str, Any]:
    return {
        "type": clean(problem.type),
        "unit": clean(problem.unit),
        "severity": problem.severity.value,
        "message": clean(problem.words),
        "action": "" if problem.resolved_at else clean(numbered_step(problem.action, problem.id)),
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
            "type": clean(type_of(event)),
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
