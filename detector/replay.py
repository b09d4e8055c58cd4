"""Runs a recorded history through the detector's decisions, under any configuration. Pure.

What differs from life is only this: a history may hold the raw signals of a unit, of which
every crash begins with a `failed` that systemd takes back at once. Life asks systemd again
after each signal; replay looks whether the next line about the unit takes it back.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from standfast.detector.config import DetectorConfig
from standfast.detector.decide import Decision
from standfast.detector.engine import Engine, Step
from standfast.detector.levels import Assessment
from standfast.detector.model import RESTART_PENDING, Level, Observation, State, UnitObservation

# How soon systemd follows a crash's `failed` with what it is really going to do.
TAKEN_BACK_WITHIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class LevelChange:
    """The level became another."""

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


def replay(history: Iterable[Observation], config: DetectorConfig) -> Iterator[Outcome]:
    """What the detector would have said and done."""
    observations = _without_taken_back(list(history))
    if not observations:
        return
    player = _Player(Engine(config), observations[0].at, config.check_interval_s)
    for at, lines in _together(observations):
        yield from player.advance(at, lines)


class _Player:
    def __init__(self, engine: Engine, start: float, interval_s: float) -> None:
        self._engine = engine
        self._start = start
        self._interval_s = interval_s
        self._looks = 0
        self._state = State()
        self._refused: str | None = None

    def advance(self, at: float, lines: Sequence[Observation]) -> Iterator[Outcome]:
        """Make the looks that are due before `at`, then take the lines of `at` in."""
        while self._next_look() < at:
            yield from self._step(self._next_look(), (), scheduled=True)
        yield from self._step(at, lines, scheduled=math.isclose(self._next_look(), at))

    def _next_look(self) -> float:
        return self._start + self._looks * self._interval_s

    def _step(self, at: float, lines: Sequence[Observation], *, scheduled: bool) -> Iterator[Outcome]:
        if scheduled:
            self._looks += 1
        before = self._state.level
        step = self._engine.step(self._state, lines, at, scheduled=scheduled)
        self._state = step.state
        if step.assessment.level is not before:
            yield _level_change(at, step.assessment)
        yield from self._decided(at, step)

    def _decided(self, at: float, step: Step) -> Iterator[Outcome]:
        decision = step.decision
        if decision is None:
            self._refused = None
        elif decision.allowed:
            self._refused = None
            self._state = self._engine.ask(self._state, decision, at)
            yield RestartDecision(at, decision)
        elif decision.reason != self._refused:
            self._refused = decision.reason
            yield RestartDecision(at, decision)


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
