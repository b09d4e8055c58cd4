"""One step of the detector: observations in, what they mean and what to do about it out. Pure.

Live and replay run this same code; only where observations come from and where decisions go differs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from standfast.detector.config import DetectorConfig
from standfast.detector.counting import early_look, is_blind, scheduled_look
from standfast.detector.decide import Decision, restart_decision
from standfast.detector.fold import fold
from standfast.detector.levels import Assessment, assess, made_by
from standfast.detector.limits import asked, with_help
from standfast.detector.model import (
    CheckObservation,
    FileObservation,
    Level,
    Observation,
    State,
    UnitObservation,
    is_gone,
)
from standfast.detector.prediction.foresee import foresee
from standfast.detector.prediction.model import FigureObservation
from standfast.detector.reading import read
from standfast.detector.watched import Watching


def way(seen: UnitObservation) -> tuple[str, str, int, str]:
    """What of a unit is another when something happened to it."""
    return seen.load_state, seen.active_state, seen.n_restarts, seen.invocation_id


def _is_other_finding(before: State, found: CheckObservation) -> bool:
    """Whether a check found something else than before, or looked at another run of its unit."""
    last, memory = before.checks.get((found.unit, found.name)), before.units.get(found.unit)
    up_at = memory.up_at if memory is not None else None
    return last is None or last.outcome is not found.outcome or (up_at is not None and last.at < up_at)


def _is_other_file(before: State, found: FileObservation) -> bool:
    last = before.files.get(found.path)
    return last is None or last.ok is not found.ok


def _kept(level: Level, found: Assessment) -> Assessment:
    """The assessment of a moment that is not on record: no level ends then, for a replay knows nothing of it."""
    if found.held or found.level >= level:
        return found
    well = found.level is Level.NONE
    why = "this is over only at the next look" if well else f"{found.level.name} from the next look on"
    return replace(found, level=level, reasons=(why, *found.reasons), held=True)


@dataclass(slots=True)
class _News:
    """What observations say that was not so before, which alone is on record.

    Attributes:
        is_other: whether there is any of the host or of master restarts.
    """

    units: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    is_other: bool = False

    def __bool__(self) -> bool:
        return bool(self.units or self.files or self.is_other)


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
            scheduled: it is time for the look at everything; else only at what the observations say is another
                than before: what is seen once more as it was waits for the look, and is not on record either.
        """
        # What falls at this moment may have stood for long enough, though no look has found that yet.
        state = self._with_help(state, now)
        state, news = self._folded(state, observations, now)
        units, files = news.units, news.files
        state = self._without_gone(state, units)
        if scheduled:
            state = scheduled_look(state, self.config, self.watching, now)
            if not is_blind(state, self.config, now):
                state = foresee(state, self.config, self.watching, now)
        else:
            state = early_look(state, self.config, self.watching, now, units, files)
        assessment = assess(state, self.config, self.watching, now)
        if not (scheduled or news):
            assessment = _kept(state.level, assessment)
        decision = restart_decision(assessment, state, self.config, now)
        state = replace(state, level=assessment.level, made_by=made_by(state, assessment))
        return Step(self._with_help(state, now), assessment, decision)

    def _folded(self, state: State, observations: Iterable[Observation], now: float) -> tuple[State, _News]:
        news = _News()
        for observation in observations:
            before, state = state, fold(state, observation)
            match observation:
                case UnitObservation(unit=unit) if self._is_changed(before, state, unit, now):
                    news.units.add(unit)
                case CheckObservation(unit=unit) if _is_other_finding(before, observation):
                    news.units.add(unit)
                case FileObservation(path=path) if _is_other_file(before, observation):
                    news.files.add(path)
                case UnitObservation() | CheckObservation() | FileObservation() | FigureObservation():
                    pass  # seen once more as it was
                case _:
                    news.is_other = True
        return state, news

    def _with_help(self, state: State, now: float) -> State:
        """The state whose last master restart has helped, where all is well and what it restarted stood since then."""
        if state.level is not Level.NONE or is_blind(state, self.config, now):
            return state
        stood_s = max(self.config.restart.min_gap_s, self.config.check_interval_s)
        return replace(state, runs=with_help(state, stood_s, now))

    def _is_changed(self, before: State, after: State, unit: str, now: float) -> bool:
        """Whether an observation told something new of a unit."""
        old, new = before.units.get(unit), after.units[unit]
        if old is None or way(old.seen) != way(new.seen):
            return True
        if not self.watching.watches(unit):
            return False
        rules = self.watching.rules(unit, new.seen.unit_type)
        return read(old, rules, before, now).meaning is not read(new, rules, after, now).meaning

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
