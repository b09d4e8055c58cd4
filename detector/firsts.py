"""Which units' journals say why: that of the one that failed first, or of all that failed at that time. Pure."""

from collections.abc import Sequence
from shlex import join
from typing import Final

from standfast.detector.levels import Assessment
from standfast.unit_names import short

# Units that fail closer together than this fail at the same time: looks are not instantaneous.
FIRST_BY_S: Final = 2.0

# So many of those that failed together are named in one command.
_NAMED: Final = 8


def firsts(assessment: Assessment) -> tuple[str, ...]:
    """The unit that failed first by itself; where none is clearly first all that may be, who makes the level before."""
    roots = assessment.root_causes
    found = [root.unit for root in roots if root.at - roots[0].at < FIRST_BY_S]
    health = assessment.health
    return tuple(sorted(found, key=lambda unit: not (unit in health and health[unit].is_critical)))


def still_first(told: Sequence[str], assessment: Assessment) -> tuple[str, ...]:
    """The same, where people were told of some: these stay it while they fail; later others may look so."""
    health = assessment.health
    return tuple(unit for unit in told if unit in health and health[unit].fails) or firsts(assessment)


def is_clear(assessment: Assessment) -> bool:
    """Whether one of several failed clearly before the others, and none of them because of it."""
    roots = assessment.root_causes
    return len(roots) > 1 and not roots[0].took_along and len(firsts(assessment)) == 1


def why_they_failed(units: Sequence[str]) -> str:
    """Where that is to be read."""
    if len(units) == 1:
        return f"Why {units[0]} failed: journalctl -u {units[0]}"
    words = ["journalctl", *(word for unit in units[:_NAMED] for word in ("-u", short(unit)))]
    more = f" (and {len(units) - _NAMED} more)" if len(units) > _NAMED else ""
    return f"They failed together: {join(words)}{more}"
