"""Runs a recorded history through the detector's decisions, under any configuration. Pure.

What differs from life is only this: a history may hold the raw signals of a unit, of which
every crash begins with a `failed` that systemd takes back at once. Life asks systemd again
after each signal; replay looks whether the next line about the unit takes it back.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from standfast.detector.config import DetectorConfig
from standfast.detector.decide import Decision
from standfast.detector.engine import Engine, Step
from standfast.detector.levels import Assessment
from standfast.detector.model import RESTART_PENDING, Ending, Level, Observation, State, UnitObservation
from standfast.detector.problems import due as due_problems
from standfast.detector.remembering import is_notable

# How soon systemd follows a crash's `failed` with what it is really going to do.
TAKEN_BACK_WITHIN_S: Final = 1.0
# A history's times are rounded to milliseconds.
_SAME_TIME_S: Final = 0.0006


@dataclass(frozen=True, slots=True)
class LevelChange:
    """The level became another, or is what it is for other problems than before."""

    at: float
    level: Level
    reasons: tuple[str, ...]
    root_cause: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As a line of the replay's output."""
        return {
            "at": self.at,
            "level": self.level.name,
            "reasons": list(self.reasons),
            "root_cause": list(self.root_cause),
        }


@dataclass(frozen=True, slots=True)
class RestartDecision:
    """A master restart was asked for, or refused for a reason that is not the last one's."""

    at: float
    decision: Decision

    def to_dict(self) -> dict[str, Any]:
        """As a line of the replay's output."""
        return {
            "at": self.at,
            "action": "master-restart",
            "allowed": self.decision.allowed,
            "reason": self.decision.reason.value,
        }


Outcome = LevelChange | RestartDecision


def replay(
    history: Iterable[Observation],
    config: DetectorConfig,
    *,
    state: State | None = None,
    lives: Iterable[float] = (),
    on_look: Callable[[float], None] = lambda at: None,
) -> Iterator[Outcome]:
    """What the detector would have said and done.

    Args:
        state: what is known at the beginning, such as earlier master restarts.
        lives: when the detector was started: with its first line after each of these, looks are due anew.
        on_look: called with the time of each look, for whoever shows how far it has come.
    """
    observations = _without_taken_back(list(history))
    if not observations:
        return
    player = _Player(Engine(config), state or State(), observations[0].at, on_look)
    begun = sorted(lives, reverse=True)
    for at, lines in _together(observations):
        is_first = bool(begun) and at >= begun[-1]
        while begun and at >= begun[-1]:
            begun.pop()
        yield from player.advance(at, lines, of_new_life=is_first)


def from_then_on(outcomes: Iterable[Outcome], start: float) -> Iterator[Outcome]:
    """The outcomes from `start` on; the level of that moment, unless all is well then, comes first."""
    standing: LevelChange | None = None
    begun = False
    for outcome in outcomes:
        if outcome.at < start:
            standing = outcome if isinstance(outcome, LevelChange) else standing
            continue
        if not begun:
            begun = True
            yield from _standing_at(standing, start)
        yield outcome
    if not begun:
        yield from _standing_at(standing, start)


def _standing_at(standing: LevelChange | None, start: float) -> Iterator[Outcome]:
    if standing is not None and standing.level is not Level.NONE:
        yield replace(standing, at=start)


