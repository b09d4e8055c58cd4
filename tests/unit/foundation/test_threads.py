"""Work aside, which no end waits for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from standfast.threads import Unawaited


def in_default_executor(*, fails: bool) -> int:
    async def run() -> int:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Unawaited())
        return await loop.run_in_executor(None, int, "x" if fails else "7")

    return asyncio.run(run())


def test_what_the_work_returns_or_raises_is_for_whoever_asked() -> None:
    assert in_default_executor(fails=False) == 7
    with pytest.raises(ValueError, match="invalid literal"):
        in_default_executor(fails=True)


def test_the_loop_ends_while_work_hangs() -> None:
    over, found = threading.Event(), []

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(Unawaited())
        loop.run_in_executor(None, lambda: found.append((threading.current_thread(), over.wait(10))))

    asyncio.run(run())
    assert not found, "it hangs still"
    names = [one for one in threading.enumerate() if one.name == "aside"]
    over.set()
    for thread in names:
        thread.join()
    assert [was_set for _, was_set in found] == [True]
