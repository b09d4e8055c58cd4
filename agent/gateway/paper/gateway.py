"""The edge of the paper gateway: a task that makes prices, and calls that fail the way the fault file says."""

import asyncio
import contextlib
import logging
import random
from collections.abc import Sequence
from pathlib import Path

from standfast.agent.config import PaperConfig
from standfast.agent.failures import FailureType, OrderRefusedError, failed
from standfast.agent.gateway import OnDisturbance, OnTick
from standfast.agent.gateway.paper.book import BookFile
from standfast.agent.gateway.paper.broker import SimulatedBroker
from standfast.agent.gateway.paper.faults import Fault, parse
from standfast.agent.trading import Funds, Order, OrderRequest, Position, Side, Tick
from standfast.clock import utc_now

log = logging.getLogger(__name__)

# How many intervals the feed check waits for a tick before it calls the feed silent.
PATIENCE_TICKS = 4

# How long a call to a broker that hangs waits for its answer.
HANG_S = 5.0


class PaperGateway:
    """A simulated broker that needs no account. Faults are looked up anew at each call and at each price."""

    name = "paper"
    poll_interval_s = 0.02
    refresh_interval_s = 1.0
    has_feed = True

    def __init__(
        self, config: PaperConfig, symbols: Sequence[str], book: Path | None = None, seed: int | None = None
    ) -> None:
        self._config = config
        self._random = random.Random(seed)
        self._prices = dict.fromkeys(symbols, config.start_price)
        self._broker = SimulatedBroker(config.cash)
        self._book = BookFile(book)
        self._book.load(self._broker)
        self._prices |= {symbol: price for symbol, price in self._broker.prices.items() if symbol in self._prices}
        self._unknown_words: tuple[str, ...] = ()
        self._ticked = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def open(self, on_tick: OnTick, on_disturbance: OnDisturbance) -> None:
        """Begin to make prices."""
        if self._task is None:
            self._task = asyncio.create_task(self._make_prices(on_tick, on_disturbance), name="paper feed")

    async def prove_connection(self) -> None:
        """See Gateway."""
        await self._call()

    async def prove_key(self) -> None:
        """See Gateway."""
        if Fault.BAD_KEY in await self._call():
            raise failed(FailureType.OPENALGO_AUTH_FAILED, "the paper gateway refuses the API key (fault bad_key)")

    async def prove_session(self) -> None:
        """See Gateway."""
        if Fault.LOGGED_OUT in await self._call():
            raise failed(FailureType.BROKER_NOT_LOGGED_IN, "the paper broker has no session (fault logged_out)")

    async def prove_feed(self, expect_ticks: bool) -> None:
        """See Gateway."""
        if Fault.FEED_DOWN in await self._call():
            raise failed(FailureType.WEBSOCKET_DOWN, "the paper feed cannot be connected (fault feed_down)")
        if not expect_ticks:
            return
        self._ticked.clear()
        patience_s = PATIENCE_TICKS * self._config.tick_interval_s
        try:
            async with asyncio.timeout(patience_s):
                await self._ticked.wait()
        except TimeoutError:
            raise failed(FailureType.FEED_STALE, f"the paper feed gave no tick within {patience_s:g} s") from None

    async def place(self, request: OrderRequest) -> str:
        """See Gateway."""
        faults = await self._call()
        if request.mistake:
            raise OrderRefusedError(f"cannot place {request}: {request.mistake}")
        if request.symbol not in self._prices:
            raise OrderRefusedError(f"cannot place {request}: the paper broker trades only the agent's `symbols`")
        order = self._broker.place(request, utc_now(), _rejection(faults))
        self._book.save(self._broker)
        return order.order_id

    async def cancel(self, order_id: str) -> None:
        """See Gateway."""
        if Fault.STUCK_CANCELS not in await self._call():
            self._broker.cancel(order_id)
            self._book.save(self._broker)

    async def cancel_all(self) -> None:
        """See Gateway."""
        if Fault.STUCK_CANCELS not in await self._call():
            for order in self._broker.orders():
                self._broker.cancel(order.order_id)
            self._book.save(self._broker)

    async def close_all(self) -> None:
        """See Gateway."""
        reject = _rejection(await self._call())
        for position in self._broker.positions():
            side = Side.SELL if position.quantity > 0 else Side.BUY
            request = OrderRequest(
                position.holding.symbol, side, abs(position.quantity), product=position.holding.product
            )
            self._broker.place(request, utc_now(), reject)
        self._book.save(self._broker)

    async def filled(self, order: Order) -> float | None:
        """See Gateway. This broker's book tells."""
        await self._call()
        return order.filled

    async def orders(self) -> Sequence[Order]:
        """See Gateway."""
        await self._call()
        return self._broker.orders()

    async def positions(self) -> Sequence[Position]:
        """See Gateway."""
        await self._call()
        return self._broker.positions()

    async def funds(self) -> Funds:
        """See Gateway."""
        await self._call()
        return self._broker.funds()

    async def close(self) -> None:
        """Stop making prices."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _call(self) -> frozenset[Fault]:
        """One call to the broker: answers, fails or hangs as the faults say."""
        faults = self._faults()
        if Fault.DOWN in faults:
            raise failed(FailureType.OPENALGO_DOWN, "the paper gateway cannot be reached (fault down)")
        if Fault.HANG in faults:
            await asyncio.sleep(HANG_S)
            raise failed(
                FailureType.OPENALGO_DOWN, f"the paper gateway did not answer within {HANG_S:g} s (fault hang)"
            )
        return faults

    def _faults(self) -> frozenset[Fault]:
        if not self._config.faults_file:
            return frozenset()
        try:
            faults, unknown = parse(Path(self._config.faults_file).read_text())
        except FileNotFoundError:
            return frozenset()
        except (OSError, UnicodeDecodeError) as error:
            faults, unknown = frozenset(), (str(error),)
        if unknown != self._unknown_words and unknown:
            log.warning("Ignored in %s: %s; known faults: %s", self._config.faults_file, unknown, ", ".join(Fault))
        self._unknown_words = unknown
        return faults

    async def _make_prices(self, on_tick: OnTick, on_disturbance: OnDisturbance) -> None:
        was_reachable = True
        while True:
            faults = self._faults()
            is_reachable = not faults & {Fault.DOWN, Fault.FEED_DOWN}
            if was_reachable and not is_reachable:
                on_disturbance("the paper feed lost its connection")
            was_reachable = is_reachable
            self._broker.fill_in_parts = Fault.PARTIAL_FILLS in faults
            for symbol, price in self._prices.items():
                self._prices[symbol] = self._step(price)
                self._broker.price(symbol, self._prices[symbol])
                if is_reachable and Fault.SILENT_FEED not in faults:
                    self._ticked.set()
                    on_tick(Tick(symbol, self._prices[symbol], utc_now()))
            self._book.save(self._broker)
            await asyncio.sleep(self._config.tick_interval_s)

    def _step(self, price: float) -> float:
        """The next price: a random walk that keeps to the exchange's ticks of 0.05."""
        moved = price * (1 + self._random.gauss(0, self._config.volatility))
        return max(0.05, round(moved * 20) / 20)


def _rejection(faults: frozenset[Fault]) -> str:
    """Why an order is rejected, "" when it is not."""
    return f"fault {Fault.REJECT_ORDERS}" if Fault.REJECT_ORDERS in faults else ""
