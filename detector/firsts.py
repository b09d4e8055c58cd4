"""Which units' journals say why: that of the one that failed first, or of all that failed at that time. Pure."""

from collections.abc import Sequence
from shlex import join
from typing import Final

from standfast.detector.levels import Assessment, Health
from standfast.detector.reading import Meaning
from standfast.unit_names import short

# Units that fail closer together than this fail at the same time: looks are not instantaneous.
FIRST_BY_S: Final = 2.0

# So many of those that failed together are named in one command.
_NAMED: Final = 8


def firsts(assessment: Assessment) -> tuple[str, ...]:
    """The unit that failed first by itself; where none is clearly first all that may be, who makes the level before."""
    roots, health = assessment.root_causes, assessment.health
    began = next((root.at for root in roots if not _is_up_again(health.get(root.unit))), roots[0].at if roots else 0.0)
    found = [root.unit for root in roots if abs(root.at - began) < FIRST_BY_S]
    return tuple(sorted(found, key=lambda unit: not (unit in health and health[unit].is_critical)))


def _is_up_again(unit: Health | None) -> bool:
    """Whether it crashed since the last look, and runs: what fails afterwards has most often nothing to do with it."""
    if unit is None or unit.reading.meaning is not Meaning.LOOPING:
        return False
    return unit.failures < unit.rules.thresholds.warning


def still_first(told: Sequence[str], assessment: Assessment) -> tuple[str, ...]:
    """The same, where people were told of some: these stay it while they fail; later others may look so.

    One that has come up since, and went down with another, says no longer why.
    """
    health = assessment.health
    return tuple(unit for unit in told if unit in health and _fails_by_itself(health[unit])) or firsts(assessment)


def _fails_by_itself(unit: Health) -> bool:
    return unit.fails and unit.reading.meaning is not Meaning.TAKEN_ALONG


def is_clear(assessment: Assessment) -> bool:
    """Whether one of several failed clearly before the others, and none of them because of it."""
    roots, first = assessment.root_causes, firsts(assessment)
    return len(roots) > 1 and len(first) == 1 and not any(root.took_along for root in roots if root.unit in first)


def left_down(assessment: Assessment, now: float) -> tuple[str, ...]:
    """What fails, where all of it only went down with others: none of it says why, and nothing starts it.

    Not while one that crashes again and again is up for a moment: what needs it would go down with it again.
    """
    fails = [unit for unit in assessment.facts.units if unit.fails and not unit.is_up_for_good(now)]
    is_left = all(unit.reading.meaning is Meaning.TAKEN_ALONG for unit in fails)
    return tuple(unit.unit for unit in fails) if is_left else ()


def start_left(assessment: Assessment, now: float) -> str:
    """How these are brought up, and where it says why they went down; "" where what is down is not all of that kind."""
    left = left_down(assessment, now)
    if not left:
        return ""
    culprits = sorted({assessment.health[unit].reading.culprit or "" for unit in left} - {"", *left})
    why = f"; why that failed: {_journal(culprits)}" if culprits else ""
    return f"Start what went down with {', '.join(culprits[:_NAMED]) or 'another'}: {start(left)}{why}"


def start(units: Sequence[str]) -> str:
    """The command that brings them up."""
    more = f" (and {len(units) - _NAMED} more)" if len(units) > _NAMED else ""
    return f"{join(['systemctl', 'start', *map(short, units[:_NAMED])])}{more}"


def start_anew(units: Sequence[str], failed: Sequence[str]) -> str:
    """The same, where systemd has given some up: these are freed of their start limit first."""
    named = [unit for unit in units[:_NAMED] if unit in failed]
    freed = f"{join(['systemctl', 'reset-failed', *map(short, named)])} && " if named else ""
    return f"{freed}{start(units)}"


def why_they_failed(units: Sequence[str]) -> str:
    """Where that is to be read."""
    if len(units) == 1:
        return f"Why {units[0]} failed: journalctl -u {units[0]}"
    more = f" (and {len(units) - _NAMED} more)" if len(units) > _NAMED else ""
    return f"They failed together: {_journal(units)}{more}"


def failed_later(units: Sequence[str], assessment: Assessment) -> str:
    """Where it says why others failed by themselves after these: they need not be well when these are; "" for none."""
    later = [root.unit for root in assessment.root_causes if root.unit not in units]
    if not later:
        return ""
    more = f" and {len(later) - _NAMED} more" if len(later) > _NAMED else ""
    return (
        f"{', '.join(later[:_NAMED])}{more} too, by {'itself' if len(later) == 1 else 'themselves'}: {_journal(later)}"
    )


def _journal(units: Sequence[str]) -> str:
    return join(["journalctl", *(word for unit in units[:_NAMED] for word in ("-u", short(unit)))])
