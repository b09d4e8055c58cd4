"""A small paper trader: follows the crossing of two moving averages of each symbol.

Above: long. Below: short, or flat with `allow_short = false`. It is an example of the interface, not
of a way to earn money. Configure it with

    strategy = "moving_average:MovingAverage"
    strategy_path = "/usr/share/doc/standfast/examples/strategies"
    [parameters]
    fast = 5
    slow = 20
    quantity = 1

The slower average decides how soon it trades: with fast = 1, slow = 2 and short positions allowed it
holds a position after a few ticks.
"""

import logging
from collections import defaultdict, deque

from standfast.agent.strategy import Trading, TradingError
from standfast.agent.trading import Side, Tick

log = logging.getLogger(__name__)


class MovingAverage:
    """Holds `quantity` of each symbol in the direction of its trend."""

    def __init__(self, fast: int = 5, slow: int = 20, quantity: int = 1, allow_short: bool = True) -> None:
        if not 1 <= fast < slow:
            raise ValueError(f"fast must be at least 1 and less than slow, not {fast} and {slow}")
        self.fast = fast
        self.quantity = quantity
        self.allow_short = allow_short
        self.prices: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=slow))
        self.held: dict[str, int] = {}

    def start(self, trading: Trading) -> None:
        """Take up what is held already: after a crash there may be a position."""
        self.trading = trading
        self.held = {position.holding.symbol: position.quantity for position in trading.positions()}

    def tick(self, tick: Tick) -> None:
        """Follow the trend."""
        prices = self.prices[tick.symbol]
        prices.append(tick.price)
        if len(prices) < (prices.maxlen or 0):
            return
        slow = sum(prices) / len(prices)
        fast = sum(list(prices)[-self.fast :]) / self.fast
        if fast > slow:
            self.hold(tick, self.quantity)
        elif fast < slow:
            self.hold(tick, -self.quantity if self.allow_short else 0)

    def hold(self, tick: Tick, wanted: int) -> None:
        """Buy or sell what is missing to the wanted position."""
        missing = wanted - self.held.get(tick.symbol, 0)
        if missing == 0:
            return
        try:
            self.trading.place(tick.symbol, Side.BUY if missing > 0 else Side.SELL, abs(missing))
        except TradingError as error:
            log.warning("%s", error)  # the next tick tries again
        else:
            self.held[tick.symbol] = wanted
            log.info("%s at %g: now %+d", tick.symbol, tick.price, wanted)

    def stop(self) -> None:
        """Nothing to do: the agent closes what is open."""
