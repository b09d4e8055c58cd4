"""What the check tells people by itself while the notifier does not: each trouble once, then a reminder, then its end.

Whoever told a trouble tells its end, so what was told here ends here, even when the notifier is back. The events say
so (`told`), and the notifier then only writes it into its error log. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from standfast.check import findings, untold
from standfast.check.delivered import NOTHING, Delivered
from standfast.check.findings import Answer
from standfast.check.memory import Memory
from standfast.events import SINCE, TELLINGS, TOLD, UNTIL, Event, Kind, Severity
from standfast.moments import iso
from standfast.notifier import aggregate
from standfast.notifier.config import NotifierConfig
from standfast.notifier.ledger import by_route, destination
from standfast.notifier.model import Draft, Heard, Identity, MessageKind, Problem, Stage, worst
from standfast.unit_names import NOTIFIER

_THE_NOTIFIERS = frozenset({findings.watcher_down(NOTIFIER), findings.watcher_stuck(NOTIFIER), findings.CANARY})


def is_needed(answers: Iterable[Answer]) -> bool:
    """Whether the notifier tells nothing: the canary is what counts, its unit and its loop only say why."""
    asked = [answer for answer in answers if answer.question in _THE_NOTIFIERS]
    came = any(answer.well for answer in asked if answer.question == findings.CANARY)
    return not came and any(answer.well is False for answer in asked)


def to_tell(
    answers: Iterable[Answer], memory: Memory, now: datetime, remind_after_s: float, known: Delivered = NOTHING
) -> tuple[Answer, ...]:
    """The open troubles that were not told yet, or so long ago that people are reminded.

    What the notifier delivered counts as told; that it is away itself is always news.
    """

    def is_due(answer: Answer) -> bool:
        trouble = memory.troubles.get(answer.question.identity)
        if answer.well is not False or trouble is None or not trouble.is_open:
            return False
        is_own = answer.question in _THE_NOTIFIERS
        told_at = trouble.told_at or (None if is_own else known.told_at(answer.question.identity))
        return told_at is None or abs(now - told_at) >= timedelta(seconds=remind_after_s)

    return tuple(answer for answer in answers if is_due(answer))


def to_end(answers: Iterable[Answer], before: Memory) -> tuple[Answer, ...]:
    """What was told here and is over."""
    return tuple(one for one in answers if one.well and is_told(before, one.question.identity))


def is_told(memory: Memory, identity: Identity) -> bool:
    """Whether a trouble was told here."""
    trouble = memory.troubles.get(identity)
    return trouble is not None and trouble.told_at is not None


def drafts(
    due: Iterable[Answer], over: Iterable[Answer], before: Memory, memory: Memory, config: NotifierConfig, now: datetime
) -> list[Draft]:
    """The messages: what is critical, above all that the notifier is away; what else is wrong; and what is over."""
    told = [_problem(findings.by_itself(answer), memory, now) for answer in due]
    critical = [problem for problem in told if problem.severity is Severity.CRITICAL]
    rest = [problem for problem in told if problem.severity is not Severity.CRITICAL]
    ended = [_problem(answer, before, now, is_over=True) for answer in over]
    return [
        *(_draft((one,), MessageKind.PROBLEM, config, now) for one in critical),
        *(_draft(group, MessageKind.PROBLEM, config, now) for group in by_route(rest, config)),
        *(_draft(group, MessageKind.RECOVERY, config, now) for group in by_route(ended, config)),
    ]


def passed_on(
    heard: Sequence[Heard], memory: Memory, config: NotifierConfig, now: datetime, known: Delivered = NOTHING
) -> list[Draft]:
    """The messages about what others logged as critical and the notifier did not tell."""
    news = untold.problems(heard, memory.troubles.keys(), known)
    found = (replace(one, message=findings.BY_ITSELF.format(one.message)) for one in news)
    groups = (_draft(group, MessageKind.PROBLEM, config, now) for group in by_route(found, config))
    return [*groups, *untold.at_once(heard, config, known)]


def events(answers: Iterable[Answer], before: Memory, memory: Memory, ended: frozenset[Identity]) -> list[Event]:
    """What is logged: a problem for each open trouble that was found anew, the end of those that are over.

    What was told here counts as told as long as the notifier is away; when it is back, reminding is its business again.

    Args:
        ended: the troubles whose end was told here.
    """
    listed = tuple(answers)
    is_away = is_needed(listed)
    said = []
    for answer in listed:
        identity = answer.question.identity
        if answer.well is False and memory.is_open(identity) and (answer.is_new or not before.is_open(identity)):
            trouble = memory.troubles[identity]
            data = {SINCE: iso(trouble.since), TELLINGS: trouble.tellings}
            said.append(_event(Kind.PROBLEM, answer, data, told=is_away and is_told(memory, identity)))
        elif answer.well and before.is_open(identity):
            until: Mapping[str, object] = {UNTIL: iso(answer.since)} if answer.since else {}
            said.append(_event(Kind.RESOLVED, answer, until, told=identity in ended))
    return said


def gone(answers: Iterable[Answer], before: Memory) -> frozenset[Identity]:
    """The troubles of which nobody asks any more."""
    return frozenset(before.troubles) - {answer.question.identity for answer in answers}


def forgotten(gone: Iterable[Identity]) -> list[Event]:
    """The end of what is no longer looked at, as a disk that nothing lies on any more."""
    words = "What {} of {} was about is no longer looked at"
    return [Event(Kind.RESOLVED, words.format(one.type, one.unit), one.type, unit=one.unit) for one in gone]


def _event(kind: Kind, answer: Answer, data: Mapping[str, object], *, told: bool) -> Event:
    question = answer.question
    return Event(
        kind,
        answer.words,
        type=question.type,
        severity=question.severity,
        unit=question.unit,
        action=question.action if kind is Kind.PROBLEM else "",
        data={**data, TOLD: True} if told else data,
    )


def _problem(answer: Answer, memory: Memory, now: datetime, *, is_over: bool = False) -> Problem:
    question, trouble = answer.question, memory.troubles[answer.question.identity]
    return Problem(
        id=0,
        type=question.type,
        unit=question.unit,
        message=answer.words,
        severity=question.severity,
        action=question.action,
        failure_class=None,
        first_occurrence=trouble.since,
        last_occurrence=now,
        occurrences=trouble.times,
        stage=Stage.TOLD,
        told_at=trouble.told_at,
        resolved_at=max(trouble.since, min(answer.since or now, now)) if is_over else None,
        ended_with=answer.words if is_over else "",
    )


def _draft(problems: tuple[Problem, ...], kind: MessageKind, config: NotifierConfig, now: datetime) -> Draft:
    if kind is MessageKind.PROBLEM:
        alone = MessageKind.REMINDER if all(one.told_at for one in problems) else kind
        kind = aggregate.kind_of(problems, alone)
    return Draft(kind, worst(problems), now, destination(problems[0], config), problems)
