"""A reconstruction of the earlier detector, to hold its restarts against the same histories.

It is rebuilt from its users' description, not from its code: a poll every 30 s; the supervisor
check is not ok as soon as any process is not running, and that alone is CASCADING; counters live
in memory; a restart needs the level for seven polls, and only successful restarts count towards
three an hour and one in an hour.
"""

from __future__ import annotations

from collections.abc import Iterable

from standfast.detector.model import FileObservation, Observation, RestartObservation, RunResult, UnitObservation

POLL_S = 30.0
CASCADING_POLLS = 7
BETWEEN_S = 3600.0


def restarts(history: Iterable[Observation]) -> list[float]:
    """When the earlier detector would have restarted the fleet."""
    observations = list(history)
    waiting = iter(observations)
    pending = next(waiting, None)
    running: dict[str, bool] = {}
    files: dict[str, bool] = {}
    polls, last, done = 0, float("-inf"), []
    now = observations[0].at
    while now <= observations[-1].at:
        while pending is not None and pending.at <= now:
            last = _seen(pending, running, files, last)
            pending = next(waiting, None)
        is_bad = not all(running.values()) or not all(files.values())
        polls = polls + 1 if is_bad else 0
        if polls >= CASCADING_POLLS and now - last >= BETWEEN_S:
            done.append(now)
            last, polls = now, 0
        now += POLL_S
    return done


def _seen(observation: Observation, running: dict[str, bool], files: dict[str, bool], last: float) -> float:
    if isinstance(observation, UnitObservation):
        running[observation.unit] = observation.active_state == "active"
    elif isinstance(observation, FileObservation):
        files[observation.path] = observation.ok is not False
    elif isinstance(observation, RestartObservation) and observation.result is RunResult.SUCCESS:
        return observation.at
    return last
