"""Which problems are open at a level, and how their beginning and end are told. Pure.

A warning is about the unit that fails: each has a problem of its own, so that one unit that comes
and goes hides no other's death. From CRITICAL on the fleet is the news, in one problem. What gives
way to a worse one is closed with `superseded_by` in its data: it is not over, so its end is not told.
A prediction is a problem of its own at any level: what fails already neither hides nor ends it.
So is an agent that came down without an orderly end and was then stopped (see `unclean_ends`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from standfast.detector import unclean_ends
from standfast.detector.config import Tier
from standfast.detector.firsts import firsts, is_clear, start
from standfast.detector.foreseen_ends import why_over
from standfast.detector.levels import (
    CASCADE_UNITS,
    CRITICAL_IMPORTANT,
    CRITICAL_UNITS,
    FILE_MISSING_LOOKS,
    WARNING_IMPORTANT,
    Assessment,
    Facts,
    Health,
    weigh,
)
from standfast.detector.model import Level
from standfast.detector.prediction.foretold import REACHED
from standfast.detector.prediction.telling import begun, ended, is_prediction
from standfast.detector.problem import (
    ASKED_FOR,
    FLEET,
    GIVEN_UP,
    OF_MOMENT,
    PROVEN,
    SEVERITIES,
    UNIT_FAILING,
    Advice,
    Problem,
)
from standfast.detector.reading import Meaning
from standfast.detector.times import iso
from standfast.detector.unclean_ends import UNMANAGED
from standfast.events import ABOUT, AGENT_ENDED_UNCLEAN, BY_HAND, NEWS, SINCE, WORDS, Event, Kind
from standfast.time_words import span
from standfast.unit_names import DETECTOR

# An entry of the journal is bounded: of very many units no more are named for programs.
_NAMED_AT_MOST: Final = 100

# How many critical units make a level, and how many important ones; 0 where those never do.
_MAKE_UP: Final[Mapping[Level, tuple[int, int]]] = {
    Level.WARNING: (1, WARNING_IMPORTANT),
    Level.CRITICAL: (CRITICAL_UNITS, CRITICAL_IMPORTANT),
    Level.CASCADING: (CASCADE_UNITS, 0),
}


def due(assessment: Assessment, now: float) -> tuple[Problem, ...]:
    """The problems that are to be open at this level."""
    foreseen = tuple(Problem(one.type, one.unit, now) for one in assessment.facts.predictions)
    return (*_due_to_level(assessment, now), *foreseen)


def _due_to_level(assessment: Assessment, now: float) -> tuple[Problem, ...]:
    """Those of what fails already."""
    level, _ = weigh(replace(assessment.facts, predictions=()))
    if level is Level.NONE:
        return ()
    units = _failing_repeatedly(assessment) if level is Level.WARNING else ()
    return tuple(Problem(UNIT_FAILING, unit.unit, now) for unit in units) or (Problem(FLEET[level], DETECTOR, now),)


def changes(
    told: tuple[Problem, ...], assessment: Assessment, advice: Advice, now: float
) -> tuple[tuple[Problem, ...], list[Event]]:
    """What is open from now on, and the events that end what is not and begin what was not.

    Of a cascade the present next step is said when that became another: whoever looks it up is to read it. So is of
    a unit that systemd restarts no more, or again, and of what is foreseen when it comes at another time.
    """
    before = {problem.key: problem for problem in told}
    wanted = [*_lasting(due(assessment, now), before, assessment), *_left_by_agents(before, assessment, now)]
    after = {
        one.key: _with_standing(before.get(one.key) or _new(one, assessment, advice), assessment, advice, now)
        for one in wanted
    }
    over = [_ended(problem, wanted, assessment, now) for key, problem in before.items() if key not in after]
    changed = [one for key, one in after.items() if before.get(key) != one]
    new = [telling_of(one, assessment, advice.action, before.get(one.key)) for one in changed]
    return tuple(after.values()), [*over, *new]


def _left_by_agents(before: Mapping[tuple[str, str], Problem], assessment: Assessment, now: float) -> Iterator[Problem]:
    yield from unclean_ends.still_unclean(before, assessment, now)
    yield from unclean_ends.still_given_up(before, assessment)


def _new(problem: Problem, assessment: Assessment, advice: Advice) -> Problem:
    """A problem at its beginning, with when that was: what fails has failed before it was named a problem."""
    if problem.type == UNIT_FAILING:
        return replace(problem, since=_earliest([assessment.health[problem.unit]], problem.since))
    if problem.type not in FLEET.values():
        return problem
    since = _full_since(problem, assessment.facts)
    first, *others = (firsts(assessment) if problem.level is Level.CASCADING else ()) or ("",)
    problem = replace(problem, since=since, first=first, others=tuple(others), is_first_clear=is_clear(assessment))
    return replace(problem, is_awaiting_restart=advice.promises_restart)


def _full_since(problem: Problem, facts: Facts) -> float:
    """Since when as many units fail as make its level; what else makes it began when it was named."""
    if not _is_of_units(facts, problem.level):
        return problem.since
    critical, important = _MAKE_UP[problem.level]
    by_tier = ((facts.critical(Tier.CRITICAL), critical), (facts.critical(Tier.IMPORTANT), important))
    times = (_began(units, problem.since)[size - 1] for units, size in by_tier if 0 < size <= len(units))
    return min(times, default=problem.since)


def _began(units: Iterable[Health], now: float) -> list[float]:
    return sorted(now if unit.failing_since is None else unit.failing_since for unit in units)


def _earliest(units: Iterable[Health], now: float) -> float:
    return min([now, *(unit.failing_since for unit in units if unit.failing_since is not None)])


def _is_of_units(facts: Facts, level: Level) -> bool:
    """Whether failing units alone make this level."""
    return weigh(replace(facts, files={}, failed_databases={}, answers=True, predictions=()))[0] is level


def _with_time(problem: Problem, assessment: Assessment, now: float) -> Problem:
    """A prediction with when it comes true; where that became another time, it is to be said."""
    one = next(one for one in assessment.facts.predictions if one.key == problem.key)
    return replace(problem, standing=one.when) if one.has_moved(problem.standing, now) else problem


def _with_standing(problem: Problem, assessment: Assessment, advice: Advice, now: float) -> Problem:
    if problem.type == UNIT_FAILING:
        return _with_standing_of_unit(problem, assessment)
    if problem.type == AGENT_ENDED_UNCLEAN:
        return unclean_ends.with_standing(problem, assessment)
    if is_prediction(problem.type):
        return _with_time(problem, assessment, now)
    if problem.type not in PROVEN:
        return problem
    kept = "" if problem.standing.startswith(OF_MOMENT) else problem.standing
    standing = advice.follows_from if problem.type == FLEET[Level.CASCADING] else ""
    is_awaiting = is_promised(problem, advice) and advice.promises_restart
    return replace(problem, standing=standing or kept, is_awaiting_restart=is_awaiting)


def is_promised(problem: Problem, advice: Advice) -> bool:
    """Whether people were told that a master restart follows: the report of one says when the next may."""
    return problem.is_awaiting_restart or (problem.standing == ASKED_FOR and advice.promises_restart)


def _with_standing_of_unit(problem: Problem, assessment: Assessment) -> Problem:
    reading = assessment.health[problem.unit].reading
    if reading.final:
        return replace(problem, standing=GIVEN_UP)
    if unclean_ends.asks_its_agent(problem) and unclean_ends.is_unmanaged(problem.unit, assessment):
        return replace(problem, standing=UNMANAGED)
    return replace(problem, standing="") if reading.failing and problem.standing != UNMANAGED else problem


def _lasting(
    wanted: Iterable[Problem], before: Mapping[tuple[str, str], Problem], assessment: Assessment
) -> Iterator[Problem]:
    """What is due, where what was told goes on.

    A cascade that has eased to CRITICAL is not over: whoever reads of its end goes back to sleep. A unit
    that is well at this moment does not begin to fail, however often it failed until now.
    """
    cascade = before.get((FLEET[Level.CASCADING], DETECTOR))
    for problem in wanted:
        if problem.type == FLEET[Level.CRITICAL] and cascade is not None:
            yield cascade
        elif problem.type != UNIT_FAILING or problem.key in before or assessment.health[problem.unit].reading.failing:
            yield problem


def _failing_repeatedly(assessment: Assessment) -> tuple[Health, ...]:
    return tuple(
        unit for unit in assessment.facts.units if unit.counts and unit.failures >= unit.rules.thresholds.warning
    )


def telling_of(problem: Problem, assessment: Assessment, fleet_action: str, before: Problem | None = None) -> Event:
    """The event of a problem's beginning, or of how it stands now where it was told before."""
    begun = _begun(problem, assessment, fleet_action)
    if before is None:
        return begun
    words, data = begun.message, begun.data
    if _is_awaited_in_vain(before, assessment):
        words = f"It has eased to {assessment.level.name}: no master restart follows while that stays so. {words}"
        data = {**data, NEWS: True}
    says = words if NEWS in data or problem.type not in FLEET.values() else begun.action
    news = f"{problem.type} goes on. {says}"
    return replace(begun, kind=Kind.UPDATE, message=news, data={**data, WORDS: words})


