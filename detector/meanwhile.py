"""What stands of the fleet's problem while it is not known yet whether what came up stays well. Pure."""

from dataclasses import replace

from standfast.detector import unclean_ends
from standfast.detector.firsts import left_down, start, why_they_failed
from standfast.detector.levels import Assessment, weigh
from standfast.detector.model import Level
from standfast.detector.problem import ASKED_FOR, LEFT_DOWN, OF_MOMENT, PROVEN, UNPROVEN, Advice, Problem
from standfast.detector.problems import telling_of
from standfast.events import Event


def while_unproven(
    told: tuple[Problem, ...], assessment: Assessment, after: Advice, now: float
) -> tuple[tuple[Problem, ...], list[Event]]:
    """What is open while what failed has yet to stay well, and the event that says so of the fleet's problem.

    It is said once of the same units, and taken back where they fail again. Where others fail on, what was told of
    those stands until the level falls; but a master restart that has ended is waited for no more. That an agent ended
    unclean waits for nothing: what it held may be open.

    Args:
        after: the next step when a master restart has ended; none where none has.
    """
    unclean = unclean_ends.still_unclean({one.key: one for one in told}, assessment, now)
    new = [one for one in unclean if one not in told]
    events = [telling_of(one, assessment, "") for one in new]
    told = (*told, *new)
    present = _meanwhile(assessment, after)
    changed = {one.key: replace(one, standing=present.follows_from) for one in told if _is_said_anew(one, present)}
    events += [telling_of(one, assessment, present.action, before=one) for one in changed.values()]
    return tuple(changed.get(one.key, one) for one in told), events


def _meanwhile(assessment: Assessment, after: Advice) -> Advice:
    """What is to be done while it is not known yet whether what came up stays well."""
    if _is_all_up(assessment):
        waits_for = ", ".join(assessment.unproven)
        return Advice(f"Wait: it is over when these have stayed well: {waits_for}", f"{UNPROVEN}{waits_for}")
    if left := left_down(assessment):
        return Advice(f"Start what went down with another: {start(left)}", f"{LEFT_DOWN}{', '.join(left)}")
    failing = tuple(unit.unit for unit in assessment.failing)
    return after if after.follows_from or not failing else Advice(why_they_failed(failing))


def _is_said_anew(problem: Problem, present: Advice) -> bool:
    if problem.type not in PROVEN or problem.standing == present.follows_from:
        return False
    is_reported = problem.standing == ASKED_FOR and bool(present.follows_from)
    return is_reported or present.follows_from.startswith(OF_MOMENT) or problem.standing.startswith(OF_MOMENT)


def _is_all_up(assessment: Assessment) -> bool:
    """Whether all that failed is up, be it that no look has found that yet."""
    facts = assessment.facts
    down = tuple(unit for unit in facts.units if unit.reading.failing)
    return weigh(replace(facts, units=down, predictions=()))[0] is Level.NONE
