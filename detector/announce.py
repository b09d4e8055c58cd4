"""What is told when: the events of a level's change, of a hold, and of a decision. Pure."""

from dataclasses import dataclass, replace
from typing import Final

from standfast.detector.advice import HUMAN_NEEDED, advice, again_at, by_hand_until, meanwhile, next_step
from standfast.detector.config import DetectorConfig, Mode
from standfast.detector.decide import Decision, Reason, ledger_budget
from standfast.detector.engine import Step
from standfast.detector.levels import Assessment
from standfast.detector.limits import HOUR_S, counted, is_under_way, last_in_vain
from standfast.detector.meanwhile import while_unproven
from standfast.detector.model import Level, Run, State
from standfast.detector.problem import SEVERITIES, Problem
from standfast.detector.problems import because, causes, changes, well
from standfast.detector.reading import Meaning
from standfast.detector.times import clock_at, iso
from standfast.detector.unclean_ends import asks_its_agent
from standfast.events import (
    AGENT_ENDED_UNCLEAN,
    BY_HAND,
    NEWS,
    RESTART_ASKED,
    RESTART_MODE,
    RESTART_NOT_ASKED,
    RESTART_OBSERVED,
    Event,
    Kind,
    Severity,
)
from standfast.unit_names import DETECTOR, MASTER_RESTART

HANDS_OFF: Final = "MASTER_RESTART_HANDS_OFF"

# A clock that is set by less makes no other time of it.
_SAME_UNTIL_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Told:
    """What was told and is not over.

    Attributes:
        problems: the open ones.
        hands_off: whether hands are off.
        refused: the reason of the last refusal.
        hands_off_until: until when they were said to be; 0 where no time was said.
        is_idle: whether nothing failed when that was said, so that nobody was told to do anything.
    """

    problems: tuple[Problem, ...] = ()
    hands_off: bool = False
    refused: str = ""
    hands_off_until: float = 0.0
    is_idle: bool = False

    @property
    def firsts(self) -> tuple[str, ...]:
        """The unit that failed first in the cascade that goes on, or those of which one did; none where none does."""
        return next((problem.firsts for problem in self.problems if problem.firsts), ())

    @property
    def asked_agents(self) -> frozenset[str]:
        """The agents' units of which a problem is over only when they say so themselves."""
        return frozenset(problem.unit for problem in self.problems if asks_its_agent(problem))

    @property
    def is_handed_over(self) -> bool:
        """Whether hands are off because what was restarted failed again."""
        return self.hands_off and self.refused == Reason.SAME_SET


NOTHING_TOLD: Final = Told()


def announcements(
    before: Level, told: Told, step: Step, config: DetectorConfig, now: float
) -> tuple[Told, list[Event]]:
    """The events that a step calls for, and what is told after them."""
    events: list[Event] = []
    assessment = step.assessment
    if assessment.level is not before:
        events.append(_level_event(before, assessment))
    if not assessment.held:
        present = advice(step, config, now, told.firsts)
        problems, problem_events = changes(told.problems, assessment, present, now)
        events += problem_events
        told = replace(told, problems=problems)
    elif assessment.unproven:
        present = meanwhile(step, config, now, told.firsts)
        problems, problem_events = while_unproven(told.problems, assessment, present, now)
        events += problem_events
        told = replace(told, problems=problems)
    told, hold_events = _hold(told, step, config, now)
    is_open = _is_unjudged(told, step) or is_up_again(step)
    refused = told.refused if is_open else _refused(step.decision)
    return replace(told, refused=refused), [*events, *hold_events]


def is_up_again(step: Step) -> bool:
    """Whether what two master restarts are said not to have helped is all up: the next look tells if it is well."""
    decision, health = step.decision, step.assessment.health
    if decision is None or decision.reason is not Reason.SAME_SET:
        return False
    return all(unit in health and health[unit].reading.meaning is Meaning.HEALTHY for unit in decision.causes)


def _is_unjudged(told: Told, step: Step) -> bool:
    """Whether what was said of a master restart stands: its units have come up, and may fall again."""
    return bool(told.refused) and step.assessment.held and step.decision is None


def _refused(decision: Decision | None) -> str:
    return "" if decision is None or decision.allowed else decision.reason.value


