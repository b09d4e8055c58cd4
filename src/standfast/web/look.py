"""What the service shows, read once for all who ask at the same time.

A thousand requests in a second read and parse the status files once, and the journal once:
whatever is asked of this service, the daemons' files are touched a few times a second at most.
"""

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from standfast import paths
from standfast.clock import monotonic_s, utc_now
from standfast.errors import StandfastError
from standfast.overview import snapshot as shots
from standfast.overview.ending import Ending
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Snapshot, Source
from standfast.overview.tones import is_failing
from standfast.web.endings import Endings
from standfast.web.sameness import same
from standfast.web.scene import Scene
from standfast.web.timeline import SPAN, History, Line

# How old what was read of the journal may be, and for how long it is not read again whatever the detector says.
JOURNAL_FOR_S: Final = 2.0
JOURNAL_AT_LEAST_FOR_S: Final = 0.5
# How long one snapshot stands for "now" while no status file changes.
NOW_FOR: Final = timedelta(seconds=1)
# Of so many failing units the dashboard shows the last lines; the others have them on their own pages.
UNITS_WITH_LINES: Final = 12
# A unit that others took along has little to say of itself.
LINES_OF_CAUSE: Final = 6
LINES_OF_OTHERS: Final = 3

Stamp = tuple[str, int, int, int]


class ReadsJournal(Protocol):
    """The journal, or a fake of it."""

    def history(self, since: datetime, until: datetime) -> History:
        """What happened between two moments."""

    def lines(self, unit: str, count: int) -> list[Line]:
        """The last lines of a unit; StandfastError when they cannot be read."""

    def last_words(self, counts: Mapping[str, int]) -> Mapping[str, Sequence[Line]]:
        """Of each of these units those of them that tell most, in so many lines."""

    def endings(self, names: Iterable[str]) -> Mapping[str, Ending]:
        """How those of these agents ended that do not run."""


class Look:
    """Looks at the status files and the journal, from any thread."""

    def __init__(
        self,
        journal: ReadsJournal,
        host: str,
        runtime: Path = paths.RUNTIME,
        now: Callable[[], datetime] = utc_now,
        *,
        show_lines: bool = True,
    ) -> None:
        """Set up; with `show_lines` False no unit's own lines are ever shown."""
        self._journal = journal
        self._host = host
        self._runtime = runtime
        self._now = now
        self._show_lines = show_lines
        self._lock = threading.Lock()
        self._scene_lock = threading.Lock()
        self._lines_lock = threading.Lock()
        self._stamps: tuple[Stamp, ...] = ()
        self._snapshot: Snapshot | None = None
        self._scene: Scene | None = None
        self._read_for: Source | None = None
        self._read_at_s = 0.0
        self._lines: dict[str, tuple[float, list[Line]]] = {}
        self._endings = Endings(journal)

    def stamps(self) -> tuple[Stamp, ...]:
        """Of each status file its path, inode, size and time: it changes when a daemon writes, begins or ends."""
        return stamps(self._runtime)

    def snapshot(self) -> Snapshot:
        """The status files as they are now."""
        with self._lock:
            return self._read()

    def ended(self) -> Snapshot:
        """The status files as they are now, with how those agents ended that do not run."""
        return self._endings.of(self.snapshot())

    def scene(self) -> Scene:
        """Everything; what it has from the journal is at most two seconds old."""
        with self._scene_lock:  # not the other: reading the journal keeps nobody from the status files
            snapshot, scene = self.ended(), self._scene
            if scene is None or monotonic_s() > self._read_at_s + JOURNAL_FOR_S or self._is_behind(snapshot):
                scene = self._compose(snapshot)
                self._read_for, self._read_at_s = snapshot.detector, monotonic_s()
            elif snapshot is not scene.snapshot:
                scene = replace(scene, snapshot=snapshot)
            self._scene = scene
            return scene

    def is_behind(self) -> bool:
        """Whether the scene's journal is older than what the detector says, and may be read again.

        In a storm the detector says something new many times a second; who saw the scene then asks once more.
        """
        snapshot = self._snapshot
        return self._scene is not None and snapshot is not None and self._is_behind(snapshot)

    def _is_behind(self, snapshot: Snapshot) -> bool:
        if monotonic_s() < self._read_at_s + JOURNAL_AT_LEAST_FOR_S:
            return False
        if self._read_for is not None and same(self._read_for, snapshot.detector):
            self._read_for = snapshot.detector  # the next time it is known without a look at all of it
            return False
        return True

    def lines(self, unit: str, count: int) -> list[Line]:
        """The last lines of a unit.

        Raises:
            StandfastError: the journal cannot be read.
        """
        if not self._show_lines:
            return []
        with self._lines_lock:
            now_s = monotonic_s()
            self._lines = {name: kept for name, kept in self._lines.items() if kept[0] > now_s}
            if unit not in self._lines:
                self._lines[unit] = now_s + JOURNAL_AT_LEAST_FOR_S, self._journal.lines(unit, count)
            return self._lines[unit][1]

    def _compose(self, snapshot: Snapshot) -> Scene:
        history = self._journal.history(snapshot.now - SPAN, snapshot.now)
        lines: Mapping[str, Sequence[Line]] = {}
        with contextlib.suppress(StandfastError):  # the history says that the journal cannot be read
            lines = self._journal.last_words(_counts(snapshot) if self._show_lines else {})
        return Scene(snapshot, history, lines, self._host)

    def _read(self) -> Snapshot:
        found, now = self.stamps(), self._now()
        if self._snapshot is None or found != self._stamps:
            self._snapshot = read_snapshot(now, self._runtime)
        elif not timedelta() <= now - self._snapshot.now < NOW_FOR:
            self._snapshot = replace(self._snapshot, now=now)
        self._stamps = found
        return self._snapshot


def _counts(snapshot: Snapshot) -> dict[str, int]:
    """How many lines are shown of which failing units, the root causes first."""
    firsts = shots.root_causes(snapshot)
    failing = [name for name, row in shots.watched(snapshot).items() if is_failing(row)]
    failing.sort(key=lambda name: name not in firsts)
    return {
        name: LINES_OF_CAUSE if not firsts or name in firsts else LINES_OF_OTHERS for name in failing[:UNITS_WITH_LINES]
    }


def stamps(runtime: Path) -> tuple[Stamp, ...]:
    """See `Look.stamps`."""
    agents: list[str] = []
    with contextlib.suppress(OSError):  # no agent has run since the boot
        agents = sorted(entry.name for entry in os.scandir(runtime / "agent") if entry.is_dir())
    return tuple(
        _stamps(runtime / where / "status.json" for where in ("detector", "notifier", "check", *_agents(agents)))
    )


def _agents(names: Sequence[str]) -> Iterator[str]:
    return (f"agent/{name}" for name in names)


def _stamps(files: Iterator[Path]) -> Iterator[Stamp]:
    for path in files:
        try:
            found = path.stat()
        except OSError:
            yield str(path), 0, 0, 0
        else:
            yield str(path), found.st_ino, found.st_size, found.st_mtime_ns
