"""The default strategy: it watches and never trades."""

import logging

from standfast.agent.strategy import Trading
from standfast.agent.trading import Tick

log = logging.getLogger(__name__)


class WatchOnly:
    """Follows the prices of its symbols and remembers the latest of each."""

    def __init__(self) -> None:
        self.latest: dict[str, float] = {}

    def start(self, trading: Trading) -> None:
        """Say what is watched."""
        log.info("Watching %s; this strategy never trades", ", ".join(trading.symbols))

    def tick(self, tick: Tick) -> None:
        """Remember the price."""
        self.latest[tick.symbol] = tick.price

    def stop(self) -> None:
        """Say what was seen last."""
        log.info(
            "Last seen: %s", ", ".join(f"{symbol} {price:g}" for symbol, price in self.latest.items()) or "nothing"
        )
