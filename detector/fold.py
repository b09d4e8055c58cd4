"""`fold(state, observation)`: what is remembered after one more observation. Pure.

Nothing is judged here: folding observations of different units in any order gives the same
state. What a state means is read in `reading`, counted in `counting`, weighed in `levels`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from standfast.detector.exits import end_words
from standfast.detector.limits import with_news
from standfast.detector.model import (
    DOWN,
    RESTART_PENDING,
    RESTARTS_KEPT,
    STOPPING_JOBS,
    UP,
    AgentObservation,
    CheckMemory,
    CheckObservation,
    ClockEvent,
    ClockObservation,
    Ending,
    FileMemory,
    FileObservation,
    ManagerObservation,
    Observation,
    Outcome,
    ReleaseObservation,
    RestartObservation,
    State,
    UnitMemory,
    UnitObservation,
)
from standfast.detector.prediction.model import FigureObservation
from standfast.detector.prediction.series import observed

# By default systemd waits for so long before a restart (RestartSec=).
_RESTART_TAKES_S: Final = 0.1

K = TypeVar("K")
V = TypeVar("V")


def fold(state: State, observation: Observation) -> State:
    """The state that knows of the observation too."""
    match observation:
        case UnitObservation():
            memory = remember(state.units.get(observation.unit), observation)
            return replace(state, units=_with(state.units, observation.unit, memory))
        case CheckObservation():
            key = (observation.unit, observation.name)
            return replace(state, checks=_with(state.checks, key, _check(state.checks.get(key), observation)))
        case FileObservation():
            return replace(state, files=_with(state.files, observation.path, _file(state, observation)))
        case FigureObservation():
            of = (observation.figure, observation.of)
            return replace(state, series=_with(state.series, of, observed(state.series.get(of), observation)))
        case _:
            return _fold_host(state, observation)


def _fold_host(state: State, observation: Observation) -> State:
    match observation:
        case ManagerObservation():
            stopping = state.shutting_down or observation.system_state == "stopping"
            known = observation.system_state or state.system_state
            return replace(state, answers=observation.answers, system_state=known, shutting_down=stopping)
        case ClockObservation(event=ClockEvent.SHUTDOWN):
            return replace(state, shutting_down=True)
        case ClockObservation():
            down = state.shutting_down and observation.event is not ClockEvent.BOOT
            return replace(state, clock_event=observation.event, clock_event_at=observation.at, shutting_down=down)
        case RestartObservation():
            return replace(state, runs=with_news(state.runs, observation))
        case ReleaseObservation():
            return replace(state, released_at=observation.at)
        case AgentObservation():
            return replace(state, agents=_with(state.agents, observation.unit, observation))
    return state


def remember(before: UnitMemory | None, seen: UnitObservation) -> UnitMemory:
    """The memory of a unit after one more observation of it."""
    since = seen.at if seen.since is None else seen.since
    if before is None:
        memory = UnitMemory(seen, restarts_base=seen.n_restarts, known_since=seen.at)
    else:
        memory = replace(
            before,
            seen=_with_what_was_known(seen, before.seen),
            job_before=before.seen.job,
            # A counter that shrank was reset by somebody: growth is measured from there.
            restarts_base=min(before.restarts_base, seen.n_restarts),
            taken_along_at=None if _is_another_run(before.seen, seen) else before.taken_along_at,
        )
    ended = _ending(before, seen)
    if ended is not None and (before is None or before.ended is None or _came_to_nothing(before.seen, seen)):
        memory = replace(memory, ended_at=since)
    return replace(
        memory,
        ended=ended,
        failed_at=_failed_at(before, seen, ended, since),
        failed_with=_failed_with(before, seen),
        last_end=_last_end(before, seen),
        cleared_at=_cleared_at(before, seen, ended),
        up_at=_up_at(before, seen, since),
        busy_since=_busy_since(before, seen, since),
        pending_since=_pending_since(before, seen, since),
        restarted_at=_restarted_at(before, seen),
    )


def _ending(before: UnitMemory | None, seen: UnitObservation) -> Ending | None:
    """By whose doing a unit is down; None while it is up or starting."""
    if _is_running(seen):
        return None
    if seen.ended_by is not Ending.UNKNOWN:
        return seen.ended_by
    if before is None:
        return _first_ending(seen)
    if before.ended is None:
        return Ending.JOB if before.seen.job in STOPPING_JOBS or _is_being_stopped(seen) else Ending.ITSELF
    if _stopped_while_waiting(before.seen, seen):
        return Ending.JOB
    if _start_ended(before.seen, seen):
        return Ending.ITSELF
    return before.ended


def _is_running(seen: UnitObservation) -> bool:
    if seen.active_state in UP:
        return True
    return seen.active_state == "activating" and seen.sub_state not in RESTART_PENDING


def _first_ending(seen: UnitObservation) -> Ending:
    """What a first look can tell of a unit that is down."""
    if _is_being_stopped(seen):
        return Ending.JOB
    return Ending.ITSELF if seen.sub_state in RESTART_PENDING else Ending.UNKNOWN


def _is_being_stopped(seen: UnitObservation) -> bool:
    """By its job; the restart job of a unit that waits for its restart is systemd's own."""
    return seen.job == "stop" if seen.sub_state in RESTART_PENDING else seen.job in STOPPING_JOBS


