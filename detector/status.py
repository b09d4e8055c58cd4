"""The detector's status file: what the API, the dashboard and standfastctl show. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from math import ceil
from typing import Any, Final

from standfast.detector.announce import NOTHING_TOLD, Told, is_hands_off, not_for
from standfast.detector.config import DetectorConfig, RestartSettings
from standfast.detector.decide import Decision, Reason, foreseen_in_vain, ledger_budget
from standfast.detector.engine import Step
from standfast.detector.firsts import still_first
from standfast.detector.levels import FILE_MISSING_LOOKS, Assessment, Health, blindness
from standfast.detector.limits import Budget, counted, is_refused, is_restarting, last_in_vain, shown
from standfast.detector.model import Level, Outcome, Run, RunResult, State
from standfast.detector.prediction.telling import plain
from standfast.detector.times import clock_from, iso
from standfast.detector.watched import port_of
from standfast.time_words import span
from standfast.unit_names import MASTER_RESTART

SHOWN_RESTARTS: Final = 20
# After one of these the oneshot is failed only where systemd refused a further start of it, by its limit.
_REFUSED: Final = "systemd refused a further master restart"
_WHAT_THE_LAST_LEFT: Final[Mapping[RunResult | None, str]] = {
    RunResult.SUCCESS: _REFUSED,
    RunResult.NOTHING: _REFUSED,
    RunResult.PARTIAL: "The last master restart brought up only a part",
}


def status(
    step: Step,
    config: DetectorConfig,
    now: float,
    notes: tuple[str, ...] = (),
    *,
    after: Mapping[str, tuple[str, ...]] | None = None,
    late_s: float = 0.0,
    next_look: float | None = None,
    told: Told = NOTHING_TOLD,
) -> dict[str, Any]:
    """Everything that the detector knows, as JSON values.

    Args:
        notes: what the detector cannot do at the moment, such as remember.
        after: the watched units that each one is ordered after.
        late_s: by how much the last scheduled look was late, with what it took.
        next_look: when failures in a row are counted again.
        told: what people were told: the status says the same of who failed first, and of whose turn it is.
    """
    state, assessment = step.state, step.assessment
    files = {path: _file(state, path) for path in config.critical_files}
    return {
        "failure_level": assessment.level.name,
        "level": int(assessment.level),
        "reasons": _reasons(assessment, next_look, config.check_interval_s),
        **_root_causes(assessment, told),
        "predictions": [plain(one) for one in assessment.facts.predictions],
        "mode": config.mode.value,
        **_restarts(step, config, now, told),
        "supervisor_status": _supervisor(step),
        "databases": {database.name: _check(state, "", database.name, now) for database in config.database},
        "critical_files_healthy": all(file["healthy"] is not False for file in files.values()),
        "critical_files": files,
        "service_health": {unit.unit: _health(unit, state, now, after or {}) for unit in assessment.facts.units},
        "notes": list(notes),
        "left_failed": _left_failed(step, config, now),
        "check_interval_s": config.check_interval_s,
        "late_s": round(late_s, 3),
        "next_look": iso(next_look) if next_look is not None else None,
        "checked_at": iso(now),
    }


def _reasons(assessment: Assessment, next_look: float | None, look_s: float) -> list[str]:
    """Why it is this level; where that is held until what failed has stayed well, with the look that ends it."""
    if assessment.proven_at is None:
        return list(assessment.reasons)
    why, *others = assessment.reasons
    if next_look is None:
        return [f"{why} (known by the first look after {clock_from(assessment.proven_at)})", *others]
    looks = max(ceil((assessment.proven_at - next_look) / look_s), 0)
    return [f"{why} (known by the look of {clock_from(next_look + looks * look_s)})", *others]


def _root_causes(assessment: Assessment, told: Told) -> dict[str, Any]:
    """Who failed by itself, and first, as the message of a cascade had it; and who went down with it or needs it.

    Of units that are all up again, and have yet to stay so, none is to be looked at.
    """
    first = still_first(told.firsts, assessment) if assessment.failing else ()
    roots = assessment.root_causes if assessment.failing else ()
    return {
        "root_cause": [*first, *(root.unit for root in roots if root.unit not in first)],
        "failed_first": list(first),
        "failed_together": len(first) > 1,
        "took_along": {root.unit: list(root.took_along) for root in roots},
        "needed_by": {root.unit: list(root.needed_by) for root in roots},
    }


def _left_failed(step: Step, config: DetectorConfig, now: float) -> dict[str, str] | None:
    """That systemd still calls the host degraded for a master restart whose failure somebody has repaired by hand."""
    oneshot = step.state.units.get(MASTER_RESTART)
    if oneshot is None or oneshot.seen.active_state != "failed" or step.assessment.level is not Level.NONE:
        return None
    last = step.state.runs[-1] if step.state.runs else None
    failing = {unit.unit for unit in step.assessment.failing}
    if failing & set((last.restarted if last is not None else None) or ()):
        return None
    clears = f"systemctl reset-failed {MASTER_RESTART.removesuffix('.service')} clears that"
    if is_hands_off(step.state, step.decision, config, now):
        clears = "standfastctl release clears that, and allows automatic ones again"
    what = _WHAT_THE_LAST_LEFT.get(last.result if last is not None else None, "The last master restart failed")
    return {"what": what, "clears": clears}


def _restarts(step: Step, config: DetectorConfig, now: float, told: Told) -> dict[str, Any]:
    state = step.state
    left = ledger_budget(state, config, now)
    in_vain = last_in_vain(state, now)
    left_out = not_for(*in_vain) if in_vain else ""
    handed_over = _handed_over(step.decision, told, left_out) or foreseen_in_vain(step.assessment, state, config, now)
    running = "a master restart is running" if is_restarting(state) else ""
    held = _blocked(state, left, config.restart)
    if left.gap_until is not None and left_out:
        held = f"{held}, and then {left_out} or all well until then"
    reasons = (held, handed_over) if left.hold_until is not None else (handed_over, held)  # that one lasts longest
    blocked = running or blindness(state, config, now) or next(filter(None, reasons), "")
    last = next(reversed(counted(state.runs, None)), None)
    return {
        "can_restart": not blocked,
        "restart_blocked": blocked,
        "last_restart": iso(last.at) if last is not None else None,
        "restart_count": left.used,
        "max_per_hour": config.restart.max_per_hour,
        "hold_until": _iso(left.hold_until),
        "gap_until": None if handed_over else _iso(left.gap_until),
        "released_at": iso(state.released_at) if state.released_at is not None else None,
        "not_for": left_out,
        "decision": _decision(step),
        "restart_history": [_run(run) for run in shown(state.runs)[-SHOWN_RESTARTS:]],
    }


def _run(run: Run) -> dict[str, Any]:
    """One master restart: what it restarted, and what it was asked for; null where that is not known, or nothing."""
    restarted = run.units if run.restarted is None and not run.automatic else run.restarted
    units, because_of = _listed(restarted), _listed(run.units if run.automatic else None)
    shown_by = {"automatic": run.automatic, "units": units, "because_of": because_of}
    return {"at": iso(run.at), "result": run.result.value, **shown_by}


def _listed(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _blocked(state: State, left: Budget, settings: RestartSettings) -> str:
    """Why no master restart is possible now, in words; "" when one is. Until when stands beside it."""
    if not state.answers:
        return "systemd does not answer"
    if left.hold_until is not None:
        return f"hands off after {left.used} within an hour"
    if left.used >= settings.max_per_hour:
        return f"{left.used} within the last hour are enough"
    if left.gap_until is None:
        return ""
    last = "systemd refused the last one" if is_refused(state.runs, state.released_at) else "the last one was"
    return f"{last} less than {span(settings.min_gap_s)} ago"


def _handed_over(decision: Decision | None, told: Told, left_out: str) -> str:
    """Why the present cascade is a human's; "" when it is not. It stays one while what failed has yet to stay well."""
    if decision is not None:
        return decision.why if decision.reason is Reason.SAME_SET else ""
    return f"a human looks after what failed again: {left_out}" if told.is_handed_over and left_out else ""


