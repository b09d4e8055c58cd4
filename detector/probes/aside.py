"""A look that may hang for good, as at a file of a dead network disk, in a thread that nobody waits for."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """Runs one blocking look; while one hangs there is no second, so that at most one thread is lost.

    Attributes that the caller hands in: `hanging` is answered while an earlier look hangs, and `broken`
    (the same, by default) when the look raises.
    """

    def __init__(self, look: Callable[[], T], hanging: T, broken: T | None = None) -> None:
        self._look = look
        self._hanging = hanging
        self._broken = hanging if broken is None else broken
        self._is_busy = False

    async def run(self) -> T:
        """What it finds; `hanging` at once while an earlier look hangs."""
        if self._is_busy:
            return self._hanging
        self._is_busy = True
        loop = asyncio.get_running_loop()
        found: asyncio.Future[T] = loop.create_future()

        def look() -> None:
            outcome = self._broken
            try:
                outcome = self._look()
            finally:
                self._is_busy = False  # before anybody hears of it: the next look may follow at once
                with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(_settle, found, outcome)

        # A daemon, unlike an executor's: it does not hold up the end of the process.
        try:
            threading.Thread(target=look, name="probe", daemon=True).start()
        except RuntimeError:  # there are as many as the host allows
            self._is_busy = False
            raise
        return await found


def _settle(found: "asyncio.Future[T]", outcome: T) -> None:
    if not found.done():  # else its time was up
        found.set_result(outcome)