def _is_awaited_in_vain(before: Problem, assessment: Assessment) -> bool:
    """Whether people wait for a master restart that does not come: too little fails on for one."""
    return before.is_awaiting_restart and not assessment.held and assessment.level is not Level.CASCADING


def _begun(problem: Problem, assessment: Assessment, fleet_action: str) -> Event:
    if is_prediction(problem.type):
        return begun(problem.key, assessment.facts.predictions, assessment.level)
    if problem.type == AGENT_ENDED_UNCLEAN:
        return unclean_ends.begun(problem, assessment)
    if problem.type == UNIT_FAILING and problem.standing == UNMANAGED:
        return unclean_ends.runs_unmanaged(problem, assessment)
    if problem.type == UNIT_FAILING:
        health = assessment.health[problem.unit]
        words = f"{problem.unit} fails: {health.reading.why}"
        action = "; ".join([_unit_step(health), *_steps_after(problem.unit, assessment)])
    else:
        words, action = because(assessment), fleet_action
    return Event(
        Kind.PROBLEM,
        f"{words}{_root_cause_words(problem, assessment)}",
        type=problem.type,
        severity=SEVERITIES[problem.level],
        unit=problem.unit,
        level=assessment.level.name,
        action=action,
        data={
            "reasons": list(assessment.reasons),
            "root_cause": causes(assessment),
            SINCE: iso(problem.since),
            **({ABOUT: _about(assessment.facts)} if problem.type in FLEET.values() else {}),
            **({GIVEN_UP: True} if problem.standing == GIVEN_UP else {}),
        },
    )


