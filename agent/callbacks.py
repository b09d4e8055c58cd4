"""Calls a strategy's callbacks: plain ones in a daemon thread of their own, async ones on the loop."""

import asyncio
from collections.abc import Awaitable, Callable
from traceback import FrameSummary, StackSummary
from typing import Any

from standfast.agent import unawaited
from standfast.agent.desk import BlockingDesk, Desk
from standfast.agent.loader import LoadedStrategy
from standfast.agent.threads import CallThread
from standfast.agent.traces import own_frames
from standfast.agent.trading import Tick


class Callbacks:
    """The three callbacks of one strategy. A call that never returns can be abandoned by cancelling it.

    Whatever a callback raises comes out as an Exception: a strategy can end neither the loop nor the
    process with sys.exit(). A call that it forgot to await comes out as one as well.
    """

    def __init__(self, loaded: LoadedStrategy, desk: Desk, thread: CallThread | None = None) -> None:
        self._strategy = loaded.instance
        self._thread = None if loaded.is_async else thread or CallThread("strategy")
        self._task: asyncio.Task[Any] | None = None
        self._trading = desk if loaded.is_async else BlockingDesk(desk, asyncio.get_running_loop())

    async def start(self) -> None:
        """See Strategy."""
        await self._call(self._strategy.start, self._trading)

    async def tick(self, tick: Tick) -> None:
        """See Strategy."""
        await self._call(self._strategy.tick, tick)

    async def stop(self) -> None:
        """See Strategy."""
        await self._call(self._strategy.stop)

    @property
    def where(self) -> str:
        """Where in the user's code the callback is that runs now, "" where that cannot be told."""
        stack = self._thread.stack if self._thread else _stack(self._task.get_coro()) if self._task else []
        return " <- ".join(own_frames(stack))

    def close(self) -> None:
        """No more calls."""
        if self._thread:
            self._thread.close()

    async def _call(self, callback: Callable[..., Any], *arguments: Any) -> None:
        unawaited.listen()
        if self._thread:
            await self._thread.call(lambda: callback(*arguments))
        else:
            await self._on_loop(callback(*arguments))
        if calls := unawaited.take():
            raise RuntimeError(f"`await` is missing, so nothing was done: {calls}")

    async def _on_loop(self, callback: Awaitable[Any]) -> Any:
        """Await the callback in a task of its own, so that nothing it does to its task reaches this one."""
        task = self._task = asyncio.create_task(_guarded(callback))
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            raise
        finally:
            self._task = None
        if task.cancelled():
            raise RuntimeError("the callback raised CancelledError")
        return task.result()


def _stack(awaited: Any) -> list[FrameSummary]:
    """Where a coroutine waits, down to what it waits for; the innermost frame last."""
    frames = []
    while (frame := getattr(awaited, "cr_frame", None)) is not None:
        frames.append((frame, frame.f_lineno))
        awaited = awaited.cr_await
    return list(StackSummary.extract(iter(frames)))


async def _guarded(callback: Awaitable[Any]) -> Any:
    try:
        return await callback
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(f"the callback raised {type(error).__name__}") from error
