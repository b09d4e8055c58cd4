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
from datetime import datetime, timedelta

from standfast.agent.strategy import Trading, TradingError, TradingUncertainError
from standfast.agent.trading import Side, Tick

log = logging.getLogger(__name__)

# An order that was refused is tried again after this.
REFUSED = timedelta(seconds=5)
# An order that the broker never answered to may still arrive; by then it has, or never will.
UNCERTAIN = timedelta(minutes=3)


class MovingAverage:
    """Holds `quantity` of each symbol in the direction of its trend."""

    def __init__(self, fast: int = 5, slow: int = 20, quantity: int = 1, allow_short: bool = True) -> None:
        if not 1 <= fast < slow:
            raise ValueError(f"fast must be at least 1 and less than slow, not {fast} and {slow}")
        self.fast = fast
        self.quantity = quantity
        self.allow_short = allow_short
        self.prices: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=slow))
        self.wanted: dict[str, int] = {}
        self.not_before: dict[str, datetime] = {}

    def start(self, trading: Trading) -> None:
        """Keep the desk to trade at."""
        self.trading = trading

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
        """Buy or sell what is missing to the wanted position, once for each crossing."""
        if wanted == self.wanted.get(tick.symbol) or tick.at < self.not_before.get(tick.symbol, tick.at):
            return
        try:
            self.trade(tick.symbol, wanted)
        except TradingError as error:
            patience = UNCERTAIN if isinstance(error, TradingUncertainError) else REFUSED
            self.not_before[tick.symbol] = tick.at + patience
            log.warning("%s", error)
        else:
            self.wanted[tick.symbol] = wanted
            log.info("%s at %g: now %+d", tick.symbol, tick.price, wanted)

    def trade(self, symbol: str, wanted: int) -> None:
        """Place the order for what is missing, by the broker's own books: a crash or a wait may have come between.

        What a pending order may still buy or sell counts as held.
        """
        held = sum(one.quantity for one in self.trading.positions() if one.holding.symbol == symbol)
        for order in self.trading.orders():
            if order.request.symbol == symbol and order.status.is_pending:
                held += (order.request.quantity - (order.filled or 0)) * order.request.side.sign
        missing = wanted - held
        if missing:
            self.trading.place(symbol, Side.BUY if missing > 0 else Side.SELL, abs(missing))

    def stop(self) -> None:
        """Nothing to do: the agent closes what is open."""
