"""The ledger of master restarts and what it still allows. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from standfast.detector.config import RestartSettings
from standfast.detector.model import UP, RestartObservation, Run, RunResult, State, UnitMemory
from standfast.unit_names import MASTER_RESTART

HOUR_S: Final = 3600.0
# A request that systemd's queue held up for longer than this is not matched to a start.
START_WITHIN_S: Final = 60.0
# Between the request and its start, or twice the same entry, where no id tells two runs apart.
SAME_START_S: Final = 5.0
# The journal brings news within half a second.
ANSWERED_WITHIN_S: Final = 20.0
# The oneshot's TimeoutStartSec with some air: news after that belongs to another run.
ENDS_WITHIN_S: Final = 900.0
KEPT_S: Final = 30 * 24 * HOUR_S
SAME_SET_RUNS: Final = 2

_OPEN: Final = (RunResult.ASKED, RunResult.STARTED)
_NONE: Final = (RunResult.REFUSED, RunResult.NOTHING)
_BROUGHT_UP: Final = (RunResult.SUCCESS, RunResult.PARTIAL)
_MAY_TAKE_S: Final[Mapping[RunResult, float]] = {
    RunResult.ASKED: START_WITHIN_S,
    RunResult.STARTED: ENDS_WITHIN_S,
}


@dataclass(frozen=True, slots=True)
class Budget:
    """What the ledger says at one moment.

    Attributes:
        used: runs within the last hour, not counting those before a release, nor those that were none.
        hold_until: the end of the hands-off time, None when there is none.
        gap_until: the end of the minimum gap, also after one that was refused or was asked for in vain; None when it
            has passed.
    """

    used: int
    hold_until: float | None
    gap_until: float | None


def with_news(runs: tuple[Run, ...], news: RestartObservation) -> tuple[Run, ...]:
    """The ledger after news of a run: of the one that was asked for, or of one that a human began."""
    result, at, run_id = news.result, news.at, news.run_id
    if run_id and any(run.run_id == run_id for run in runs):
        return tuple(_told(run, news) if run.run_id == run_id else run for run in runs)
    # Of a run whose id is known this is not: only its time tells of which of the others it is.
    nameless = [run for run in runs if not (run_id and run.run_id)]
    last = runs[-1] if runs and runs[-1] in nameless else None
    if last is not None and _is_about(last, result, at):
        return (*runs[:-1], replace(_with_units(last, news), result=result, run_id=run_id or last.run_id))
    if result is RunResult.REFUSED or any(_is_known(run, result, at) for run in nameless):
        return runs
    automatic = news.asked_for is not None
    units = news.asked_for if automatic else news.units
    return (*runs, Run(at, result, automatic, units, run_id, restarted=news.units))


def _told(run: Run, news: RestartObservation) -> Run:
    """Its end may be told after it was given up; its start, heard again, is no news."""
    return run if news.result is RunResult.STARTED else replace(_with_units(run, news), result=news.result)


def _with_units(run: Run, news: RestartObservation) -> Run:
    """What it was asked for stays what it was."""
    units = news.units if run.units is None else run.units
    return replace(run, units=units, restarted=news.units if run.restarted is None else run.restarted)


def _is_about(run: Run, result: RunResult, at: float) -> bool:
    if at < run.at - SAME_START_S:
        return False
    if result is RunResult.STARTED:
        return run.result is RunResult.ASKED and at - run.at <= START_WITHIN_S
    return run.result in _OPEN and at - run.at <= ENDS_WITHIN_S


def _is_known(run: Run, result: RunResult, at: float) -> bool:
    """Whether it was heard before: when its place in the journal is lost, the detector reads a day of it again."""
    if run.result in _OPEN and not (run.result is result is RunResult.STARTED):
        return False
    if result is RunResult.STARTED:
        return 0 <= at - run.at <= SAME_START_S
    return run.result is result and 0 <= at - run.at <= ENDS_WITHIN_S


def asked(runs: tuple[Run, ...], at: float, units: frozenset[str]) -> tuple[Run, ...]:
    """The ledger after a request; it counts from now on, whatever becomes of it."""
    kept = tuple(run for run in runs if at - run.at < KEPT_S)
    return (*kept, Run(at, RunResult.ASKED, automatic=True, units=units))


def lost_run(state: State, now: float) -> Run | None:
    """The run of which no start or no end is reported, though the oneshot neither runs nor waits; None without one."""
    last = state.runs[-1] if state.runs else None
    memory = state.units.get(MASTER_RESTART)
    if last is None or last.result not in _OPEN or memory is None or not state.answers or is_restarting(state):
        return None
    if _is_job_failed(memory, last) and _never_ran(state):
        return last
    ended_at = memory.ended_at if memory.ended is not None else last.at
    return last if now - max(last.at, ended_at) >= ANSWERED_WITHIN_S else None


def _is_job_failed(memory: UnitMemory, last: Run) -> bool:
    return last.result is RunResult.ASKED and memory.seen.at > last.at and memory.seen.job_result == "failed"


def _never_ran(state: State) -> bool:
    """Whether the oneshot has not run since the last run that is known: systemd gives each run an id."""
    run_id = state.units[MASTER_RESTART].seen.invocation_id
    return not run_id or any(run.run_id == run_id for run in state.runs)


def conclusion(state: State, now: float) -> RestartObservation | None:
    """What is to be concluded of a run of which nothing more is heard; None while there is nothing to conclude.

    Where the id of the last run is still an earlier one's, systemd refused this one.
    """
    lost = lost_run(state, now)
    if lost is None:
        return None
    at = min(now, lost.at + ENDS_WITHIN_S)  # later news would be another run's
    if lost.result is RunResult.ASKED and _never_ran(state):
        return RestartObservation(at, RunResult.REFUSED)
    return RestartObservation(at, RunResult.FAILURE, lost.run_id or state.units[MASTER_RESTART].seen.invocation_id)


def is_refused(runs: tuple[Run, ...], released_at: float | None) -> bool:
    """Whether systemd refused to start the last one that was asked for, and nobody has released it since."""
    return bool(runs) and runs[-1].result is RunResult.REFUSED and (released_at is None or runs[-1].at >= released_at)


def counted(runs: tuple[Run, ...], released_at: float | None) -> list[Run]:
    """The runs that count: those since a release; one that restarted nothing locks nobody out."""
    return [run for run in _since(runs, released_at) if run.result not in _NONE]


def _since(runs: tuple[Run, ...], released_at: float | None) -> list[Run]:
    return [run for run in runs if released_at is None or run.at >= released_at]


def shown(runs: tuple[Run, ...]) -> list[Run]:
    """The runs that people look for; one that systemd refused only while it is the last, for it is tried on and on."""
    return [run for run in runs if run.result is not RunResult.REFUSED or run is runs[-1]]


def is_restarting(state: State) -> bool:
    """Whether the oneshot runs, or waits in systemd's queue."""
    memory = state.units.get(MASTER_RESTART)
    return memory is not None and (memory.seen.active_state == "activating" or bool(memory.seen.job))


