"""The OpenAlgo gateway against a local server that lies as the real one does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.openalgo import Broker, FakeOpenAlgo, World
from tests.fakes.openalgo.world import KEY

from standfast.agent.closing import Closing
from standfast.agent.config import OpenAlgoConfig, Scope
from standfast.agent.desk import Desk
from standfast.agent.failures import AgentError
from standfast.agent.flatness import EndKind
from standfast.agent.gateway.openalgo import OpenAlgoGateway
from standfast.agent.own_orders import OwnOrders
from standfast.agent.store import Store
from standfast.agent.strategy import TradingRefusedError, TradingUncertainError
from standfast.agent.trading import Holding, OrderKind, Side, Tick

SBIN = "NSE:SBIN"
QUICK = OpenAlgoConfig(request_timeout_s=0.5, order_timeout_s=0.5, first_tick_timeout_s=0.5)


class Scene:
    """A gateway with its desk before a fake server."""

    def __init__(self, server: FakeOpenAlgo, directory: Path, live: bool, key: str = KEY) -> None:
        self.server = server
        self.world = server.world
        self.config = replace(QUICK, url=server.url, websocket_url=server.websocket_url)
        self.gateway = OpenAlgoGateway(self.config, key, [SBIN, "NSE:TCS"], live)
        self.gateway.poll_interval_s = 0.02
        self.store = Store.open(directory / "state.db")
        self.own = OwnOrders(self.store)
        self.disturbances: list[str] = []
        self.ticks: list[Tick] = []
        self.desk = Desk(self.gateway, self.own, (SBIN,), self.disturbances.append, lambda: "")
        self.desk.open()

    def open(self) -> None:
        self.gateway.open(self.ticks.append, self.disturbances.append)

    async def failure(self, call: Awaitable[Any]) -> str:
        """The type of failure that a call ends with."""
        with pytest.raises(AgentError) as caught:
            await call
        assert KEY not in str(caught.value)
        return caught.value.failure.type

    async def flat(self, scope: Scope = Scope.OWN, timeout_s: float = 3) -> Closing:
        """Cancel and close within so long each."""
        closing = Closing(self.gateway, self.desk, scope, market_orders=True)
        for step in (closing.cancel_orders(), closing.close_positions()):
            task = asyncio.ensure_future(step)
            await asyncio.wait({task}, timeout=timeout_s)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return closing


def play(
    directory: Path, story: Callable[[Scene], Awaitable[None]], world: World | None = None, key: str = KEY
) -> None:
    async def main(server: FakeOpenAlgo) -> None:
        scene = Scene(server, directory, live=not server.world.analyze, key=key)
        try:
            await story(scene)
        finally:
            await scene.gateway.close()
            scene.store.close()

    with FakeOpenAlgo(world) as server:
        asyncio.run(main(server))


LIVE: dict[str, Any] = {"analyze": False}

# What the world is like -> what connection, key and session come to; "" is a pass.
PROOFS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "well, analyze": ({}, "", "", ""),
    "well, live": (LIVE, "", "", ""),
    "no broker session": ({"logged_in": False}, "", "", "BROKER_NOT_LOGGED_IN"),
    "bad key": ({"key": "another"}, "", "OPENALGO_AUTH_FAILED", "BROKER_NOT_LOGGED_IN"),
    "banned": ({"banned": True}, "OPENALGO_REFUSED", "OPENALGO_REFUSED", "OPENALGO_REFUSED"),
    "behind a proxy that is alone": ({"html": 502}, "OPENALGO_DOWN", "OPENALGO_DOWN", "OPENALGO_DOWN"),
    "lying plugin, live": ({**LIVE, "broker": Broker.LYING}, "", "", "BROKER_NOT_LOGGED_IN"),
    "raising plugin, live": ({**LIVE, "broker": Broker.RAISING}, "", "", "BROKER_NOT_LOGGED_IN"),
    "lying plugin, masked by analyze mode": ({"broker": Broker.LYING}, "", "", ""),
    "an empty account looks like none": ({**LIVE, "empty_account": True}, "", "", "BROKER_NOT_LOGGED_IN"),
    "hangs": ({"hangs": True}, "OPENALGO_DOWN", "OPENALGO_DOWN", "OPENALGO_DOWN"),
    "two calls over the limit": ({"rate_limited": 2}, "", "", ""),
}


@pytest.mark.parametrize("case", PROOFS)
def test_what_is_proven(tmp_path: Path, case: str) -> None:
    settings, *expected = PROOFS[case]

    async def story(scene: Scene) -> None:
        gateway = scene.gateway
        proofs = (gateway.prove_connection, gateway.prove_key, gateway.prove_session)
        for prove, kind in zip(proofs, expected, strict=True):
            if kind:
                assert await scene.failure(prove()) == kind
            else:
                await prove()

    play(tmp_path, story, World(**settings))


def test_a_server_that_is_down(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.server.end_http()
        assert await scene.failure(scene.gateway.prove_connection()) == "OPENALGO_DOWN"
        with pytest.raises(TradingRefusedError, match="cannot be reached"):
            await scene.desk.place(SBIN, Side.BUY, 1)
        assert scene.own.is_flat is True, "what was never sent was never placed"
        scene.server.begin_http()
        await scene.gateway.prove_session()

    play(tmp_path, story)


def test_the_zero_rule_can_be_switched_off(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        config = replace(scene.config, zero_funds_means_logged_out=False)
        gateway = OpenAlgoGateway(config, KEY, [SBIN], live=True)
        await gateway.prove_session()
        await gateway.close()

    play(tmp_path, story, World(analyze=False, empty_account=True))


@pytest.mark.parametrize("live", [True, False])
def test_the_mode_must_be_the_one_that_is_configured(tmp_path: Path, live: bool) -> None:
    async def story(scene: Scene) -> None:
        scene.world.analyze = live
        assert await scene.failure(scene.gateway.prove_session()) == "LIVE_MODE_MISMATCH"
        if not live:
            with pytest.raises(TradingRefusedError, match="OpenAlgo is in live mode"):
                await scene.desk.place(SBIN, Side.BUY, 1)
            assert scene.world.calls["placeorder"] == 0

    play(tmp_path, story, World(analyze=not live))


def test_errors_of_the_broker_are_a_bad_moment_until_they_go_on(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.world._funds = lambda given: (500, "application/json", '{"message":"boom","status":"error"}')  # type: ignore[method-assign]
        kinds = [await scene.failure(scene.gateway.prove_session()) for _ in range(4)]
        assert kinds == ["OPENALGO_ERROR"] * 3 + ["BROKER_NOT_LOGGED_IN"]

    play(tmp_path, story)


# Orders


def test_an_order_through_its_life(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        order_id = await scene.desk.place(SBIN, Side.BUY, 5)
        await scene.desk.refresh()
        assert scene.own.nets == {Holding(SBIN): 5}
        assert [(one.holding, one.quantity) for one in await scene.gateway.positions()] == [(Holding(SBIN), 5)]
        pending = await scene.desk.place(SBIN, Side.BUY, 5, OrderKind.LIMIT, price=700)
        await scene.desk.cancel(pending)
        await scene.desk.refresh()
        assert [own.filled for own in scene.own.all] == [5, 0], "an unfilled order has no average price"
        assert scene.own.is_flat is False
        assert order_id != pending
        assert (await scene.desk.funds()).available > 0

    play(tmp_path, story)


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "bad request": ({"placeorder_status": 400}, "answered 400"),
    "session": ({"placeorder_status": 401}, "answered 401"),
    "session, lying plugin": ({**LIVE, "broker": Broker.LYING}, "answered 401"),
    "rate": ({"placeorder_status": 429}, "answered 429"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_an_order_that_was_certainly_not_placed(tmp_path: Path, case: str) -> None:
    settings, words = REFUSALS[case]

    async def story(scene: Scene) -> None:
        with pytest.raises(TradingRefusedError, match=words):
            await scene.desk.place(SBIN, Side.BUY, 1)
        assert scene.own.is_flat is True

    play(tmp_path, story, World(**settings))


def test_a_lost_answer_is_looked_for_in_the_book_and_never_sent_again(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        first = await scene.desk.place(SBIN, Side.BUY, 5)

        scene.world.loses_answers_to = "placeorder"
        second = await scene.desk.place(SBIN, Side.BUY, 5)
        assert second != first
        assert scene.world.calls["placeorder"] == 2
        await scene.desk.refresh()
        assert scene.own.nets == {Holding(SBIN): 10}

    play(tmp_path, story)


@pytest.mark.parametrize("status", [500, 502])
def test_an_order_of_unknown_fate_is_unverified_at_the_end(tmp_path: Path, status: int) -> None:
    async def story(scene: Scene) -> None:
        scene.world.placeorder_status = status
        with pytest.raises(TradingUncertainError, match="look at orders"):
            await scene.desk.place(SBIN, Side.BUY, 5)
        assert scene.own.is_flat is None
        closing = await scene.flat()
        assert closing.end.kind is EndKind.UNVERIFIED
        assert "an order without an id (BUY 5 NSE:SBIN MIS MARKET, unknown)" in closing.end.detail

    play(tmp_path, story)


# The end


@pytest.mark.parametrize("analyze", [True, False])
@pytest.mark.parametrize("scope", Scope)
def test_a_healthy_end(tmp_path: Path, analyze: bool, scope: Scope) -> None:
    """3 pending orders, one of them a stop that analyze mode's "cancel all" leaves, and 2 positions."""

    async def story(scene: Scene) -> None:
        await scene.desk.place(SBIN, Side.BUY, 5)
        await scene.desk.place("NSE:TCS", Side.SELL, 2)
        await scene.desk.place(SBIN, Side.BUY, 5, OrderKind.LIMIT, price=700)
        await scene.desk.place(SBIN, Side.SELL, 5, OrderKind.LIMIT, price=900)
        await scene.desk.place(SBIN, Side.SELL, 5, OrderKind.SL_M, trigger_price=700)
        scene.world.add(symbol="SBIN", action="BUY", quantity=7)
        scene.world.add(symbol="SBIN", action="BUY", quantity=7, pricetype="LIMIT", price=1)
        begun = time.monotonic()
        closing = await scene.flat(scope)
        assert closing.end.kind is EndKind.FLAT
        assert time.monotonic() - begun < 0.5
        left = {name: net for name, net in scene.world.net().items() if net}
        pending = [order for order in scene.world.orders if order["order_status"] in ("open", "trigger pending")]
        if scope is Scope.OWN:
            assert (left, len(pending)) == ({"SBIN:MIS": 7}, 1)
        else:
            assert (left, len(pending)) == ({}, 0)

    play(tmp_path, story, World(analyze=analyze))