def _level_event(before: Level, assessment: Assessment) -> Event:
    level = assessment.level
    return Event(
        Kind.LEVEL,
        f"Failure level {level.name}, was {before.name}: {because(assessment)}",
        severity=SEVERITIES[level],
        unit=DETECTOR,
        level=level.name,
        data={"previous_level": before.name, "reasons": list(assessment.reasons), "root_cause": causes(assessment)},
    )


def forgotten(told: Told, problem_type: str, unit: str) -> Told:
    """What is told when a person has said that this is over: what goes on is to be said anew.

    How an agent ended is over when somebody has seen to it: nothing of that goes on.
    """
    if (problem_type, unit) == (HANDS_OFF, MASTER_RESTART):
        return replace(told, hands_off=False, hands_off_until=0.0)
    over = (problem_type, unit) if problem_type != AGENT_ENDED_UNCLEAN else None
    return replace(told, problems=tuple(one for one in told.problems if one.key != over))


def _hold(told: Told, step: Step, config: DetectorConfig, now: float) -> tuple[Told, list[Event]]:
    """One message when hands go off, one where that will last longer than was said, one when it is over.

    That hands will be off after a master restart is said when it has ended: before, nobody knows what is left to do.
    """
    if not is_hands_off(step.state, step.decision, config, now):
        if told.refused == Reason.SAME_SET and _is_unjudged(told, step) and not _is_released(step.state):
            return told, []
        return replace(told, hands_off=False, hands_off_until=0.0), [_hands_on(step, now)] if told.hands_off else []
    until = ledger_budget(step.state, config, now).hold_until or 0.0
    if not told.hands_off and is_up_again(step):
        return told, []
    if told.hands_off and told.is_idle and step.assessment.level is Level.CASCADING:
        event = _hands_off(step, config, now, told.firsts)
        words = f"The fleet fails again, and no master restart follows. {event.message}"
        news = replace(event, kind=Kind.UPDATE, message=words, data={**event.data, NEWS: True})
        return replace(told, is_idle=False), [news]
    if is_under_way(step.state, now) or (told.hands_off and until <= told.hands_off_until + _SAME_UNTIL_S):
        return told, []
    is_idle = step.assessment.level is Level.NONE and not step.assessment.failing
    told = replace(told, hands_off=True, hands_off_until=until, is_idle=is_idle)
    return told, [_hands_off(step, config, now, told.firsts)]


def is_hands_off(state: State, decision: Decision | None, config: DetectorConfig, now: float) -> bool:
    """Whether a human must act before Standfast restarts the fleet again by itself."""
    if decision is not None and decision.reason in HUMAN_NEEDED:
        return True
    return ledger_budget(state, config, now).hold_until is not None


def _is_released(state: State) -> bool:
    return state.released_at is not None and not counted(state.runs, state.released_at)


def _hands_off(step: Step, config: DetectorConfig, now: float, firsts: tuple[str, ...]) -> Event:
    decision = step.decision
    if decision is not None and decision.reason is Reason.SAME_SET:
        why, action = decision.why, next_step(step, config, now, firsts)
    else:
        action = by_hand_until(step, config, now)
        why = f"{_counted(step.state, config, now)}: no automatic one until {again_at(step, config, now)}"
    return Event(
        Kind.PROBLEM,
        f"Hands off: {why}",
        type=HANDS_OFF,
        severity=Severity.CRITICAL,
        unit=MASTER_RESTART,
        action=action,
    )


def _counted(state: State, config: DetectorConfig, now: float) -> str:
    """The master restarts for which hands are off, and by whom they were; where `cooldown_s` says so, for long."""
    runs = [run for run in counted(state.runs, state.released_at) if now - run.at < HOUR_S]
    if not runs:
        return f"the limit of {config.restart.max_per_hour} master restarts in an hour was reached earlier"
    manual = sum(1 for run in runs if not run.automatic)
    what = "manual restart" if manual == len(runs) else "master restart"
    by_hand = f" ({manual} by hand)" if 0 < manual < len(runs) else ""
    is_lately = state.released_at is not None and now - state.released_at < HOUR_S
    since = "since the release" if is_lately else "within the hour"
    return f"{len(runs)} {what}{'' if len(runs) == 1 else 's'}{by_hand} {since}"


