"""The trading desk: stands between the strategy and the gateway, and remembers what passes."""

import asyncio
import contextlib
import logging
import math
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any, Final, NoReturn, TypeVar

from standfast.agent.failures import AgentError, OrderAwaitsApprovalError, OrderRefusedError
from standfast.agent.gateway import Gateway
from standfast.agent.ledger import OwnOrder, awaiting_approval
from standfast.agent.own_orders import OwnOrders
from standfast.agent.placing import order_request
from standfast.agent.strategy import TradingClosedError, TradingRefusedError, TradingUncertainError
from standfast.agent.trading import Funds, Order, OrderKind, OrderRequest, OrderStatus, Position, Product, Side
from standfast.clock import monotonic_s, utc_now

log = logging.getLogger(__name__)

T = TypeVar("T")

# What a strategy may ask of the desk; see standfast.agent.strategy.
CALLS: Final = ("place", "cancel", "positions", "orders", "funds")


class _Slips:
    """Answers a strategy that asks `trading` for what there is not, in words that it knows."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"trading has no {name}; it has {', '.join(CALLS)} and symbols")


class Desk(_Slips):
    """Implements AsyncTrading over a gateway.

    Orders are taken only while the desk is open and `refusal` names no reason against it; everything
    else is passed on at any time.
    """

    def __init__(
        self,
        gateway: Gateway,
        own: OwnOrders,
        symbols: tuple[str, ...],
        on_disturbance: Callable[[str], None],
        refusal: Callable[[], str],
    ) -> None:
        self.symbols = symbols
        self.own = own
        self._gateway = gateway
        self._on_disturbance = on_disturbance
        self._refusal = refusal
        self._closed_because = "the agent is not trading yet"
        self._under_way: set[asyncio.Task[Any]] = set()
        self._quiet = asyncio.Event()
        self._quiet.set()
        # When "close all" was asked for or answered last: the account's books may show it later.
        self.account_closed_s = -math.inf

    def open(self) -> None:
        """Take orders from now on."""
        self._closed_because = ""

    def shut(self, because: str) -> None:
        """Take no more orders; the reason is what the strategy is told."""
        self._closed_because = because

    @property
    def is_quiet(self) -> bool:
        """Whether the broker answered to every order that was sent, and to "close all"."""
        return not self._under_way

    async def quiet(self, seconds: float) -> None:
        """Wait until the broker answered to every order that is under way, at most so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._quiet.wait()

    async def refresh(self) -> Sequence[Order]:
        """The order book, after the own orders were brought up to it."""
        known = self.own.all
        book = await self._gateway.orders()
        self.own.refresh(known, book)
        ours = {own.order_id: own for own in self.own.uncertain if own.status is OrderStatus.CANCELLED}
        for order in book:
            if order.order_id in ours and (filled := await self._gateway.filled(order)) is not None:
                self.own.learn(replace(ours[order.order_id], filled=filled))
        return book

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
        """See AsyncTrading."""
        try:
            request = order_request(symbol, side, quantity, kind, price, trigger_price, product)
        except ValueError as error:
            raise TradingRefusedError(f"cannot place an order of {symbol}: {error}") from error
        if because := self._closed_because or self._refusal():
            raise TradingClosedError(f"cannot place {request}: {because}; try again later")
        if request.mistake:
            raise TradingRefusedError(f"cannot place {request}: {request.mistake}")
        try:
            own = self.own.intend(request, utc_now())
        except AgentError as error:
            self._on_disturbance(str(error))
            raise TradingRefusedError(f"cannot place {request}: {error}; try again later") from error
        return await self._sent(own)

    async def send(self, request: OrderRequest) -> str:
        """Place an order whether the desk is open or not: this is how the agent itself closes positions.

        A database that cannot be written is no reason to keep a position open.

        Raises:
            TradingRefusedError: it was not placed.
            TradingUncertainError: the broker did not answer; whether it was placed is not known.
        """
        return await self._sent(self.own.intend_anyway(request, utc_now()))

    async def close_account(self) -> None:
        """Ask for every position of the account to be closed.

        Raises:
            AgentError: the gateway's failure; they may be closed all the same.
        """
        await self._answer_to(self._closed_account())

    async def _closed_account(self) -> None:
        try:
            await self._gateway.close_all()
        finally:
            self.account_closed_s = monotonic_s()

    async def _sent(self, own: OwnOrder) -> str:
        return await self._answer_to(self._placed(own))

    async def _answer_to(self, call: Coroutine[Any, Any, T]) -> T:
        """Whoever stops waiting for an answer does not stop what was asked for: what became of it is learned anyway."""
        task = asyncio.create_task(call)
        self._under_way.add(task)
        self._quiet.clear()
        task.add_done_callback(self._answered)
        return await asyncio.shield(task)

    async def _placed(self, own: OwnOrder) -> str:
        try:
            order_id = await self._gateway.place(own.request)
        except OrderRefusedError as error:
            self._learn(replace(own, status=OrderStatus.REJECTED, filled=0))
            raise TradingRefusedError(str(error)) from error
        except OrderAwaitsApprovalError as error:
            self._learn(awaiting_approval(own, error.number))
            self._on_disturbance(str(error))
            raise TradingUncertainError(str(error)) from error
        except AgentError as error:
            self._on_disturbance(str(error))
            return await self._id_in_the_book(own, error)
        log.info("Placed order %s: %s", order_id, own.request)
        self._learn(replace(own, order_id=order_id, status=OrderStatus.OPEN))
        return order_id

    def _learn(self, own: OwnOrder) -> None:
        self.own.learn(own)
        if not self.own.is_written:
            self._on_disturbance("the agent's database could not be written")

    def _answered(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # nobody may be there any more to whom it is raised
        if not self._under_way:
            self._quiet.set()

    async def _id_in_the_book(self, own: OwnOrder, error: AgentError) -> str:
        """The id of an order that the broker did not answer to, if its book shows it already."""
        try:
            self.own.find_again(await self._gateway.orders(), utc_now(), is_trusted=False)
        except AgentError as second:
            log.info("The order book could not be read either: %s", second)
        found = self.own.latest(own)
        if not found.order_id:
            text = f"cannot tell whether {own.request} was placed: {error}; look at orders()"
            raise TradingUncertainError(text) from error
        return found.order_id

    async def cancel(self, order_id: str) -> None:
        """See AsyncTrading."""
        await self._passed_on(self._gateway.cancel(order_id))

    async def positions(self) -> Sequence[Position]:
        """See AsyncTrading."""
        return await self._passed_on(self._gateway.positions())

    async def orders(self) -> Sequence[Order]:
        """See AsyncTrading."""
        return await self._passed_on(self._gateway.orders())

    async def funds(self) -> Funds:
        """See AsyncTrading."""
        return await self._passed_on(self._gateway.funds())

    async def _passed_on(self, call: Coroutine[Any, Any, T]) -> T:
        try:
            return await call
        except AgentError as error:
            self._on_disturbance(str(error))
            raise TradingUncertainError(f"cannot ask the broker: {error}; try again later") from error


class BlockingDesk(_Slips):
    """Implements Trading: the desk for a strategy that runs in a thread of its own."""

    def __init__(self, desk: Desk, loop: asyncio.AbstractEventLoop) -> None:
        self.symbols = desk.symbols
        self._desk = desk
        self._loop = loop

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
        """See Trading."""
        return self._wait(
            self._desk.place(symbol, side, quantity, kind, price=price, trigger_price=trigger_price, product=product)
        )

    def cancel(self, order_id: str) -> None:
        """See Trading."""
        self._wait(self._desk.cancel(order_id))

    def positions(self) -> Sequence[Position]:
        """See Trading."""
        return self._wait(self._desk.positions())

    def orders(self) -> Sequence[Order]:
        """See Trading."""
        return self._wait(self._desk.orders())

    def funds(self) -> Funds:
        """See Trading."""
        return self._wait(self._desk.funds())

    def _wait(self, call: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(call, self._loop).result()


# What Python says of a call with other arguments, "trading.place() missing ...", names what the strategy knows.
for _name in CALLS:
    for _desk in (Desk, BlockingDesk):
        vars(_desk)[_name].__qualname__ = f"trading.{_name}"
