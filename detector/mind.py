"""What the detector knows and has told; it takes observations and says what to do about them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from standfast.detector.announce import Told, announcements, decided, forgotten, is_up_again, never_ended, not_started
from standfast.detector.config import DetectorConfig
from standfast.detector.decide import Decision
from standfast.detector.engine import Engine, Step
from standfast.detector.fold import fold
from standfast.detector.limits import conclusion, is_refused
from standfast.detector.model import (
    Observation,
    RestartObservation,
    Run,
    RunResult,
    State,
    UnitObservation,
)
from standfast.detector.remembering import Remembered, configured
from standfast.detector.shifting import shifted
from standfast.events import Event
from standfast.unit_names import MASTER_RESTART

_REFUSED: Final = "systemd refused it, as it does after three starts within an hour"
_SILENT: Final = f"nothing was heard of it, see journalctl -u {MASTER_RESTART}"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of the loop comes to.

    Attributes:
        events: to be emitted, in order.
        concluded: what follows from hearing nothing, for the record.
        ledger_changed: whether the master restarts on record are others now.
        told_changed: whether people will have been told something new.
    """

    step: Step
    events: tuple[Event, ...]
    concluded: tuple[Observation, ...]
    ledger_changed: bool
    told_changed: bool


class Mind:
    """The state, and what was told, under one configuration."""

    def __init__(self, config: DetectorConfig) -> None:
        self.engine = Engine(config)
        self.state = State()
        self.told = Told()
        self._remembered: Remembered | None = None

    def recall(self, runs: tuple[Run, ...], released_at: float | None, remembered: Remembered) -> None:
        """Begin with what an earlier life left."""
        level, made_by = remembered.level, remembered.made_by
        state = replace(State(), runs=runs, released_at=released_at, level=level, made_by=made_by)
        self.state = configured(remembered.begun(state), self.engine.watching, self.engine.config)
        self.told = remembered.told
        self._remembered = remembered

    def reconfigure(self, config: DetectorConfig) -> None:
        """Judge by another configuration from now on; what was seen stays."""
        self.engine = Engine(config)
        self.state = configured(self.state, self.engine.watching, config)

    def clock_set(self, by_s: float, slept_s: float) -> None:
        """The clock went `by_s` ahead, of which the host slept `slept_s`."""
        self.state = shifted(self.state, by_s, slept_s)
        problems = (replace(one, since=one.since + by_s - slept_s) for one in self.told.problems)
        # Hands are off by the ledger, which is about hours of the day.
        until = self.told.hands_off_until
        until = until + by_s - slept_s if until else until
        self.told = replace(self.told, problems=tuple(problems), hands_off_until=until)

    def take(self, observations: Sequence[Observation], now: float, *, scheduled: bool) -> Turn:
        """Fold the observations in and judge."""
        before, told = self.state, self.told
        # What is said of it just now is heard first.
        is_said = any(isinstance(one, RestartObservation) for one in observations)
        concluded = None if is_said else conclusion(_with_master_restart(before, observations), now)
        if concluded is not None:
            self.state = fold(before, concluded)
        if self._remembered is not None and any(isinstance(one, UnitObservation) for one in observations):
            # The first sight of the units: their counts go on where the earlier life left off.
            for observation in observations:
                self.state = fold(self.state, observation)
            self.state, self._remembered, observations = self._remembered.restored(self.state), None, ()
        step = self.engine.step(self.state, observations, now, scheduled=scheduled)
        self.state = step.state
        self.told, events = announcements(before.level, told, step, self.engine.config, now)
        events += decided(told, None if is_up_again(step) else step.decision)
        if concluded is not None:
            events[:0] = _lost(before, concluded)
        ledger_changed = (step.state.runs, step.state.released_at) != (before.runs, before.released_at)
        own = () if concluded is None else (concluded,)
        return Turn(step, tuple(events), own, ledger_changed, self.told != told)

    def resolved(self, problem_type: str, unit: str) -> None:
        """A person said that this problem is over: where it goes on, it is said anew."""
        self.told = forgotten(self.told, problem_type, unit)

    def ask(self, decision: Decision, now: float) -> None:
        """A master restart is being asked for: from now on it counts."""
        self.state = self.engine.ask(self.state, decision, now)

    def refusal(self, why: str) -> list[Event]:
        """The event of a master restart that systemd refused; none where the one before was refused too."""
        return [] if is_refused(self.state.runs[:-1], self.state.released_at) else [not_started(why)]


def _with_master_restart(state: State, observations: Sequence[Observation]) -> State:
    """The state that knows how the oneshot stands now."""
    for observation in observations:
        if isinstance(observation, UnitObservation) and observation.unit == MASTER_RESTART:
            state = fold(state, observation)
    return state


def _lost(before: State, concluded: RestartObservation) -> list[Event]:
    """What is said of the last run, of which nothing more is heard."""
    if before.runs[-1].result is RunResult.STARTED:
        return [never_ended(before.runs[-1])]
    if concluded.result is not RunResult.REFUSED:
        return [not_started(_SILENT)]
    return [] if is_refused(before.runs[:-1], before.released_at) else [not_started(_REFUSED)]
