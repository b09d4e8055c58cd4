"""What a user's strategy is to the agent: three callbacks, and a small trading interface to act with.

A strategy is any class with `start(trading)`, `tick(tick)` and `stop()`. It need not import this
module, but a type checker is helped by it:

    class Mine:
        def start(self, trading: Trading) -> None: ...
        def tick(self, tick: Tick) -> None: ...
        def stop(self) -> None: ...

With `async def` callbacks it is handed an `AsyncTrading` and runs on the agent's event loop, where it
must not block; plain callbacks run in a thread of their own, where they may.
"""

from collections.abc import Sequence
from typing import Protocol

from standfast.agent.trading import Funds, Order, OrderKind, Position, Product, Side, Tick
from standfast.errors import StandfastError


class TradingError(StandfastError):
    """A trading call failed; a strategy may catch this and go on."""


class TradingRefusedError(TradingError):
    """The agent or the broker did not take an order: it was not placed."""


class TradingClosedError(TradingRefusedError):
    """The agent takes no orders now, being paused, waiting or ending: no fault of the strategy."""


class TradingUncertainError(TradingError):
    """The broker did not answer: whether an order was placed is not known, the order book will tell."""


class Trading(Protocol):
    """What a strategy with plain callbacks trades with; every call blocks until the broker answered."""

    symbols: tuple[str, ...]

    def place(
        self,
        symbol: str,
        side: Side,
        quantity: float,
        kind: OrderKind = OrderKind.MARKET,
        *,
        price: float = 0.0,
        trigger_price: float = 0.0,
        product: Product = Product.MIS,
    ) -> str:
        """Place an order and return its id; TradingRefusedError when it was not placed.

        The quantity is a whole number, also as 2.0; a fraction is refused.
        """

    def cancel(self, order_id: str) -> None:
        """Ask for an order to be cancelled."""

    def positions(self) -> Sequence[Position]:
        """The account's positions that are not zero."""

    def orders(self) -> Sequence[Order]:
        """The account's order book."""

    def funds(self) -> Funds:
        """The account's money."""


class AsyncTrading(Protocol):
    """The same for a strategy with `async def` callbacks."""

    symbols: tuple[str, ...]

    async def place(
        self,
        symbol: str,
        side: Side,
        quantity: float,
        kind: OrderKind = OrderKind.MARKET,
        *,
        price: float = 0.0,
        trigger_price: float = 0.0,
        product: Product = Product.MIS,
    ) -> str:
        """Place an order and return its id; TradingRefusedError when it was not placed.

        The quantity is a whole number, also as 2.0; a fraction is refused.
        """

    async def cancel(self, order_id: str) -> None:
        """Ask for an order to be cancelled."""

    async def positions(self) -> Sequence[Position]:
        """The account's positions that are not zero."""

    async def orders(self) -> Sequence[Order]:
        """The account's order book."""

    async def funds(self) -> Funds:
        """The account's money."""


class Strategy(Protocol):
    """A strategy with plain callbacks; each is called by itself, never two at once."""

    def start(self, trading: Trading) -> None:
        """Trading begins; called once, when all checks have passed: the agent is ACTIVE when it has returned."""

    def tick(self, tick: Tick) -> None:
        """A price of one of the agent's symbols."""

    def stop(self) -> None:
        """The agent ends: no more orders are taken, positions are being closed."""


class AsyncStrategy(Protocol):
    """A strategy with `async def` callbacks."""

    async def start(self, trading: AsyncTrading) -> None:
        """Trading begins; called once, when all checks have passed: the agent is ACTIVE when it has returned."""

    async def tick(self, tick: Tick) -> None:
        """A price of one of the agent's symbols."""

    async def stop(self) -> None:
        """The agent ends: no more orders are taken, positions are being closed."""