def _stopped_while_waiting(before: UnitObservation, seen: UnitObservation) -> bool:
    """A stop of a unit that systemd was about to restart."""
    if before.sub_state not in RESTART_PENDING or seen.sub_state in RESTART_PENDING:
        return False
    return "stop" in (before.job, seen.job)


def _start_ended(before: UnitObservation, seen: UnitObservation) -> bool:
    """A start of a unit that was down came to nothing: it failed too quickly to be seen, or its turn never came."""
    if before.active_state not in DOWN or seen.job:
        return False
    return before.job in ("start", "restart") or (_is_another_run(before, seen) and seen.active_state == "failed")


def _came_to_nothing(before: UnitObservation, seen: UnitObservation) -> bool:
    """A unit that was down has been started, and is down anew."""
    return _start_ended(before, seen) or _ran_unseen(before, seen)


def _ran_unseen(before: UnitObservation, seen: UnitObservation) -> bool:
    return before.active_state in DOWN and seen.active_state in DOWN and _is_another_run(before, seen)


def _is_another_run(before: UnitObservation, seen: UnitObservation) -> bool:
    """An unloaded unit has forgotten its run."""
    return bool(before.invocation_id and seen.invocation_id) and before.invocation_id != seen.invocation_id


def _failed_at(before: UnitMemory | None, seen: UnitObservation, ended: Ending | None, since: float) -> float | None:
    """When it last came down by its own failure, also where systemd has it up again already."""
    last = before.failed_at if before else None
    if before is None and seen.active_state in UP and seen.n_restarts:
        return since - _RESTART_TAKES_S  # systemd forgets its restarts when somebody else starts it
    if before is not None and seen.n_restarts > before.seen.n_restarts:
        return last if last is not None and before.ended is Ending.ITSELF else since
    if ended is not Ending.ITSELF or not (seen.active_state == "failed" or seen.sub_state in RESTART_PENDING):
        # A failure before it ran once more, and was taken down, says nothing of why it is down.
        return None if before is not None and _ran_unseen(before.seen, seen) else last
    # Known since its ExecStopPost= ran, perhaps; what failed before it was up for a while was another time.
    is_known = before is not None and before.ended is Ending.ITSELF and last is not None and last >= before.ended_at
    return last if is_known else since


def _failed_with(before: UnitMemory | None, seen: UnitObservation) -> str:
    """With the next start systemd forgets it; of a crash that nobody saw it is not known."""
    if seen.result not in ("", "success"):
        return seen.result
    return "" if before is None or _is_unseen_crash(before, seen) else before.failed_with


