"""Ends that no source reports: a person says that it is over, or the agent that had the problem is gone. Pure.

What an agent waits for or stumbles over is nobody's problem once the agent was stopped, in order or not, or killed,
or once systemd has given it up. It is closed
without a message: "resolved" would be untrue, and that it stopped is told anyway. For a day it is remembered: when the
agent comes back with the same problem that goes on, with its throttle, and when it comes back without it, that end is
told.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

from standfast.events import CLOSES, Event, Kind
from standfast.notifier import resolution
from standfast.notifier.ledger import Ledger
from standfast.notifier.model import Identity, Problem, Stage

CLOSED_BY_STOP: Final = "closed: the agent was stopped"
# By the types of problems that close others, where it was not a stop.
_CLOSED_BY: Final[Mapping[str, str]] = {
    "KILLED": "closed: the agent was killed",
    "UNIT_FAILING": "closed: systemd has given up the agent",
}
_CLOSING_KINDS: Final = frozenset({Kind.PROBLEM, Kind.UPDATE})
STOPPED: Final = "its agent was stopped"
# A problem that is back later than this is told as a new one.
REMEMBERED: Final = timedelta(days=1)


def end_by_hand(ledger: Ledger, problem: Problem, by: str, at: datetime, words: str = "") -> None:
    """A person says that a problem is over; if it is heard of again, however soon, it is a new one and told as that.

    It is told with the others that are being resolved, as other ends are.

    Args:
        by: who, "" where its source says that by `words`.
    """
    ledger.set_flap(problem.identity, None)
    ended = dataclasses.replace(resolution.resolved(problem, at, words), ended_by=by)
    if problem.is_awaited:
        ledger.rest(dataclasses.replace(ended, stage=Stage.RECOVERING))
    else:
        ledger.close(ended)


def end_with_agent(ledger: Ledger, event: Event, at: datetime) -> None:
    """An agent's end or kill ends what its event names; after one in order nobody is reminded of the rest."""
    if event.kind is Kind.SHUTDOWN:
        _close_named(ledger, event, at)
        _quieten(ledger, event)
    elif event.kind in _CLOSING_KINDS:
        _close_named(ledger, event, at)


def _close_named(ledger: Ledger, event: Event, at: datetime) -> None:
    closes = event.data.get(CLOSES)
    by = CLOSED_BY_STOP if event.kind is Kind.SHUTDOWN else _CLOSED_BY.get(event.type, CLOSED_BY_STOP)
    names = [str(one) for one in closes] if isinstance(closes, list) else []
    for identity in (Identity(name, event.unit) for name in names if name != event.type):
        if identity in ledger.problems:
            _close(ledger, ledger.problems[identity], at, by)


def _quieten(ledger: Ledger, event: Event) -> None:
    for problem in list(ledger.problems.values()):
        if problem.unit == event.unit and problem.type != event.type and problem.stage is Stage.TOLD:
            ledger.keep(dataclasses.replace(problem, quiet=problem.quiet or STOPPED))


def _close(ledger: Ledger, problem: Problem, at: datetime, by: str) -> None:
    ledger.set_flap(problem.identity, None)
    at = max(at, problem.last_occurrence)
    ended = dataclasses.replace(problem, resolved_at=at, closed_at=at, ended_by=by, stage=Stage.CLOSED)
    if problem.is_awaited:
        ledger.rest(ended)
    else:
        ledger.close(ended)


def closed(resting: Iterable[Problem]) -> list[Problem]:
    """Those that were closed because their agent was stopped."""
    return [one for one in resting if one.stage is Stage.CLOSED]


def forget(ledger: Ledger, now: datetime) -> None:
    """Let go of what was closed long ago."""
    for problem in closed(ledger.resting.values()):
        if problem.resolved_at is None or abs(now - problem.resolved_at) >= REMEMBERED:
            ledger.close(problem)