ENDS: dict[str, tuple[dict[str, Any], Scope, EndKind]] = {
    "rejects, own": ({"rejects_orders": True}, Scope.OWN, EndKind.NOT_FLAT),
    "rejects and says squared off": ({"rejects_orders": True}, Scope.ACCOUNT, EndKind.NOT_FLAT),
    "the session ends, books empty": ({"broker": Broker.LYING}, Scope.OWN, EndKind.UNVERIFIED),
    "the session ends, books empty, account": ({"broker": Broker.LYING}, Scope.ACCOUNT, EndKind.UNVERIFIED),
    "the broker raises": ({"broker": Broker.RAISING}, Scope.OWN, EndKind.UNVERIFIED),
    "hangs": ({"hangs": True}, Scope.OWN, EndKind.UNVERIFIED),
    "hangs, account": ({"hangs": True}, Scope.ACCOUNT, EndKind.UNVERIFIED),
    "logged out in the browser": ({"logged_in": False}, Scope.OWN, EndKind.UNVERIFIED),
    "only a proxy is left": ({"html": 504}, Scope.OWN, EndKind.UNVERIFIED),
    "closing orders stay open": ({"fills": False}, Scope.OWN, EndKind.NOT_FLAT),
    "a failed cancellation that says success": ({"failed_cancellations": True}, Scope.ACCOUNT, EndKind.FLAT),
    "a partly filled order was cancelled": ({"partial_fill": 2}, Scope.OWN, EndKind.UNVERIFIED),
}


