"""The ledger: what the notifier knows between two transactions, and how that is written down. Pure.

`hear` and `tick` put the decisions of the other modules in order and change the ledger. Whoever
owns it commits its changes in one transaction, and goes back to a copy when that fails.
"""

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from standfast.notifier import aggregate, flapping, heirs, resolution, route, silence
from standfast.notifier.config import NotifierConfig
from standfast.notifier.flapping import Flap, Flapping, Said
from standfast.notifier.heirs import GaveWay
from standfast.notifier.model import (
    RESTING_STAGES,
    Destination,
    Draft,
    Identity,
    MessageKind,
    Problem,
    Stage,
    told,
    with_channels,
    worst,
)
from standfast.notifier.silence import Silence, Silencing

# How often histories that no longer matter are looked for.
SWEEP_EVERY = timedelta(minutes=1)
# Worse problems that were announced and did not come yet; whoever may report may name any.
HEIRS_KEPT = 32


@dataclass(slots=True)
class Changes:
    """What the next transaction writes; None stands for "no longer"."""

    problems: dict[int, Problem] = field(default_factory=dict)
    flaps: dict[Identity, Flap | None] = field(default_factory=dict)
    silences: dict[str, Silence | None] = field(default_factory=dict)
    statuses: dict[str, datetime] = field(default_factory=dict)
    drafts: list[Draft] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.problems or self.flaps or self.silences or self.statuses or self.drafts)


