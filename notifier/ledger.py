"""The ledger: what is unresolved, what is held, and what each event and each passing moment makes of it. Pure.

It puts the decisions of the other modules in order. Whoever owns it commits its changes in one
transaction, and goes back to a copy when that fails.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from standfast.events import Severity
from standfast.notifier import aggregate, dedup, resolution, route, telling, throttle
from standfast.notifier.aggregate import Admission
from standfast.notifier.config import NotifierConfig
from standfast.notifier.dedup import Match
from standfast.notifier.model import Draft, Heard, Identity, MessageKind, Problem, Stage, worst
from standfast.notifier.resolution import Recovery
from standfast.notifier.telling import Telling
from standfast.notifier.throttle import Throttle


class Plain(StrEnum):
    """Reasons that are nobody else's."""

    AT_ONCE = "a message each, at once"
    STATUS_TOLD = "a status of a waiting unit"
    STATUS_TOO_SOON = "a status of this unit was told within half of the throttle window"
    NOT_TOLD = "for readers of the journal"


Reason = Admission | Throttle | Match | Recovery | Plain


@dataclass(slots=True)
class Ledger:
    """What the notifier knows between two transactions.

    Attributes:
        problems: the unresolved ones.
        window_closes_at: when the open aggregation window closes; None when none is open.
        statuses: when a status of each unit was last told.
        next_id: the id of the next new problem.
        changed: problems to write, by id, since the last `take_changes`.
    """

    problems: dict[Identity, Problem] = field(default_factory=dict)
    window_closes_at: datetime | None = None
    statuses: dict[str, datetime] = field(default_factory=dict)
    next_id: int = 1
    changed: dict[int, Problem] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)

    def copy(self) -> "Ledger":
        """A ledger to go back to."""
        return dataclasses.replace(
            self,
            problems=dict(self.problems),
            statuses=dict(self.statuses),
            changed=dict(self.changed),
            drafts=list(self.drafts),
        )

    def take_changes(self) -> tuple[list[Problem], list[Draft]]:
        """The problems to write and the messages to send since the last call."""
        changes = list(self.changed.values()), self.drafts
        self.changed, self.drafts = {}, []
        return changes

    def next_due(self, config: NotifierConfig) -> datetime | None:
        """When `tick` has something to do, if no event comes before."""
        reminders = (throttle.due_at(one, config.throttle_s) for one in self.problems.values())
        moments = [moment for moment in (self.window_closes_at, *reminders) if moment is not None]
        return min(moments, default=None)

    # What was heard

    def hear(self, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
        """Take in an authorised event; the answer says what became of it."""
        match telling.telling(heard.event):
            case Telling.PROBLEM:
                return self._problem(heard, config, now)
            case Telling.RECOVERY:
                return self._recovery(heard, config, now)
            case Telling.STATUS:
                return self._status(heard, config, now)
            case Telling.AT_ONCE:
                return self._at_once(heard, config)
            case Telling.NOTHING:
                return Plain.NOT_TOLD

    def _problem(self, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
        match, problem = dedup.count(self.problems.get(dedup.identity(heard)), heard, self.next_id)
        if match is Match.NEW:
            self.next_id += 1
        self._keep(problem)
        if problem.stage is Stage.TOLD:
            return self._told_before(match, problem, config, now)
        admission = aggregate.admit(problem, self.window_closes_at)
        if admission is Admission.AT_ONCE:
            self._tell((problem,), MessageKind.PROBLEM, config, now)
        elif admission is Admission.OPENED:
            self.window_closes_at = aggregate.closing_time(now, config.aggregation_window_s)
        return admission

    def _told_before(self, match: Match, problem: Problem, config: NotifierConfig, now: datetime) -> Reason:
        """A problem that was told and occurs again: the throttle decides, unless it has become critical."""
        if match is Match.ESCALATED and problem.severity is Severity.CRITICAL:
            self._tell((problem,), MessageKind.PROBLEM, config, now)
            return match
        decision = throttle.throttle(problem, config.throttle_s, now)
        if decision is Throttle.WINDOW_PASSED:
            self._tell((problem,), MessageKind.REMINDER, config, now)
        return decision

    def _recovery(self, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
        problem = self.problems.get(dedup.identity(heard))
        decision = resolution.recovery(problem, heard.event)
        if problem is None:
            return decision
        ended = resolution.resolved(problem, heard.at)
        del self.problems[ended.identity]
        self.changed[ended.id] = ended
        if decision is Recovery.TOLD:
            self._draft((ended,), MessageKind.RECOVERY, config, now)
        elif not aggregate.held(self.problems.values()):
            self.window_closes_at = None
        return decision

    def _status(self, heard: Heard, config: NotifierConfig, now: datetime) -> Reason:
        unit = heard.event.unit
        last = self.statuses.get(unit)
        if last is not None and abs(now - last) < timedelta(seconds=config.throttle_s.default / 2):
            return Plain.STATUS_TOO_SOON
        self.statuses[unit] = now
        for problem in tuple(self.problems.values()):
            if problem.unit == unit and problem.stage is Stage.TOLD:
                self._keep(dataclasses.replace(problem, told_at=now))
        self._at_once(heard, config)
        return Plain.STATUS_TOLD

    def _at_once(self, heard: Heard, config: NotifierConfig) -> Reason:
        event = telling.weighed(heard.event)
        _, channels = route.route(config, event.severity, event.type, event.unit)
        kind = telling.MESSAGE_KINDS[event.kind]
        self.drafts.append(Draft(kind, event.severity, heard.at, channels, event=event))
        return Plain.AT_ONCE

    # What time brings

    def tick(self, config: NotifierConfig, now: datetime) -> None:
        """Close the aggregation window when its time has come, and remind of what stays unresolved."""
        if aggregate.is_closed(self.window_closes_at, now, config.aggregation_window_s):
            self.window_closes_at = None
            for group in _by_route(aggregate.held(self.problems.values()), config):
                self._tell(group, MessageKind.PROBLEM, config, now)
        due = [
            one
            for one in self.problems.values()
            if throttle.throttle(one, config.throttle_s, now) is Throttle.WINDOW_PASSED
        ]
        for group in _by_route(due, config):
            self._tell(group, MessageKind.REMINDER, config, now)

    # Writing it down

    def _tell(self, problems: tuple[Problem, ...], alone: MessageKind, config: NotifierConfig, now: datetime) -> None:
        """A message about unresolved problems, which are told from here on."""
        told = tuple(dataclasses.replace(one, stage=Stage.TOLD, told_at=now) for one in problems)
        for problem in told:
            self._keep(problem)
        if not aggregate.held(self.problems.values()):
            self.window_closes_at = None
        self._draft(told, aggregate.kind_of(told, alone), config, now)

    def _draft(self, problems: tuple[Problem, ...], kind: MessageKind, config: NotifierConfig, now: datetime) -> None:
        channels = _channels(problems[0], config)
        self.drafts.append(Draft(kind, worst(problems), now, channels, problems))

    def _keep(self, problem: Problem) -> None:
        self.problems[problem.identity] = problem
        self.changed[problem.id] = problem


def _channels(problem: Problem, config: NotifierConfig) -> tuple[str, ...]:
    return route.route(config, problem.severity, problem.type, problem.unit)[1]


def _by_route(problems: Iterable[Problem], config: NotifierConfig) -> list[tuple[Problem, ...]]:
    """Problems that go out on the same channels share a message; the others have one of their own."""
    groups: dict[tuple[str, ...], list[Problem]] = {}
    for problem in problems:
        groups.setdefault(_channels(problem, config), []).append(problem)
    return [tuple(group) for group in groups.values()]
