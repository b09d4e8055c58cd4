"""Work that may hang for good, in a thread that nobody waits for longer than is good."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[[], T], within_s: float, otherwise: T) -> T:
    """What the work returns; something else when it takes longer, cannot begin, or breaks (which Python reports).

    A thread of an executor would hold up the end of the process.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        result = otherwise
        try:
            result = work()
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_settle, found, result)

    with contextlib.suppress(TimeoutError, RuntimeError):  # the latter: no thread could be started
        threading.Thread(target=run, name="aside", daemon=True).start()
        async with asyncio.timeout(within_s):
            return await found
    return otherwise


def _settle(found: asyncio.Future[T], result: T) -> None:
    if not found.done():  # else its time was up
        found.set_result(result)
