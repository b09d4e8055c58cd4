"""Blocking work that may hang for good, in a thread that nobody waits for longer than is good."""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
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


class Unawaited(ThreadPoolExecutor):
    """A loop's default executor, with a thread for each work that the end of the process does not wait for.

    asyncio looks names up in its default executor: with a silent name server a look-up takes half a minute.
    """

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin at once; RuntimeError when no thread could be started."""
        future: Future[T] = Future()

        def run() -> None:
            if future.set_running_or_notify_cancel():
                with _Failing(future):
                    future.set_result(fn(*args, **kwargs))

        threading.Thread(target=run, name="aside", daemon=True).start()
        return future


class _Failing:
    """Whatever its block raises is the future's, for whoever asked."""

    def __init__(self, future: Future[Any]) -> None:
        self._future = future

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is not None:
            self._future.set_exception(error)
        return error is not None
