"""What wakes the reading loop: the doorbell, the journal's own notice, a change in the outbox, the clock."""

import asyncio
import contextlib
from collections.abc import Callable
from enum import StrEnum

from standfast.notifier.doorbell import Doorbell

# The journal changes with every line that any program logs; looking more often than this for the few that
# are events would cost more than it is worth. Whoever is in a hurry rings the doorbell.
JOURNAL_NOTICE_EVERY_S = 1.0


class Woken(StrEnum):
    """Why the loop turns."""

    DOORBELL = "somebody rang: an entry is in the journal, or will be in a moment"
    NOTICE = "the journal changed, the outbox changed, or it is time to stop"
    CLOCK = "nothing happened in time"


class Waker:
    """Collects what wakes the loop; the file descriptors are watched until they are forgotten."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()
        self._rung = False
        self._watched: dict[int, asyncio.TimerHandle | None] = {}

    def notice(self) -> None:
        """Turn once more."""
        self._event.set()

    def watch_doorbell(self, doorbell: Doorbell) -> None:
        """Wake when somebody rings."""
        self._watch(doorbell.fileno(), lambda: self._ring(doorbell))

    def watch_journal(self, fileno: int) -> None:
        """Wake when the journal says that it changed, at most every `JOURNAL_NOTICE_EVERY_S`."""
        self._watch(fileno, lambda: self._journal_changed(fileno))

    def forget(self, fileno: int) -> None:
        """Stop watching a file descriptor, before it is closed."""
        if fileno in self._watched:
            timer = self._watched.pop(fileno)
            if timer is not None:
                timer.cancel()
            self._loop.remove_reader(fileno)

    def close(self) -> None:
        """Stop watching everything."""
        for fileno in tuple(self._watched):
            self.forget(fileno)

    async def wait(self, timeout_s: float) -> Woken:
        """Until something wakes the loop, or the time is over."""
        # Not wait_for: in Python 3.11 it can swallow a cancellation.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, timeout_s)):
                await self._event.wait()
        rung, woken = self._rung, self._event.is_set()
        self._rung = False
        self._event.clear()
        if rung:
            return Woken.DOORBELL
        return Woken.NOTICE if woken else Woken.CLOCK

    def _ring(self, doorbell: Doorbell) -> None:
        doorbell.answer()
        self._rung = True
        self._event.set()

    def _journal_changed(self, fileno: int) -> None:
        self._loop.remove_reader(fileno)
        self._watched[fileno] = self._loop.call_later(JOURNAL_NOTICE_EVERY_S, self.watch_journal, fileno)
        self._event.set()

    def _watch(self, fileno: int, callback: Callable[[], None]) -> None:
        self._watched[fileno] = None
        self._loop.add_reader(fileno, callback)
