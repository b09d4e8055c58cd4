"""Calls a strategy's callbacks: plain ones in a daemon thread of their own, async ones on the loop."""

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any

from standfast.agent.desk import BlockingDesk, Desk
from standfast.agent.loader import LoadedStrategy
from standfast.agent.trading import Tick

Call = tuple[Callable[[], Any], asyncio.Future[Any]]


class Callbacks:
    """The three callbacks of one strategy. A call that never returns can be abandoned by cancelling it."""

    def __init__(self, loaded: LoadedStrategy, desk: Desk) -> None:
        self._strategy = loaded.instance
        self._is_async = loaded.is_async
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
            await callback(*arguments)


class CallThread:
    """A daemon thread that runs one call after the other.

    Unlike an executor's thread it is never joined: a call that blocks for ever cannot hold up the
    end of the process.
    """

    def __init__(self, name: str) -> None:
        self._calls: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def call(self, function: Callable[[], Any]) -> Any:
        """What the function returns or raises in the thread."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._calls.put((function, future))
        return await future

    def close(self) -> None:
        """End the thread once it has returned from what it does."""
        self._calls.put(None)

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            function, future = item
            try:
                outcome, error = function(), None
            except BaseException as raised:  # noqa: BLE001 - it is raised again where the call was made
                outcome, error = None, raised
            with contextlib.suppress(RuntimeError):  # the loop has ended: nobody waits any more
                future.get_loop().call_soon_threadsafe(_resolve, future, outcome, error)


def _resolve(future: asyncio.Future[Any], outcome: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if isinstance(error, StopIteration):  # a future cannot carry one
        error = RuntimeError(f"the callback raised StopIteration: {error}")
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(outcome)
