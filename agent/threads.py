"""Calls that block, in daemon threads that can be abandoned."""

import asyncio
import sys
import threading
import traceback
from collections.abc import Callable
from traceback import FrameSummary
from typing import Any, TypeVar

T = TypeVar("T")


class CallThread:
    """A daemon thread that runs one call after the other.

    Unlike an executor's thread it is never joined: a call that blocks for ever cannot hold up the
    end of the process.
    """

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def call(self, function: Callable[[], T]) -> T:
        """What the function returns or raises in the thread."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._in_thread(function), self._loop))

    @property
    def stack(self) -> list[FrameSummary]:
        """Where it is now, the innermost frame last."""
        frame = sys._current_frames().get(self._thread.ident or 0)
        return list(traceback.extract_stack(frame)) if frame else []

    def close(self) -> None:
        """End the thread once it has returned from what it does."""
        self._is_closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.sleep(0))  # calls that still queue come to their end
        self._loop.close()

    async def _in_thread(self, function: Callable[[], T]) -> T:
        if self._is_closed:
            raise RuntimeError("the thread was closed before the call began")
        try:
            return function()
        except (SystemExit, KeyboardInterrupt, asyncio.CancelledError) as error:
            raise RuntimeError(f"the callback raised {type(error).__name__}") from error


class CallPool:
    """As many such threads as calls that run at once; a thread whose call was abandoned is not used again."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[CallThread] = []
        self._is_closed = False

    async def call(self, function: Callable[[], Any]) -> Any:
        """What the function returns or raises in some thread."""
        thread = self._idle.pop() if self._idle else CallThread(self._name)
        was_abandoned = True
        try:
            outcome = (await asyncio.gather(thread.call(function), return_exceptions=True))[0]
            was_abandoned = False
        finally:
            self._release(thread, was_abandoned)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def close(self) -> None:
        """End the threads as they become idle."""
        self._is_closed = True
        while self._idle:
            self._idle.pop().close()

    def _release(self, thread: CallThread, was_abandoned: bool) -> None:
        if self._is_closed or was_abandoned:
            thread.close()
        else:
            self._idle.append(thread)
