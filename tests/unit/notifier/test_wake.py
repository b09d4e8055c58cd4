"""Whoever is told to stop while it wakes or ends something does stop."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.notifier.events import config

from standfast.notifier.courier import Courier
from standfast.notifier.store.store import Store
from standfast.notifier.wake import Waker, Woken


def test_a_notice_wakes_and_time_does_too() -> None:
    async def woken() -> list[Woken]:
        waker = Waker()
        waker.notice()
        return [await waker.wait(5), await waker.wait(0)]

    assert asyncio.run(woken()) == [Woken.NOTICE, Woken.CLOCK]


def test_a_cancellation_together_with_a_notice_is_not_swallowed() -> None:
    async def cancel() -> None:
        waker = Waker()
        task = asyncio.create_task(waker.wait(5))
        for _ in range(3):
            await asyncio.sleep(0)
        waker.notice()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


def test_a_cancellation_together_with_the_end_of_the_worker_is_not_swallowed(tmp_path: Path) -> None:
    Store(tmp_path / "notifier.db").close()
    tasks: list[asyncio.Task[None]] = []

    async def cancel() -> None:
        loop = asyncio.get_running_loop()

        def changed() -> None:
            if not courier.running:
                loop.call_soon(tasks[0].cancel)

        courier = Courier(tmp_path / "notifier.db", changed)
        await courier.wake(config("[channels.journal]"))
        tasks.append(asyncio.create_task(courier.end(20)))
        await tasks[0]

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
