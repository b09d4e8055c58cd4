"""Which of the failing units failed first, which it took along, and which fail too and need it. Pure.

That one unit needs another says nothing of why it fails: only what came down by systemd's own doing, with a unit that
it needs, was taken along. What failed by itself is a cause of its own where it began to fail before what it needs.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from standfast.detector.dependence import TAKEN_ALONG_WITHIN_S
from standfast.detector.model import UnitMemory


@dataclass(frozen=True, slots=True)
class RootCause:
    """A unit that failed by itself.

    Attributes:
        took_along: the failing units that need it, and that systemd took down, or did not start, because of it.
        needed_by: those that need it and failed by themselves after it; whether because of it nobody knows.
        at: when its failing began.
    """

    unit: str
    took_along: tuple[str, ...] = ()
    needed_by: tuple[str, ...] = ()
    at: float = field(default=0.0, compare=False)

    @property
    def others(self) -> tuple[str, ...]:
        """Those that need it, and fail too."""
        return (*self.took_along, *self.needed_by)

    def __str__(self) -> str:
        took = f"{self.unit} took along {', '.join(self.took_along)}" if self.took_along else ""
        return "; ".join(filter(None, (took, self._too))) or self.unit

    @property
    def _too(self) -> str:
        if not self.needed_by:
            return ""
        fail, need = ("fails", "needs") if len(self.needed_by) == 1 else ("fail", "need")
        return f"{', '.join(self.needed_by)} {fail} too, and {need} {self.unit}"


def root_causes(
    failing: Collection[str], taken_along: Collection[str], units: Mapping[str, UnitMemory]
) -> tuple[RootCause, ...]:
    """The failing units that nothing which they need accounts for, the earliest first, each with those that need it.

    Units that need each other in a circle have no first; the one that failed earliest stands for them.

    Args:
        taken_along: those of the failing ones that systemd took down for what they need, and that were well until then.
    """
    began = {name: _failed_at(name, units) for name in failing}
    late_s = TAKEN_ALONG_WITHIN_S  # the failure may be seen after its consequence
    in_time = sorted(failing, key=lambda name: (began[name], name))
    needs = {name: _needed(name, units) & (set(failing) - {name}) for name in failing}
    behind = {
        name: {one for one in needs[name] if began[one] <= began[name] + (late_s if name in taken_along else 0.0)}
        for name in failing
    }
    roots = [name for name in in_time if not behind[name]] or in_time[:1]
    for name in in_time:
        if not {name, *behind[name]} & set(roots):
            roots.append(name)
    roots.sort(key=in_time.index)
    others = [name for name in in_time if name not in roots]
    return tuple(_root_cause(root, others, behind, taken_along, began[root]) for root in roots)


def _root_cause(
    root: str, others: list[str], behind: Mapping[str, Collection[str]], taken_along: Collection[str], at: float
) -> RootCause:
    after = [name for name in others if root in behind[name]]
    took = tuple(name for name in after if name in taken_along)
    return RootCause(root, took, tuple(name for name in after if name not in taken_along), at)


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
