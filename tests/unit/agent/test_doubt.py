"""A broker that takes its time, or lies for a moment: nothing is lost, doubled, or called flat when nobody knows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.agent.living import Agent, living
from tests.unit.agent.test_closing import A, B, Scene, play
from tests.unit.agent.test_memory import WATCHES, crash

from standfast.agent.closing import Closing
from standfast.agent.config import Scope
from standfast.agent.failures import AgentError, FailureType, failed
from standfast.agent.flatness import EndKind
from standfast.agent.ledger import BROKER_PATIENCE
from standfast.agent.trading import Holding, Order, OrderKind, OrderRequest, OrderStatus, Side
from standfast.clock import monotonic_s, utc_now
from standfast.events import Kind

Answer = Callable[[], Awaitable[Sequence[object]]]


def slowed(monkeypatch: pytest.MonkeyPatch, agent: Agent, seconds: float) -> None:
    """The broker takes so long to answer to an order that buys."""
    assert agent.have.gateway is not None
    place = agent.have.gateway.place

    async def slowly(request: OrderRequest) -> str:
        await asyncio.sleep(seconds if request.side is Side.BUY else 0)
        return await place(request)

    monkeypatch.setattr(agent.have.gateway, "place", slowly)


async def buy(agent: Agent, kind: OrderKind = OrderKind.MARKET, price: float = 0.0) -> str:
    assert agent.have.trade is not None
    return await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 2, kind, price=price)


def test_an_order_that_is_answered_in_the_middle_of_the_stop_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            slowed(monkeypatch, agent, 3)
            buying = asyncio.create_task(buy(agent))
            await asyncio.sleep(0)
            gateway = agent.have.gateway
            assert str(await agent.end()) == "flat (closed +2 NSE:SBIN MIS)"
            await buying
            assert gateway is not None
            assert await gateway.positions() == ()

    asyncio.run(story())


def test_a_kill_cancels_what_is_pending_though_another_order_is_not_answered_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = "[shutdown]\nbudget_s = { cancel_orders = 0.3 }"
    environ = {"STANDFAST_ACTIVE_CHECK_INTERVAL_S": "0.2"}

    async def story() -> None:
        async with living(tmp_path, top=WATCHES, more=more, environ=environ) as agent:
            await agent.heard.state("ACTIVE")
            first = await buy(agent, OrderKind.LIMIT, 1)
            slowed(monkeypatch, agent, 0.6)
            late = asyncio.create_task(buy(agent, OrderKind.LIMIT, 1))
            await asyncio.sleep(0)
            (tmp_path / "bot.killed").touch()
            agent.runner.life.reload()
            problem = await agent.heard.kind(Kind.PROBLEM)
            assert "given up after 0.3 s: the broker has not answered to an order yet" in problem.message
            assert agent.have.gateway is not None
            cancelled = [one.order_id for one in await agent.have.gateway.orders() if one.status.is_final]
            assert cancelled == [first]
            await late
            await agent.until(lambda: agent.status["reason"].endswith("1 order asked to be cancelled"))
            assert agent.have.own.is_flat, "what came in since is cancelled all the same"
            assert agent.runner.life.state == "ERROR"

    asyncio.run(story())


def test_a_kill_cancels_without_the_strategy_which_may_be_what_hangs(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await buy(agent, OrderKind.LIMIT, 1)
            await crash(agent)
        (tmp_path / "hangs.py").write_text("import threading\nthreading.Event().wait()\n")
        (tmp_path / "bot.killed").touch()
        again = Agent(tmp_path)
        again.files.config.write_text(f'strategy = "hangs:S"\nstrategy_path = "{tmp_path}"\n')
        again.begin()
        problem = await again.heard.until(lambda event: event.kind is Kind.PROBLEM, timeout_s=3)
        assert "1 order asked to be cancelled" in problem.message
        assert again.have.own.pending == ()
        assert again.have.trade is None
        await again.end()

    asyncio.run(story())


class Lies:
    """Answers of the gateway that stand for its own, for so long from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, scene: Scene) -> None:
        self._monkeypatch = monkeypatch
        self._gateway = scene.gateway

    def tell(self, call: str, lie: Callable[[Sequence[object]], Sequence[object]], seconds: float) -> None:
        honest: Answer = getattr(self._gateway, call)
        until_s = monotonic_s() + seconds

        async def answer() -> Sequence[object]:
            truth = await honest()
            return lie(truth) if monotonic_s() < until_s else truth

        self._monkeypatch.setattr(self._gateway, call, answer)


