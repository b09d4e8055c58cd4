"""A problem that people were told of, and the types of those of units and of the fleet. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from standfast.detector.decide import Reason
from standfast.detector.model import Level
from standfast.events import Severity
from standfast.unit_names import DETECTOR

UNIT_FAILING: Final = "UNIT_FAILING"
FLEET: Final[Mapping[Level, str]] = {
    Level.WARNING: "FLEET_WARNING",
    Level.CRITICAL: "FLEET_CRITICAL",
    Level.CASCADING: "CASCADING_FAILURE",
}

# Of a failing unit that nothing is going to bring up again: the key in the event's data, and what that is in words.
GIVEN_UP: Final = "given_up"

# Only what must go out at once is critical: a lower level may pass, and waits for its window.
SEVERITIES: Final[Mapping[Level, Severity]] = {
    Level.NONE: Severity.INFO,
    Level.WARNING: Severity.WARNING,
    Level.CRITICAL: Severity.WARNING,
    Level.CASCADING: Severity.CRITICAL,
}


# What is over only when what failed has stayed well, and what its next step follows from until then: who has yet to,
# or what went down with another that is up again.
PROVEN: Final = frozenset({FLEET[Level.CRITICAL], FLEET[Level.CASCADING]})
UNPROVEN: Final = "unproven: "
LEFT_DOWN: Final = "left down: "
OF_MOMENT: Final = (UNPROVEN, LEFT_DOWN)

# How a cascade stands whose next step is to wait for the report of a master restart (see `advice.advised_by`).
ASKED_FOR: Final = Reason.CASCADE.value


@dataclass(frozen=True, slots=True)
class Advice:
    """What a person is told to do about a problem of the fleet.

    Attributes:
        action: the next step.
        follows_from: by what it changes, and is said anew; "" for what passes by itself in a moment.
        promises_restart: whether a master restart is said to follow by itself.
    """

    action: str = ""
    follows_from: str = ""
    promises_restart: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What people were told and is not over.

    Attributes:
        since: its beginning.
        standing: how it stood when it was told last, as far as that may change while it lasts; a change of it is said.
            Of a unit: given up, or unmanaged, or "" while systemd restarts it. Of a cascade: what the next step follows
            from. Of what is foreseen: when it comes.
        first: the unit to look at first, which failed first when a cascade began; later it is not seen any more.
        is_first_clear: whether that one failed clearly before the others, and took none along.
        others: those that failed at the same time as the first, where none is clearly first.
        is_awaiting_restart: whether people were told that a master restart follows, and have heard nothing else since.
    """

    type: str
    unit: str = DETECTOR
    since: float = 0.0
    standing: str = ""
    first: str = ""
    is_first_clear: bool = False
    others: tuple[str, ...] = ()
    is_awaiting_restart: bool = False

    @property
    def firsts(self) -> tuple[str, ...]:
        """The units to look at first."""
        return (self.first, *self.others) if self.first else ()

    @property
    def key(self) -> tuple[str, str]:
        """Its identity."""
        return self.type, self.unit

    @property
    def level(self) -> Level:
        """How bad it is."""
        return next((level for level, name in FLEET.items() if name == self.type), Level.WARNING)
