"""With which of the units that it needs a unit came down, and whether that failed. Pure.

systemd takes down what needs a unit that is gone, by a job, as it does what its operator stops.
"""

from typing import Final

from standfast.detector.model import UP, Ending, State, UnitMemory

# A unit that comes down this soon after one that it needs failed was taken along by it.
TAKEN_ALONG_WITHIN_S: Final = 10.0


def taken_along_by(unit: str, state: State, path: frozenset[str] = frozenset()) -> str | None:
    """The unit whose failure brought this one down, "" when only that there was one is known, None when none did."""
    memory = state.units.get(unit)
    if memory is None or not _may_be_taken_along(memory) or unit in path:
        return None
    for name in memory.seen.needs:
        needed = state.units.get(name)
        if needed is not None and _failed_at_that_time(needed, memory.ended_at):
            return name
        culprit = taken_along_by(name, state, path | {unit})
        if culprit is not None:
            return culprit or name
    if memory.seen.job_result == "dependency":
        return ""
    return _still_by(memory, state)


def _may_be_taken_along(memory: UnitMemory) -> bool:
    """Whether it is down without having failed by itself, though its process may not have ended well in the stop."""
    if memory.seen.active_state == "failed":
        return memory.ended is Ending.JOB
    return memory.seen.active_state == "inactive" and memory.ended is not None


def _still_by(memory: UnitMemory, state: State) -> str | None:
    """By whom, of one that a look has found taken along and that is down since: that one may have crashed again."""
    if memory.taken_along_at != memory.ended_at:
        return None
    failed = (name for name in memory.seen.needs if name in state.units and state.units[name].failed_at is not None)
    return next(failed, "")


def _failed_at_that_time(needed: UnitMemory, ended_at: float) -> bool:
    """Looks are not instantaneous: the needed unit's failure may be seen a moment after its consequence."""
    return needed.failed_at is not None and abs(ended_at - needed.failed_at) <= TAKEN_ALONG_WITHIN_S


def finished_with(unit: str, state: State, path: frozenset[str] = frozenset()) -> str:
    """The unit that systemd stopped this one with, when that ended by itself and well; "" where none did."""
    memory = state.units[unit]
    for name in memory.seen.needs:
        needed = state.units.get(name)
        if needed is None or needed.seen.active_state != "inactive" or name in path:
            continue
        at_that_time = abs(memory.ended_at - needed.ended_at) <= TAKEN_ALONG_WITHIN_S
        if at_that_time and (needed.ended is Ending.ITSELF or finished_with(name, state, path | {unit})):
            return name
    return ""


def left_by(unit: str, state: State, path: frozenset[str] = frozenset()) -> str:
    """The unit that this one was stopped with, when that was started again without it; "" where none was."""
    memory = state.units[unit]
    for name in memory.seen.needs:
        needed = state.units.get(name)
        if needed is None or name in path or abs(memory.ended_at - needed.ended_at) > TAKEN_ALONG_WITHIN_S:
            continue
        if needed.seen.active_state in UP and needed.up_at is not None and needed.up_at > memory.ended_at:
            return name
        if needed.ended is Ending.JOB and (found := left_by(name, state, path | {unit})):
            return found
    return ""
