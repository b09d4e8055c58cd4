"""Tells those who listen when something changed: the source of the server-sent events.

The status files are looked at five times a second, and only while somebody listens; on a
host with a few agents that is a handful of stat calls. A listener holds no queue: it is woken,
looks at what is so now, and misses at most what was so in between.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final, Generic, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

LOOK_EVERY_S: Final = 0.2
# A comment so often keeps proxies and tunnels from closing the connection, and finds listeners that are gone.
KEEP_ALIVE_S: Final = 15.0
LISTENERS: Final = 32


class Changes(Generic[T]):
    """Compares what `look` returns with what it returned last."""

    def __init__(self, look: Callable[[], T], limit: int = LISTENERS) -> None:
        self._look = look
        self._limit = limit
        self._listeners: set[asyncio.Event] = set()
        self._watch: asyncio.Task[None] | None = None
        self._now: T | None = None
        self._over = False

    @property
    def full(self) -> bool:
        """Whether nobody more may listen."""
        return len(self._listeners) >= self._limit

    def close(self) -> None:
        """Every listener's iteration ends now, and every later one at once."""
        self._over = True
        self._wake()

    async def listen(self, keep_alive_s: float = KEEP_ALIVE_S) -> AsyncIterator[T | None]:
        """What is so now, then what it is after each change; None when nothing changed for `keep_alive_s`.

        For whoever comes when it is full it ends at once.
        """
        if self.full:
            return
        with self._listening() as woken:
            told: T | None = None
            while not self._over:
                now = self._now
                if now != told:
                    told = now
                    yield now
                elif not await _wait(woken, keep_alive_s) and not self._over:
                    yield None
                woken.clear()

    @contextmanager
    def _listening(self) -> Iterator[asyncio.Event]:
        woken = asyncio.Event()
        self._listeners.add(woken)
        try:
            if self._watch is None:
                self._now = self._look()
                self._watch = asyncio.create_task(self._keep_looking())
            yield woken
        finally:
            self._listeners.discard(woken)
            if not self._listeners and self._watch is not None:
                self._watch.cancel()
                self._watch = None

    async def _keep_looking(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                now = self._look()
            except Exception:  # whatever a status file holds, those who listen hear of the next change
                log.exception("Cannot find out what changed")
                continue
            if now != self._now:
                self._now = now
                self._wake()

    def _wake(self) -> None:
        for woken in self._listeners:
            woken.set()


async def _wait(woken: asyncio.Event, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await woken.wait()
    return woken.is_set()
