"""The problems of the fleet, of which one follows another: what is over of it while something else is there. Pure.

The detector names one at a time, by the level. That one of them is over says nothing of the others: whoever reads it
would go back to bed. So what is open is named beside it; and what another follows within the hold of its end was not
over: it gives way to something worse, and its end waits for that of something less bad, though for no longer than a
window.
"""

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from standfast.events import AGENT_ENDED_UNCLEAN, Severity
from standfast.notifier import resolution
from standfast.notifier.model import SEVERITIES, Draft, MessageKind, Problem

# In rising order.
_TYPES: Final = ("FLEET_WARNING", "FLEET_CRITICAL", "CASCADING_FAILURE")
# What else of units is not well, though no message of it may have been sent yet.
_OF_UNITS: Final = frozenset({"UNIT_FAILING", AGENT_ENDED_UNCLEAN})
_WATCHER_AWAY: Final = frozenset({"WATCHER_DOWN", "WATCHER_STUCK"})
_TELL_AN_END: Final = (MessageKind.RECOVERY, MessageKind.FLAPPING)


def is_of_fleet(problem: Problem) -> bool:
    """Whether a problem is that of the fleet as a whole."""
    return problem.type in _TYPES


def gives_way(problem: Problem) -> bool:
    """Whether it may give way to a worse problem of the fleet, whose end is its own then."""
    return problem.type == "UNIT_FAILING" or problem.type in _TYPES[:-1]


def is_worse(problem: Problem, other: Problem) -> bool:
    """Whether one problem of the fleet is of a higher level than another."""
    return _TYPES.index(problem.type) > _TYPES.index(other.type)


def is_followed_by(over: Problem, other: Problem, hold_s: float) -> bool:
    """Whether another problem of the fleet began so soon after one that this was not over.

    What a person says to be over is.
    """
    if over.resolved_at is None or over.ended_by or not (is_of_fleet(over) and is_of_fleet(other)):
        return False
    began = other.first_occurrence - over.resolved_at
    return other.type != over.type and other.unit == over.unit and began < timedelta(seconds=hold_s)


def is_put_off(over: Problem, there: Iterable[Problem], hold_s: float, window_s: float, now: datetime) -> bool:
    """Whether the word that it is over waits, since another has followed it and is there."""
    if resolution.is_settled(over, hold_s + window_s, now):
        return False
    return any(is_followed_by(over, one, hold_s) for one in there)


def is_unwatched(problem: Problem, there: Iterable[Problem]) -> bool:
    """Whether it is one of the fleet, and whoever says how that stands does not run: it may be there by now."""
    return is_of_fleet(problem) and any(one.unit == problem.unit and one.type in _WATCHER_AWAY for one in there)


def with_not_over(draft: Draft, there: Iterable[Problem]) -> Draft:
    """A message that a problem of the fleet is over, with what is not at this moment, the worst first."""
    ends = draft.kind in _TELL_AN_END and any(is_of_fleet(one) and one.resolved_at for one in draft.problems)
    if not ends:
        return draft
    about = {one.id for one in draft.problems}
    found = [one for one in there if one.id not in about and _is_not_well(one)]
    return dataclasses.replace(draft, not_over=tuple(sorted(found, key=_rank)))


def _is_not_well(problem: Problem) -> bool:
    return is_of_fleet(problem) or problem.type in _OF_UNITS or problem.severity is Severity.CRITICAL


def _rank(problem: Problem) -> tuple[int, str, str]:
    return -SEVERITIES.index(problem.severity), problem.type, problem.unit
