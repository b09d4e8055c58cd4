"""Whether the strategy keeps up: its callbacks return, and no tick is dropped. Trouble is told, and its end too."""

from typing import Final

from standfast.agent.failures import Failure, FailureType
from standfast.agent.life import Life
from standfast.agent.pump import Pump
from standfast.clock import monotonic_s
from standfast.heartbeat import Pulse

# A strategy that dropped no tick for this long has caught up with its feed.
CAUGHT_UP_S: Final = 60.0
# One that hung, and was started again, hangs no more when it returned from its ticks for this long.
CALM_S: Final = 60.0


class KeepingUp:
    """Looks at the strategy once a beat, and feeds the watchdog only while no callback is over its time."""

    def __init__(self, life: Life, pulse: Pulse) -> None:
        self._life = life
        self._pulse = pulse
        self._pump: Pump | None = None
        self._is_late = False
        self._handed_over = 0
        self._returned_s: float | None = None
        self._calm_s = CALM_S
        self._may_hang = True
        self._dropped = 0
        self._dropped_at_s = monotonic_s()

    def look(self) -> None:
        """Look once."""
        trade = self._life.have.trade
        pump = trade.pump if trade else None
        if pump is not self._pump:
            self._pump, self._dropped, self._handed_over = pump, 0, 0
            self._returned_s, self._calm_s, self._may_hang = None, CALM_S, True
        self._look_at_the_callback()
        self._look_at_what_returned()
        self._look_at_the_feed()

    def _look_at_the_callback(self) -> None:
        pump = self._pump
        is_late = pump is not None and pump.is_late
        if not is_late:
            self._pulse.beat()
        if is_late == self._is_late:
            return
        self._is_late = is_late
        if pump is not None and is_late:
            timeout_s = self._life.have.built.callback_timeout_s
            where = f" (at {pump.where})" if pump.where else ""
            detail = f"a callback of the strategy has not returned for {timeout_s:g} s{where}, the watchdog will end it"
            self._life.tell_problem(Failure(FailureType.STRATEGY_HUNG, detail))
            self._returned_s, self._calm_s, self._may_hang = None, 0.0, True

    def _look_at_what_returned(self) -> None:
        """A strategy hangs no more once it returned from the tick, and not by being stopped or started again.

        What an earlier run told ends when this one has handed over ticks for a while: it may hang at another tick.
        """
        if self._pump is None or self._is_late or self._pump.handed_over == self._handed_over:
            return
        self._handed_over, now_s = self._pump.handed_over, monotonic_s()
        self._returned_s = now_s if self._returned_s is None else self._returned_s
        if self._may_hang and now_s - self._returned_s >= self._calm_s:
            self._may_hang = False
            self._life.resolve({FailureType.STRATEGY_HUNG}, "goes on, no callback of its strategy hangs any more")

    def _look_at_the_feed(self) -> None:
        now_s = monotonic_s()
        dropped = self._pump.dropped if self._pump else 0
        # Asked each time: that the agent is ACTIVE again ends what was told before.
        is_told = self._life.is_told(FailureType.STRATEGY_SLOW)
        if dropped > self._dropped:
            self._dropped, self._dropped_at_s = dropped, now_s
            if not is_told:
                detail = f"the strategy is slower than its feed: {dropped} ticks dropped so far, oldest first"
                self._life.tell_problem(Failure(FailureType.STRATEGY_SLOW, detail))
        elif is_told and now_s - self._dropped_at_s >= CAUGHT_UP_S:
            why = f"has caught up with its feed, {dropped} ticks were dropped" if dropped else "drops no ticks any more"
            self._life.resolve({FailureType.STRATEGY_SLOW}, why)
