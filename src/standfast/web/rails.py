"""The dependency graph laid out as rails: one unit below the other, those that are needed above. Pure.

A drawing of boxes would need more width than a phone has. Here each unit has a line of its own, and
what it needs is drawn as an arc at its left, so that the same drawing serves every screen.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

# More than so many units are no picture any more.
ROWS_SHOWN: Final = 40

Needs = Mapping[str, Collection[str]]


@dataclass(frozen=True, slots=True)
class Arc:
    """From the row of what is needed to the row of what needs it.

    Attributes:
        hard: whether it is needed (Requires, BindsTo, ...) rather than only started before.
    """

    upper: int
    lower: int
    hard: bool


@dataclass(frozen=True, slots=True)
class Rails:
    """The units from top to bottom, the arcs between their rows, and how many units there was no room for."""

    units: tuple[str, ...]
    arcs: tuple[Arc, ...]
    left_out: int = 0


def rails(needs: Needs, after: Needs, worst: Collection[str] = ()) -> Rails:
    """Lay the graph out; units without any arc are not in it.

    Args:
        needs: per unit those that it needs.
        after: per unit those that it is ordered after.
        worst: those that must be in it when there is no room for all.
    """
    hard, ordered = _known(needs, needs), _known(after, needs)
    linked = _linked(hard, ordered)
    kept = _kept(linked, hard, set(worst))
    # What follows from others is looked for only among what is drawn: of a thousand units that would be a million.
    soft = {name: _only_ordered(name, hard, ordered) for name in kept}
    order = _order({name: (hard[name] | soft[name]) & kept for name in hard if name in kept})
    row = {name: number for number, name in enumerate(order)}
    arcs = [
        Arc(min(row[name], row[other]), max(row[name], row[other]), hard=kind is hard)
        for kind in (hard, soft)
        for name in order
        for other in sorted(kind[name] & kept)
    ]
    return Rails(tuple(order), tuple(arcs), len(linked) - len(kept))


def _known(found: Needs, needs: Needs) -> dict[str, set[str]]:
    """Per unit the others that are there."""
    return {name: {one for one in found.get(name, ()) if one in needs and one != name} for name in needs}


def _only_ordered(name: str, hard: Mapping[str, set[str]], ordered: Mapping[str, set[str]]) -> set[str]:
    """What a unit is ordered after and does not need, without what follows from another of these."""
    found = ordered[name] - hard[name]
    behind = set[str]().union(*((ordered[near] | hard[near]) - {near} for near in found | hard[name]))
    return found - behind


def _linked(hard: Mapping[str, set[str]], ordered: Mapping[str, set[str]]) -> list[str]:
    needed = set[str]().union(*hard.values(), *ordered.values())
    return [name for name in hard if hard[name] or ordered[name] or name in needed]


def _kept(linked: list[str], hard: Mapping[str, set[str]], worst: set[str]) -> set[str]:
    """All, or of more than there is room for the worst and their neighbours."""
    if len(linked) <= ROWS_SHOWN:
        return set(linked)
    near = set[str]().union(*(hard[name] for name in worst if name in hard))
    near |= {name for name in linked if hard[name] & worst}
    wanted = [name for name in linked if name in worst or name in near] or linked
    return set(sorted(wanted, key=lambda name: name not in worst)[:ROWS_SHOWN])


def _order(above: Mapping[str, set[str]]) -> list[str]:
    """Each after all that it is to stand below, as far as no circle forbids it; the deeper ones last."""
    order: dict[str, None] = {}
    for name in sorted(above, key=lambda name: (len(above[name]), name)):
        _place(name, above, order)
    depths = _depths(order, above)
    return sorted(order, key=lambda name: (depths[name], name))


def _place(name: str, above: Mapping[str, set[str]], order: dict[str, None]) -> None:
    """Without recursion: a chain may be longer than Python's stack."""
    waiting, entered = [name], set[str]()
    while waiting:
        top = waiting[-1]
        missing = [other for other in _sorted(above[top]) if other not in order and other not in entered]
        entered.add(top)
        if missing:
            waiting += missing
        else:
            order.setdefault(waiting.pop())


def _depths(order: Iterable[str], above: Mapping[str, set[str]]) -> dict[str, int]:
    """How long the chain of units above each is."""
    depths: dict[str, int] = {}
    for name in order:
        depths[name] = max((depths[other] + 1 for other in above[name] if other in depths), default=0)
    return depths


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, reverse=True)