@dataclass(slots=True)
class Ledger:
    """What is known.

    Attributes:
        problems: the unresolved ones.
        resting: resolved ones whose end was not told yet: recovering, flapping or closed.
        flaps: the history of what changed its state lately.
        silences: those that are in force or will be.
        statuses: when a status of each unit was last told.
        heirs: for problems that began or are about to begin by their type, the channels that told of what gave way to
            them: there too people wait for an end.
        gave_way: by their numbers the problems that gave way to worse ones.
        window_closes_at: when the open aggregation window closes; None when none is open.
        next_id: the id of the next new problem.
    """

    problems: dict[Identity, Problem] = field(default_factory=dict)
    resting: dict[Identity, Problem] = field(default_factory=dict)
    flaps: dict[Identity, Flap] = field(default_factory=dict)
    silences: dict[str, Silence] = field(default_factory=dict)
    statuses: dict[str, datetime] = field(default_factory=dict)
    heirs: dict[str, tuple[str, ...]] = field(default_factory=dict)
    gave_way: dict[int, GaveWay] = field(default_factory=dict)
    window_closes_at: datetime | None = None
    next_id: int = 1
    swept_at: datetime | None = None
    resent_at: datetime | None = None
    changes: Changes = field(default_factory=Changes)

    def copy(self) -> "Ledger":
        """A ledger to go on with, while this one stays to go back to."""
        return dataclasses.replace(
            self,
            problems=dict(self.problems),
            resting=dict(self.resting),
            flaps=dict(self.flaps),
            silences=dict(self.silences),
            statuses=dict(self.statuses),
            heirs=dict(self.heirs),
            changes=Changes(),
        )

    def take_changes(self) -> Changes:
        """What changed since the last call."""
        changes, self.changes = self.changes, Changes()
        return changes

    # Problems

    def keep(self, problem: Problem) -> None:
        """An unresolved problem, as it is now."""
        self.resting.pop(problem.identity, None)
        self.problems[problem.identity] = problem
        self.changes.problems[problem.id] = problem

    def rest(self, problem: Problem) -> None:
        """A resolved problem whose end is still to be told."""
        self.problems.pop(problem.identity, None)
        self.resting[problem.identity] = problem
        self.changes.problems[problem.id] = problem

    def close(self, problem: Problem) -> None:
        """A resolved problem of which nothing more is to be told."""
        self.problems.pop(problem.identity, None)
        self.resting.pop(problem.identity, None)
        if problem.stage in RESTING_STAGES:
            problem = dataclasses.replace(problem, stage=Stage.TOLD)
        self.changes.problems[problem.id] = problem
        self._close_empty_window()

    def awaiting_end(self, identity: Identity) -> Problem | None:
        """The problem that its source's word ends: an unresolved one, or one that was closed without that word."""
        resting = self.resting.get(identity)
        if resting is not None and resting.stage is Stage.CLOSED:
            return resolution.reopened(resting)
        return self.problems.get(identity)

    def bequeath(self, problem: Problem, heir_type: str) -> None:
        """A problem that was told gives way to a worse one, which is there already or comes next.

        Where several units have the worse one it is its own unit's; else that of the fleet, of which there is one.
        """
        self.gave_way = heirs.noted(self.gave_way, problem, heir_type)
        there = [one for one in self.problems.values() if one.type == heir_type]
        if there:
            heir = next((one for one in there if one.unit == problem.unit), there[0])
            self.keep(with_channels(heir, problem.told_on))
            return
        if not problem.told_on:
            return
        self.heirs[heir_type] = tuple(dict.fromkeys([*self.heirs.pop(heir_type, ()), *problem.told_on]))
        for oldest in list(self.heirs)[:-HEIRS_KEPT]:
            del self.heirs[oldest]

    def inherited(self, problem: Problem) -> Problem:
        """A new problem, with the channels that told of what gave way to it."""
        return with_channels(problem, self.heirs.pop(problem.type, ()))

    def numbered(self, problem_id: int) -> Problem | None:
        """The unresolved problem with this id."""
        return next((one for one in self.problems.values() if one.id == problem_id), None)

    def heir_of(self, problem_id: int) -> Problem | None:
        """The unresolved problem by which one goes on that gave way to a worse one."""
        return heirs.heir_of(problem_id, self.gave_way, self.problems.values())

    def held(self) -> tuple[Problem, ...]:
        """Those that wait to be told."""
        return aggregate.held(self.problems.values())

    # Histories, silences, statuses

    def change(
        self,
        identity: Identity,
        at: datetime,
        now: datetime,
        config: NotifierConfig,
        about: Sequence[str] = (),
        began: datetime | None = None,
    ) -> tuple[Flapping, Flap]:
        """The problem's state changed once more, and it is about these now; tells whether it flaps."""
        flap = flapping.changed(self.flaps.get(identity), at, about, began)
        decision = flapping.judge(flap, now, config.flapping)
        if decision is Flapping.STARTED:
            flap = dataclasses.replace(flap, since=now)
        if decision is Flapping.OTHERS:
            flap = dataclasses.replace(flap, told=flap.told + 1)
        self.set_flap(identity, flap)
        return decision, flap

    def set_said(self, identity: Identity, said: Said) -> None:
        """What was told last of a problem, where it comes and goes."""
        flap = self.flaps.get(identity)
        if flap is not None and flap.said is not said:
            self.set_flap(identity, flapping.having_said(flap, said))

    def set_flap(self, identity: Identity, flap: Flap | None) -> None:
        """Remember or forget a history."""
        if flap is None:
            self.flaps.pop(identity, None)
        else:
            self.flaps[identity] = flap
        self.changes.flaps[identity] = flap

    def set_silence(self, silence_id: str, one: Silence | None) -> None:
        """Begin or end a silence."""
        if one is None:
            self.silences.pop(silence_id, None)
        else:
            self.silences[silence_id] = one
        self.changes.silences[silence_id] = one

    def set_status(self, unit: str, now: datetime) -> None:
        """A status of this unit is told now."""
        self.statuses[unit] = self.changes.statuses[unit] = now

    def silencing(self, problem: Problem, now: datetime) -> Silencing:
        """Whether something new may be said of a problem."""
        return silence.silencing(self.silences.values(), problem.severity, problem.type, problem.unit, now)

    # Messages

    def tell(
        self,
        problems: tuple[Problem, ...],
        alone: MessageKind,
        config: NotifierConfig,
        now: datetime,
        stage: Stage = Stage.TOLD,
        note: str = "",
        flap: Flap | None = None,
    ) -> None:
        """A message about unresolved problems, which count as told from here on."""
        to = destination(problems[0], config)
        now_told = tuple(told(one, to.channels, now, stage) for one in problems)
        for problem in now_told:
            self.keep(problem)
            if stage is Stage.FLAPPING:
                self.set_said(problem.identity, Said.THERE)
        self._close_empty_window()
        self.draft(now_told, aggregate.kind_of(now_told, alone), to, now, flap, note)

    def tell_recovery(
        self, problems: tuple[Problem, ...], config: NotifierConfig, now: datetime, flap: Flap | None = None
    ) -> None:
        """A message about problems that are over."""
        for problem in problems:
            self.close(problem)
        self.draft(problems, MessageKind.RECOVERY, farewell(problems[0], config), now, flap)

    def draft(
        self,
        problems: tuple[Problem, ...],
        kind: MessageKind,
        to: Destination,
        now: datetime,
        flap: Flap | None = None,
        note: str = "",
    ) -> None:
        """A message about problems that go out on the same channels; `flap` is how a single one came and went."""
        changes, since = (flap.count, flap.first) if flap else (0, None)
        self.changes.drafts.append(
            Draft(kind, worst(problems), now, to, problems, changes=changes, since=since, note=note)
        )

    def _close_empty_window(self) -> None:
        if not self.held():
            self.window_closes_at = None


def destination(problem: Problem, config: NotifierConfig) -> Destination:
    """Where messages about a problem go."""
    return route.route(config, problem.severity, problem.type, problem.unit)[1]


def farewell(problem: Problem, config: NotifierConfig) -> Destination:
    """Where the end of a problem goes: to all channels that told of it, as far as they are still there.

    A problem may have become worse since, and go elsewhere now; whoever heard of it before waits for its end too.
    """
    to = destination(problem, config)
    told_on = tuple(name for name in config.channel_names if name in problem.told_on)
    return dataclasses.replace(to, channels=told_on) if told_on else to


def by_route(
    problems: Iterable[Problem],
    config: NotifierConfig,
    where: Callable[[Problem, NotifierConfig], Destination] = destination,
) -> list[tuple[Problem, ...]]:
    """Problems that go out on the same channels share a message; the others have one of their own."""
    groups: dict[Destination, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(where(problem, config), []).append(problem)
    return [tuple(group) for group in groups.values()]