@pytest.mark.parametrize("case", ENDS)
def test_an_end_against_a_server_that_misbehaves(tmp_path: Path, case: str) -> None:
    settings, scope, expected = ENDS[case]

    async def story(scene: Scene) -> None:
        await scene.desk.place(SBIN, Side.BUY, 5)
        await scene.desk.place(SBIN, Side.BUY, 5, OrderKind.LIMIT, price=700)
        for name, value in settings.items():
            setattr(scene.world, name, value)
        closing = await scene.flat(scope, timeout_s=1.5)
        assert closing.end.kind is expected
        assert scene.world.calls["placeorder"] <= 5, "no closing order while an earlier one may fill"

    play(tmp_path, story, World(analyze=False))


# The feed


def test_ticks_and_a_drop_without_a_word(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.open()
        await scene.gateway.prove_feed(expect_ticks=True)
        assert {tick.symbol for tick in scene.ticks} <= {SBIN, "NSE:TCS"}
        scene.server.feed.drop()
        await asyncio.sleep(0.2)
        assert len(scene.disturbances) == 1
        await scene.gateway.prove_feed(expect_ticks=True)
        assert scene.server.feed.connections == 2

    play(tmp_path, story)


FEEDS: dict[str, tuple[dict[str, Any], str]] = {
    "refuses the key": ({"refuses_key": True}, "WEBSOCKET_AUTH_FAILED"),
    "no broker, and then silence": ({"broker_error": True}, "BROKER_NOT_LOGGED_IN"),
    "an unknown symbol": ({"unknown_symbols": {"TCS"}}, "FEED_REFUSED"),
    "all symbols unknown": ({"unknown_symbols": {"TCS", "SBIN"}}, "FEED_REFUSED"),
    "subscribed and silent": ({"silent": True}, "FEED_STALE"),
}


@pytest.mark.parametrize("case", FEEDS)
def test_a_feed_that_does_not_deliver(tmp_path: Path, case: str) -> None:
    settings, kind = FEEDS[case]

    async def story(scene: Scene) -> None:
        for name, value in settings.items():
            setattr(scene.server.feed, name, value)
        scene.open()
        assert await scene.failure(scene.gateway.prove_feed(expect_ticks=True)) == kind
        for name, value in settings.items():
            setattr(scene.server.feed, name, type(value)())
        await scene.gateway.prove_feed(expect_ticks=True)

    play(tmp_path, story)


def test_a_half_open_feed_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.gateway.openalgo.feed.SILENCE_S", 0.2)

    async def story(scene: Scene) -> None:
        scene.open()
        await scene.gateway.prove_feed(expect_ticks=True)
        scene.server.feed.half_open = True
        for _ in range(500):
            if scene.disturbances:
                break
            await asyncio.sleep(0.01)
        assert "silent, even when pinged" in scene.disturbances[0]

    play(tmp_path, story)


def test_a_silent_market_with_a_living_server_is_no_lost_feed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.gateway.openalgo.feed.SILENCE_S", 0.1)

    async def story(scene: Scene) -> None:
        scene.server.feed.silent = True
        scene.open()
        await scene.gateway.prove_feed(expect_ticks=False)
        await asyncio.sleep(0.6)
        assert scene.disturbances == []
        await scene.gateway.prove_feed(expect_ticks=False)

    play(tmp_path, story)


def test_a_feed_that_is_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(scene: Scene) -> None:
        config = replace(scene.config, websocket_url="ws://127.0.0.1:1")
        gateway = OpenAlgoGateway(config, KEY, [SBIN], live=False)
        gateway.open(scene.ticks.append, scene.disturbances.append)
        assert await scene.failure(gateway.prove_feed(expect_ticks=True)) == "WEBSOCKET_DOWN"
        await gateway.close()

    play(tmp_path, story)
