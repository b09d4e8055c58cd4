"""What a unit's state means: healthy, on its way, stopped by its operator, or failing, and how. Pure.

systemd's states do not say by whose doing a unit is down; what was seen before does. Each rule
here was measured on a real systemd; docs/design.md has them as a table ("The detector's loop").
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from standfast.detector.check_tables import Check
from standfast.detector.dependence import finished_with, left_by, taken_along_by
from standfast.detector.exits import end_words
from standfast.detector.fold import is_busy
from standfast.detector.model import (
    DOWN,
    MOVING,
    RESTART_PENDING,
    RESTARTS_KEPT,
    UP,
    CheckMemory,
    Ending,
    Outcome,
    State,
    UnitMemory,
    UnitObservation,
)
from standfast.detector.start_limit import HIT, refusal
from standfast.detector.watched import Rules
from standfast.time_words import span

# A busy systemd may be late with a restart; a restart whose job was cancelled never comes, and looks the same.
RESTART_LATE_S: Final = 30.0


class Meaning(StrEnum):
    """What a look at a unit finds."""

    HEALTHY = "healthy"
    SETTLING = "settling"
    STOPPED = "stopped"
    FINISHED = "finished"
    UNKNOWN = "unknown"
    CRASHED = "crashed"
    GIVEN_UP = "given up"
    TAKEN_ALONG = "taken along"
    LOOPING = "looping"
    OVERDUE = "overdue"
    CHECK_FAILED = "check failed"
    MUST_RUN = "must run"
    LAST_RUN_FAILED = "last run failed"


FAILING: Final = frozenset(
    {
        Meaning.CRASHED,
        Meaning.GIVEN_UP,
        Meaning.TAKEN_ALONG,
        Meaning.LOOPING,
        Meaning.OVERDUE,
        Meaning.CHECK_FAILED,
        Meaning.MUST_RUN,
        Meaning.LAST_RUN_FAILED,
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A meaning, and why, in words.

    Attributes:
        final: whether nothing is pending that would bring the unit up again.
        unclean: whether it was stopped, by its operator or with what it needs, and did not end in order.
        refused: whether systemd refused to start it again, for its start limit.
        culprit: the unit without which it is not up, "" where only is known that there is one; else None.
    """

    meaning: Meaning
    why: str
    final: bool = False
    unclean: bool = False
    refused: bool = False
    culprit: str | None = None

    @property
    def failing(self) -> bool:
        """Whether it counts as a failure."""
        return self.meaning in FAILING


def read(memory: UnitMemory | None, rules: Rules, state: State, now: float) -> Reading:
    """What the state of a watched unit means at `now`."""
    if memory is None:
        return Reading(Meaning.UNKNOWN, "not seen yet")
    for rule in _RULES:
        reading = rule(memory, rules, state, now)
        if reading is not None:
            return reading
    return Reading(Meaning.UNKNOWN, f"systemd says {memory.seen.active_state or 'nothing'!r}, which means nothing here")


