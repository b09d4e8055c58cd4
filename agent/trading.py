"""The words of trading that strategies, gateways and the agent share. Pure.

A symbol is written "EXCHANGE:NAME", such as "NSE:SBIN". Prices are in the account's currency. Quantities are negative
where a position is short. An order is placed for a whole number; what the books show may be a fraction all the same,
whoever traded it, and nothing here rests on its being none.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

# Fractions of a quantity beyond these digits are what adding up leaves behind.
DIGITS: Final = 9


class Word(StrEnum):
    """One of a few words; another one is refused by naming those."""

    @classmethod
    def _missing_(cls, value: object) -> None:
        raise ValueError(f"{cls.__name__} must be one of {', '.join(cls)}, not {value!r}")


class Side(Word):
    """Which way an order goes."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for BUY, -1 for SELL."""
        return 1 if self is Side.BUY else -1


class OrderKind(Word):
    """How an order finds its price; SL triggers a limit order, SL-M a market order."""

    MARKET = "MARKET"
    LIMIT = "LIMIT"
    SL = "SL"
    SL_M = "SL-M"


class Product(Word):
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


def signed(quantity: float, holding: Holding) -> str:
    """What is held, or bought and sold, of a holding: "+5 NSE:SBIN MIS", "-2.5 NSE:INFY NRML"."""
    return f"{quantity:+.15g} {holding}"


def in_words(quantities: Mapping[Holding, float]) -> str:
    """What is held, "" for nothing: "+5 NSE:SBIN MIS, -2.5 NSE:INFY NRML"."""
    return ", ".join(signed(quantity, holding) for holding, quantity in quantities.items())


def tidy(quantity: float) -> float:
    """A quantity without what adding up fractions leaves behind: 0.1 + 0.2 - 0.3 is nothing. A whole one is an int."""
    rounded = round(quantity, DIGITS)
    return int(rounded) if float(rounded).is_integer() else rounded


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order that somebody wants placed; `price` is for LIMIT and SL, `trigger_price` for SL and SL-M."""

    symbol: str
    side: Side
    quantity: float
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
        at = f" at {self.price:.15g}" if self.price else ""
        trigger = f" triggered at {self.trigger_price:.15g}" if self.trigger_price else ""
        return f"{self.side} {self.quantity:.15g} {self.holding} {self.kind}{at}{trigger}"


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the broker's book shows it; `filled` and `placed_at` are None where the book does not tell.

    Attributes:
        reason: why it was rejected, "" where the book does not tell.
    """

    order_id: str
    request: OrderRequest
    status: OrderStatus
    filled: float | None
    average_price: float = 0.0
    placed_at: datetime | None = None
    reason: str = ""

    @property
    def is_unknown(self) -> bool:
        """Whether its status is a word that nobody here knows: it may still be filled."""
        return self.status is OrderStatus.UNKNOWN

    def __str__(self) -> str:
        return f"{self.order_id} ({self.request}, {self.status})"


@dataclass(frozen=True, slots=True)
class Position:
    """A position of the account as the broker's book shows it."""

    holding: Holding
    quantity: float
    average_price: float = 0.0
    last_price: float = 0.0

    def __str__(self) -> str:
        return signed(self.quantity, self.holding)


@dataclass(frozen=True, slots=True)
class Funds:
    """The account's money: what can be used, what is bound, and the result so far."""

    available: float
    used: float = 0.0
    realized: float = 0.0
    unrealized: float = 0.0
