"""Which of the failing units failed first, and which it took along. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from standfast.detector.model import UnitMemory


@dataclass(frozen=True, slots=True)
class RootCause:
    """A unit that failed by itself, and the failing ones that need it; `at` is when its failing began."""

    unit: str
    took_along: tuple[str, ...]
    at: float = field(default=0.0, compare=False)

    def __str__(self) -> str:
        return f"{self.unit} took along {', '.join(self.took_along)}" if self.took_along else self.unit


def root_causes(failing: Collection[str], units: Mapping[str, UnitMemory]) -> tuple[RootCause, ...]:
    """The failing units that need no other failing unit, the earliest first, each with those that need it.

    Units that need each other in a circle have no first; the one that failed earliest stands for them.
    """
    needs = {name: _needed(name, units) & (set(failing) - {name}) for name in failing}
    in_time = sorted(failing, key=lambda name: (_failed_at(name, units), name))
    roots = [name for name in in_time if not needs[name]] or in_time[:1]
    for name in in_time:
        reached = {name, *needs[name]} & set(roots)
        if not reached:
            roots.append(name)
    return tuple(RootCause(root, _dependents(root, in_time, needs, roots), _failed_at(root, units)) for root in roots)


def _dependents(
    root: str, in_time: list[str], needs: Mapping[str, Collection[str]], roots: Collection[str]
) -> tuple[str, ...]:
    return tuple(name for name in in_time if root in needs[name] and name not in roots)


def _needed(name: str, units: Mapping[str, UnitMemory]) -> frozenset[str]:
    """Everything that a unit needs, at any remove."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        memory = units.get(waiting.pop())
        fresh = set(memory.seen.needs) - found if memory is not None else set()
        found |= fresh
        waiting += fresh
    return frozenset(found)


def _failed_at(name: str, units: Mapping[str, UnitMemory]) -> float:
    """When its failing began; a unit of which no look has counted a failure yet began when it was last seen."""
    memory = units.get(name)
    if memory is None:
        return 0.0
    if memory.failing_since is not None:
        return memory.failing_since
    return memory.seen.at if memory.ended is None else memory.ended_at