def _unknown(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    seen = memory.seen
    if seen.active_state not in UP | DOWN | MOVING:
        said = f"systemd says {seen.active_state!r}" if seen.active_state else "systemd said nothing about it"
        return Reading(Meaning.UNKNOWN, said)
    if seen.active_state in DOWN and seen.load_state != "loaded":
        return Reading(Meaning.UNKNOWN, _not_loaded(seen.load_state))
    return None


def _not_loaded(load_state: str) -> str:
    words = {"not-found": "there is no such unit", "masked": "it is masked"}
    return words.get(load_state, f"systemd could not load it ({load_state})")


_RUNS: Final = Reading(Meaning.HEALTHY, "it runs")


def _oneshot(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    """A oneshot runs now and then: its last result counts, also while it runs anew, and it is never given up."""
    seen = memory.seen
    if seen.unit_type != "oneshot":
        return None
    if seen.active_state in MOVING:
        return Reading(Meaning.SETTLING, "it runs; its last run failed") if memory.failures else _RUNS
    has_failed = seen.active_state in DOWN and seen.result != "success"
    if has_failed and memory.ended is not Ending.JOB:
        is_refused = _is_refused(seen)
        why = _refusal(seen) if is_refused else f"it ended {_end(seen)}"
        return Reading(Meaning.LAST_RUN_FAILED, f"its last run failed: {why}", refused=is_refused)
    return Reading(Meaning.HEALTHY, "its last run was stopped" if has_failed else _last_run(memory))


def _last_run(memory: UnitMemory) -> str:
    """How a oneshot ended that did not fail, as far as systemd tells."""
    if not memory.seen.invocation_id:
        return "no run of it is known"
    # A run may be over so quickly that only its end is seen: it looks as a failure does that was cleared.
    return "its last run succeeded" + ("" if memory.cleared_at is None else ", or its failure was cleared")


def _up(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    seen = memory.seen
    if seen.active_state not in UP:
        return None
    if seen.n_restarts > memory.restarts_base:
        how = f"; it ended {memory.last_end}" if memory.last_end else ""
        return Reading(Meaning.LOOPING, f"active, and systemd restarted it {_restarts(memory)}{how}")
    in_grace = memory.up_at is not None and now - memory.up_at < rules.grace_s
    failed = failed_checks(rules, state)
    if failed and seen.active_state == "active" and not in_grace and not seen.job:
        check, found = failed[0]
        return Reading(
            Meaning.CHECK_FAILED, f"active, but its check {check.label} fails: {found.detail or 'no detail'}"
        )
    return Reading(Meaning.HEALTHY, seen.active_state)


def _restarts(memory: UnitMemory) -> str:
    """How often, of one that crashes again and again since that began: a look may be a moment after the one before."""
    since_look = memory.seen.n_restarts - memory.restarts_base
    began = memory.failing_since
    in_all = sum(at >= began for at in memory.restarted_at) if began is not None else 0
    number, since = (in_all, "it began to fail") if in_all > since_look else (since_look, "the last look")
    at_least = "at least " if number >= RESTARTS_KEPT else ""
    return f"{at_least}{'once' if number == 1 else f'{number} times'} since {since}"


def failed_checks(rules: Rules, state: State) -> list[tuple[Check, CheckMemory]]:
    """Those of a unit's own checks that fail; one made before the unit was up anew was made of another run."""
    memory = state.units.get(rules.unit)
    up_at = memory.up_at if memory is not None else None
    found = [(check, state.checks.get((rules.unit, check.label))) for check in rules.checks]
    return [
        (check, seen)
        for check, seen in found
        if seen is not None and seen.outcome is Outcome.FAIL and (up_at is None or seen.at >= up_at)
    ]


def _restart_pending(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    if memory.seen.sub_state not in RESTART_PENDING:
        return None
    if memory.seen.job == "stop" or memory.ended is Ending.JOB:
        return Reading(Meaning.STOPPED, "stopped by its operator")
    late_s = _restart_is_late_by(memory, now)
    if late_s > RESTART_LATE_S and not memory.seen.job:
        why = f"ended {_end(memory.seen)}; its restart has been due for {span(late_s)}, and no job for it is there"
        return Reading(Meaning.GIVEN_UP, why, final=True)
    return Reading(Meaning.CRASHED, f"{_ended(memory)}; systemd is going to restart it")


def _ended(memory: UnitMemory) -> str:
    """How it ended: what systemd says in the first moment may be of the run before."""
    seen = memory.seen
    end = _end(seen) if _is_unclean(seen) or seen.main_exit else memory.last_end
    return f"ended {end}" if end else "ended"


def _restart_is_late_by(memory: UnitMemory, now: float) -> float:
    """For how long a pending restart has been due; 0 where nobody knows when it is."""
    wait_s, since = memory.seen.restart_s, memory.pending_since
    return 0.0 if wait_s is None or since is None else max(now - since - wait_s, 0.0)


def _on_its_way(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    seen = memory.seen
    if not is_busy(seen):
        return None
    if seen.job == "stop":
        return _stopped_or_required(memory, rules, now, "being stopped by its operator")
    if seen.active_state == "deactivating" and memory.ended is Ending.ITSELF and not seen.job and _is_unclean(seen):
        return Reading(Meaning.CRASHED, f"ended {_end(seen)}; systemd still cleans up after it (ExecStopPost=)")
    way = f"{seen.job} job queued" if seen.active_state in DOWN else seen.active_state
    busy_since = now if memory.busy_since is None else memory.busy_since
    if now - busy_since < rules.grace_s:
        return Reading(Meaning.SETTLING, way)
    return Reading(Meaning.OVERDUE, f"{way} for more than {span(rules.grace_s)}")


def _taken_along(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    culprit = taken_along_by(rules.unit, state)
    if culprit is None:
        return None
    is_final, unclean = _is_lost(culprit, state), memory.ended is Ending.JOB and _is_unclean(memory.seen)
    if _crashed_before(memory):
        # Whoever mends only the unit that it needs has it down again a moment later.
        how = f"it ended {memory.last_end}" if memory.last_end else "it failed by itself"
        why = f"{how}, and is not started again {_while_down(culprit, state)}"
        return Reading(Meaning.GIVEN_UP, why, is_final, unclean, culprit=culprit)
    why = f"went down with {culprit}" if culprit else "a unit that it needs failed"
    return Reading(Meaning.TAKEN_ALONG, why, is_final, unclean, culprit=culprit)


def _while_down(culprit: str, state: State) -> str:
    memory = state.units.get(culprit)
    if memory is not None and memory.seen.active_state in UP:
        return f"by itself, though {culprit} is up"
    return f"while {culprit or 'a unit that it needs'} is down"


def _crashed_before(memory: UnitMemory) -> bool:
    """Whether it failed by itself before it was left down: systemd keeps how it ended from before anybody looked."""
    return memory.seen.active_state == "failed" or _failed_since_up(memory) or _is_unclean(memory.seen)


def _is_lost(unit: str, state: State, path: frozenset[str] = frozenset()) -> bool:
    """A unit that nothing is going to bring up again by itself: what needs it stays down too, and what needs that."""
    memory = state.units.get(unit)
    if memory is None or unit in path:
        return False
    if memory.ended is Ending.ITSELF and (_is_given_up(memory) or _is_refused(memory.seen)):
        return True
    culprit = taken_along_by(unit, state)
    return bool(culprit) and not memory.seen.job and _is_lost(str(culprit), state, path | {unit})


def _is_given_up(memory: UnitMemory) -> bool:
    """Failed, and systemd plans nothing: no job now and none before, for its end may bring a restart yet."""
    seen = memory.seen
    return not (seen.active_state != "failed" or seen.job or memory.job_before or seen.sub_state in RESTART_PENDING)


def _cleared(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    """A failure that was cleared is about to be repaired; when nobody does, its operator wants it so."""
    if memory.cleared_at is None:
        return None
    if now - memory.cleared_at < rules.grace_s:
        return Reading(Meaning.SETTLING, "its failure was cleared")
    return _stopped_or_required(memory, rules, now, "its failure was cleared by its operator")


def _stopped(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    unclean = _is_unclean(memory.seen)
    if memory.ended is Ending.JOB and (needed := finished_with(rules.unit, state)):
        why = f"stopped by systemd with {needed}, which ended"
        return replace(_stopped_or_required(memory, rules, now, why, Meaning.FINISHED), unclean=unclean)
    if memory.ended is Ending.JOB:
        needed = left_by(rules.unit, state)
        why = f"stopped with {needed}, which is up again" if needed else "stopped by its operator"
        return replace(_stopped_or_required(memory, rules, now, why), unclean=unclean)
    if memory.seen.active_state == "inactive" and (unclean or _failed_since_up(memory)):
        # Whoever stops a unit that waits for its restart leaves no job behind, and an unloaded one forgets its result.
        why = "it crashed and was stopped before systemd restarted it"
        return replace(_stopped_or_required(memory, rules, now, why), unclean=True)
    if memory.seen.active_state == "inactive" and memory.ended is Ending.ITSELF:
        return _stopped_or_required(memory, rules, now, _clean_end(memory.seen), Meaning.FINISHED)
    if memory.seen.active_state == "inactive":
        return _stopped_or_required(memory, rules, now, "not running")
    return None


def _clean_end(seen: UnitObservation) -> str:
    """The end of a unit that nobody's job stopped and that systemd calls a success, as it does that by SIGTERM."""
    return f"ended {_end(seen)}" if seen.main_exit.startswith("SIG") else "ended by itself"


def _refused(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    """Somebody wanted it up, be it systemd or its operator, and no start of it is let through."""
    if not _is_refused(memory.seen):
        return None
    return Reading(Meaning.GIVEN_UP, _refusal(memory.seen), final=True, refused=True)


def _is_refused(seen: UnitObservation) -> bool:
    return seen.active_state == "failed" and not seen.job and (seen.start_limit is not None or seen.result == HIT)


def _refusal(seen: UnitObservation) -> str:
    return refusal(seen.start_limit, "" if seen.result == HIT else _end(seen))


def _end(seen: UnitObservation) -> str:
    return end_words(seen.result, seen.main_exit)


def _is_unclean(seen: UnitObservation) -> bool:
    return seen.result not in ("", "success")


def _failed_since_up(memory: UnitMemory) -> bool:
    return memory.failed_at is not None and memory.failed_at >= (memory.up_at or 0.0)


def _stopped_or_required(
    memory: UnitMemory, rules: Rules, now: float, why: str, meaning: Meaning = Meaning.STOPPED
) -> Reading:
    if rules.must_run and now - memory.ended_at >= rules.grace_s:
        return Reading(Meaning.MUST_RUN, f"{why}, but must run")
    return Reading(meaning, why)


def _failed(memory: UnitMemory, rules: Rules, state: State, now: float) -> Reading | None:
    seen = memory.seen
    if memory.ended is not Ending.ITSELF:
        return Reading(Meaning.UNKNOWN, "failed before anybody looked, and nothing says by whose doing")
    if not _is_given_up(memory):
        return Reading(Meaning.CRASHED, f"its start failed: it ended {_end(seen)}")
    return Reading(Meaning.GIVEN_UP, f"it ended {_end(seen)}, and no restart is pending", final=True)


_RULES: Final[tuple[Callable[[UnitMemory, Rules, State, float], Reading | None], ...]] = (
    _unknown,
    _oneshot,
    _up,
    _restart_pending,
    _on_its_way,
    _cleared,
    _taken_along,
    _refused,
    _stopped,
    _failed,
)
