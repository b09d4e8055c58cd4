"""Simulated time: an event loop that jumps to its next timer instead of waiting for it, and a wall clock to step."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta, tzinfo
from types import SimpleNamespace
from typing import Any

import pytest


class SimulatedTime:
    """The time of one test, 0 at its start.

    `step` is what somebody set the wall clock ahead by; `patience_s` is how long, in real time, threads
    are waited for before the time jumps on.
    """

    def __init__(self, begun: datetime | None = None) -> None:
        self.now_s = 0.0
        self._begun = begun or datetime.now(UTC)
        self.patience_s = 0.0
        self.step = timedelta(0)

    def run(self, story: Coroutine[Any, Any, None], monkeypatch: pytest.MonkeyPatch) -> None:
        """Run a story on a loop of this time, with the project's clocks following it."""
        monkeypatch.setattr("standfast.clock.time", SimpleNamespace(monotonic=lambda: self.now_s))
        monkeypatch.setattr("standfast.clock.datetime", SimpleNamespace(now=self._now))
        with asyncio.Runner(loop_factory=lambda: _Loop(self)) as runner:
            runner.run(story)

    def _now(self, zone: tzinfo) -> datetime:
        return self._begun.astimezone(zone) + timedelta(seconds=self.now_s) + self.step


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, time: SimulatedTime) -> None:
        self._time = time
        super().__init__(_Selector(time))

    def time(self) -> float:
        return self._time.now_s


class _Selector(selectors.DefaultSelector):
    def __init__(self, time: SimulatedTime) -> None:
        super().__init__()
        self._time = time

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None or timeout <= 0:
            return super().select(timeout)
        ready = super().select(self._time.patience_s)
        if not ready:
            self._time.now_s += timeout
        return ready
