"""Which units a master restart restarts, which it leaves alone, and why. Pure."""

import fnmatch
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from standfast.detector.config import Scope
from standfast.detector.levels import BETWEEN_CRASHES, Health
from standfast.detector.model import UP, UnitMemory
from standfast.detector.reading import FAILING, Meaning
from standfast.detector.restart.known import Known
from standfast.unit_names import AGENTS

# They look after what they depend on by themselves, and a restart closes positions.
AGENTS_ALONE: Final = "agents are left alone"

NOT_AFFECTED: Final = 'not affected (scope = "affected")'
NOT_TO_RESTART: Final = "restart = false"
UP_FOR_A_MOMENT: Final = "up now, failing at the looks before"

# Down on purpose, or nobody knows why: not ours to start.
_LEFT_ALONE: Final = frozenset({Meaning.STOPPED, Meaning.FINISHED, Meaning.UNKNOWN, Meaning.LAST_RUN_FAILED})

# Its checks fail, or systemd restarts it again and again: one look at systemd shows neither.
_FAILING_THOUGH_UP: Final = frozenset({Meaning.CHECK_FAILED, Meaning.LOOPING})


@dataclass(frozen=True, slots=True)
class Item:
    """One unit of the plan, and why it is in it or is not."""

    unit: str
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be restarted, in the order of the units' dependencies, and what will not.

    Attributes:
        failing: the units that fail now.
        root_causes: those that failed first.
        files: the critical files that are missing or damaged, with what is wrong with each.
    """

    restarted: tuple[Item, ...]
    left_alone: tuple[Item, ...]
    failing: tuple[str, ...] = ()
    root_causes: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def units(self) -> tuple[str, ...]:
        """The names of what will be restarted."""
        return tuple(item.unit for item in self.restarted)


def make_plan(
    health: Iterable[Health],
    units: Mapping[str, UnitMemory],
    told: Known,
    after: Mapping[str, Iterable[str]],
    wants: Mapping[str, Iterable[str]],
    scope: Scope,
) -> Plan:
    """The plan for what the units look like now.

    Args:
        told: what the running detector says of units; it knows more than a look can tell.
        after: for each unit the ones that it is ordered after.
        wants: for each unit the ones that its start starts too, though it does without them.
    """
    known = [(one, _meaning(one, units[one.unit], told.meanings)) for one in health]
    again = {one.unit for one, meaning in known if meaning in BETWEEN_CRASHES and one.unit in told.failed}
    failing = again | {one.unit for one, meaning in known if meaning in FAILING}
    needs = {name: frozenset(memory.seen.needs) for name, memory in units.items()}
    affected = failing | _dependents(failing, needs)
    starts = {name: needed.union(wants.get(name, ())) for name, needed in needs.items()}
    stopped = {one.unit for one, meaning in known if meaning is Meaning.STOPPED}
    restarted, left_alone = [], []
    for one, meaning in known:
        refusal = _refusal(one, meaning, units[one.unit], told.whys.get(one.unit, ""))
        refusal = refusal or _starts_stopped(one.unit, starts, stopped)
        if not refusal and scope is Scope.AFFECTED and one.unit not in affected:
            refusal = NOT_AFFECTED
        if refusal:
            left_alone.append(Item(one.unit, refusal))
        else:
            is_up = units[one.unit].seen.active_state in UP
            restarted.append(Item(one.unit, UP_FOR_A_MOMENT if one.unit in again and is_up else meaning.value))
    return Plan(tuple(_ordered(restarted, after)), tuple(left_alone), tuple(sorted(failing)))


def _meaning(health: Health, memory: UnitMemory, hints: Mapping[str, Meaning]) -> Meaning:
    """What the detector says where a look cannot tell: how one came down, and whether one that is up does its work."""
    own = health.reading.meaning
    hint = hints.get(health.unit, own)
    if memory.seen.active_state in UP:
        return hint if hint in _FAILING_THOUGH_UP and own is Meaning.HEALTHY else own
    return own if memory.seen.job else hint


def _refusal(health: Health, meaning: Meaning, memory: UnitMemory, told_why: str) -> str:
    """Why a unit is left alone; "" when it is not."""
    if not health.rules.restart:
        return AGENTS_ALONE if fnmatch.fnmatchcase(health.unit, AGENTS) else NOT_TO_RESTART
    if memory.seen.job:
        return f"a {memory.seen.job} job is queued"
    if meaning in _LEFT_ALONE:
        own = health.reading.why if meaning is health.reading.meaning else meaning.value
        return told_why or own
    return ""


def _starts_stopped(unit: str, starts: Mapping[str, Collection[str]], stopped: Collection[str]) -> str:
    """That its start would start what is stopped on purpose; "" where it would not."""
    found = sorted(name for name in stopped if unit in _dependents({name}, starts))
    return f"its start would start {found[0]}, which is stopped" if found else ""


def _dependents(roots: set[str], needs: Mapping[str, Collection[str]]) -> set[str]:
    """Everything that needs one of the roots, at any remove."""
    found: set[str] = set()
    while True:
        fresh = {name for name, needed in needs.items() if (roots | found) & set(needed)} - found
        if not fresh:
            return found
        found |= fresh


def _ordered(items: list[Item], after: Mapping[str, Iterable[str]]) -> list[Item]:
    """The items, each behind those that its unit is ordered after, at any remove; a circle is left as it comes."""
    waiting = {item.unit: item for item in sorted(items, key=lambda item: item.unit)}
    before = {name: _reached(name, after) - {name} for name in waiting}
    ordered: list[Item] = []
    while waiting:
        free = [name for name in waiting if not before[name] & waiting.keys()]
        ordered.extend(waiting.pop(name) for name in free or list(waiting)[:1])
    return ordered


def _reached(name: str, after: Mapping[str, Iterable[str]]) -> set[str]:
    """What a unit is ordered after, also over one that is left alone."""
    found: set[str] = set()
    follow = [name]
    while follow:
        fresh = set(after.get(follow.pop(), ())) - found
        found |= fresh
        follow += fresh
    return found
