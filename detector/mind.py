"""What the detector knows and has told; it takes observations and says what to do about them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from standfast.detector.announce import Told, announcements, decision_line, never_ended, not_started
from standfast.detector.config import DetectorConfig
from standfast.detector.decide import Decision
from standfast.detector.engine import Engine, Step
from standfast.detector.fold import fold
from standfast.detector.limits import given_up, lost_run
from standfast.detector.model import Observation, RestartObservation, Run, RunResult, State, UnitObservation
from standfast.detector.remembering import Remembered, configured
from standfast.detector.shifting import shifted
from standfast.events import Event
from standfast.unit_names import MASTER_RESTART

_SILENT: Final = f"systemd did not start it, see journalctl -u {MASTER_RESTART}"


@dataclass(frozen=True, slots=True)
class Turn:
    """What one turn of the loop comes to.

    Attributes:
        events: to be emitted, in order.
        line: about a new decision, for the log; "" for none.
        ledger_changed: whether the master restarts on record are others now.
        told_changed: whether people will have been told something new.
    """

    step: Step
    events: tuple[Event, ...]
    line: str
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
        state = replace(State(), runs=runs, released_at=released_at, level=remembered.level)
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
        self.told = replace(self.told, problems=tuple(problems))

    def take(self, observations: Sequence[Observation], now: float, *, scheduled: bool) -> Turn:
        """Fold the observations in and judge."""
        before, told = self.state, self.told
        # What is said of it just now is heard first.
        is_said = any(isinstance(one, RestartObservation) for one in observations)
        lost = None if is_said else lost_run(before, now)
        if lost is not None:
            self.state = replace(before, runs=given_up(before.runs))
        if self._remembered is not None and any(isinstance(one, UnitObservation) for one in observations):
            # The first sight of the units: their counts go on where the earlier life left off.
            for observation in observations:
                self.state = fold(self.state, observation)
            self.state, self._remembered, observations = self._remembered.restored(self.state), None, ()
        step = self.engine.step(self.state, observations, now, scheduled=scheduled)
        self.state = step.state
        line = decision_line(told, step.decision)
        self.told, events = announcements(before.level, told, step, self.engine.config, now)
        if lost is not None:
            events.insert(0, never_ended(lost) if lost.result is RunResult.STARTED else not_started(_SILENT))
        ledger_changed = (step.state.runs, step.state.released_at) != (before.runs, before.released_at)
        return Turn(step, tuple(events), line, ledger_changed, self.told != told)

    def ask(self, decision: Decision, now: float) -> None:
        """A master restart is being asked for: from now on it counts."""
        self.state = self.engine.ask(self.state, decision, now)
