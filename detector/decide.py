"""Whether to ask for a master restart now, with the reason. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from standfast.detector.config import Cause, DetectorConfig, Mode, Tier
from standfast.detector.counting import in_clock_grace
from standfast.detector.levels import CASCADE_UNITS, HAPPENED, Assessment, Health
from standfast.detector.limits import SAME_SET_RUNS, Budget, budget, is_restarting, same_set_until
from standfast.detector.model import RunResult, State
from standfast.detector.reading import Meaning
from standfast.detector.times import clock_at
from standfast.time_words import span

FILE_RESTART_LOOKS: Final = 7

_WHAT_THE_LAST_DID: Final[Mapping[RunResult, str]] = {
    RunResult.ASKED: "the last one was asked for",
    RunResult.REFUSED: "systemd refused to start the last one",
}


class Reason(StrEnum):
    """Why a master restart is asked for or is not."""

    CASCADE = "cascade"
    OBSERVE = "observe"
    BUDGET = "budget"
    GAP = "gap"
    HOLD = "hold"
    SAME_SET = "same-set"
    RUNNING = "running"
    SHUTDOWN = "shutdown"
    GRACE = "grace"


@dataclass(frozen=True, slots=True)
class Decision:
    """A master restart would be right; whether it is asked for, and why (not).

    Attributes:
        causes: the failing units (and critical files) because of which.
    """

    allowed: bool
    reason: Reason
    causes: frozenset[str]
    why: str


def restart_decision(assessment: Assessment, state: State, config: DetectorConfig, now: float) -> Decision | None:
    """The decision, or None while nothing calls for a master restart.

    Nothing is decided while systemd does not answer: there is nobody to ask.
    """
    if not state.answers:
        return None
    causes = _lasting_causes(assessment, config)
    if not causes:
        return None
    reason, why = _verdict(assessment, causes, state, config, now)
    return Decision(reason is Reason.CASCADE, reason, causes, why)


def _lasting_causes(assessment: Assessment, config: DetectorConfig) -> frozenset[str]:
    """What makes the cascade last: units of which one cannot get worse, or a file gone for seven looks."""
    causes: set[str] = set()
    if Cause.UNITS in config.restart.causes:
        units = assessment.facts.critical(Tier.CRITICAL)
        if len(units) >= CASCADE_UNITS and any(unit.failures >= unit.rules.thresholds.cascading for unit in units):
            causes |= {unit.unit for unit in units}
    if Cause.FILES in config.restart.causes:
        files = assessment.facts.files.items()
        causes |= {path for path, file in files if file.failures >= FILE_RESTART_LOOKS}
    return frozenset(causes)


def _verdict(
    assessment: Assessment, causes: frozenset[str], state: State, config: DetectorConfig, now: float
) -> tuple[Reason, str]:
    if state.shutting_down:
        return Reason.SHUTDOWN, "the host is shutting down"
    if in_clock_grace(state, config, now):
        happened = HAPPENED[state.clock_event] if state.clock_event is not None else "changed"
        return Reason.GRACE, f"the host {happened} a moment ago"
    if is_restarting(state):
        return Reason.RUNNING, "a master restart is running"
    refused = _refused_by_ledger(causes, state, config, now)
    if refused is not None:
        return refused
    if _being_repaired(assessment, causes):
        anyhow = ' (and the mode is "observe": none is asked for anyhow)' if config.mode is Mode.OBSERVE else ""
        return Reason.GRACE, f"some of the failing units are being started right now{anyhow}"
    if config.mode is Mode.OBSERVE:
        return Reason.OBSERVE, 'mode is "observe": it would have been asked for'
    return Reason.CASCADE, "the cascade lasts"


def _refused_by_ledger(
    causes: frozenset[str], state: State, config: DetectorConfig, now: float
) -> tuple[Reason, str] | None:
    settings = config.restart
    left = budget(state.runs, state.released_at, settings, now)
    if left.hold_until is not None:
        return Reason.HOLD, f"hands off for another {span(left.hold_until - now)}, or until a human releases it"
    if left.used >= settings.max_per_hour:
        return Reason.BUDGET, f"{left.used} master restarts within the last hour are enough"
    if in_vain := restarted_in_vain(causes, state, config, now):
        return Reason.SAME_SET, in_vain
    if left.gap_until is not None:
        what = _WHAT_THE_LAST_DID.get(state.runs[-1].result, "the last master restart was")
        return Reason.GAP, f"{what} less than {span(settings.min_gap_s)} ago"
    return None


def restarted_in_vain(causes: frozenset[str], state: State, config: DetectorConfig, now: float) -> str:
    """That master restarts because of exactly these have not helped them, and until when none follows; "" else."""
    until = same_set_until(state.runs, state.released_at, causes, now)
    if until is None:
        return ""
    # They may not even have brought them up, so not "failed again within"; a length of help needs no beginning.
    helped = f"did not help {', '.join(sorted(causes))} even for {span(config.restart.min_gap_s)}"
    look = f"a human must look; none follows by itself before {clock_at(until)}"
    return f"{SAME_SET_RUNS} master restarts within the hour {helped}: {look}"


def foreseen_in_vain(assessment: Assessment, state: State, config: DetectorConfig, now: float) -> str:
    """The same of a cascade of units that may yet pass, so that nothing is decided; "" where one would be asked for."""
    units = frozenset(unit.unit for unit in assessment.facts.critical(Tier.CRITICAL))
    return restarted_in_vain(units, state, config, now) if len(units) >= CASCADE_UNITS else ""


def _being_repaired(assessment: Assessment, causes: frozenset[str]) -> bool:
    """Whether somebody is starting so many of the failing units that the rest is no cascade."""
    units = [unit for unit in assessment.facts.units if unit.unit in causes]
    return bool(units) and len([unit for unit in units if not _is_settling(unit)]) < CASCADE_UNITS


def _is_settling(unit: Health) -> bool:
    return unit.reading.meaning is Meaning.SETTLING


def ledger_budget(state: State, config: DetectorConfig, now: float) -> Budget:
    """What the ledger allows now, for the status."""
    return budget(state.runs, state.released_at, config.restart, now)
