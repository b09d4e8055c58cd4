"""What becomes of an event that was heard. Pure.

It puts the decisions in order: count, flapping, silence, window or at once, throttle, recovery.
"""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from standfast.events import AGENT_ENDED_UNCLEAN, BY_HAND, NEWS, RESTARTS, Event, Kind, Severity
from standfast.notifier import (
    aggregate,
    coming_and_going,
    commands,
    dedup,
    ends,
    resolution,
    route,
    silence,
    succession,
    telling,
    throttle,
)
from standfast.notifier.aggregate import Admission
from standfast.notifier.channel_config import CANARY
from standfast.notifier.commands import Resolve
from standfast.notifier.config import NotifierConfig
from standfast.notifier.dedup import Match
from standfast.notifier.flapping import Flap, Flapping, Said
from standfast.notifier.ledger import Ledger, by_route, farewell
from standfast.notifier.model import Destination, Draft, Heard, MessageKind, Problem, Stage
from standfast.notifier.obey import Obeyed, not_there, obey
from standfast.notifier.resolution import Recovery, Return
from standfast.notifier.silence import Silencing
from standfast.notifier.telling import Telling
from standfast.notifier.throttle import Throttle


class Plain(StrEnum):
    """Reasons that are nobody else's."""

    AT_ONCE = "a message each, at once"
    STATUS_TOLD = "a status of a waiting unit"
    STATUS_ACKNOWLEDGED = "a status of a waiting unit whose problem somebody has taken on"
    STATUS_TOO_SOON = "a status of this unit was told within half of the throttle window"
    NOT_TOLD = "for readers of the journal"
    TOLD = "who logged it has told people of it"
    TAKEN_ON = "somebody took it on before it was told"
    ACKNOWLEDGED = "somebody has taken it on: no reminders"
    NEWS = "what people were told of it holds no longer"
    PASSED_ON = "passed on to the worker"


_FLAPS = (Flapping.STARTED, Flapping.GOES_ON, Flapping.OTHERS)
# So many of those that a problem was not about before are named; its own words name them all.
_NAMED_OTHERS: Final = 10

Reason = Admission | Flapping | Match | Obeyed | Plain | Recovery | Return | Silencing | Throttle


