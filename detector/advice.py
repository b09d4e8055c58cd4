"""What a person is told to do about a cascade. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from standfast.detector.config import Cause, DetectorConfig, Mode, Tier
from standfast.detector.critical_files import bad_files, put_back
from standfast.detector.databases import restore
from standfast.detector.decide import FILE_RESTART_LOOKS, Decision, Reason, foreseen_in_vain, ledger_budget
from standfast.detector.engine import Step
from standfast.detector.firsts import (
    failed_later,
    firsts,
    left_down,
    start_anew,
    start_left,
    still_first,
    why_they_failed,
)
from standfast.detector.levels import is_all_up, is_restless
from standfast.detector.limits import is_refused, is_under_way, last_in_vain, room_at
from standfast.detector.model import Level, RunResult
from standfast.detector.problem import LEFT_DOWN, UNPROVEN, Advice
from standfast.detector.reading import FAILING, Meaning
from standfast.detector.times import clock_at
from standfast.unit_names import MASTER_RESTART

# What a start brings up, though systemd may see to that as well; the others need something else.
_STARTED: Final = FAILING - {Meaning.CHECK_FAILED, Meaning.OVERDUE, Meaning.LAST_RUN_FAILED}

# Of more units a master restart by hand is the shorter command.
_STARTED_AT_MOST: Final = 6

# So many units are named that a person is to look at.
_NAMED: Final = 4

# A human is never locked out by what holds the detector up.
_BY_HAND: Final = f"standfastctl plan, then systemctl start {MASTER_RESTART.removesuffix('.service')}"

HUMAN_NEEDED: Final = frozenset({Reason.HOLD, Reason.BUDGET, Reason.SAME_SET})
# Whoever is told of these need not wait, but may mend it meanwhile.
_WHY_FIRST: Final = HUMAN_NEEDED | {Reason.GAP}


def next_step(step: Step, config: DetectorConfig, now: float, told: Sequence[str] = ()) -> str:
    """The next step of a problem that stands for the fleet, with where it says why the first units failed.

    Args:
        told: the units that failed first when it began, where those were told.
    """
    words, units = _next_step(step, config, now), _to_look_at(step, told)
    if not units or "journalctl -u" in words or step.state.shutting_down or not step.state.answers:
        return words or "standfastctl status"
    is_first = step.assessment.level is Level.CASCADING and _is_by_hand(step, config)
    if is_first:
        why = _why_and_mend(step, units, now)
    else:
        mended = _when_mended(step, now) if step.assessment.level is not Level.CASCADING else ""
        why = "; ".join(filter(None, (_why(step, units, now), mended)))
    parts = (why, words) if is_first else (words, why)
    return ". ".join(filter(None, parts))


def advice(step: Step, config: DetectorConfig, now: float, told: Sequence[str] = ()) -> Advice:
    """What a person is told to do now; for `told` see `next_step`."""
    return Advice(next_step(step, config, now, told), advised_by(step), _promises_restart(step, config, now))


def _promises_restart(step: Step, config: DetectorConfig, now: float) -> bool:
    """Whether nobody needs to act but to wait until a master restart is asked for."""
    if config.mode is Mode.OBSERVE or step.assessment.level is not Level.CASCADING:
        return False
    if step.decision is not None:
        return step.decision.reason in (Reason.GAP, Reason.GRACE)
    if _restart_for_files_at(step, config, now) is not None:
        return True
    is_possible = step.state.answers and Cause.UNITS in config.restart.causes
    return is_possible and not foreseen_in_vain(step.assessment, step.state, config, now)


def after_report(step: Step, config: DetectorConfig, now: float, told: Sequence[str] = ()) -> Advice:
    """The next step of a cascade when a master restart has ended; none while it runs.

    What it brought up has yet to stay well then, so that nothing is decided; but what holds the next one up is known.
    """
    reason = _holds_up_the_next(step, config, now) if step.assessment.level is Level.CASCADING else None
    units = _to_look_at(step, told)
    if reason is None or not units:
        return Advice()
    is_next = config.mode is Mode.ACT and reason is Reason.GAP
    return Advice(f"{_why_and_mend(step, units, now)}. {_REFUSED[reason](step, config, now)}", reason.value, is_next)


def _holds_up_the_next(step: Step, config: DetectorConfig, now: float) -> Reason | None:
    if is_under_way(step.state, now):
        return None
    left = ledger_budget(step.state, config, now)
    if left.hold_until is not None:
        return Reason.HOLD
    if left.used >= config.restart.max_per_hour:
        return Reason.BUDGET
    if last_in_vain(step.state, now):
        return Reason.SAME_SET
    return None if left.gap_until is None else Reason.GAP


def _why(step: Step, units: Sequence[str], now: float) -> str:
    if left := start_left(step.assessment, now):
        return left
    return "; ".join(filter(None, (why_they_failed(units), failed_later(units, step.assessment))))


def _why_and_mend(step: Step, units: Sequence[str], now: float) -> str:
    """What a person does who does not wait: look, mend, and bring up what fails."""
    if left := start_left(step.assessment, now):
        return left
    return f"{_why(step, units, now)}; {_when_mended(step, now) or 'mend that'}"


def _when_mended(step: Step, now: float) -> str:
    """The command that brings up what fails by itself, with what went down with it; "" where there is none.

    What crashes again and again may be given up by the time that this is read.
    """
    units = step.state.units
    down = [unit.unit for unit in step.assessment.failing if unit.reading.meaning in _STARTED]
    if not 0 < len(down) <= _STARTED_AT_MOST or left_down(step.assessment, now):
        return ""
    started = [name for name in down if units[name].seen.active_state != "inactive"]
    return f"when that is mended: {start_anew(down, started)}"


def meanwhile(step: Step, config: DetectorConfig, now: float, told: Sequence[str] = ()) -> Advice:
    """What is to be done while it is not known yet whether what came up stays well; for `told` see `next_step`.

    Without an action where that is another at the next moment.
    """
    assessment, after = step.assessment, after_report(step, config, now, told)
    if is_restless(assessment, now):
        return after
    if is_all_up(assessment.facts):
        waits_for = ", ".join(assessment.unproven)
        return Advice(f"Wait: it is over when these have stayed well: {waits_for}", f"{UNPROVEN}{waits_for}")
    if left := start_left(assessment, now):
        return Advice(left, f"{LEFT_DOWN}{', '.join(left_down(assessment, now))}")
    failing = tuple(unit.unit for unit in assessment.failing)
    if after.follows_from or not all(unit.reading.final for unit in assessment.failing):
        return after
    return Advice("; ".join(filter(None, (why_they_failed(failing), _when_mended(step, now)))))


def _to_look_at(step: Step, told: Sequence[str]) -> tuple[str, ...]:
    """The units whose journals say why; where nobody knows who was first, one that fails now."""
    failing = tuple(unit.unit for unit in step.assessment.failing)
    if step.assessment.level is not Level.CASCADING:
        return firsts(step.assessment) or failing[:1] or tuple(told)
    return still_first(told, step.assessment) or tuple(told) or failing[:1]


def _is_by_hand(step: Step, config: DetectorConfig) -> bool:
    """Whether a human is to act, and not only to wait; a file that is to be put back is said before anything else."""
    is_left_to_human = step.decision is not None and step.decision.reason in _WHY_FIRST
    return (is_left_to_human or config.mode is Mode.OBSERVE) and not bad_files(step.assessment.facts)


def _next_step(step: Step, config: DetectorConfig, now: float) -> str:
    if not step.state.answers:
        return "Nothing can be restarted while systemd does not answer: log in, or reboot the host"
    if step.assessment.level is not Level.CASCADING:
        return _below_cascading(step, config)
    files = bad_files(step.assessment.facts)
    if not files:
        return _about_units(step, config, now)
    if until := _restart_for_files_at(step, config, now):
        return f"{put_back(files)}, else a master restart follows at the seventh look (~{clock_at(until)})"
    return f"{put_back(files)}. {_about_units(step, config, now)}"


def _below_cascading(step: Step, config: DetectorConfig) -> str:
    """A database that fails is mended by nobody else, and may be why units do; "" where none does."""
    return restore(config.database, step.assessment.facts.failed_databases)


def _about_units(step: Step, config: DetectorConfig, now: float) -> str:
    """The next step of a cascade that units make."""
    decision = step.decision
    if decision is None:
        return _follows(step, config, now) if config.mode is Mode.ACT else _observe(step, config, now)
    if decision.allowed:
        return "A master restart was asked for; wait for its report"
    return _REFUSED[decision.reason](step, config, now)


def _follows(step: Step, config: DetectorConfig, now: float) -> str:
    """When a master restart is asked for, if it lasts: once one of the units cannot get worse."""
    if Cause.UNITS not in config.restart.causes:
        return 'No master restart follows for units: restart.causes in detector.toml has no "units"'
    if foreseen_in_vain(step.assessment, step.state, config, now):
        return f"No master restart follows: these were restarted in vain. {_same_set(step, config, now)}"
    units = step.assessment.facts.critical(Tier.CRITICAL)
    looks = min((unit.rules.thresholds.cascading - unit.failures for unit in units), default=0)
    if looks <= 0:
        return "A master restart follows if it lasts"
    gap = ledger_budget(step.state, config, now).gap_until or now
    when = clock_at(max(now + looks * config.check_interval_s, gap))
    return f"A master restart follows if it lasts for {looks} more look{'s' if looks > 1 else ''} (until ~{when})"


def _restart_for_files_at(step: Step, config: DetectorConfig, now: float) -> float | None:
    """When a master restart follows for a file alone; None where none does, or where more than a file is bad."""
    facts = step.assessment.facts
    is_to_follow = config.mode is Mode.ACT and Cause.FILES in config.restart.causes and step.decision is None
    if not is_to_follow or step.assessment.failing:
        return None
    looks = max(file.failures for file in facts.files.values())
    return now + (FILE_RESTART_LOOKS - looks) * config.check_interval_s


def advised_by(step: Step) -> str:
    """What the next step of a cascade follows from; "" where that passes by itself in a moment."""
    if step.assessment.level is not Level.CASCADING:
        return "eased"
    reason = step.decision.reason if step.decision is not None else Reason.GRACE
    # One that was asked for is waited for until its end, as is one that runs.
    reason = Reason.CASCADE if reason is Reason.RUNNING else reason
    return "" if reason is Reason.GRACE else reason.value


def again_at(step: Step, config: DetectorConfig, now: float) -> str:
    """When the ledger allows a master restart again."""
    until = ledger_budget(step.state, config, now).hold_until or room_at(
        step.state.runs, step.state.released_at, config.restart, now
    )
    return clock_at(until or now)


def by_hand_until(step: Step, config: DetectorConfig, now: float) -> str:
    """What to do while the ledger allows no master restart, and until when that is so."""
    if not step.assessment.failing and step.assessment.level is Level.NONE:
        return "Nothing fails now; to allow automatic ones before that: standfastctl release"
    again, units = again_at(step, config, now), _failing(step)
    return f"Look at {units or 'the units'} by hand, then standfastctl release; else no automatic one until {again}"


def _failing(step: Step) -> str:
    """The units that fail; of many the first."""
    names = [unit.unit for unit in step.assessment.facts.units if unit.fails]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _observe(step: Step, config: DetectorConfig, now: float) -> str:
    asked = 'mode = "act" in detector.toml, then systemctl reload standfast-detector'
    return f"Or restart all by hand: {_BY_HAND}. To have it asked for: {asked}"


def _gap(step: Step, config: DetectorConfig, now: float) -> str:
    if config.mode is Mode.OBSERVE:
        return _observe(step, config, now)  # nothing is asked for then either: there is nothing to wait for
    until = clock_at(ledger_budget(step.state, config, now).gap_until or now)
    if is_refused(step.state.runs, step.state.released_at):
        return f"standfastctl release lifts systemd's limit; else it is asked for again after {until}"
    last = clock_at(min(step.state.runs[-1].at, now)) if step.state.runs else "just now"
    if step.state.runs and step.state.runs[-1].result in (RunResult.PARTIAL, RunResult.FAILURE):
        return f"The last master restart, at {last}, failed; if this lasts another is asked for after {until}"
    again = f"if this lasts it is asked for again after {until}"
    return f"Or wait: the last master restart was at {last}; {again}. By hand at once: {_BY_HAND}"


def _same_set(step: Step, config: DetectorConfig, now: float) -> str:
    return "Find the root cause, mend it, then standfastctl release: where they still fail a master restart follows"


def _running(step: Step, config: DetectorConfig, now: float) -> str:
    return "A master restart is running; wait for its report"


def _shutdown(step: Step, config: DetectorConfig, now: float) -> str:
    return "Nothing to do: the host is shutting down"


def _grace(step: Step, config: DetectorConfig, now: float) -> str:
    decision: Decision | None = step.decision
    follows = "a master restart follows if it lasts" if config.mode is Mode.ACT else "then see standfastctl status"
    return f"Wait: {decision.why if decision else 'it may pass'}; {follows}"


_REFUSED: Final[Mapping[Reason, Callable[[Step, DetectorConfig, float], str]]] = {
    Reason.OBSERVE: _observe,
    Reason.GAP: _gap,
    Reason.HOLD: by_hand_until,
    Reason.BUDGET: by_hand_until,
    Reason.SAME_SET: _same_set,
    Reason.RUNNING: _running,
    Reason.SHUTDOWN: _shutdown,
    Reason.GRACE: _grace,
}