def _about(facts: Facts) -> list[str]:
    """Who makes the level: what a later cascade is compared with, to see whether it is of others."""
    files = [path for path, file in facts.files.items() if file.failures >= FILE_MISSING_LOOKS]
    units = [unit.unit for tier in Tier for unit in facts.critical(tier)]
    return [*([] if facts.answers else ["systemd"]), *files, *facts.failed_databases, *units][:_NAMED_AT_MOST]


def _ended(problem: Problem, wanted: Iterable[Problem], assessment: Assessment, now: float) -> Event:
    if is_prediction(problem.type):
        why = why_over(
            problem.type, problem.since, assessment.health.get(problem.unit), was_reached=problem.standing == REACHED
        )
        return ended(problem.type, problem.unit, span(now - problem.since), assessment.level, why)
    is_own = problem.type == AGENT_ENDED_UNCLEAN
    worse = next((other.type for other in wanted if other.level > problem.level and not is_own), "")
    after = f", after {span(now - problem.since)}"
    # Somebody started it: however often it is stopped like this, it does not come and go by itself.
    by_hand = {BY_HAND: True} if is_own else {}
    return Event(
        Kind.RESOLVED,
        f"{_called(problem)} gave way to {worse}" if worse else _over(problem, assessment, after),
        type=problem.type,
        severity=SEVERITIES[problem.level],
        unit=problem.unit,
        level=assessment.level.name,
        state=unclean_ends.state_of(problem.unit, assessment) if unclean_ends.asks_its_agent(problem) else "",
        data={"superseded_by": worse} if worse else {WORDS: _over(problem, assessment), **by_hand},
    )