def is_under_way(state: State, now: float) -> bool:
    """Whether a master restart was asked for or began, and its end was not heard yet."""
    last = state.runs[-1] if state.runs else None
    within_s = _MAY_TAKE_S.get(last.result, 0.0) if last is not None else 0.0
    return is_restarting(state) or (last is not None and now - last.at < within_s)


def budget(runs: tuple[Run, ...], released_at: float | None, settings: RestartSettings, now: float) -> Budget:
    """What is used up, and until when hands are off.

    A run in the future (the clock was set back between two lives of the detector) counts as one of now.
    """
    times = _times(runs, released_at, now)
    last = max((min(run.at, now) for run in _since(runs, released_at) if _is_waited_after(run)), default=None)
    gap_until = last + settings.min_gap_s if last is not None else None
    return Budget(
        used=sum(1 for at in times if now - at < HOUR_S),
        hold_until=_hold_until(times, settings, now),
        gap_until=gap_until if gap_until is not None and gap_until > now else None,
    )


def _is_waited_after(run: Run) -> bool:
    """A request that came to nothing would be made again at each look; what a person tried does not hold up others."""
    return run.automatic or run.result is not RunResult.NOTHING


def room_at(runs: tuple[Run, ...], released_at: float | None, settings: RestartSettings, now: float) -> float | None:
    """When the last hour's runs are few enough again; None when they are now."""
    times = _times(runs, released_at, now)
    lately = [at for at in times if now - at < HOUR_S]
    too_many = len(lately) - settings.max_per_hour
    return lately[too_many] + HOUR_S if too_many >= 0 else None


def _times(runs: tuple[Run, ...], released_at: float | None, now: float) -> list[float]:
    return sorted(min(run.at, now) for run in counted(runs, released_at))


def _hold_until(times: list[float], settings: RestartSettings, now: float) -> float | None:
    """Hands are off for `cooldown_s` after the run that filled an hour."""
    size = settings.max_per_hour
    filled = [last for first, last in zip(times, times[size - 1 :], strict=False) if last - first < HOUR_S]
    until = filled[-1] + settings.cooldown_s if filled else None
    return until if until is not None and until > now else None


def same_set_runs(runs: tuple[Run, ...], released_at: float | None, units: frozenset[str], now: float) -> int:
    """How often within the last hour a restart was asked for because of exactly these units, and did not help them."""
    return len(_in_vain(runs, released_at, units, now))


def same_set_until(runs: tuple[Run, ...], released_at: float | None, units: frozenset[str], now: float) -> float | None:
    """Until when none is asked for because of these units again; None where too few did not help them."""
    in_vain = _in_vain(runs, released_at, units, now)
    return in_vain[-SAME_SET_RUNS] + HOUR_S if len(in_vain) >= SAME_SET_RUNS else None


def last_in_vain(state: State, now: float) -> tuple[frozenset[str], float] | None:
    """The units because of which the last one was asked for, where none is asked for because of them again, until when.

    They may all stand again, repaired by a human: what was restarted in vain counts for its hour, unless released.
    """
    units = next((run.units for run in reversed(state.runs) if run.automatic and run.units), frozenset())
    until = same_set_until(state.runs, state.released_at, units, now)
    return None if until is None else (units, until)


def _in_vain(runs: tuple[Run, ...], released_at: float | None, units: frozenset[str], now: float) -> list[float]:
    lately = [run for run in _since(runs, released_at) if now - run.at < HOUR_S and not run.helped]
    return [run.at for run in lately if run.automatic and run.result is not RunResult.REFUSED and run.units == units]


def with_help(state: State, stood_s: float, now: float) -> tuple[Run, ...]:
    """The ledger at a moment when all is well: the last run has helped where its units have stood for `stood_s`."""
    last = state.runs[-1] if state.runs else None
    if last is None or not last.automatic or last.helped or last.result not in _BROUGHT_UP:
        return state.runs
    units = [state.units[unit] for unit in last.units or () if unit in state.units]
    began = [last.at, *(unit.up_at or now for unit in units)]
    if now - max(began) < stood_s or any(unit.seen.active_state not in UP for unit in units):
        return state.runs
    return (*state.runs[:-1], replace(last, helped=True))
