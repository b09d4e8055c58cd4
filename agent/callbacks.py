"""Calls a strategy's callbacks: plain ones in a daemon thread of their own, async ones on the loop."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from standfast.agent.desk import BlockingDesk, Desk
from standfast.agent.loader import LoadedStrategy
from standfast.agent.trading import Tick


class Callbacks:
    """The three callbacks of one strategy. A call that never returns can be abandoned by cancelling it.

    Whatever a callback raises comes out as an Exception: a strategy can end neither the loop nor the
    process with sys.exit().
    """

    def __init__(self, loaded: LoadedStrategy, desk: Desk) -> None:
        self._strategy = loaded.instance
        self._thread = None if loaded.is_async else CallThread("strategy")
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

    def close(self) -> None:
        """No more calls."""
        if self._thread:
            self._thread.close()

    async def _call(self, callback: Callable[..., Any], *arguments: Any) -> None:
        if self._thread:
            await self._thread.call(lambda: callback(*arguments))
        else:
            await _on_loop(callback(*arguments))


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

    async def call(self, function: Callable[[], Any]) -> Any:
        """What the function returns or raises in the thread."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._in_thread(function), self._loop))

    def close(self) -> None:
        """End the thread once it has returned from what it does."""
        self._is_closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(asyncio.sleep(0))  # calls that still queue come to their end
        self._loop.close()

    async def _in_thread(self, function: Callable[[], Any]) -> Any:
        if self._is_closed:
            return None
        try:
            return function()
        except (SystemExit, KeyboardInterrupt, asyncio.CancelledError) as error:
            raise RuntimeError(f"the callback raised {type(error).__name__}") from error


async def _on_loop(callback: Awaitable[Any]) -> Any:
    """Await the callback in a task of its own, so that nothing it does to its task reaches this one."""
    task = asyncio.create_task(_guarded(callback))
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:
        task.cancel()
        raise
    if task.cancelled():
        raise RuntimeError("the callback raised CancelledError")
    return task.result()


async def _guarded(callback: Awaitable[Any]) -> Any:
    try:
        return await callback
    except (SystemExit, KeyboardInterrupt) as error:
        raise RuntimeError(f"the callback raised {type(error).__name__}") from error
