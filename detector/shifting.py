"""What is remembered, told in the times of a clock that was set: every "how long ago" stays what it was. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from standfast.detector.model import Observation, ReleaseObservation, RestartObservation, State, UnitMemory
from standfast.detector.prediction.model import Figure, Prediction
from standfast.detector.prediction.series import shifted_series

_UNIT_TIMES: Final = (
    "ended_at",
    "failed_at",
    "cleared_at",
    "up_at",
    "busy_since",
    "pending_since",
    "check_counted_at",
    "known_since",
    "failing_since",
    "taken_along_at",
)


def shifted(state: State, by_s: float, slept_s: float) -> State:
    """The state after the clock went `by_s` ahead, of which the host slept `slept_s`.

    What the detector saw it saw while it was awake. The ledger is about hours of the day: those asleep count.
    """
    ledger_s = by_s - slept_s
    return replace(
        state,
        units={name: _unit(memory, by_s) for name, memory in state.units.items()},
        checks={key: replace(check, at=check.at + by_s) for key, check in state.checks.items()},
        runs=tuple(replace(run, at=run.at + ledger_s) for run in state.runs),
        released_at=_later(state.released_at, ledger_s),
        clock_event_at=_later(state.clock_event_at, by_s),
        recalled_at=_later(state.recalled_at, by_s),
        series={key: shifted_series(series, by_s) for key, series in state.series.items()},
        sampled_at=state.sampled_at + by_s,
        predictions={key: _prediction(one, by_s) for key, one in state.predictions.items()},
    )


def shifted_observation(observation: Observation, by_s: float) -> Observation:
    """An observation made before the clock was set; what the journal tells has the clock's own time."""
    if isinstance(observation, RestartObservation | ReleaseObservation):
        return observation
    return replace(observation, at=observation.at + by_s)


def _unit(memory: UnitMemory, by_s: float) -> UnitMemory:
    times: Mapping[str, Any] = {name: _later(getattr(memory, name), by_s) for name in _UNIT_TIMES}
    restarted_at = tuple(at + by_s for at in memory.restarted_at)
    seen = replace(memory.seen, at=memory.seen.at + by_s)
    well_after = memory.well_after
    if well_after is not None:
        well_after = (well_after[0], well_after[1] + by_s, well_after[2] + by_s)
    return replace(memory, seen=seen, restarted_at=restarted_at, well_after=well_after, **times)


def _prediction(one: Prediction, by_s: float) -> Prediction:
    """A certificate expires by the wall clock, whatever that was set to."""
    ends_at = one.ends_at if one.figure is Figure.CERTIFICATE else _later(one.ends_at, by_s)
    return replace(one, since=one.since + by_s, confirmed_at=one.confirmed_at + by_s, ends_at=ends_at)


def _later(at: float | None, by_s: float) -> float | None:
    return None if at is None else at + by_s
