"""OpenAlgo's books as the agent's own words. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from standfast.agent.gateway.openalgo.answers import number
from standfast.agent.trading import (
    Funds,
    Holding,
    Order,
    OrderKind,
    OrderRequest,
    OrderStatus,
    Position,
    Product,
    Side,
    tidy,
)

E = TypeVar("E", Side, OrderKind, OrderStatus, Product)

# OpenAlgo passes on its brokers' local times: they are Indian.
ZONE: Final = ZoneInfo("Asia/Kolkata")
TIME_FORMATS: Final = ("%Y-%m-%d %H:%M:%S", "%d-%b-%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S")
# A broker's words for a rejection, in a message that a person reads.
LONGEST_REASON: Final = 200


def orders(data: Any) -> tuple[Order, ...]:
    """The order book; rows that make no order are left out."""
    rows = data.get("orders") if isinstance(data, dict) else data
    return tuple(order for row in _rows(rows) if (order := _order(row)))


def positions(data: Any) -> tuple[Position, ...]:
    """The positions that are not zero; closed ones stay in OpenAlgo's book with quantity 0."""
    found = (
        Position(
            Holding(symbol(row), _member(Product, row.get("product")) or Product.MIS),
            tidy(number(row.get("quantity"))),
            number(row.get("average_price")),
            number(row.get("ltp")),
        )
        for row in _rows(data)
    )
    return tuple(position for position in found if position.quantity)


def funds(data: Mapping[str, Any]) -> Funds:
    """The account's money."""
    names = ("availablecash", "utiliseddebits", "m2mrealized", "m2munrealized")
    return Funds(*(number(data.get(name)) for name in names))


def order_fields(request: OrderRequest) -> dict[str, Any]:
    """The fields of placeorder; those that an order's kind has no use for are left out."""
    exchange, _, name = request.symbol.partition(":")
    fields: dict[str, Any] = {
        "symbol": name,
        "exchange": exchange,
        "action": request.side.value,
        "quantity": request.quantity,
        "pricetype": request.kind.value,
        "product": request.product.value,
    }
    if request.price:
        fields["price"] = request.price
    if request.trigger_price:
        fields["trigger_price"] = request.trigger_price
    return fields


def fill_of_a_cancelled(quantity: float, status: Any) -> float | None:
    """How much of a cancelled order was filled, from its `orderstatus`; None when only part of it may have been."""
    if not isinstance(status, dict):
        return None
    if "average_price" in status and number(status["average_price"]) == 0:
        return 0
    return quantity if status.get("order_status") == OrderStatus.COMPLETE else None


def symbol(row: Mapping[str, Any]) -> str:
    """The symbol of a row, such as NSE:SBIN, from OpenAlgo's two fields."""
    return f"{row.get('exchange', '')}:{row.get('symbol', '')}"


def _order(row: Mapping[str, Any]) -> Order | None:
    side = _member(Side, str(row.get("action", "")).upper())
    quantity = tidy(number(row.get("quantity")))
    if side is None or not row.get("orderid"):
        return None
    status = _member(OrderStatus, str(row.get("order_status", "")).lower()) or OrderStatus.UNKNOWN
    request = OrderRequest(
        symbol(row),
        side,
        quantity,
        _member(OrderKind, row.get("pricetype") or row.get("price_type")) or OrderKind.MARKET,
        number(row.get("price")),
        number(row.get("trigger_price")),
        _member(Product, row.get("product")) or Product.MIS,
    )
    filled = {OrderStatus.COMPLETE: quantity, OrderStatus.REJECTED: 0}.get(status)
    # The gateway's sandbox has a column for it, and so may a broker; what is none is no reason either.
    reason = " ".join(str(row.get("rejection_reason") or "").split())[:LONGEST_REASON]
    return Order(str(row["orderid"]), request, status, filled, placed_at=_moment(row.get("timestamp")), reason=reason)


def _moment(text: Any) -> datetime | None:
    for form in TIME_FORMATS:
        try:
            return datetime.strptime(str(text), form).replace(tzinfo=ZONE)
        except ValueError:
            continue
    return None


def _rows(rows: Any) -> Iterable[Mapping[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _member(kind: type[E], value: Any) -> E | None:
    return kind(value) if isinstance(value, str) and value in set(kind) else None
