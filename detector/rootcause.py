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
    failing: Collection[str], taken_along: Mapping[str, str], units: Mapping[str, UnitMemory]
) -> tuple[RootCause, ...]:
    """The failing units that nothing which they need accounts for, the earliest first, each with those that need it.

    Units that need each other in a circle have no first; the one that failed earliest stands for them.

    Args:
        taken_along: those of the failing ones that systemd took down for what they need, and that were well until then,
            with the unit for which; "" where that is not known.
    """
    began = {name: _failed_at(name, units) for name in failing}
    in_time = sorted(failing, key=lambda name: (began[name], name))
    took = {name: _taken_by(name, taken_along) & set(failing) for name in taken_along}
    behind = {name: took.get(name) or _failed_before(name, failing, began, units, taken_along) for name in failing}
    for name, by in took.items():
        behind[name] = by.union(*(behind[one] for one in by)) if by else behind[name]
    roots = [name for name in in_time if not behind[name]] or in_time[:1]
    for name in in_time:
        if not {name, *behind[name]} & set(roots):
            roots.append(name)
    roots.sort(key=in_time.index)
    others = [name for name in in_time if name not in roots]
    for name in others:
        direct = behind[name] & set(roots) & set(units[name].seen.needs) if name in units else set()
        # One that needs two of them is told of beside the nearer.
        behind[name] = direct or behind[name]
    return tuple(_root_cause(root, others, behind, took, began[root]) for root in roots)


def _taken_by(name: str, taken_along: Mapping[str, str]) -> set[str]:
    """The unit that failed, and those between that went down with it first; none where that is not known."""
    found: set[str] = set()
    while (name := taken_along.get(name, "")) and name not in found:
        found.add(name)
    return found


def _failed_before(
    name: str,
    failing: Collection[str],
    began: Mapping[str, float],
    units: Mapping[str, UnitMemory],
    taken_along: Collection[str],
) -> set[str]:
    """Those that it needs and that failed before; what takes a unit along may be seen after it."""
    late_s = TAKEN_ALONG_WITHIN_S if name in taken_along else 0.0
    needed = _needed(name, units) & (set(failing) - {name})
    return {one for one in needed if began[one] <= began[name] + late_s}


def _root_cause(
    root: str, others: list[str], behind: Mapping[str, Collection[str]], took: Mapping[str, Collection[str]], at: float
) -> RootCause:
    after = [name for name in others if root in behind[name]]
    along = tuple(name for name in after if name in took and (root in took[name] or not took[name]))
    return RootCause(root, along, tuple(name for name in after if name not in along), at)


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
