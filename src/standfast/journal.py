"""Writing to the journal: events with their fields, the doorbell, and the logging set-up."""

import contextlib
import logging
import os
import socket
import sys
from collections import deque
from pathlib import Path
from typing import Protocol

from systemd import journal as systemd_journal

from standfast import paths
from standfast.events import Event, to_fields

log = logging.getLogger(__name__)

# Events kept while journald is down. At the handful that a daemon emits in a minute this is days.
KEPT_EVENTS = 10_000


class Emitter(Protocol):
    """Where events go; `Journal` in life, `RecordedEvents` in tests."""

    def emit(self, event: Event) -> None:
        """Say it. Never blocks, never raises."""


class Journal:
    """Emits events to journald and rings the notifier's doorbell afterwards.

    While journald is down events wait in memory, in order; `flush` tries again.
    """

    def __init__(self, identifier: str, doorbell: Path = paths.DOORBELL) -> None:
        self._identifier = identifier
        self._doorbell = str(doorbell)
        self._waiting: deque[dict[str, str]] = deque(maxlen=KEPT_EVENTS)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def emit(self, event: Event) -> None:
        """Log the event now, or keep it for `flush` when journald is away."""
        self._waiting.append({**to_fields(event), "SYSLOG_IDENTIFIER": self._identifier})
        self.flush()

    @property
    def waiting(self) -> int:
        """How many events journald has not taken yet."""
        return len(self._waiting)

    def flush(self) -> bool:
        """Hand journald what waits, oldest first; False when it still does not take them."""
        if not self._waiting:
            return True
        while self._waiting:
            fields = dict(self._waiting[0])
            try:
                systemd_journal.send(fields.pop("MESSAGE"), **fields)
            except OSError:
                return False
            self._waiting.popleft()
        self._ring()
        return True

    def close(self) -> None:
        """Give the doorbell's socket back."""
        self._socket.close()

    def _ring(self) -> None:
        # Nothing is lost when nobody hears it: the journal is the queue, the doorbell only saves time.
        with contextlib.suppress(OSError):
            self._socket.sendto(b"!", socket.MSG_DONTWAIT, self._doorbell)


class RecordedEvents:
    """An emitter that keeps what it was told, for tests."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        """Keep it."""
        self.events.append(event)


def configure_logging(identifier: str, level: int = logging.INFO) -> None:
    """Send the log to the journal with its structured fields, or to stderr when a person is watching."""
    logging.raiseExceptions = False  # a journald that is away must not fill stderr with tracebacks
    handler: logging.Handler
    if _stderr_is_the_journal():
        handler = systemd_journal.JournalHandler(SYSLOG_IDENTIFIER=identifier)
        handler.setFormatter(logging.Formatter("%(message)s"))  # level and logger are fields of the entry already
    else:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=level, handlers=[handler], force=True)


def _stderr_is_the_journal() -> bool:
    """Whether stderr is the stream that systemd named in JOURNAL_STREAM (see systemd.exec(5))."""
    device, _, inode = os.environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        stat = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return f"{stat.st_dev}:{stat.st_ino}" == f"{device}:{inode}"