def nothing(_: Sequence[object]) -> Sequence[object]:
    return ()


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("step", ["close", "look"])
def test_a_position_that_the_books_lack_for_a_moment_is_closed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope, step: str
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        await scene.gateway.cancel_all()
        await scene.desk.refresh()
        Lies(monkeypatch, scene).tell("positions", nothing, 0.5)
        closing = Closing(scene.gateway, scene.desk, scope, market_orders=True)
        if step == "look":
            await closing.look_only("to see")
            assert closing.end.kind is EndKind.NOT_FLAT
            return
        await closing.close_positions()
        assert closing.end.kind is EndKind.FLAT
        monkeypatch.undo()
        assert await scene.net() == ({Holding(A): 7} if scope is Scope.OWN else {})

    play(tmp_path, story)


def test_no_second_order_closes_what_the_first_one_may_that_the_book_lacks_for_a_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        held = await scene.gateway.positions()
        await scene.gateway.cancel_all()
        lies = Lies(monkeypatch, scene)
        place = scene.gateway.place

        async def placed(request: OrderRequest) -> str:
            lies.tell("orders", nothing, 1.5)
            lies.tell("positions", lambda _: held, 1.5)
            return await place(request)

        await scene.desk.refresh()
        monkeypatch.setattr(scene.gateway, "place", placed)
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        await closing.close_positions()
        assert closing.end.kind is EndKind.FLAT
        assert await scene.net() == {Holding(A): 7}

    play(tmp_path, story)


def unknown(book: Sequence[object]) -> Sequence[object]:
    """An order that is taken at this moment, in a word of the broker's that nobody here knows."""
    orders = [one for one in book if isinstance(one, Order)]
    return [replace(one, status=OrderStatus.UNKNOWN, filled=None) if one is orders[-1] else one for one in orders]


@pytest.mark.parametrize("scope", list(Scope))
def test_an_order_in_a_word_that_nobody_knows_is_not_placed_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scope: Scope
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        await scene.gateway.cancel_all()
        await scene.gateway.place(OrderRequest(B, Side.BUY, 3))
        await scene.desk.place(B, Side.BUY, 3)
        await scene.desk.refresh()
        held = await scene.gateway.positions()
        before = len(await scene.gateway.orders())
        lies = Lies(monkeypatch, scene)
        lies.tell("orders", lambda book: unknown(book) if len(book) > before else book, 1000)
        lies.tell("positions", lambda _: held, 1000)
        closing = Closing(scene.gateway, scene.desk, scope, market_orders=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(closing.close_positions(), 2.5)
        assert closing.end.kind is EndKind.UNVERIFIED
        monkeypatch.undo()
        assert len(await scene.gateway.orders()) == before + len({A} if scope is Scope.OWN else held)

    play(tmp_path, story)


def test_an_order_of_which_the_book_does_not_tell_is_asked_to_be_cancelled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        Lies(monkeypatch, scene).tell("orders", nothing, 0.1)
        await Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True).cancel_orders()
        assert await scene.pending() == 1, "another's"

    play(tmp_path, story)


