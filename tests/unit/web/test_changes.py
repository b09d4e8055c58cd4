"""Who listens is told of each change, once; who does not listen costs nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from standfast.web.changes import LOOK_EVERY_S, Changes

# Long enough for a busy machine; a change is seen after LOOK_EVERY_S.
PATIENCE_S = 10


class World:
    """What is looked at; it counts how often."""

    def __init__(self) -> None:
        self.now = 1
        self.looks = 0
        self.failed = asyncio.Event()

    def look(self) -> int:
        self.looks += 1
        if self.now < 0:
            self.failed.set()
            raise RuntimeError("as a bug would")
        return self.now


async def following(news: AsyncIterator[int | None]) -> int | None:
    async with asyncio.timeout(PATIENCE_S):
        return await anext(news)


def test_a_listener_is_told_what_is_so_and_then_each_change() -> None:
    async def scenario() -> None:
        world = World()
        changes = Changes(world.look)
        news = changes.listen()
        assert await following(news) == 1
        world.now = 2
        assert await following(news) == 2
        changes.close()
        assert [one async for one in news] == []

    asyncio.run(scenario())


def test_a_look_that_fails_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        world = World()
        changes = Changes(world.look)
        news = changes.listen()
        assert await following(news) == 1
        world.now = -1
        async with asyncio.timeout(PATIENCE_S):
            await world.failed.wait()
        world.now = 2
        assert await following(news) == 2
        changes.close()
        assert [one async for one in news] == []

    asyncio.run(scenario())
    assert "Cannot find out what changed" in caplog.text


def test_while_nothing_changes_the_connection_is_kept_alive() -> None:
    async def scenario() -> None:
        changes = Changes(World().look)
        news = changes.listen(keep_alive_s=0.01)
        assert [await following(news), await following(news)] == [1, None]
        changes.close()
        assert [one async for one in news] == []

    asyncio.run(scenario())


def test_many_listeners_share_one_look_and_no_more_than_the_limit_may_listen() -> None:
    async def scenario() -> None:
        world = World()
        changes = Changes(world.look, limit=3)
        listeners = [changes.listen() for _ in range(3)]
        assert [await following(one) for one in listeners] == [1, 1, 1]
        assert changes.full
        assert world.looks <= 2
        assert [one async for one in changes.listen()] == []
        changes.close()
        for one in listeners:
            assert [left async for left in one] == []
        assert not changes.full

    asyncio.run(scenario())


def test_nobody_looks_when_the_last_listener_has_gone() -> None:
    async def scenario() -> None:
        world = World()
        changes = Changes(world.look)
        news = changes.listen()
        await following(news)
        changes.close()
        assert [one async for one in news] == []
        looks = world.looks
        await asyncio.sleep(3 * LOOK_EVERY_S)  # what must not happen has no event
        assert world.looks == looks

    asyncio.run(scenario())
