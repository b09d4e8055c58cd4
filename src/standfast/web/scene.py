"""All that the dashboard is made of at one moment. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from standfast.overview.snapshot import Snapshot
from standfast.web.timeline import History, Line


@dataclass(frozen=True, slots=True)
class Scene:
    """All that the dashboard is made of.

    Attributes:
        lines: the last lines of those failing units that are shown with them.
        host: the host's name.
    """

    snapshot: Snapshot
    history: History
    lines: Mapping[str, Sequence[Line]]
    host: str
