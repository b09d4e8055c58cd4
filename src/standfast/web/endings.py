"""How agents ended that do not run, read once for all who ask at the same time."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from standfast.clock import monotonic_s
from standfast.overview.ending import Ending
from standfast.overview.snapshot import Snapshot

# How old what was read of the journal may be.
ENDINGS_FOR_S: Final = 2.0


class TellsEndings(Protocol):
    """The journal, or a fake of it."""

    def endings(self, names: Iterable[str]) -> Mapping[str, Ending]:
        """How those of these agents ended that ever ran."""


class Endings:
    """How agents ended, beside the snapshot that they are asked of: at most two seconds old."""

    def __init__(self, journal: TellsEndings, now_s: Callable[[], float] = monotonic_s) -> None:
        self._journal = journal
        self._now_s = now_s
        self._lock = threading.Lock()
        self._names: frozenset[str] = frozenset()
        self._found: Mapping[str, Ending] = {}
        self._until_s = 0.0
        self._last: tuple[Snapshot, Snapshot] | None = None

    def of(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with them; the same one for all who ask at a time."""
        with self._lock:
            found = self._read(frozenset(snapshot.idle))
            if self._last is None or self._last[0] is not snapshot or self._last[1].endings != found:
                self._last = snapshot, replace(snapshot, endings=found) if found else snapshot
            return self._last[1]

    def _read(self, names: frozenset[str]) -> Mapping[str, Ending]:
        if names != self._names or self._now_s() >= self._until_s:
            self._found = self._journal.endings(names) if names else {}
            self._names, self._until_s = names, self._now_s() + ENDINGS_FOR_S
        return self._found
