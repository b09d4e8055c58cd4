"""The pump: hands ticks to the strategy one by one, counts its faults, and times its callbacks."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from standfast.agent.callbacks import Callbacks
from standfast.agent.failures import AgentError, Failure, FailureType, failed
from standfast.agent.strategy import TradingClosedError
from standfast.agent.traces import users_trace
from standfast.agent.trading import Tick
from standfast.clock import monotonic_s

log = logging.getLogger(__name__)

# A strategy that is slower than its feed falls behind by at most this many ticks.
QUEUED_TICKS: Final = 1000
FAULTS_IN_A_ROW: Final = 5
SAID_AGAIN_S: Final = 60.0


class Pump:
    """Runs a strategy's callbacks while the agent is ACTIVE.

    A callback that takes longer than its timeout makes the pump late, which ends the feeding of the watchdog.

    Attributes:
        handed_over: the ticks that the strategy was given and returned from, with or without an exception.
    """

    def __init__(self, callbacks: Callbacks, callback_timeout_s: float, on_faults: Callable[[Failure], None]) -> None:
        self.last_tick_at: datetime | None = None
        self.last_tick_s = monotonic_s()
        self.dropped = 0
        self.is_started = False
        self.handed_over = 0
        self._callbacks = callbacks
        self._callback_timeout_s = callback_timeout_s
        self._on_faults = on_faults
        self._ticks: deque[Tick] = deque(maxlen=QUEUED_TICKS)
        self._faults_in_a_row = 0
        self._said = ""
        self._said_s = 0.0
        self._busy_since_s: float | None = None
        self._is_open = False
        self._was_begun = False
        self._wake = asyncio.Event()

    def offer(self, tick: Tick) -> None:
        """Take a tick from the feed; when the strategy is too slow, the oldest one is dropped."""
        self.last_tick_at = tick.at
        self.last_tick_s = monotonic_s()
        if not self._is_open:
            return
        if len(self._ticks) == QUEUED_TICKS:
            self.dropped += 1
        self._ticks.append(tick)
        self._wake.set()

    async def open(self) -> None:
        """Let ticks through; the first time, the strategy is started.

        Raises:
            AgentError: it raised on its start; what the gateway did not answer is the gateway's failure, not its own.
        """
        if not self.is_started:
            self._was_begun = True
            error = await self._timed(self._callbacks.start())
            if lost := _lost_gateway(error):
                raise AgentError(lost) from error
            if error is not None:
                raise failed(FailureType.STRATEGY_ERROR, f"the strategy's start raised {users_trace(error)}") from error
            self.is_started = True
        self._faults_in_a_row = 0
        self.last_tick_s = monotonic_s()
        self._is_open = True

    def shut(self) -> None:
        """Let no tick through; those that wait are stale when trading goes on, and are forgotten."""
        self._is_open = False
        self._ticks.clear()

    async def stop_strategy(self) -> str:
        """Call the strategy's stop, and say what came of it."""
        self.shut()
        if not self.is_started:
            return "the strategy's start had not returned" if self._was_begun else "the strategy was not started"
        error = await self._timed(self._callbacks.stop())
        if error is not None:
            log.error("The strategy's stop raised %s", users_trace(error))
            return "the strategy's stop raised"
        return "the strategy stopped"

    async def run(self) -> None:
        """Hand ticks over for as long as the agent lives."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._is_open and self._ticks:
                await self._hand_over(self._ticks.popleft())

    @property
    def is_late(self) -> bool:
        """Whether a callback has been running for longer than it may."""
        return self._busy_since_s is not None and monotonic_s() - self._busy_since_s > self._callback_timeout_s

    @property
    def where(self) -> str:
        """Where in the user's code the callback is that runs now, "" where that cannot be told."""
        return self._callbacks.where

    async def _hand_over(self, tick: Tick) -> None:
        error = await self._timed(self._callbacks.tick(tick))
        self.handed_over += 1
        if error is None:
            self._faults_in_a_row = 0
        else:
            self._count_fault(error)

    def _count_fault(self, error: BaseException) -> None:
        trace = users_trace(error)
        if _lost_gateway(error) or isinstance(error, TradingClosedError):
            self._say_for_a_while("The strategy's tick gave up: " + trace)
            return
        self._faults_in_a_row += 1
        log.error("The strategy's tick raised (%d in a row): %s", self._faults_in_a_row, trace)
        if self._faults_in_a_row >= FAULTS_IN_A_ROW:
            self.shut()
            detail = f"the strategy raised {self._faults_in_a_row} times in a row, last {trace}"
            self._on_faults(Failure(FailureType.STRATEGY_FAULTS, detail))

    def _say_for_a_while(self, text: str) -> None:
        """The same at each tick is said once a minute."""
        now_s = monotonic_s()
        if text != self._said or now_s - self._said_s >= SAID_AGAIN_S:
            self._said, self._said_s = text, now_s
            log.warning("%s", text)

    async def _timed(self, callback: Awaitable[None]) -> BaseException | None:
        """Await a callback; what it raised, if it did."""
        self._busy_since_s = monotonic_s()
        try:
            outcome = (await asyncio.gather(callback, return_exceptions=True))[0]
        finally:
            self._busy_since_s = None
        return outcome


def _lost_gateway(error: BaseException | None) -> Failure | None:
    """The gateway's failure that an exception out of a strategy comes from, if it comes from one."""
    while error is not None:
        if isinstance(error, AgentError):
            return error.failure
        error = error.__cause__
    return None