class _Player:
    def __init__(self, engine: Engine, state: State, start: float, on_look: Callable[[float], None]) -> None:
        self._engine = engine
        self._state = state
        self._start = start
        self._on_look = on_look
        self._looks = 0
        self._refused: str | None = None
        self._due: frozenset[tuple[str, str]] = frozenset()
        self._news_at = start
        self._longest_grace_s = _longest_grace_s(engine.config)

    def advance(self, at: float, lines: Sequence[Observation], *, of_new_life: bool) -> Iterator[Outcome]:
        """Make the looks that are due before `at`, then take the lines of `at` in."""
        while (due := self._next_look()) < at - _SAME_TIME_S:
            before = self._state
            step = self._step((), due, scheduled=True)
            yield from self._outcomes(before, step, due)
            if due - self._news_at > self._longest_grace_s and _is_at_rest(before, step):
                self._skip_looks(at)
        if of_new_life:
            self._start, self._looks, due = at, 0, at
            self._state = _in_new_life(self._state, at)
        self._news_at = at
        before = self._state
        step = self._step(lines, at, scheduled=due <= at + _SAME_TIME_S)
        yield from self._outcomes(before, step, at)

    def _next_look(self) -> float:
        return self._start + self._looks * self._engine.config.check_interval_s

    def _skip_looks(self, at: float) -> None:
        """Leave out looks that would find the same, but for the last before `at`."""
        skipped = int((at - self._next_look()) // self._engine.config.check_interval_s)
        if skipped > 0:
            self._looks += skipped
            self._state = replace(self._state, look=self._state.look + skipped)

    def _step(self, lines: Sequence[Observation], at: float, *, scheduled: bool) -> Step:
        if scheduled:
            self._looks += 1
            self._on_look(at)
        return self._engine.step(self._state, lines, at, scheduled=scheduled)

    def _outcomes(self, before: State, step: Step, at: float) -> Iterator[Outcome]:
        self._state = step.state
        is_other = self._is_for_another_reason(step.assessment, at)
        if step.assessment.level is not before.level or is_other:
            yield _level_change(at, step.assessment)
        yield from self._decided(at, step)

    def _is_for_another_reason(self, assessment: Assessment, at: float) -> bool:
        """Whether a WARNING is for other problems than before; from CRITICAL on the fleet is one problem."""
        if assessment.held:
            return False
        is_of_each = assessment.level is Level.WARNING
        found = frozenset(problem.key for problem in due_problems(assessment, at)) if is_of_each else frozenset()
        before, self._due = self._due, found
        return is_of_each and found != before

    def _decided(self, at: float, step: Step) -> Iterator[Outcome]:
        decision = step.decision
        if decision is None and self._refused and step.assessment.held:
            return  # its units have come up, and may fall again: what was refused stays so
        if decision is None:
            self._refused = None
        elif decision.allowed:
            self._refused = None
            self._state = self._engine.ask(self._state, decision, at)
            yield RestartDecision(at, decision)
        elif decision.reason != self._refused:
            self._refused = decision.reason
            yield RestartDecision(at, decision)


def _in_new_life(state: State, at: float) -> State:
    """What a detector that starts again knows: no figures of before, and of units only what was worth keeping."""
    units = {
        name: memory if is_notable(memory) else replace(memory, known_since=at) for name, memory in state.units.items()
    }
    return replace(state, units=units, series={}, sampled_at=float("-inf"))


def _longest_grace_s(config: DetectorConfig) -> float:
    """After this long without news only a count can still change."""
    return max([config.clock_grace_s, *(watch.grace_s for watch in config.watch)]) + config.check_interval_s


def _is_at_rest(before: State, step: Step) -> bool:
    """Whether a look changed nothing but its own number and nothing waits for its time: the next ones find the same."""
    if step.decision is not None or any(not unit.reading.final for unit in step.assessment.failing):
        return False
    return not _is_foreseeing(step.state) and _without_number(before) == _without_number(step.state)


def _is_foreseeing(state: State) -> bool:
    """Whether time alone may bring a prediction or end one."""
    expiring = any(check.expires_at is not None for check in state.checks.values())
    restarted = any(memory.restarted_at for memory in state.units.values())
    return bool(state.series or state.predictions) or expiring or restarted


def _without_number(state: State) -> State:
    units = {name: replace(memory, counted_for=0) for name, memory in state.units.items()}
    return replace(state, look=0, sampled_at=0.0, units=units)


def _level_change(at: float, assessment: Assessment) -> LevelChange:
    causes = tuple(cause.unit for cause in assessment.root_causes)
    return LevelChange(at, assessment.level, assessment.reasons, causes)


def _together(observations: Sequence[Observation]) -> Iterator[tuple[float, list[Observation]]]:
    """Observations grouped by their time: none of one moment comes before another."""
    group: list[Observation] = []
    for observation in observations:
        if group and observation.at != group[0].at:
            yield group[0].at, group
            group = []
        group.append(observation)
    if group:
        yield group[0].at, group


def _without_taken_back(observations: Sequence[Observation]) -> list[Observation]:
    """The history without each `failed` that the next line about the same unit takes back."""
    next_of: dict[str, UnitObservation] = {}
    kept: list[Observation] = []
    for observation in reversed(observations):
        if isinstance(observation, UnitObservation):
            following = next_of.get(observation.unit)
            next_of[observation.unit] = observation
            if following is not None and _takes_back(observation, following):
                continue
        kept.append(observation)
    kept.reverse()
    return kept


def _takes_back(seen: UnitObservation, following: UnitObservation) -> bool:
    if seen.ended_by is not Ending.UNKNOWN:
        return False  # its observer asked systemd: a start soon after is somebody's repair
    if seen.active_state != "failed" or seen.job or following.at - seen.at > TAKEN_BACK_WITHIN_S:
        return False
    return following.sub_state in RESTART_PENDING or following.active_state == "activating"


def as_dicts(outcomes: Iterable[Outcome]) -> list[Mapping[str, Any]]:
    """The lines of the replay's output."""
    return [outcome.to_dict() for outcome in outcomes]


def differences(one: Iterable[Outcome], other: Iterable[Outcome]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """What two replays of one history do not share, in the order of time: "-" is only the one's, "+" the other's."""
    before, after = as_dicts(one), as_dicts(other)
    sides = [("-", line) for line in before if not _has(after, line)]
    sides += [("+", line) for line in after if not _has(before, line)]
    yield from sorted(sides, key=lambda side: (side[1]["at"], side[0]))


def _has(lines: Iterable[Mapping[str, Any]], wanted: Mapping[str, Any]) -> bool:
    """Whether the same is said at the same time; the words of the reasons may differ."""
    keys = ("at", "level", "action", "allowed", "reason")
    return any(all(line.get(key) == wanted.get(key) for key in keys) for line in lines)
