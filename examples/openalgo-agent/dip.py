"""A small strategy: buys a fall from the high, sells a rise. An example of the interface, no way to earn money."""

import logging
from datetime import datetime, timedelta

from standfast.agent.strategy import Trading, TradingError
from standfast.agent.trading import Side, Tick

log = logging.getLogger(__name__)

# An order that was refused, or whose fate is not known, is followed by no other one before so many ticks.
REST_TICKS = 60
# Positions are asked for over the network, and brokers limit how often: not at each tick.
ASK_EVERY = timedelta(seconds=5)


class BuyTheDip:
    """Holds `quantity` of a symbol from a fall of `fall_percent` until a rise of `rise_percent`."""

    def __init__(self, fall_percent: float = 0.5, rise_percent: float = 0.5, quantity: int = 1) -> None:
        self.fall = 1 - fall_percent / 100
        self.rise = 1 + rise_percent / 100
        self.quantity = quantity
        self.highs: dict[str, float] = {}
        self.rests: dict[str, int] = {}
        self.bought_at: dict[str, float] | None = None
        self.asked_at: datetime | None = None

    def start(self, trading: Trading) -> None:
        """Keep the desk to trade at. What is held is asked for, not remembered: this may be a restart."""
        self.trading = trading

    def tick(self, tick: Tick) -> None:
        """Look whether it is time to buy or to sell."""
        if self.rests.get(tick.symbol, 0) > 0:
            self.rests[tick.symbol] -= 1
            return
        high = self.highs[tick.symbol] = max(tick.price, self.highs.get(tick.symbol, 0.0))
        bought_at = self.held(tick.at)
        if bought_at is None:
            return
        if tick.symbol not in bought_at and tick.price < high * self.fall:
            self.order(tick, Side.BUY)
        elif tick.symbol in bought_at and tick.price > bought_at[tick.symbol] * self.rise:
            self.order(tick, Side.SELL)

    def held(self, now: datetime) -> dict[str, float] | None:
        """What the account holds and at what price, as it was told some seconds ago at most; None if nobody told."""
        if self.asked_at is None or now - self.asked_at >= ASK_EVERY:
            # Beforehand: a broker that does not answer is not asked at each tick either.
            self.asked_at, self.bought_at = now, None
            self.bought_at = {one.holding.symbol: one.average_price for one in self.trading.positions()}
        return self.bought_at

    def order(self, tick: Tick, side: Side) -> None:
        """Place it once; the positions show what became of it."""
        self.rests[tick.symbol] = REST_TICKS
        self.highs[tick.symbol] = tick.price
        self.asked_at = None
        try:
            self.trading.place(tick.symbol, side, self.quantity)
        except TradingError as error:
            log.warning("No %s of %s: %s", side, tick.symbol, error)

    def stop(self) -> None:
        """Leave the closing to the agent."""
