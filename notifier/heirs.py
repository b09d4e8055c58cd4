"""What gave way to something worse: whoever asks for it by its number is told by which one it goes on. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from standfast.notifier.model import Problem

# So many are remembered, the latest: whoever types a number has just read it.
KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A problem that is no longer there: its type and unit, and the type of the worse one."""

    type: str
    unit: str
    heir: str


def noted(known: Mapping[int, GaveWay], problem: Problem, heir: str) -> dict[int, GaveWay]:
    """What gave way so far, and this problem."""
    found = {**known, problem.id: GaveWay(problem.type, problem.unit, heir)}
    return {number: found[number] for number in sorted(found)[-KEPT:]}


def heir_of(number: int, known: Mapping[int, GaveWay], problems: Collection[Problem]) -> Problem | None:
    """The unresolved problem by which the one with this number goes on, however often that gave way in its turn."""
    gone = known.get(number)
    if gone is None:
        return None
    heirs = [one for one in problems if one.type == gone.heir]
    if heirs:
        return next((one for one in heirs if one.unit == gone.unit), heirs[0])
    following = min((other for other, one in known.items() if other > number and one.type == gone.heir), default=0)
    return heir_of(following, known, problems)