def test_an_order_that_cannot_be_cancelled_keeps_no_other_position_open(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        for order in scene.own.pending:
            if order.request.symbol == A:
                await scene.gateway.cancel(order.order_id)
        scene.faults.write_text("stuck_cancels")
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(closing.close_positions(), 1)
        assert await scene.net() == {Holding(A): 7, Holding(B): -3}, "which the stuck order may yet close"
        assert closing.end.kind is EndKind.NOT_FLAT

    play(tmp_path, story)


def test_a_closing_order_whose_answer_is_lost_is_found_in_the_book_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        await scene.gateway.cancel_all()
        await scene.desk.refresh()
        place, lies = scene.gateway.place, Lies(monkeypatch, scene)

        async def unanswered(request: OrderRequest) -> str:
            lies.tell("orders", lambda book: book[:7], 0.5)
            await place(request)
            raise failed(FailureType.OPENALGO_DOWN, "no answer")

        monkeypatch.setattr(scene.gateway, "place", unanswered)
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        await closing.close_positions()
        assert str(closing.end) == "flat (closed +5 NSE:A MIS, -3 NSE:B MIS)"
        assert await scene.net() == {Holding(A): 7}

    play(tmp_path, story)


def test_the_account_is_not_closed_twice_by_a_broker_that_takes_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        await scene.gateway.cancel_all()
        close_all, asked = scene.gateway.close_all, 0

        async def slowly() -> None:
            nonlocal asked
            asked += 1
            await asyncio.sleep(1.5)
            await close_all()

        monkeypatch.setattr(scene.gateway, "close_all", slowly)
        first = Closing(scene.gateway, scene.desk, Scope.ACCOUNT, market_orders=True)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(first.close_positions(), 0.1)
        assert str(first.end) == 'unverified (the broker has not answered to "close all")'
        second = Closing(scene.gateway, scene.desk, Scope.ACCOUNT, market_orders=True)
        await second.close_positions()
        assert (asked, await scene.net(), second.end.kind) == (1, {}, EndKind.FLAT)

    play(tmp_path, story)


def test_a_session_that_has_ended_is_asked_for_twice(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        scene.faults.write_text("logged_out")
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        with pytest.raises(AgentError, match="has no session"):
            await asyncio.wait_for(closing.close_positions(), 1.5)
        with pytest.raises(AgentError, match="has no session"):
            await asyncio.wait_for(closing.close_positions(), 0.5)

    play(tmp_path, story)


def test_a_session_that_seems_to_have_ended_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(scene: Scene) -> None:
        await scene.hold()
        scene.faults.write_text("logged_out")
        asyncio.get_running_loop().call_later(0.3, scene.faults.unlink)
        closing = Closing(scene.gateway, scene.desk, Scope.OWN, market_orders=True)
        await closing.close_positions()
        assert closing.end.kind is EndKind.FLAT

    play(tmp_path, story)


@pytest.mark.parametrize(("call", "kind"), [("positions", OrderKind.MARKET), ("orders", OrderKind.LIMIT)])
def test_a_start_believes_only_at_the_second_look_that_what_it_knows_of_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, kind: OrderKind
) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await buy(agent, kind, 1)
            await agent.have.refresh()
            await crash(agent)
        again = Agent(tmp_path)
        again.runner.begin()
        gateway = again.have.open_gateway()
        honest, lies = getattr(gateway, call), iter(["empty"])

        async def answer() -> Sequence[object]:
            truth: Sequence[object] = await honest()
            return () if next(lies, "") else truth

        monkeypatch.setattr(gateway, call, answer)
        again.task = asyncio.create_task(again.runner.run(again.stop))
        assert (await again.heard.kind(Kind.STATE)).state == "ACTIVE"
        assert (list(again.have.own.nets.values()), len(again.have.own.pending)) in [([2], 0), ([], 1)]
        assert (await again.end()).kind is EndKind.FLAT
        assert (await gateway.positions(), [one for one in await gateway.orders() if one.status.is_pending]) == ((), [])

    asyncio.run(story())


def test_an_order_that_never_arrived_is_no_doubt_until_the_end(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            own = agent.have.own
            late = own.intend(OrderRequest("NSE:SBIN", Side.BUY, 5), utc_now() - BROKER_PATIENCE)
            agent.have.own.intend(OrderRequest("NSE:SBIN", Side.BUY, 7), utc_now())
            agent.runner.life.reload()
            await agent.until(lambda: own.latest(late).status is OrderStatus.REJECTED)
            assert [one.request.quantity for one in own.uncertain] == [7], "which may arrive yet"
            assert agent.runner.life.state == "ACTIVE"
            own.give_up_uncertain()

    asyncio.run(story())
