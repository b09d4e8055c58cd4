"""What is told of a problem that comes and goes, until it is stable. Pure.

That it does is told in the state of that moment. What is critical is never left with the word that it is over while it
is there: that it is there again is told. Nor, three times at most, with the word that it is there when it has been over
for a minute. A silence puts that off until it ends.
"""

from datetime import datetime
from typing import Final

from standfast.events import Severity
from standfast.notifier import flapping, fleet
from standfast.notifier.config import NotifierConfig
from standfast.notifier.flapping import Flap, Said
from standfast.notifier.ledger import Ledger, destination
from standfast.notifier.model import MessageKind, Problem, Stage, told
from standfast.notifier.silence import Silencing
from standfast.time_words import span

_OTHERS_TOO: Final = ", or when it is about others than before"
_WITH_WORSE: Final = "; where something worse follows it is over with that"
_ON_AND_ON: Final = f"unless it changes {flapping.TRANSITIONS} times without such a pause"


def tell_begun(ledger: Ledger, problem: Problem, config: NotifierConfig, now: datetime) -> None:
    """It has begun to come and go: told at once, but for the word that something critical is over, which has time."""
    if problem.severity is not Severity.CRITICAL and ledger.silencing(problem, now) is Silencing.NONE:
        _tell(ledger, problem, config, now)


def tell_owed(ledger: Ledger, config: NotifierConfig, now: datetime) -> None:
    """Tell of what is critical, and comes and goes, how it is now, where people were told otherwise or nothing."""
    for identity, flap in list(ledger.flaps.items()):
        problem = ledger.problems.get(identity) or ledger.resting.get(identity)
        if problem is None or not _is_owed(problem, flap, now) or _is_put_off(ledger, problem, config, now):
            continue
        if ledger.silencing(problem, now) is Silencing.NONE:
            _tell(ledger, problem, config, now)


def _is_owed(problem: Problem, flap: Flap, now: datetime) -> bool:
    if problem.stage is not Stage.FLAPPING or problem.severity is not Severity.CRITICAL:
        return False
    is_there = problem.resolved_at is None
    return (is_there or problem.is_awaited) and flapping.owes(flap, now, is_there=is_there)


def _is_put_off(ledger: Ledger, problem: Problem, config: NotifierConfig, now: datetime) -> bool:
    """Whether it is not over for a minute, but has eased to another problem of the fleet, or nobody can know."""
    if problem.resolved_at is not None and fleet.is_unwatched(problem, ledger.problems.values()):
        return True
    lasting_s = flapping.LASTING.total_seconds()
    return fleet.is_put_off(problem, ledger.problems.values(), lasting_s, config.aggregation_window_s, now)


def _tell(ledger: Ledger, problem: Problem, config: NotifierConfig, now: datetime) -> None:
    flap, to = ledger.flaps[problem.identity], destination(problem, config)
    problem = told(problem, to.channels, now, Stage.FLAPPING)
    if problem.resolved_at is None:
        ledger.keep(problem)
    else:
        ledger.rest(problem)
    ledger.set_said(problem.identity, Said.THERE if problem.resolved_at is None else Said.OVER)
    ledger.draft((problem,), MessageKind.FLAPPING, to, now, flap, note=_next_message(problem, flap, config))


def _next_message(problem: Problem, flap: Flap, config: NotifierConfig) -> str:
    """When the next message comes."""
    stable = f"stable ({span(flapping.settles(flap, config.flapping))} without a change)"
    others = _OTHERS_TOO if flap.about else ""
    if problem.severity is not Severity.CRITICAL:
        return f"it is {stable}{others}{_WITH_WORSE if fleet.gives_way(problem) else ''}"
    if problem.resolved_at is not None:
        return f"it is there again, or {stable}"
    if flap.anew >= flapping.TOLD_ANEW:
        return f"it is {stable}{others}"
    if flapping.is_restless(flap):
        return f"it is there for a minute and then over for one, or {stable}{others}"
    return f"it has been over for a minute ({_ON_AND_ON}), or is {stable}{others}"
