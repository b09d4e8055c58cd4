"""One step of the detector: observations in, what they mean and what to do about it out. Pure.

Live and replay run this same code; only where observations come from and where decisions go differs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from standfast.detector.config import DetectorConfig
from standfast.detector.counting import early_look, is_blind, scheduled_look
from standfast.detector.decide import Decision, restart_decision
from standfast.detector.fold import fold
from standfast.detector.levels import Assessment, assess
from standfast.detector.limits import asked
from standfast.detector.model import (
    CheckObservation,
    FileObservation,
    Observation,
    State,
    UnitObservation,
    is_gone,
)
from standfast.detector.prediction.foresee import foresee
from standfast.detector.watched import Watching


@dataclass(frozen=True, slots=True)
class Step:
    """What came of some observations."""

    state: State
    assessment: Assessment
    decision: Decision | None


class Engine:
    """The pure decisions under one configuration."""

    def __init__(self, config: DetectorConfig) -> None:
        self.config = config
        self.watching = Watching(config)

    def step(self, state: State, observations: Iterable[Observation], now: float, *, scheduled: bool) -> Step:
        """Fold in what was observed at the same time, look, assess and decide.

        Args:
            scheduled: it is time for the look at everything; else only at what the observations are about.
        """
        units: set[str] = set()
        files: set[str] = set()
        for observation in observations:
            state = fold(state, observation)
            match observation:
                case UnitObservation() | CheckObservation():
                    units.add(observation.unit)
                case FileObservation():
                    files.add(observation.path)
        state = self._without_gone(state, units)
        if scheduled:
            state = scheduled_look(state, self.config, self.watching, now)
            if not is_blind(state, self.config, now):
                state = foresee(state, self.config, self.watching, now)
        else:
            state = early_look(state, self.config, self.watching, now, units, files)
        assessment = assess(state, self.config, self.watching, now)
        decision = restart_decision(assessment, state, self.config, now)
        return Step(replace(state, level=assessment.level), assessment, decision)

    def _without_gone(self, state: State, names: set[str]) -> State:
        """The state without those of the units that only a glob named, and that systemd knows no more."""
        found = ((name, state.units[name]) for name in names if name in state.units)
        gone = {name for name, memory in found if is_gone(memory.seen) and self.watching.is_passing(name)}
        if not gone:
            return state
        for name in gone:
            self.watching.forget(name)
        units = {name: memory for name, memory in state.units.items() if name not in gone}
        checks = {key: found for key, found in state.checks.items() if key[0] not in gone}
        series = {key: found for key, found in state.series.items() if key[1] not in gone}
        predictions = {key: found for key, found in state.predictions.items() if key[1] not in gone}
        return replace(state, units=units, checks=checks, series=series, predictions=predictions)

    def ask(self, state: State, decision: Decision, now: float) -> State:
        """The state after the master restart of an allowed decision was asked for."""
        return replace(state, runs=asked(state.runs, now, decision.causes))
