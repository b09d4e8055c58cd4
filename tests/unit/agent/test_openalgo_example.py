"""The strategy of the OpenAlgo example: one position from a fall to a rise, one order at a time."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from standfast.agent.loader import find, make
from standfast.agent.strategy import TradingError, TradingRefusedError
from standfast.agent.trading import Holding, Position, Product, Side, Tick

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/openalgo-agent"
SYMBOL = "NSE:SBIN"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Another test has another `dip`."""
    yield
    sys.modules.pop("dip", None)


class Desk:
    """What the strategy trades at; orders fill at once, unless they are refused."""

    def __init__(self) -> None:
        self.price = 0.0
        self.placed: list[Side] = []
        self.held: list[Position] = []
        self.refuses = False
        self.is_away = False
        self.asked = 0

    def positions(self) -> list[Position]:
        self.asked += 1
        if self.is_away:
            raise TradingError("it is away")
        return self.held

    def place(self, symbol: str, side: Side, quantity: int) -> str:
        self.placed.append(side)
        if self.refuses:
            raise TradingRefusedError("no")
        self.held = [Position(Holding(symbol, Product.MIS), quantity, self.price)] if side is Side.BUY else []
        return "1"


def traded(*prices: float, refuses: bool = False) -> list[Side]:
    """The orders that it places at these prices."""
    strategy = make(find("dip:BuyTheDip", str(EXAMPLE), {"fall_percent": 1.0, "rise_percent": 1.0})).instance
    desk = Desk()
    desk.refuses = refuses
    strategy.start(desk)
    for price in prices:
        desk.price = price
        strategy.tick(Tick(SYMBOL, price, datetime(2026, 1, 27, tzinfo=UTC)))
    return desk.placed


def test_it_buys_a_fall_and_sells_a_rise() -> None:
    assert traded(100, 99.5) == []
    assert traded(100, 98.5) == [Side.BUY]
    assert traded(100, 98.5, *[98.5] * 60, 99.6) == [Side.BUY, Side.SELL]


def test_an_order_is_followed_by_a_rest_whatever_became_of_it() -> None:
    assert traded(100, 98.5, *[90.0] * 60, refuses=True) == [Side.BUY]
    assert traded(100, 98.5, *[90.0] * 61, refuses=True) == [Side.BUY, Side.BUY]


def test_it_does_not_ask_the_broker_at_each_tick() -> None:
    strategy = make(find("dip:BuyTheDip", str(EXAMPLE), {})).instance
    desk = Desk()
    strategy.start(desk)
    begin = datetime(2026, 1, 27, tzinfo=UTC)
    for tenth in range(150):
        strategy.tick(Tick(SYMBOL, 100.0, begin + timedelta(seconds=tenth / 10)))
    assert desk.asked == 3


def test_nor_where_the_broker_does_not_answer_and_it_places_nothing_before_it_knows() -> None:
    strategy = make(find("dip:BuyTheDip", str(EXAMPLE), {})).instance
    desk = Desk()
    desk.is_away = True
    strategy.start(desk)
    begin = datetime(2026, 1, 27, tzinfo=UTC)
    for tenth in range(150):
        with suppress(TradingError):
            strategy.tick(Tick(SYMBOL, 100.0 - tenth, begin + timedelta(seconds=tenth / 10)))
    assert (desk.asked, desk.placed) == (3, [])
