"""Only watches: says for each symbol, every `every_s` seconds of its ticks, between which prices it moved.

strategy = "price_range:PriceRange"
strategy_path = "/usr/share/doc/standfast/examples/strategies"
[parameters]
every_s = 60
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from standfast.agent.strategy import Trading
from standfast.agent.trading import Tick

log = logging.getLogger(__name__)


@dataclass
class Range:
    """The lowest and the highest price since a time."""

    since: datetime
    low: float
    high: float


class PriceRange:
    """Watches, and says what it saw."""

    def __init__(self, every_s: float = 60.0) -> None:
        self._every = timedelta(seconds=every_s)
        self._ranges: dict[str, Range] = {}

    def start(self, trading: Trading) -> None:
        """Say what is watched."""
        log.info("Watching the range of %s", ", ".join(trading.symbols))

    def tick(self, tick: Tick) -> None:
        """Widen the range, or say it and begin the next one."""
        known = self._ranges.get(tick.symbol)
        if known is None or tick.at - known.since >= self._every:
            if known is not None:
                log.info("%s moved between %g and %g", tick.symbol, known.low, known.high)
            self._ranges[tick.symbol] = Range(tick.at, tick.price, tick.price)
        else:
            known.low, known.high = min(known.low, tick.price), max(known.high, tick.price)

    def stop(self) -> None:
        """Nothing is held, so nothing is to do."""
