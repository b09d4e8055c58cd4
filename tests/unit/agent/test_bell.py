"""The bell: rings are kept, waits end early, and a cancellation is never swallowed by a ring."""

import asyncio
import time

import pytest

from standfast.agent.bell import Bell, Ring


def test_rings_are_kept_until_somebody_waits_and_then_forgotten() -> None:
    async def main() -> None:
        bell = Bell()
        bell.ring(Ring.RELOAD)
        bell.ring(Ring.FAULTS)
        assert await bell.wait(None) == {Ring.RELOAD, Ring.FAULTS}
        begun = time.monotonic()
        assert await bell.wait(0.05) == frozenset()
        assert time.monotonic() - begun >= 0.05
        assert await bell.wait(-1) == frozenset()

    asyncio.run(main())


def test_a_cancellation_that_comes_with_a_ring_is_not_swallowed() -> None:
    async def main() -> None:
        bell = Bell()

        async def wait_for_ever() -> None:
            while True:
                await bell.wait(60)

        task = asyncio.create_task(wait_for_ever())
        await asyncio.sleep(0)
        bell.ring(Ring.DISTURBANCE)
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        assert task.cancelled()

    asyncio.run(main())


@pytest.mark.parametrize("turns", range(5))
def test_wherever_the_cancellation_falls(turns: int) -> None:
    async def main() -> None:
        bell = Bell()

        async def wait_for_ever() -> None:
            while True:
                await bell.wait(0.001)

        task = asyncio.create_task(wait_for_ever())
        await asyncio.sleep(0.002)
        bell.ring(Ring.DISTURBANCE)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task}, timeout=1)
        assert task.cancelled()

    asyncio.run(main())
