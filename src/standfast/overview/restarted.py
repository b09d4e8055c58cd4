"""Which units a master restart restarted, and because of which it was asked for: for terminal and page alike. Pure."""

from dataclasses import dataclass
from typing import Final

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Row

# So many units of one master restart are named.
_NAMED: Final = 12

# Why no unit is named of a master restart, by its result.
_WHY_NONE: Final = {"refused": "none", "asked": "none yet"}


@dataclass(frozen=True, slots=True)
class Restarted:
    """One master restart.

    Attributes:
        units: what it restarted; empty where that was nothing, or is not known.
        because_of: the failing units and files for which it was asked for; empty where it was not.
        is_all: whether it restarted just those.
        is_nothing: whether it found nothing to restart.
    """

    units: tuple[str, ...]
    because_of: tuple[str, ...]
    is_all: bool
    is_nothing: bool


def restarted(run: Row) -> Restarted:
    """What one row of the detector's history of master restarts tells."""
    units, because_of = shots.texts(run.get("units")), shots.texts(run.get("because_of"))
    is_all = bool(units) and set(units) == set(because_of)
    return Restarted(tuple(units), tuple(because_of), is_all, shots.found_nothing(run))


def in_words(run: Row) -> str:
    """The same in one line."""
    found = restarted(run)
    if found.is_nothing:
        return "none was to be restarted"
    if found.is_all:
        return f"{named(found.units)} (asked for because of all of them)"
    units = named(found.units) if found.units else _WHY_NONE.get(str(run.get("result")), "not known which")
    return f"{units}; because of {named(found.because_of)}" if found.because_of else units


def named(units: tuple[str, ...]) -> str:
    """The units, or of very many the first."""
    more = f" and {len(units) - _NAMED} more" if len(units) > _NAMED else ""
    return f"{', '.join(units[:_NAMED])}{more}"
