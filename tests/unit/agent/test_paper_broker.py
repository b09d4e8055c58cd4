"""The simulated broker: fills, triggers, parts, money."""

from datetime import UTC, datetime

import pytest

from standfast.agent.gateway.paper.broker import SimulatedBroker
from standfast.agent.gateway.paper.faults import Fault, parse
from standfast.agent.trading import Holding, OrderKind, OrderRequest, OrderStatus, Side

A = "NSE:A"
NOW = datetime(2026, 1, 27, tzinfo=UTC)
OPEN, PENDING = OrderStatus.OPEN, OrderStatus.TRIGGER_PENDING


def request(side: str, kind: str, price: float = 0, trigger: float = 0, quantity: int = 10) -> OrderRequest:
    return OrderRequest(A, Side(side), quantity, OrderKind(kind), price, trigger)


@pytest.mark.parametrize(
    ("order", "prices", "statuses", "fill"),
    [
        (request("BUY", "MARKET"), [100], "complete complete", 100),
        (request("BUY", "LIMIT", 99), [100, 99.5, 99], "open open open complete", 99),
        (request("BUY", "LIMIT", 101), [100], "complete complete", 100),
        (request("SELL", "LIMIT", 101), [100, 101.5], "open open complete", 101.5),
        (
            request("SELL", "SL-M", trigger=98),
            [100, 99, 97.5],
            "waits waits waits complete",
            97.5,
        ),
        (
            request("BUY", "SL", 103, 102),
            [100, 101, 104, 102.5],
            "waits waits waits open complete",
            102.5,
        ),
    ],
)
def test_fills(order: OrderRequest, prices: list[float], statuses: str, fill: float) -> None:
    broker = SimulatedBroker(1e6)
    broker.price(A, 100)
    placed = broker.place(order, NOW)
    seen = [placed.status]
    for price in prices:
        broker.price(A, price)
        seen.append(broker.orders()[0].status)
    assert seen == [PENDING if word == "waits" else OrderStatus(word) for word in statuses.split()]
    assert broker.orders()[0].average_price == fill
    assert broker.orders()[0].filled == 10


def test_an_order_in_a_symbol_without_a_price_waits_for_one() -> None:
    broker = SimulatedBroker(1e6)
    assert broker.place(request("BUY", "MARKET"), NOW).status is OPEN
    broker.price("NSE:B", 1)
    assert broker.positions() == ()
    broker.price(A, 7)
    assert broker.positions()[0].average_price == 7


def test_parts() -> None:
    broker = SimulatedBroker(1e6)
    broker.fill_in_parts = True
    broker.price(A, 100)
    broker.place(request("BUY", "MARKET"), NOW)
    filled = []
    while broker.orders()[0].status is OPEN:
        filled.append(broker.orders()[0].filled)
        broker.price(A, 100)
    assert filled == [5, 7, 8, 9]
    assert broker.positions()[0].quantity == 10


def test_money_through_a_reversal() -> None:
    broker = SimulatedBroker(10_000)
    broker.price(A, 100)
    broker.place(request("BUY", "MARKET"), NOW)
    broker.price(A, 110)
    assert broker.funds().unrealized == 100
    broker.place(request("SELL", "MARKET", quantity=15), NOW)
    position = broker.positions()[0]
    assert (position.quantity, position.average_price) == (-5, 110)
    broker.price(A, 108)
    funds = broker.funds()
    assert (funds.realized, funds.unrealized, funds.used, funds.available) == (100, 10, 550, 9550)
    broker.place(request("BUY", "MARKET", quantity=5), NOW)
    assert broker.positions() == ()
    assert broker.funds().available == 10_110


def test_rejected_and_cancelled_orders_never_fill() -> None:
    broker = SimulatedBroker(1e6)
    broker.price(A, 100)
    assert broker.place(request("BUY", "MARKET"), NOW, reject="no margin").status is OrderStatus.REJECTED
    assert broker.place(request("BUY", "LIMIT"), NOW).status is OrderStatus.REJECTED, "a limit order without a price"
    pending = broker.place(request("BUY", "LIMIT", 90), NOW)
    assert broker.cancel(pending.order_id)
    assert not broker.cancel(pending.order_id)
    assert not broker.cancel("nobody's")
    broker.price(A, 80)
    assert broker.positions() == ()
    assert Holding(A) not in {position.holding for position in broker.positions()}


def test_the_menu_of_faults() -> None:
    assert parse("down, hang # both\nreject_orders nonsense") == (
        frozenset({Fault.DOWN, Fault.HANG, Fault.REJECT_ORDERS}),
        ("nonsense",),
    )
    assert parse("") == (frozenset(), ())
