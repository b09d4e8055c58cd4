"""What stands of the fleet's problem while it is not known yet whether what came up stays well. Pure."""

from dataclasses import replace

from standfast.detector import unclean_ends
from standfast.detector.levels import Assessment
from standfast.detector.problem import ASKED_FOR, OF_MOMENT, PROVEN, Advice, Problem
from standfast.detector.problems import is_promised, telling_of
from standfast.events import Event


def while_unproven(
    told: tuple[Problem, ...], assessment: Assessment, present: Advice, now: float
) -> tuple[tuple[Problem, ...], list[Event]]:
    """What is open while what failed has yet to stay well, and the event that says so of the fleet's problem.

    It is said once of the same units, and taken back where they fail again. Where others fail on, what was told of
    those stands until the level falls; but a master restart that has ended is waited for no more. That an agent ended
    unclean waits for nothing: what it held may be open.

    Args:
        present: see `advice.meanwhile`.
    """
    unclean = unclean_ends.still_unclean({one.key: one for one in told}, assessment, now)
    new = [one for one in unclean if one not in told]
    events = [telling_of(one, assessment, "") for one in new]
    told = (*told, *new)
    changed = {one.key: _standing(one, present) for one in told if _is_said_anew(one, present)}
    events += [telling_of(one, assessment, present.action, before=one) for one in changed.values()]
    return tuple(changed.get(one.key, one) for one in told), events


def _standing(problem: Problem, present: Advice) -> Problem:
    return replace(problem, standing=present.follows_from, is_awaiting_restart=is_promised(problem, present))


def _is_said_anew(problem: Problem, present: Advice) -> bool:
    if problem.type not in PROVEN or problem.standing == present.follows_from or not present.action:
        return False
    is_reported = problem.standing == ASKED_FOR and bool(present.follows_from)
    return is_reported or present.follows_from.startswith(OF_MOMENT) or problem.standing.startswith(OF_MOMENT)
