"""Blocking work that may hang for good, in a thread that nobody waits for longer than is good."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def in_thread(work: Callable[[], T], broken: T, name: str) -> "asyncio.Future[T]":
    """What the work returns, to be waited for; `broken` when it raises, which Python reports.

    A thread of an executor would hold up the end of the process, this one does not.

    Raises:
        RuntimeError: no thread could be started: there are as many as the host allows.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        result = broken
        try:
            result = work()
        finally:
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(_settle, found, result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return found


def _settle(found: "asyncio.Future[T]", result: T) -> None:
    if not found.done():  # else its time was up
        found.set_result(result)
