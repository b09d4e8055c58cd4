"""The simulated broker: an account, an order book, and fills against the last price. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from standfast.agent.trading import Funds, Holding, Order, OrderKind, OrderRequest, OrderStatus, Position, Side, tidy

# A broker's book holds one day; this one holds as many orders.
BOOK_LENGTH: Final = 500


@dataclass(slots=True)
class Lot:
    """A running position: its signed quantity, what it cost on average, and what was made of it."""

    quantity: float = 0
    average: float = 0.0
    realized: float = 0.0

    def fill(self, quantity: float, price: float) -> None:
        """Take a signed fill into account."""
        if self.quantity * quantity < 0:
            closed = min(abs(self.quantity), abs(quantity))
            self.realized += closed * (price - self.average) * (1 if self.quantity > 0 else -1)
            left = tidy(self.quantity + quantity)
            self.average = price if left * quantity > 0 else self.average
            self.quantity = left
        else:
            total = abs(self.quantity) + abs(quantity)
            self.average = (abs(self.quantity) * self.average + abs(quantity) * price) / total
            self.quantity = tidy(self.quantity + quantity)
        if self.quantity == 0:
            self.average = 0.0


class SimulatedBroker:
    """Takes orders and fills them as prices come.

    MARKET orders fill at the last price, LIMIT orders when the price is at least as good, SL and
    SL-M orders become LIMIT and MARKET when the price passes their trigger. With `fill_in_parts`
    an order fills half of what is left, at least one, at each price.
    """

    def __init__(self, cash: float) -> None:
        self._cash = cash
        self._orders: dict[str, Order] = {}
        self.lots: dict[Holding, Lot] = {}
        self.prices: dict[str, float] = {}
        self._number = 0
        self.version = 0
        self.fill_in_parts = False

    def restore(self, orders: Sequence[Order], lots: dict[Holding, Lot], prices: dict[str, float]) -> None:
        """Go on where another run stood."""
        self._orders = {order.order_id: order for order in orders}
        self.lots, self.prices = lots, prices
        self._number = max((int(order.order_id[1:]) for order in orders), default=0)

    def place(self, request: OrderRequest, now: datetime, reject: str = "") -> Order:
        """The order as it stands after it was placed: rejected (`reject` says why), pending or filled."""
        status = OrderStatus.TRIGGER_PENDING if request.trigger_price else OrderStatus.OPEN
        if reason := request.mistake or reject:
            status = OrderStatus.REJECTED
        self._number += 1
        order = Order(f"P{self._number:06d}", request, status, 0, placed_at=now, reason=reason)
        self._keep(order)
        if order.status.is_pending and request.symbol in self.prices:
            self._match(order, self.prices[request.symbol])
        return self._orders[order.order_id]

    def cancel(self, order_id: str) -> bool:
        """Whether the order was pending; it no longer is."""
        order = self._orders.get(order_id)
        if order is None or not order.status.is_pending:
            return False
        self._keep(replace(order, status=OrderStatus.CANCELLED))
        return True

    def price(self, symbol: str, price: float) -> None:
        """A new price: fill whatever it fills."""
        self.prices[symbol] = price
        for order in [order for order in self._orders.values() if order.status.is_pending]:
            if order.request.symbol == symbol:
                self._match(order, price)

    def orders(self) -> tuple[Order, ...]:
        """The order book of the day."""
        return tuple(self._orders.values())

    def positions(self) -> tuple[Position, ...]:
        """The positions that are not zero."""
        return tuple(
            Position(holding, lot.quantity, lot.average, self.prices.get(holding.symbol, lot.average))
            for holding, lot in self.lots.items()
            if lot.quantity
        )

    def funds(self) -> Funds:
        """What is left of the cash, counting positions at the last price."""
        realized = sum(lot.realized for lot in self.lots.values())
        positions = self.positions()
        used = sum(abs(position.quantity) * position.average_price for position in positions)
        unrealized = sum(one.quantity * (one.last_price - one.average_price) for one in positions)
        return Funds(self._cash + realized - used, used, realized, unrealized)

    def _match(self, order: Order, price: float) -> None:
        order = _triggered(order, price)
        if order.status is OrderStatus.OPEN and _crosses(order.request, price):
            order = self._filled(order, price)
        self._keep(order)

    def _keep(self, order: Order) -> None:
        """Put an order into the book; the oldest finished ones leave a book that grew long."""
        if self._orders.get(order.order_id) == order:
            return
        self.version += 1
        self._orders[order.order_id] = order
        if len(self._orders) > BOOK_LENGTH:
            finished = next((one for one in self._orders.values() if one.status.is_final), order)
            del self._orders[finished.order_id]

    def _filled(self, order: Order, price: float) -> Order:
        done = order.filled or 0
        left = tidy(order.request.quantity - done)
        quantity = min(left, max(1, left // 2)) if self.fill_in_parts else left
        lot = self.lots.setdefault(order.request.holding, Lot())
        lot.fill(quantity * order.request.side.sign, price)
        average = (order.average_price * done + price * quantity) / (done + quantity)
        status = OrderStatus.COMPLETE if quantity == left else OrderStatus.OPEN
        return replace(order, status=status, filled=tidy(done + quantity), average_price=average)


def _triggered(order: Order, price: float) -> Order:
    if order.status is not OrderStatus.TRIGGER_PENDING:
        return order
    request = order.request
    passed = price >= request.trigger_price if request.side is Side.BUY else price <= request.trigger_price
    return replace(order, status=OrderStatus.OPEN) if passed else order


def _crosses(request: OrderRequest, price: float) -> bool:
    if request.kind in (OrderKind.MARKET, OrderKind.SL_M):
        return True
    return price <= request.price if request.side is Side.BUY else price >= request.price
