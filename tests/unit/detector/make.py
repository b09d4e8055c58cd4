"""Short ways to make the facts that the detector's pure core looks at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from standfast.detector.config import DetectorConfig, Mode, Watch
from standfast.detector.engine import Engine, Step
from standfast.detector.fold import fold
from standfast.detector.model import Ending, Observation, State, UnitObservation
from standfast.detector.reading import Reading, read
from standfast.detector.watched import Watching

INTERVAL_S = 30.0


def config(*units: str, **changes: Any) -> DetectorConfig:
    watches = tuple(Watch(f"{unit}.service") for unit in units)
    return replace(DetectorConfig(mode=Mode.ACT, watch=watches), **changes)


def up(at: float, unit: str = "a", n: int = 0, job: str = "", needs: str = "", **more: Any) -> UnitObservation:
    return _unit(at, unit, "active", "running", "success", n, job, needs, more)


def inactive(at: float, unit: str = "a", n: int = 0, job: str = "", needs: str = "", **more: Any) -> UnitObservation:
    return _unit(at, unit, "inactive", "dead", "success", n, job, needs, more)


def failed(at: float, unit: str = "a", n: int = 0, job: str = "", needs: str = "", **more: Any) -> UnitObservation:
    return _unit(at, unit, "failed", "failed", "exit-code", n, job, needs, more)


def pending(at: float, unit: str = "a", n: int = 0, job: str = "", needs: str = "", **more: Any) -> UnitObservation:
    return _unit(at, unit, "activating", "auto-restart", "exit-code", n, job, needs, more)


def starting(at: float, unit: str = "a", n: int = 0, job: str = "start", **more: Any) -> UnitObservation:
    return _unit(at, unit, "activating", "start", "success", n, job, "", more)


def stopping(at: float, unit: str = "a", n: int = 0, job: str = "stop", **more: Any) -> UnitObservation:
    return _unit(at, unit, "deactivating", "stop-sigterm", "success", n, job, "", more)


def _unit(
    at: float, unit: str, active: str, sub: str, result: str, n: int, job: str, needs: str, more: dict[str, Any]
) -> UnitObservation:
    seen = UnitObservation(
        at=at,
        unit=f"{unit}.service",
        active_state=active,
        sub_state=sub,
        result=result,
        n_restarts=n,
        job=job,
        needs=tuple(f"{name}.service" for name in needs.split()),
    )
    return replace(seen, **more)


def folded(*observations: Observation) -> State:
    state = State()
    for observation in observations:
        state = fold(state, observation)
    return state


def reading(*observations: Observation, now: float | None = None, watch: Watch | None = None) -> Reading:
    """What the last observation's unit means, after all of them, `now` or when the last was made."""
    last = observations[-1]
    assert isinstance(last, UnitObservation)
    rules = Watching(DetectorConfig(watch=(watch or Watch(last.unit),))).rules(last.unit, last.unit_type)
    state = folded(*observations)
    return read(state.units[last.unit], rules, state, last.at if now is None else now)


class Watcher:
    """Drives an engine through time, as replay and the live loop do."""

    def __init__(self, settings: DetectorConfig) -> None:
        self.engine = Engine(settings)
        self.state = State()
        self.now = 0.0

    def see(self, *observations: Observation, scheduled: bool = False) -> Step:
        self.now = observations[0].at if observations else self.now
        step = self.engine.step(self.state, observations, self.now, scheduled=scheduled)
        self.state = step.state
        return step

    def look(self, times: int = 1) -> Step:
        for _ in range(times):
            step = self.engine.step(self.state, (), self.now, scheduled=True)
            self.state = step.state
            self.now += INTERVAL_S
        return step

    def failures(self, unit: str = "a") -> int:
        return self.state.units[f"{unit}.service"].failures


JOB, ITSELF = Ending.JOB, Ending.ITSELF