def _hands_on(step: Step, now: float) -> Event:
    """What failed may stand again, repaired by a human, who has not released the master restart: that is not all."""
    in_vain = last_in_vain(step.state, now)
    but = f", but {not_for(*in_vain)}" if in_vain else ""
    message = "Released by a human: a master restart" if _is_released(step.state) else "A master restart"
    message = f"{message} is possible again{but}"
    data = {BY_HAND: True} if _is_released(step.state) else {}
    return Event(Kind.RESOLVED, message, type=HANDS_OFF, severity=Severity.WARNING, unit=MASTER_RESTART, data=data)


def not_for(units: frozenset[str], until: float) -> str:
    """For whom no master restart follows, though no other limit is in the way."""
    return f"not for {', '.join(sorted(units))} together before {clock_at(until)}, unless released"


def not_started(why: str) -> Event:
    """The event of a master restart that was asked for and did not begin."""
    return Event(
        Kind.RESTART,
        f"The master restart was asked for and did not start: {why}",
        type="MASTER_RESTART_FAILED",
        severity=Severity.CRITICAL,
        unit=MASTER_RESTART,
        action="Look at the units by hand; where it is systemd's limit on its starts, standfastctl release lifts that",
    )


def never_ended(run: Run) -> Event:
    """The event of a master restart that began and never told its end: it was killed."""
    return Event(
        Kind.RESTART,
        f"The master restart of {iso(run.at)} broke off without a report: it was killed, or the host went down",
        type="MASTER_RESTART_FAILED",
        severity=Severity.CRITICAL,
        unit=MASTER_RESTART,
        action=f"standfastctl status, then journalctl -u {MASTER_RESTART}",
    )


def decided(told: Told, decision: Decision | None) -> list[Event]:
    """The event of a decision that is new; none when it was said already, or goes without saying."""
    if decision is None or decision.reason is Reason.RUNNING or _refused(decision) == told.refused != "":
        return []
    kind, message = _decision_words(decision)
    data = {"reason": decision.reason.value, "causes": sorted(decision.causes)}
    return [Event(Kind.DECISION, message, kind, unit=MASTER_RESTART, data=data)]


def _decision_words(decision: Decision) -> tuple[str, str]:
    causes = ", ".join(sorted(decision.causes))
    if decision.allowed:
        return RESTART_ASKED, f"Asking for a master restart because of {causes}"
    if decision.reason is Reason.OBSERVE:
        return RESTART_OBSERVED, f'Would have asked for a master restart because of {causes} (mode = "observe")'
    return RESTART_NOT_ASKED, f"No master restart for {causes}: {decision.why}"


def mode_changed(mode: Mode) -> Event:
    """The event of a configuration from which on master restarts are asked for, or are not any more."""
    comes = (
        "is asked for where a cascade lasts" if mode is Mode.ACT else "is only said to be due, and none is asked for"
    )
    words = f'The mode is "{mode}" from now on: a master restart {comes}'
    return Event(Kind.DECISION, words, RESTART_MODE, unit=DETECTOR, data={"mode": mode.value})


def status_line(step: Step, told: Told = NOTHING_TOLD) -> str:
    """The detector's state in words, for `systemctl status`."""
    assessment = step.assessment
    units = assessment.facts.units
    if assessment.level is Level.NONE:
        failing = [unit for unit in units if unit.reading.failing]
        how = f"not well yet: {', '.join(map(str, failing))}" if failing else well(assessment)
        line = f"NONE: {len(units)} {'unit' if len(units) == 1 else 'units'} watched, {how}"
        line = "; ".join((line, *assessment.reasons))  # there are some while nothing is judged
    else:
        line = f"{assessment.level.name}: {because(assessment)}"
    decision = step.decision
    if decision is not None:
        line += "; master restart asked for" if decision.allowed else f"; no master restart: {decision.why}"
    line += "; hands off, see standfastctl status" if told.hands_off else ""
    unknown = [f"{unit.unit} ({unit.reading.why})" for unit in units if not unit.counts]
    return f"{line}; unknown: {', '.join(unknown)}" if unknown else line
