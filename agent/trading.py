"""The words of trading that strategies, gateways and the agent share. Pure.

A symbol is written "EXCHANGE:NAME", such as "NSE:SBIN". Quantities are whole numbers, in a position
negative when short; prices are in the account's currency.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Side(StrEnum):
    """Which way an order goes."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1


class OrderKind(StrEnum):
    """How an order finds its price; SL triggers a limit order, SL-M a market order."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"
    SL_M = "SL-M"


class Product(StrEnum):
    """How a position is held: intraday, delivered, or carried forward."""

    MIS = "MIS"
    CNC = "CNC"
    NRML = "NRML"


class OrderStatus(StrEnum):
    """What the broker says of an order."""

    OPEN = "open"
    TRIGGER_PENDING = "trigger pending"
    COMPLETE = "complete"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    UNKNOWN = "unknown"

    @property
    def is_pending(self) -> bool:
        """Whether it can still be filled and can be cancelled."""
        return self in (OrderStatus.OPEN, OrderStatus.TRIGGER_PENDING)

    @property
    def is_final(self) -> bool:
        """Whether nothing more can happen to it."""
        return self in (OrderStatus.COMPLETE, OrderStatus.CANCELLED, OrderStatus.REJECTED)


@dataclass(frozen=True, slots=True)
class Tick:
    """A price as it was at a moment."""

    symbol: str
    price: float
    at: datetime


@dataclass(frozen=True, slots=True)
class Holding:
    """What a position is in: a symbol, held as a product."""

    symbol: str
    product: Product = Product.MIS

    def __str__(self) -> str:
        return f"{self.symbol} {self.product}"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order that somebody wants placed; `price` is for LIMIT and SL, `trigger_price` for SL and SL-M."""

    symbol: str
    side: Side
    quantity: int
    kind: OrderKind = OrderKind.MARKET
    price: float = 0.0
    trigger_price: float = 0.0
    product: Product = Product.MIS

    @property
    def holding(self) -> Holding:
        """What it buys or sells."""
        return Holding(self.symbol, self.product)

    @property
    def mistake(self) -> str:
        """What is wrong with it, "" when nothing is."""
        if self.quantity <= 0:
            return f"the quantity must be at least 1, not {self.quantity}"
        if self.kind in (OrderKind.LIMIT, OrderKind.SL) and self.price <= 0:
            return f"a {self.kind} order needs a price above 0"
        if self.kind in (OrderKind.SL, OrderKind.SL_M) and self.trigger_price <= 0:
            return f"a {self.kind} order needs a trigger price above 0"
        return ""

    def __str__(self) -> str:
        at = f" at {self.price:g}" if self.price else ""
        trigger = f" triggered at {self.trigger_price:g}" if self.trigger_price else ""
        return f"{self.side} {self.quantity} {self.holding} {self.kind}{at}{trigger}"


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the broker's book shows it; `filled` and `placed_at` are None where the book does not tell."""

    order_id: str
    request: OrderRequest
    status: OrderStatus
    filled: int | None
    average_price: float = 0.0
    placed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """A position of the account as the broker's book shows it."""

    holding: Holding
    quantity: int
    average_price: float = 0.0
    last_price: float = 0.0

    def __str__(self) -> str:
        return f"{self.quantity:+d} {self.holding}"


@dataclass(frozen=True, slots=True)
class Funds:
    """The account's money: what can be used, what is bound, and the result so far."""

    available: float
    used: float = 0.0
    realized: float = 0.0
    unrealized: float = 0.0