def hear(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    """Take in an authorised event; the answer says what became of it."""
    _tell_before_the_end(ledger, heard.event, config, now)
    ends.end_with_agent(ledger, heard.event, heard.at)
    return _HEARD[telling.telling(heard.event)](ledger, heard, config, now)


def _tell_before_the_end(ledger: Ledger, event: Event, config: NotifierConfig, now: datetime) -> None:
    """What an agent said to be over is told before its end: "ACTIVE again, it holds" would be untrue after it."""
    if not _is_end(event):
        return
    over = [
        one
        for one in ledger.resting.values()
        if one.stage is Stage.RECOVERING and one.unit == event.unit and one.type != event.type
    ]
    for group in by_route(over, config, farewell):
        ledger.tell_recovery(group, config, now)


def _problem(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    identity = dedup.identity(heard)
    resting = ledger.resting.get(identity)
    if resting and resolution.was_over(resting, config.recovery_hold_s, heard.at):
        ledger.tell_recovery((resting,), config, now)
        resting = None
    known = _reopened(ledger, resting) if resting else ledger.problems.get(identity)
    match, problem = dedup.count(known, heard, ledger.next_id)
    if match is Match.NEW:
        ledger.next_id += 1
    if known is None or resting:
        problem = _with_heritage(ledger, problem, heard, config)
    ledger.keep(problem)
    is_back = resting is not None and resting.stage is not Stage.CLOSED
    if _is_each_told(heard.event):
        problem = _steady(ledger, problem, heard.event, match)
    elif match is Match.NEW or is_back:
        reason = _came(ledger, problem, heard, match, config, now, known)
        if reason is not None:
            return reason
    if is_back and problem.stage is Stage.TOLD and match is not Match.ESCALATED and not heard.told:
        return Return.NOT_OVER
    return _occurred(ledger, problem, heard, match, config, now, known)


def _reopened(ledger: Ledger, resting: Problem) -> Problem:
    """A problem that is back; whose end people were told of, that nobody has taken on any more."""
    problem, flap = resolution.reopened(resting), ledger.flaps.get(resting.identity)
    is_told_over = flap is not None and flap.said is Said.OVER
    return dataclasses.replace(problem, acknowledged=False, quiet="") if is_told_over else problem


def _with_heritage(ledger: Ledger, problem: Problem, heard: Heard, config: NotifierConfig) -> Problem:
    """A problem that begins, or is back, with those who were told of what gives way to it; perhaps it is news again."""
    succession.give_way(ledger, problem, config.recovery_hold_s)
    problem = ledger.inherited(problem)
    is_news = succession.is_back_as_news(ledger, problem, heard.at, config.recovery_hold_s)
    return dataclasses.replace(problem, stage=Stage.HELD) if is_news else problem


def _is_each_told(event: Event) -> bool:
    """Whether it never comes and goes: each end of an agent may leave something open that nobody manages."""
    return _is_end(event) or event.type == AGENT_ENDED_UNCLEAN


def _is_end(event: Event) -> bool:
    """Whether an agent has ended, and is not started again at once."""
    return event.kind is Kind.SHUTDOWN and event.data.get(RESTARTS) is not True


def _steady(ledger: Ledger, problem: Problem, event: Event, match: Match) -> Problem:
    """One that never comes and goes; what was quiet for that, since it was no agent's end before, is to be told.

    So is a further end that left it open: somebody had started the agent, and may believe that it saw to that.
    """
    ledger.set_flap(problem.identity, None)
    is_left_again = _is_end(event) and match is Match.REPEATED and not problem.acknowledged
    if problem.stage is Stage.FLAPPING or (problem.stage is Stage.TOLD and is_left_again):
        problem = dataclasses.replace(problem, stage=Stage.HELD)
        ledger.keep(problem)
    return problem


def _came(
    ledger: Ledger,
    problem: Problem,
    heard: Heard,
    match: Match,
    config: NotifierConfig,
    now: datetime,
    before: Problem | None,
) -> Reason | None:
    """A problem that was not there a moment ago: where it comes and goes, or has others now, that is what is told."""
    decision, flap = ledger.change(problem.identity, heard.at, now, config, dedup.about(heard), dedup.began_at(heard))
    if decision in _FLAPS:
        problem = _flaps(ledger, problem, decision, flap, config, now)
        is_told = match is not Match.ESCALATED or decision is Flapping.OTHERS
        return decision if is_told else _escalated(ledger, problem, config, now, before)
    if flap.others and problem.stage is Stage.TOLD:
        return _tell_others(ledger, problem, flap, config, now)
    return None


def _occurred(
    ledger: Ledger,
    problem: Problem,
    heard: Heard,
    match: Match,
    config: NotifierConfig,
    now: datetime,
    before: Problem | None,
) -> Reason:
    """What an occurrence that was counted means to people: told by its source, not told yet, worse, or once more."""
    if heard.told:
        times = max(heard.told, problem.told_elsewhere)
        ledger.keep(dataclasses.replace(problem, stage=Stage.TOLD, told_at=heard.at, told_elsewhere=times))
        return Plain.TOLD
    if problem.stage is Stage.HELD:
        return _admit(ledger, problem, heard.event, config, now)
    if match is Match.ESCALATED:
        return _escalated(ledger, problem, config, now, before)
    return _told_before(ledger, problem, config, now)


def _update(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    """Other words of a problem; of one whose beginning was missed they are its beginning."""
    heard = dedup.in_its_words(heard)
    known = ledger.problems.get(dedup.identity(heard))
    if known is None:
        return _problem(ledger, heard, config, now)
    problem = dedup.updated(known, heard.event)
    ledger.keep(problem)
    is_awaited = problem.stage is Stage.TOLD and not problem.acknowledged
    if heard.event.data.get(NEWS) is not True or not is_awaited:
        return Match.UPDATED
    if ledger.silencing(problem, now) is Silencing.SILENCED:
        return Silencing.SILENCED
    ledger.tell((problem,), MessageKind.REMINDER, config, now)
    return Plain.NEWS


def _admit(ledger: Ledger, problem: Problem, event: Event, config: NotifierConfig, now: datetime) -> Reason:
    """A problem that was not told yet: held by a silence, told at once, or put into the window.

    An agent's end is told at once whatever it is: the notifier may end right after it.
    """
    if problem.is_taken_on:
        return Plain.TAKEN_ON
    if ledger.silencing(problem, now) is Silencing.SILENCED:
        return Silencing.SILENCED
    admission = Admission.AT_ONCE if _is_end(event) else aggregate.admit(problem, ledger.window_closes_at)
    if admission is Admission.AT_ONCE:
        ledger.tell((problem,), MessageKind.PROBLEM, config, now)
    elif admission is Admission.OPENED:
        ledger.window_closes_at = aggregate.closing_time(now, config.aggregation_window_s)
    return admission


def _told_before(ledger: Ledger, problem: Problem, config: NotifierConfig, now: datetime) -> Reason:
    """A problem that was told occurs again: the throttle decides."""
    decision = throttle.throttle(problem, config.throttle_s, now)
    if decision is not Throttle.WINDOW_PASSED:
        return decision
    if problem.acknowledged:
        return Plain.ACKNOWLEDGED
    if ledger.silencing(problem, now) is Silencing.SILENCED:
        return Silencing.SILENCED
    ledger.tell((problem,), MessageKind.REMINDER, config, now)
    return decision


def _escalated(
    ledger: Ledger, problem: Problem, config: NotifierConfig, now: datetime, before: Problem | None
) -> Reason:
    """A problem that was told has become worse: to be critical is news, whatever the throttle says."""
    if problem.severity is not Severity.CRITICAL:
        return _told_before(ledger, problem, config, now)
    if ledger.silencing(problem, now) is Silencing.SILENCED:
        if problem.stage is Stage.TOLD:
            # When the silence ends this is news, not a reminder of what was told before.
            ledger.keep(dataclasses.replace(problem, stage=Stage.HELD))
        ledger.set_said(problem.identity, Said.NOTHING)
        return Silencing.SILENCED
    note = _ended_ack(before) if before and before.acknowledged else ""
    ledger.tell((problem,), MessageKind.PROBLEM, config, now, stage=problem.stage, note=note)
    return Match.ESCALATED


def _ended_ack(before: Problem) -> str:
    return f"It was {before.quiet} as a {before.severity}; it is critical now, and that holds no longer"


def _flaps(
    ledger: Ledger, problem: Problem, decision: Flapping, flap: Flap, config: NotifierConfig, now: datetime
) -> Problem:
    """A problem that comes and goes: told when that begins, then quiet (but see coming_and_going)."""
    quiet = dataclasses.replace(problem, stage=Stage.FLAPPING)
    if quiet.resolved_at is None:
        ledger.keep(quiet)
    else:
        ledger.rest(quiet)
    if decision is Flapping.STARTED:
        coming_and_going.tell_begun(ledger, quiet, config, now)
    if decision is Flapping.OTHERS:
        _tell_others(ledger, quiet, flap, config, now)
    return ledger.problems.get(quiet.identity) or ledger.resting[quiet.identity]


def _tell_others(ledger: Ledger, problem: Problem, flap: Flap, config: NotifierConfig, now: datetime) -> Reason:
    """It is back, and about others than before: that is news, also where it comes and goes, or somebody took it on."""
    problem = dataclasses.replace(problem, acknowledged=False, quiet="")
    ledger.keep(problem)
    if ledger.silencing(problem, now) is Silencing.SILENCED:
        return Silencing.SILENCED
    more = f" and {len(flap.others) - _NAMED_OTHERS} more" if len(flap.others) > _NAMED_OTHERS else ""
    note = f"Not in it before: {', '.join(flap.others[:_NAMED_OTHERS])}{more}"
    comes_and_goes = flap if problem.stage is Stage.FLAPPING else None
    ledger.tell((problem,), MessageKind.PROBLEM, config, now, problem.stage, note, comes_and_goes)
    return Return.OTHERS


def _recovery(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    """The end of a problem, as its source reports it."""
    problem = ledger.awaiting_end(dedup.identity(heard))
    decision = resolution.recovery(problem, heard.event)
    if problem is None:
        return decision
    ended = resolution.resolved(problem, dedup.ended_at(heard), dedup.in_its_words(heard).event.message)
    until, is_heir_named = ended.resolved_at or heard.at, decision is Recovery.SUPERSEDED
    succession.go_on(ledger, problem, until, "" if is_heir_named else ended.ended_with, config.recovery_hold_s)
    if decision is Recovery.SUPERSEDED:
        due_at = ledger.window_closes_at
        ledger.close(ended)
        ledger.bequeath(problem, str(heard.event.data["superseded_by"]))
        ledger.window_closes_at = due_at  # the worse one is told no later than this one would have been
        return decision
    if heard.event.data.get(BY_HAND) is True:
        ends.end_by_hand(ledger, problem, "", until, ended.ended_with)
        return decision
    flaps, flap = ledger.change(problem.identity, heard.at, now, config)
    if flaps in _FLAPS:
        _flaps(ledger, ended, flaps, flap, config, now)
        return flaps
    if decision is Recovery.NEVER_TOLD or heard.told:
        ledger.close(ended)
    else:
        ledger.rest(ended)
    return decision


def _status(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    """A status stands in for the reminders of its unit's problems."""
    unit = heard.event.unit
    problem = ledger.problems.get(dedup.identity(heard))
    if problem is not None and problem.acknowledged:
        return Plain.STATUS_ACKNOWLEDGED
    last = ledger.statuses.get(unit)
    if last is not None and abs(now - last) < timedelta(seconds=config.throttle_s.default / 2):
        return Plain.STATUS_TOO_SOON
    if _at_once(ledger, heard, config, now) is Silencing.DROPPED:
        return Silencing.DROPPED
    ledger.set_status(unit, now)
    for problem in _told_of(ledger, unit):
        ledger.keep(dataclasses.replace(problem, told_at=now))
    return Plain.STATUS_TOLD


def _at_once(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    event, severity = heard.event, telling.weighed(heard.event)
    if event.kind is Kind.RESTART:
        # The cascade that asked for it may be read in the same round, and comes and goes: that is told before.
        coming_and_going.tell_owed(ledger, config, now)
    silenced = silence.silencing(ledger.silences.values(), severity, event.type, event.unit, now)
    if silenced is Silencing.SILENCED and severity is not Severity.CRITICAL:
        return Silencing.DROPPED
    _, to = route.route(config, severity, event.type, event.unit)
    kind = telling.MESSAGE_KINDS[event.kind]
    ledger.changes.drafts.append(Draft(kind, severity, heard.at, to, event=event))
    return Plain.AT_ONCE


def _told_of(ledger: Ledger, unit: str) -> list[Problem]:
    return [one for one in ledger.problems.values() if one.unit == unit and one.stage is Stage.TOLD]


def _canary(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    """Through the outbox to the worker like a message; who sent it waits for the word of its delivery."""
    event, canary_id = heard.event, commands.hex_id(heard.event.data)
    to = Destination((CANARY,))
    ledger.changes.drafts.append(Draft(MessageKind.CANARY, Severity.INFO, heard.at, to, event=event, id=canary_id))
    return Plain.PASSED_ON


def _command(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    asked = commands.command(heard)
    if not isinstance(asked, Resolve):
        return obey(ledger, asked, heard, config)
    problem = ledger.numbered(asked.problem_id)
    if problem is None:
        return not_there(ledger, asked.problem_id)
    ends.end_by_hand(ledger, problem, heard.by, heard.at)
    return Obeyed.DONE


def _nothing(ledger: Ledger, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
    return Plain.NOT_TOLD


_HEARD: Mapping[Telling, Callable[[Ledger, Heard, NotifierConfig, datetime], Reason]] = {
    Telling.PROBLEM: _problem,
    Telling.UPDATE: _update,
    Telling.RECOVERY: _recovery,
    Telling.STATUS: _status,
    Telling.AT_ONCE: _at_once,
    Telling.COMMAND: _command,
    Telling.CANARY: _canary,
    Telling.NOTHING: _nothing,
}
