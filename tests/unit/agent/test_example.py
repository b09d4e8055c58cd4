"""The example strategy never holds more than it means to, whatever the broker answers and the agent closes."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.agent.gateway.paper.broker import SimulatedBroker
from standfast.agent.loader import find, make
from standfast.agent.strategy import TradingRefusedError, TradingUncertainError
from standfast.agent.trading import Funds, Order, OrderKind, OrderRequest, Position, Product, Side, Tick

EXAMPLES = Path(__file__).resolve().parents[3] / "examples/strategies"
A = "NSE:A"
NOW = datetime(2026, 1, 27, 9, 15, tzinfo=UTC)


class Broker:
    """The simulated broker as a strategy sees it; `answers` are what it says to the next orders."""

    symbols = (A,)

    def __init__(self) -> None:
        self.account = SimulatedBroker(1_000_000)
        self.answers: list[Exception] = []
        self.asked = 0

    def place(
        self,
        symbol: str,
        side: Side,
        quantity: int,
        kind: OrderKind = OrderKind.MARKET,
        *,
        price: float = 0.0,
        trigger_price: float = 0.0,
        product: Product = Product.MIS,
    ) -> str:
        self.asked += 1
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, TradingRefusedError):
            raise answer
        order = self.account.place(OrderRequest(symbol, side, quantity, kind, price, trigger_price, product), NOW)
        if answer is not None:
            raise answer
        return order.order_id

    def cancel(self, order_id: str) -> None:
        self.account.cancel(order_id)

    def positions(self) -> Sequence[Position]:
        return self.account.positions()

    def orders(self) -> Sequence[Order]:
        return self.account.orders()

    def funds(self) -> Funds:
        return self.account.funds()


class Scene:
    """The example with its fastest averages, and a broker; time passes with the ticks."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.strategy = make(find("moving_average:MovingAverage", str(EXAMPLES), {"fast": 1, "slow": 2})).instance
        self.broker = Broker()
        self.now = NOW
        self.strategy.start(self.broker)

    def ticks(self, *prices: float, every_s: float = 1) -> None:
        for price in prices:
            self.now += timedelta(seconds=every_s)
            self.broker.account.price(A, price)
            self.strategy.tick(Tick(A, price, self.now))

    @property
    def held(self) -> float:
        return sum(one.quantity for one in self.broker.positions())


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    return Scene(monkeypatch)


def test_it_follows_the_trend(scene: Scene) -> None:
    scene.ticks(1, 2, 3)
    assert scene.held == 1
    scene.ticks(2)
    assert scene.held == -1
    assert scene.broker.asked == 2


def test_an_order_that_nobody_answered_to_is_not_placed_twice(scene: Scene) -> None:
    scene.broker.answers = [TradingUncertainError("no answer")]
    scene.ticks(1, 2, 3, 4, 5)
    scene.ticks(*range(6, 306))
    assert scene.held == 1
    assert scene.broker.asked == 1


def test_an_order_that_was_refused_is_tried_again_but_not_at_each_tick(scene: Scene) -> None:
    scene.broker.answers = [TradingRefusedError("paused"), TradingRefusedError("paused")]
    scene.ticks(*range(1, 20))
    assert scene.held == 1
    assert scene.broker.asked == 3


def test_what_the_agent_closed_meanwhile_is_seen(scene: Scene) -> None:
    scene.ticks(1, 2)
    scene.broker.account.place(OrderRequest(A, Side.SELL, 1), NOW)
    scene.ticks(1)
    assert scene.held == -1, "one sold, not two"


def test_an_order_that_is_pending_counts(scene: Scene) -> None:
    scene.broker.account.place(OrderRequest(A, Side.BUY, 1, OrderKind.LIMIT, 0.5), NOW)
    scene.ticks(1, 2)
    assert scene.broker.asked == 0


def test_the_one_that_only_watches_says_the_range_and_orders_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    broker = Broker()
    strategy = make(find("price_range:PriceRange", str(EXAMPLES), {"every_s": 10})).instance
    strategy.start(broker)
    for seconds, price in ((0, 100.0), (4, 97.5), (9, 103.0), (10, 500.0)):
        strategy.tick(Tick(A, price, NOW + timedelta(seconds=seconds)))
    assert caplog.messages[-1] == "NSE:A moved between 97.5 and 103"
    assert broker.asked == 0