def _iso(at: float | None) -> str | None:
    return iso(at) if at is not None else None


def _decision(step: Step) -> dict[str, Any] | None:
    if step.decision is None:
        return None
    return {"allowed": step.decision.allowed, "reason": step.decision.reason.value, "why": step.decision.why}


def _supervisor(step: Step) -> dict[str, Any]:
    units = step.assessment.facts.units
    return {
        "status": "ok" if step.state.answers else "no answer",
        "running": sum(1 for unit in units if _active_state(step.state, unit) == "active"),
        "failed": sum(1 for unit in units if unit.reading.failing),
        "system_state": step.state.system_state,
    }


def _active_state(state: State, unit: Health) -> str:
    memory = state.units.get(unit.unit)
    return memory.seen.active_state if memory is not None else ""


def _health(unit: Health, state: State, now: float, after: Mapping[str, tuple[str, ...]]) -> dict[str, Any]:
    seen = state.units[unit.unit].seen
    return {
        "status": unit.reading.meaning.value,
        "failing": unit.reading.failing,
        "why": unit.reading.why,
        "start_refused": unit.reading.refused,
        "consecutive_failures": unit.failures,
        "last_check": iso(now),
        "load_state": seen.load_state,
        "active_state": seen.active_state,
        "sub_state": seen.sub_state,
        "result": seen.result,
        "restarts": seen.n_restarts,
        "port": port_of(unit.rules),
        "tier": unit.rules.tier.value,
        "needs": list(seen.needs),
        "after": list(after.get(unit.unit, ())),
        "restart": unit.rules.restart,
        "thresholds": asdict(unit.rules.thresholds),
        "checks": {check.label: _check(state, unit.unit, check.label, now) for check in unit.rules.checks},
    }


def _check(state: State, unit: str, name: str, now: float) -> dict[str, Any]:
    check = state.checks.get((unit, name))
    if check is None:
        return {"status": Outcome.UNKNOWN.value, "healthy": None, "detail": "not checked yet", "last_check": None}
    healthy = {Outcome.OK: True, Outcome.FAIL: False}.get(check.outcome)
    return {"status": check.outcome.value, "healthy": healthy, "detail": check.detail, "last_check": iso(check.at)}


def _file(state: State, path: str) -> Mapping[str, Any]:
    file = state.files.get(path)
    if file is None:
        return {"healthy": None, "detail": "not checked yet", "consecutive_failures": 0}
    healthy = None if file.ok is None else file.ok or file.failures < FILE_MISSING_LOOKS
    return {"healthy": healthy, "detail": file.detail, "consecutive_failures": file.failures}
