"""Getting flat against the paper gateway: scopes, faults, and what the verdict is at each moment."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from standfast.agent.closing import Closing
from standfast.agent.config import PaperConfig, Scope
from standfast.agent.desk import Desk
from standfast.agent.failures import FailureType, failed
from standfast.agent.flatness import EndKind
from standfast.agent.gateway.paper import PaperGateway
from standfast.agent.own_orders import OwnOrders
from standfast.agent.store import Store
from standfast.agent.strategy import TradingRefusedError
from standfast.agent.trading import Holding, OrderKind, OrderRequest, OrderStatus, Side

A, B = "NSE:A", "NSE:B"


class Scene:
    """A desk over a paper gateway; `foreign` orders are placed behind the desk's back."""

    def __init__(self, directory: Path) -> None:
        self.faults = directory / "faults"
        config = PaperConfig(tick_interval_s=0.01, faults_file=str(self.faults), volatility=0)
        self.gateway = PaperGateway(config, [A, B])
        self.store = Store.open(directory / "state.db")
        self.own = OwnOrders(self.store)
        self.desk = Desk(self.gateway, self.own, (A, B), lambda what: None, lambda: "")
        self.desk.open()

    async def hold(self) -> None:
        """3 pending orders and 2 positions of its own, one of each somebody else's."""
        ticked = asyncio.Event()
        self.gateway.open(lambda tick: ticked.set(), lambda what: None)
        await ticked.wait()
        await self.desk.place(A, Side.BUY, 5)
        await self.desk.place(B, Side.SELL, 3)
        await self.desk.place(A, Side.BUY, 5, OrderKind.LIMIT, price=1)
        await self.desk.place(A, Side.SELL, 5, OrderKind.SL_M, trigger_price=1)
        await self.desk.place(B, Side.BUY, 3, OrderKind.SL, price=9999, trigger_price=9998)
        await self.gateway.place(OrderRequest(A, Side.BUY, 7))
        await self.gateway.place(OrderRequest(A, Side.BUY, 7, OrderKind.LIMIT, 1))

    async def pending(self) -> int:
        return sum(order.status.is_pending for order in await self.gateway.orders())

    async def net(self) -> dict[Holding, float]:
        return {position.holding: position.quantity for position in await self.gateway.positions()}


