"""A look that may hang for good, as at a file of a dead network disk, in a thread that nobody waits for."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome


class Aside:
    """Runs one probe's blocking look; while one hangs there is no second, so that at most one thread is lost."""

    def __init__(self, look: Callable[[], Finding]) -> None:
        self._look = look
        self._thread: threading.Thread | None = None

    async def run(self) -> Finding:
        """What it finds; unknown at once while an earlier look hangs."""
        if self._thread is not None and self._thread.is_alive():
            return Finding(Outcome.UNKNOWN, "an earlier look at it still hangs")
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Finding] = loop.create_future()

        def look() -> None:
            outcome = Finding(Outcome.UNKNOWN, "the probe broke")
            try:
                outcome = self._look()
            finally:
                with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                    loop.call_soon_threadsafe(_settle, found, outcome)

        # A daemon, unlike an executor's: it does not hold up the end of the process.
        self._thread = threading.Thread(target=look, name="probe", daemon=True)
        self._thread.start()
        return await found


def _settle(found: asyncio.Future[Finding], outcome: Finding) -> None:
    if not found.done():  # else its time was up
        found.set_result(outcome)