def _is_unseen_crash(before: UnitMemory, seen: UnitObservation) -> bool:
    """Whether systemd has restarted it since, and nobody saw it down."""
    return before.ended is None and seen.n_restarts > before.seen.n_restarts


def _last_end(before: UnitMemory | None, seen: UnitObservation) -> str:
    """With the next start systemd forgets it, and between two crashes people ask for it."""
    if seen.main_exit and (seen.result not in ("", "success") or seen.sub_state in RESTART_PENDING):
        return end_words(seen.result, seen.main_exit)
    return "" if before is None or _is_unseen_crash(before, seen) else before.last_end


def _cleared_at(before: UnitMemory | None, seen: UnitObservation, ended: Ending | None) -> float | None:
    """When somebody made a failed unit merely inactive; whoever does that is about to start it, or knows better."""
    if before is None or ended is not Ending.ITSELF or seen.active_state != "inactive":
        return None
    return seen.at if before.seen.active_state == "failed" else before.cleared_at


def _up_at(before: UnitMemory | None, seen: UnitObservation, since: float) -> float | None:
    if seen.active_state not in UP:
        return before.up_at if before else None
    same_run = before is not None and before.seen.active_state in UP and before.up_at is not None
    restarted = same_run and before is not None and before.seen.invocation_id != seen.invocation_id
    return before.up_at if before is not None and same_run and not restarted else since


def _busy_since(before: UnitMemory | None, seen: UnitObservation, since: float) -> float | None:
    """Since when it has been on its way; one way leads over several states."""
    if not is_busy(seen):
        return None
    if before is not None and before.busy_since is not None:
        return before.busy_since
    return since if before is None and not seen.job else seen.at


def _pending_since(before: UnitMemory | None, seen: UnitObservation, since: float) -> float | None:
    """Since when systemd has been going to restart it; one wait leads over several states."""
    if seen.sub_state not in RESTART_PENDING:
        return None
    return since if before is None or before.pending_since is None else before.pending_since


def is_busy(seen: UnitObservation) -> bool:
    """Starting, stopping, or waiting in a job; a pending automatic restart is none of these."""
    if seen.sub_state in RESTART_PENDING:
        return False
    return bool(seen.job) or seen.active_state in ("activating", "deactivating")


def _restarted_at(before: UnitMemory | None, seen: UnitObservation) -> tuple[float, ...]:
    """When systemd restarted it; several restarts between two looks happened at the later one."""
    if before is None or seen.n_restarts <= before.seen.n_restarts:
        return before.restarted_at if before is not None else ()
    more = min(seen.n_restarts - before.seen.n_restarts, RESTARTS_KEPT)
    return (*before.restarted_at, *[seen.at] * more)[-RESTARTS_KEPT:]


def _with_what_was_known(seen: UnitObservation, before: UnitObservation) -> UnitObservation:
    """An unloaded unit is described without its dependencies, and only who was there then is told how a job ended."""
    stays_down = before.active_state in DOWN and seen.active_state in DOWN and not _is_another_run(before, seen)
    return replace(
        seen,
        needs=seen.needs or before.needs,
        unit_type=seen.unit_type or before.unit_type,
        job_result=seen.job_result or (before.job_result if stays_down else ""),
    )


def _check(before: CheckMemory | None, observation: CheckObservation) -> CheckMemory:
    """A look that failed saw no certificate: the one that was seen before expires all the same."""
    expires_at = observation.expires_at
    if expires_at is None and observation.outcome is not Outcome.OK and before is not None:
        expires_at = before.expires_at
    return CheckMemory(observation.outcome, observation.detail, observation.at, expires_at)


def _file(state: State, observation: FileObservation) -> FileMemory:
    before = state.files.get(observation.path)
    if before is None:
        return FileMemory(observation.ok, observation.detail)
    return replace(before, ok=observation.ok, detail=observation.detail)


def _with(items: Mapping[K, V], key: K, value: V) -> Mapping[K, V]:
    return {**items, key: value}
