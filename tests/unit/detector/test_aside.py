"""Looks that may hang, each in a thread of its own that nobody waits for."""

from __future__ import annotations

import asyncio
import threading

import pytest

from standfast.detector.probes.aside import Aside


def test_the_next_look_may_follow_at_once() -> None:
    async def looks() -> set[str]:
        aside = Aside(lambda: "found", "hangs")
        return {await aside.run() for _ in range(500)}

    assert asyncio.run(looks()) == {"found"}


def test_while_one_hangs_there_is_no_second() -> None:
    let_go = threading.Event()
    begun: list[threading.Thread] = []

    def hang() -> str:
        begun.append(threading.current_thread())
        let_go.wait(10)
        return "found"

    async def looks() -> list[str]:
        aside = Aside(hang, "hangs")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await aside.run()
        hanging = [await aside.run(), await aside.run()]
        let_go.set()
        begun[0].join(10)
        return [*hanging, await aside.run()]

    assert asyncio.run(looks()) == ["hangs", "hangs", "found"]
    assert len(begun) == 2


def test_no_thread_to_be_had_is_no_look_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    aside = Aside(lambda: "found", "hangs")
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError):
            asyncio.run(aside.run())
    assert asyncio.run(aside.run()) == "found"
