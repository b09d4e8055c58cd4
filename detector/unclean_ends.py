"""Agents that came down without an orderly end: a problem until they manage again what they held. Pure.

systemd starts what it gave up, or what was stopped, when somebody says so; that its process runs does not say that
the agent trades. Its gateway may be away, or it may cool off: nobody manages its positions then, as before.
"""

import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from standfast.detector.levels import Assessment
from standfast.detector.model import AGENT_ACTIVE
from standfast.detector.problem import GIVEN_UP, UNIT_FAILING, Problem
from standfast.detector.reading import Meaning
from standfast.events import AGENT_ENDED_UNCLEAN, Event, Kind, Severity
from standfast.unit_names import AGENTS, agent_name

# How an agent ended unclean, and what it held, where its unit could not tell; who can look puts in what it told.
UNKNOWN_HOW: Final = ": its process was killed, crashed or took too long"
UNKNOWN_HELD: Final = "What it held may still be open, and nobody closes it"

# Of an agent that runs again and does not manage yet what it held: the key in the event's data, and that in words.
UNMANAGED: Final = "unmanaged"
UNMANAGED_HELD: Final = "nobody manages what it held"

_WAITS_STEP: Final = "See what it waits for: standfastctl status"


def asks_its_agent(problem: Problem) -> bool:
    """Whether it is over only when the agent itself says so: systemd knows of processes, not of positions."""
    if problem.type == UNIT_FAILING:
        return problem.standing in (GIVEN_UP, UNMANAGED) and agent_name(problem.unit) != ""
    return problem.type == AGENT_ENDED_UNCLEAN


def still_unclean(before: Mapping[tuple[str, str], Problem], assessment: Assessment, now: float) -> Iterator[Problem]:
    """Agents that came down without an orderly end and were stopped, until they manage again what they held.

    systemd forgets how a unit ended that is not loaded any more; what was told is remembered here. That nothing
    is seen of one, as at the start of a detector, ends nothing: what it held is open as before.
    """
    told = [problem for problem in before.values() if problem.type == AGENT_ENDED_UNCLEAN]
    yield from (problem for problem in told if not _is_over(problem, assessment))
    for unit in assessment.facts.units:
        problem = Problem(AGENT_ENDED_UNCLEAN, unit.unit, now)
        if problem.key not in before and unit.reading.unclean and fnmatch.fnmatchcase(unit.unit, AGENTS):
            yield problem


def still_given_up(before: Mapping[tuple[str, str], Problem], assessment: Assessment) -> Iterator[Problem]:
    """Agents that systemd had given up and that run again, while they do not manage yet what they held."""
    for problem in before.values():
        if problem.type == UNIT_FAILING and asks_its_agent(problem) and is_unmanaged(problem.unit, assessment):
            yield problem


def with_standing(problem: Problem, assessment: Assessment) -> Problem:
    """The problem with whether its agent runs and does not manage yet what it held; a crash on that way is no news."""
    if is_unmanaged(problem.unit, assessment):
        return replace(problem, standing=UNMANAGED)
    health = assessment.health.get(problem.unit)
    return replace(problem, standing="") if health is not None and health.reading.unclean else problem


def is_unmanaged(unit: str, assessment: Assessment) -> bool:
    """Whether it runs, and says that it holds what it does not manage yet."""
    said = assessment.facts.agents.get(unit)
    return said is not None and said.leaves_unmanaged and _runs(unit, assessment)


def state_of(unit: str, assessment: Assessment) -> str:
    """What an agent that runs said of its state; "" where it said nothing."""
    said = assessment.facts.agents.get(unit)
    return said.state if said is not None and _runs(unit, assessment) else ""


def begun(problem: Problem, assessment: Assessment) -> Event:
    """An agent ended unclean and nobody starts it, or it runs and does not manage yet what it held."""
    if problem.standing == UNMANAGED:
        return runs_unmanaged(problem, assessment)
    return Event(
        Kind.PROBLEM,
        f"{problem.unit} did not end in order{UNKNOWN_HOW}, and it was stopped before systemd restarted it. "
        f"{UNKNOWN_HELD}",
        type=problem.type,
        severity=Severity.CRITICAL,
        unit=problem.unit,
        level=assessment.level.name,
        action=f"systemctl start {problem.unit}: it manages what it holds again (a stop closes that); or look at the "
        "positions at the broker, close what shall not stay, then: standfastctl resolve NUMBER (the number is in "
        "standfastctl errors)",
    )


def runs_unmanaged(problem: Problem, assessment: Assessment) -> Event:
    """How a problem stands whose agent runs again."""
    state = state_of(problem.unit, assessment)
    return Event(
        Kind.PROBLEM,
        f"{problem.unit} runs again, but is {state}: until it is {AGENT_ACTIVE} {UNMANAGED_HELD}",
        type=problem.type,
        severity=Severity.CRITICAL,
        unit=problem.unit,
        level=assessment.level.name,
        state=state,
        action=_WAITS_STEP,
        data={UNMANAGED: True},
    )


def over(problem: Problem, assessment: Assessment) -> str:
    """How it is at the end of the problem of an unclean end."""
    if not _runs(problem.unit, assessment):
        return f"{problem.unit} was stopped in order; its end told what it leaves open, if anything"
    return runs_again(problem.unit, assessment)


def runs_again(unit: str, assessment: Assessment) -> str:
    """That an agent runs, and as what, where it said that."""
    state = state_of(unit, assessment)
    return f"{unit} runs again" + (f" and is {state}" if state == AGENT_ACTIVE else "")


def _is_over(problem: Problem, assessment: Assessment) -> bool:
    if _runs(problem.unit, assessment):
        return not is_unmanaged(problem.unit, assessment)
    health = assessment.health.get(problem.unit)
    if health is None or problem.standing != UNMANAGED:
        return False
    return health.reading.meaning is Meaning.STOPPED and not health.reading.unclean


def _runs(unit: str, assessment: Assessment) -> bool:
    health = assessment.health.get(unit)
    return health is not None and health.reading.meaning is Meaning.HEALTHY
