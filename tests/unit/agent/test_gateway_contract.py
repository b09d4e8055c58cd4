"""What every gateway promises, held against each of them."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from tests.fakes.openalgo import FakeOpenAlgo
from tests.fakes.openalgo.world import KEY

from standfast.agent.config import OpenAlgoConfig, PaperConfig
from standfast.agent.failures import AgentError, OrderRefusedError
from standfast.agent.gateway import Gateway
from standfast.agent.gateway.openalgo import OpenAlgoGateway
from standfast.agent.gateway.paper import PaperGateway
from standfast.agent.trading import Holding, OrderKind, OrderRequest, OrderStatus, Product, Side, Tick

SYMBOLS = ("NSE:SBIN", "NSE:TCS")
SBIN = SYMBOLS[0]


class Paper:
    """The paper gateway, misbehaving by its file of faults."""

    def __init__(self, directory: Path) -> None:
        self._faults = directory / "faults"
        self._config = PaperConfig(tick_interval_s=0.01, faults_file=str(self._faults), volatility=0, start_price=800)

    def gateway(self) -> Gateway:
        return PaperGateway(self._config, SYMBOLS)

    def misbehave(self, how: str) -> None:
        self._faults.write_text(how)


class OpenAlgo:
    """The OpenAlgo gateway before a fake server."""

    def __init__(self, server: FakeOpenAlgo) -> None:
        self._server = server
        self._config = OpenAlgoConfig(
            url=server.url,
            websocket_url=server.websocket_url,
            request_timeout_s=0.5,
            order_timeout_s=0.5,
            first_tick_timeout_s=0.3,
        )

    def gateway(self) -> Gateway:
        return OpenAlgoGateway(replace(self._config), KEY, SYMBOLS, live=False)

    def misbehave(self, how: str) -> None:
        world, feed = self._server.world, self._server.feed
        settings: dict[str, Callable[[], None]] = {
            "": lambda: None,
            "down": self._server.end_http,
            "bad_key": lambda: setattr(world, "key", "another"),
            "logged_out": lambda: setattr(world, "logged_in", False),
            "silent_feed": lambda: setattr(feed, "silent", True),
            "reject_orders": lambda: setattr(world, "rejects_orders", True),
        }
        settings[how]()


@contextmanager
def opened(kind: str, directory: Path) -> Iterator[Paper | OpenAlgo]:
    if kind == "paper":
        yield Paper(directory)
        return
    with FakeOpenAlgo() as server:
        yield OpenAlgo(server)


Story = Callable[[Gateway, Callable[[str], None], list[Tick]], Awaitable[None]]


@pytest.fixture(params=["paper", "openalgo"])
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Story], None]:
    """Plays a story with a gateway whose feed is open, a way to make it misbehave, and its ticks."""

    async def main(scene: Paper | OpenAlgo, story: Story) -> None:
        gateway, ticks, disturbances = scene.gateway(), list[Tick](), list[str]()
        gateway.open(ticks.append, disturbances.append)
        try:
            await gateway.prove_feed(expect_ticks=True)
            await story(gateway, scene.misbehave, ticks)
        finally:
            await gateway.close()

    def run(story: Story) -> None:
        with opened(request.param, tmp_path) as scene:
            asyncio.run(main(scene, story))

    return run


def market(side: str, quantity: int, product: str = "MIS") -> OrderRequest:
    return OrderRequest(SBIN, Side(side), quantity, product=Product(product))


async def net(gateway: Gateway) -> dict[Holding, float]:
    return {position.holding: position.quantity for position in await gateway.positions()}


def test_a_healthy_gateway_proves_itself(play: Callable[[Story], None]) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        await gateway.prove_connection()
        await gateway.prove_key()
        await gateway.prove_session()
        assert gateway.has_feed
        assert {tick.symbol for tick in ticks} <= set(SYMBOLS)
        assert all(tick.price > 0 and tick.at.tzinfo for tick in ticks)
        assert (await gateway.funds()).available > 0

    play(story)


def test_orders_and_positions(play: Callable[[Story], None]) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        bought = await gateway.place(market("BUY", 5))
        await gateway.place(market("SELL", 2))
        await gateway.place(market("BUY", 3, "CNC"))
        waiting = await gateway.place(OrderRequest(SBIN, Side.BUY, 5, OrderKind.LIMIT, 1.0))
        stop = await gateway.place(OrderRequest(SBIN, Side.SELL, 5, OrderKind.SL_M, trigger_price=1.0))
        book = {order.order_id: order for order in await gateway.orders()}
        assert (book[bought].status, book[bought].filled) == (OrderStatus.COMPLETE, 5)
        assert book[bought].request.holding == Holding(SBIN)
        assert book[waiting].status is OrderStatus.OPEN
        assert book[waiting].request.price == 1.0
        assert book[stop].status is OrderStatus.TRIGGER_PENDING
        assert book[stop].placed_at is not None
        assert await net(gateway) == {Holding(SBIN): 3, Holding(SBIN, Product.CNC): 3}
        await gateway.cancel(waiting)
        book = {order.order_id: order for order in await gateway.orders()}
        assert book[waiting].status is OrderStatus.CANCELLED
        assert await gateway.filled(book[waiting]) == 0

    play(story)


def test_cancel_all_and_close_all(play: Callable[[Story], None]) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        await gateway.place(market("BUY", 5))
        await gateway.place(market("SELL", 3, "NRML"))
        await gateway.place(OrderRequest(SBIN, Side.BUY, 5, OrderKind.LIMIT, 1.0))
        await gateway.cancel_all()
        assert not [order for order in await gateway.orders() if order.status is OrderStatus.OPEN]
        await gateway.close_all()
        assert await net(gateway) == {}

    play(story)


def test_a_rejected_order_is_in_the_book_and_fills_nothing(play: Callable[[Story], None]) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        misbehave("reject_orders")
        order_id = await gateway.place(market("BUY", 5))
        (order,) = [order for order in await gateway.orders() if order.order_id == order_id]
        assert (order.status, order.filled) == (OrderStatus.REJECTED, 0)
        assert await net(gateway) == {}

    play(story)


@pytest.mark.parametrize(
    ("how", "proof", "kind"),
    [
        ("down", "prove_connection", "OPENALGO_DOWN"),
        ("bad_key", "prove_key", "OPENALGO_AUTH_FAILED"),
        ("logged_out", "prove_session", "BROKER_NOT_LOGGED_IN"),
    ],
)
def test_each_fault_has_its_failure(play: Callable[[Story], None], how: str, proof: str, kind: str) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        misbehave(how)
        with pytest.raises(AgentError) as caught:
            await getattr(gateway, proof)()
        assert caught.value.failure.type == kind

    play(story)


def test_a_silent_feed(play: Callable[[Story], None]) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        misbehave("silent_feed")
        await gateway.prove_feed(expect_ticks=False)
        await asyncio.sleep(0.05)
        with pytest.raises(AgentError) as caught:
            await gateway.prove_feed(expect_ticks=True)
        assert caught.value.failure.type == "FEED_STALE"

    play(story)


def test_what_cannot_be_placed_is_refused(play: Callable[[Story], None]) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        misbehave("down")
        for call in (gateway.orders, gateway.positions, gateway.funds, gateway.cancel_all, gateway.close_all):
            with pytest.raises(AgentError):
                await call()
        with pytest.raises((AgentError, OrderRefusedError)):
            await gateway.place(market("BUY", 1))

    play(story)


def test_a_call_can_be_abandoned_at_once(play: Callable[[Story], None]) -> None:
    async def story(gateway: Gateway, misbehave: Callable[[str], None], ticks: list[Tick]) -> None:
        for call in (gateway.orders(), gateway.prove_session(), gateway.place(market("BUY", 1))):
            task = asyncio.ensure_future(call)
            await asyncio.sleep(0)
            begun = time.monotonic()
            task.cancel()
            await asyncio.wait({task})
            assert time.monotonic() - begun < 0.1

    play(story)