def _called(problem: Problem) -> str:
    """A problem of one unit is named with it: there may be several of its type."""
    return problem.type if problem.unit == DETECTOR else f"{problem.type} of {problem.unit}"


def _over(problem: Problem, assessment: Assessment, after: str = "") -> str:
    """How it is at the end of a problem; a message says by itself how long that lasted, an entry of the journal not.

    Of an agent's unclean end neither does: its unit told when that was, and was seen down only at a look after it.
    """
    if problem.type == AGENT_ENDED_UNCLEAN:
        return unclean_ends.over(problem, assessment)
    if problem.type != UNIT_FAILING:
        return f"{problem.type} is over{after}; level {assessment.level.name}: {because(assessment)}"
    health = assessment.health.get(problem.unit)
    return f"{problem.unit} no longer fails{after}: {health.reading.why if health else 'it is not watched any more'}"


def _unit_step(health: Health) -> str:
    """Where it says why a unit fails, and how it is brought up again where systemd does not see to that."""
    unit, meaning = health.unit, health.reading.meaning
    looked_at = f"See why: journalctl -u {unit}"
    if health.reading.refused:  # starts by hand count too, so that there need be nothing to mend
        return f"{looked_at}; mend what is to be; then systemctl reset-failed {unit} && systemctl start {unit}"
    if meaning in (Meaning.CHECK_FAILED, Meaning.OVERDUE):
        return f"{looked_at}; then systemctl restart {unit}"
    if meaning is Meaning.TAKEN_ALONG:
        culprit = health.reading.culprit
        why = f"See why that failed: journalctl -u {culprit}" if culprit else looked_at
        return f"{why}; it is not started by itself: when what it needs is up, systemctl start {unit}"
    if meaning in (Meaning.MUST_RUN, Meaning.LAST_RUN_FAILED):
        return f"{looked_at}; mend it, then systemctl start {unit}"
    if health.reading.final:
        return f"{looked_at}; mend it, then systemctl reset-failed {unit} && systemctl start {unit}"
    return looked_at


def _steps_after(unit: str, assessment: Assessment) -> list[str]:
    """What else is to be started when this unit is up: what it took along comes up by nobody else."""
    took = next((root.took_along for root in assessment.root_causes if root.unit == unit), ())
    return [f"when it is up, what it took along: {start(took)}"] if took else []


def because(assessment: Assessment) -> str:
    """The reasons of a level in one line; of none what fails all the same, though not for long enough."""
    if not assessment.reasons and assessment.failing:
        return f"not well yet: {', '.join(map(str, assessment.failing))}"
    return "; ".join(assessment.reasons) or well(assessment)


def well(assessment: Assessment) -> str:
    """How the units are while none fails: what is down all the same is not said to be well."""
    meanings = [unit.reading.meaning for unit in assessment.facts.units]
    down = [f"{number} {one}" for one in (Meaning.STOPPED, Meaning.FINISHED) if (number := meanings.count(one))]
    return f"nothing fails ({', '.join(down)})" if down else "all well"


def _root_cause_words(problem: Problem, assessment: Assessment) -> str:
    """What failed first, where that is known, and what went down with it or needs it; of one unit only what it does."""
    told = [_first_words(problem, assessment)] if problem.is_first_clear and problem.first else []
    roots = (root for root in assessment.root_causes if root.others)
    told += [str(root) for root in roots if problem.type != UNIT_FAILING or problem.unit in (root.unit, *root.others)]
    return f". {'; '.join(told)}" if told else ""


def _first_words(problem: Problem, assessment: Assessment) -> str:
    """Who failed first; who did by itself afterwards need not be well when that one is."""
    later = [root.unit for root in assessment.root_causes if root.unit != problem.first and not root.others]
    themselves = "itself" if len(later) == 1 else "themselves"
    too = f", after it {', '.join(later)} by {themselves}" if later else ""
    return f"{problem.first} failed first{too}"


def causes(assessment: Assessment) -> list[str]:
    """The units that failed first."""
    return [cause.unit for cause in assessment.root_causes]
