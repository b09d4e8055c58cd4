"""Who writes a status file: what each is called, its unit, and where its file is. Pure."""

from dataclasses import dataclass
from typing import Final

from standfast import unit_names
from standfast.unit_names import agent_unit, short


@dataclass(frozen=True, slots=True)
class Daemon:
    """One of them.

    Attributes:
        what: what it is called, after "the".
        unit: its unit, as people type it.
        place: its directory beneath the run-time directory.
    """

    what: str
    unit: str
    place: str


DETECTOR: Final = Daemon("failure detector", short(unit_names.DETECTOR), "detector")
NOTIFIER: Final = Daemon("notifier", short(unit_names.NOTIFIER), "notifier")


def agent_daemon(name: str) -> Daemon:
    """The one that is an agent."""
    return Daemon(f"agent {name}", short(agent_unit(name)), f"agent/{name}")