def play(directory: Path, story: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        scene = Scene(directory)
        try:
            await story(scene)
        finally:
            await scene.gateway.close()
            scene.store.close()

    asyncio.run(main())


def test_own_scope_leaves_what_others_hold(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        begun = time.monotonic()
        assert await closing.cancel_orders() == "3 orders asked to be cancelled"
        await closing.close_positions()
        assert time.monotonic() - begun < 0.5
        assert closing.end.kind is EndKind.FLAT
        assert closing.end.detail == "closed +5 NSE:A MIS, -3 NSE:B MIS"
        assert await scene.net() == {Holding(A): 7}
        assert await scene.pending() == 1

    play(tmp_path, story)


def test_account_scope_closes_all(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        closing = Closing(scene.gateway, scene.desk, Scope.ACCOUNT, market_orders=True)
        await closing.cancel_orders()
        await closing.close_positions()
        assert closing.end.kind is EndKind.FLAT
        assert await scene.net() == {}
        assert await scene.pending() == 0

    play(tmp_path, story)


def test_limit_orders_at_the_last_price(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=False)
        await closing.cancel_orders()
        await closing.close_positions()
        assert closing.end.kind is EndKind.FLAT
        kinds = [order.request.kind for order in (await scene.gateway.orders())[-2:]]
        assert kinds == [OrderKind.LIMIT, OrderKind.LIMIT]

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("faults", "expected"),
    [
        ("down", EndKind.UNVERIFIED),
        ("hang", EndKind.UNVERIFIED),
        ("logged_out", EndKind.UNVERIFIED),
        ("reject_orders", EndKind.NOT_FLAT),
        ("stuck_cancels", EndKind.NOT_FLAT),
        ("partial_fills", EndKind.FLAT),
    ],
)
def test_a_broker_that_misbehaves(tmp_path: Path, faults: str, expected: EndKind) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        scene.faults.write_text(faults)
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        for step in (closing.cancel_orders(), closing.close_positions()):
            task = asyncio.ensure_future(step)
            await asyncio.wait({task}, timeout=1.2)
            task.cancel()
            await asyncio.wait({task})
            if not task.cancelled():
                task.exception()
        assert closing.end.kind is expected
        if why := {"down": "cannot be reached", "logged_out": "has no session"}.get(faults):
            assert closing.end.detail.startswith("the broker session could not be proven: ")
            assert why in closing.end.detail
        if expected is EndKind.FLAT:
            assert await scene.net() == {Holding(A): 7}

    play(tmp_path, story)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_broker_that_rejects_is_tried_again_over_the_time_of_the_step(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, scope: Scope
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        scene.faults.write_text("reject_orders")
        closing = Closing(scene.gateway, scene.desk, scope, market_orders=True)
        await closing.cancel_orders()
        task = asyncio.ensure_future(closing.close_positions())
        await asyncio.wait({task}, timeout=1.4)
        rejected = [order for order in await scene.gateway.orders() if order.status is OrderStatus.REJECTED]
        attempts = sum(order.request.symbol == A for order in rejected)
        assert attempts == {Scope.OWN: 3, Scope.ACCOUNT: 2}[scope], "spread, and none while the books may lag"
        held = {Scope.OWN: "+5 NSE:A MIS, -3 NSE:B MIS", Scope.ACCOUNT: "+12 NSE:A MIS, -3 NSE:B MIS"}[scope]
        why = f"tried {attempts} times to close, and the broker rejected it: fault reject_orders"
        assert str(closing.end) == f"not flat (open: {held}; {why})"
        assert closing.trouble == why, "which is what the step says when its time is over"
        scene.faults.unlink()
        await asyncio.wait_for(task, 2)
        assert str(closing.end) == f"flat (closed {held})", "what an order was rejected for has passed"

    with caplog.at_level(logging.INFO):
        play(tmp_path, story)
    told = [record.getMessage() for record in caplog.records if "rejected order" in record.getMessage()]
    assert len(told) == (6 if scope is Scope.OWN else 0)
    if told:
        assert told[0].endswith(": SELL 5 NSE:A MIS MARKET: fault reject_orders")


def test_what_somebody_else_closed_is_not_closed_again(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        await scene.gateway.close_all()
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        await closing.cancel_orders()
        await closing.close_positions()
        assert closing.end.kind is EndKind.FLAT
        assert await scene.net() == {}

    play(tmp_path, story)


def test_with_nothing_placed_no_broker_is_needed(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.faults.write_text("down")
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        assert await closing.cancel_orders() == "nothing was pending"
        await closing.close_positions()
        assert str(closing.end) == "flat (nothing was open)"
        account = Closing(scene.gateway, scene.desk, Scope.ACCOUNT, market_orders=True)
        assert account.end.kind is EndKind.UNVERIFIED

    play(tmp_path, story)


def test_a_shut_desk_and_a_senseless_order(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        with pytest.raises(TradingRefusedError, match="the quantity must be at least 1, not 0"):
            await scene.desk.place(A, Side.BUY, 0)
        with pytest.raises(TradingRefusedError, match="trades only the agent's `symbols`"):
            await scene.desk.place("NSE:Z", Side.BUY, 1)
        scene.desk.shut("the agent is stopping")
        with pytest.raises(TradingRefusedError, match="the agent is stopping"):
            await scene.desk.place(A, Side.BUY, 1)
        assert scene.own.is_flat is True

    play(tmp_path, story)


class SlowGateway(PaperGateway):
    """Takes its time over orders; one that was sent arrives though nobody waits for the answer any more."""

    def __init__(self) -> None:
        super().__init__(PaperConfig(tick_interval_s=0.01, volatility=0), [A])
        self.asked = asyncio.Event()
        self.arrived: list[str] = []

    async def place(self, request: OrderRequest) -> str:
        self.asked.set()
        return await asyncio.shield(self._arrives(request))

    async def _arrives(self, request: OrderRequest) -> str:
        await asyncio.sleep(0.2)
        self.arrived.append(f"{request.side} {request.quantity}")
        return await super().place(request)


def test_a_stop_in_the_middle_of_an_unwinding_closes_nothing_twice(tmp_path: Path) -> None:
    async def main() -> None:
        gateway, store = SlowGateway(), Store.open(tmp_path / "state.db")
        ticked = asyncio.Event()
        gateway.open(lambda tick: ticked.set(), lambda what: None)
        await ticked.wait()
        desk = Desk(gateway, OwnOrders(store), (A,), lambda what: None, lambda: "")
        await desk.send(OrderRequest(A, Side.BUY, 10))
        gateway.asked.clear()
        unwinding = asyncio.ensure_future(Closing(gateway, desk, Scope.OWN, market_orders=True).close_positions())
        await gateway.asked.wait()
        unwinding.cancel()
        closing = Closing(gateway, desk, Scope.OWN, market_orders=True)
        await closing.close_positions()
        assert gateway.arrived == ["BUY 10", "SELL 10"]
        assert await gateway.positions() == ()
        assert closing.end.kind is EndKind.FLAT
        await gateway.close()
        store.close()

    asyncio.run(main())


class SilentGateway(PaperGateway):
    """Takes an order, and its answer is lost on the way."""

    async def place(self, request: OrderRequest) -> str:
        await super().place(request)
        raise failed(FailureType.OPENALGO_DOWN, "no answer")


def test_what_the_book_says_of_an_order_that_nobody_answered_to_is_kept(tmp_path: Path) -> None:
    async def main() -> None:
        gateway = SilentGateway(PaperConfig(tick_interval_s=0.01, volatility=0), [A])
        store = Store.open(tmp_path / "state.db")
        ticked = asyncio.Event()
        gateway.open(lambda tick: ticked.set(), lambda what: None)
        await ticked.wait()
        own = OwnOrders(store)
        desk = Desk(gateway, own, (A,), lambda what: None, lambda: "")
        order_id = await desk.send(OrderRequest(A, Side.BUY, 5))
        assert [(one.order_id, one.status, one.filled) for one in own.all] == [(order_id, OrderStatus.COMPLETE, 5)]
        await gateway.close()
        store.close()

    asyncio.run(main())
