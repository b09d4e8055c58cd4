"""What an agent remembers of its earlier runs: crashes, positions, problems, a damaged database."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.agent.living import Agent, living

from standfast.agent import remains
from standfast.agent.flatness import EndKind
from standfast.agent.strategy import TradingRefusedError
from standfast.agent.trading import OrderKind, OrderRequest, Side
from standfast.clock import utc_now
from standfast.events import Event, Kind, Severity
from standfast.moments import iso

WATCHES = 'strategy = "standfast.agent.watching:WatchOnly"'


async def crash(agent: Agent) -> None:
    """End without an end: what a SIGKILL leaves behind is on the disk."""
    assert agent.task is not None
    agent.task.cancel()
    await asyncio.wait({agent.task})
    if agent.have.gateway:
        await agent.have.gateway.close()
    if agent.have.trade:
        agent.have.trade.callbacks.close()
    agent.have.close()


async def run_and_crash(directory: Path, times: int) -> None:
    for _ in range(times):
        agent = Agent(directory)
        agent.begin()
        await agent.heard.state("ACTIVE")
        await crash(agent)


def test_whoever_has_looked_ends_a_cool_off_by_a_reload_and_is_told_so(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(WATCHES)
        await run_and_crash(tmp_path, 3)
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert problem.action.endswith("or at once: systemctl reload standfast-agent@bot")
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        await agent.end()

    asyncio.run(story())


def test_after_three_crashes_it_cools_off_and_the_second_time_it_asks_for_a_human(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(WATCHES, "[crashes]\ncool_off_s = 0.3")
        await run_and_crash(tmp_path, 3)
        remains.note_end(agent.files.database, "signal SEGV")
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("CRASH_COOL_OFF", "WAITING")
        assert "3 unclean ends within 10 min" in problem.message
        assert "; its last end: signal SEGV; cooling off until " in problem.message
        assert problem.message.endswith(" UTC, or a reload"), "a length of time would be untrue a second later"
        await agent.heard.kind(Kind.RESOLVED)
        await crash(agent)

        await run_and_crash(tmp_path, 2)
        agent = Agent(tmp_path)
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("CRASH_LOOP", "ERROR")
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        await agent.end()

        agent = Agent(tmp_path)
        agent.begin()
        assert (await agent.heard.kind(Kind.STATE)).state == "ACTIVE", "an orderly end wipes the slate"
        await agent.end()

    asyncio.run(story())


def test_a_cool_off_that_a_reload_ended_is_over_for_a_further_crash_too(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(WATCHES)
        await run_and_crash(tmp_path, 3)
        agent.begin()
        await agent.heard.state("WAITING")
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        await crash(agent)
        agent = Agent(tmp_path)
        agent.begin()
        assert (await agent.heard.kind(Kind.STATE)).state == "ACTIVE", "one crash since a human has looked"
        await agent.end()

    asyncio.run(story())


def test_a_stop_in_the_cool_off_closes_what_the_crash_left_open(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            await crash(agent)
        await run_and_crash(tmp_path, 2)
        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("WAITING")
        assert str(await again.end()) == "flat (closed +3 NSE:SBIN MIS)"

    asyncio.run(story())


def test_positions_and_orders_are_taken_up_after_a_crash(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3, OrderKind.LIMIT, price=1)
            await crash(agent)
        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("ACTIVE")
        assert list(again.have.own.nets.values()) == [3]
        assert len(again.have.own.pending) == 1
        end = await again.end()
        assert (end.kind, end.detail) == (EndKind.FLAT, "closed +3 NSE:SBIN MIS")

    asyncio.run(story())


def test_an_order_of_unknown_fate_needs_a_human(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3, OrderKind.LIMIT, price=1)
            await crash(agent)
        (tmp_path / "paper.json").unlink()  # the broker forgot it, as it does overnight
        again = Agent(tmp_path)
        again.begin()
        problem = await again.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state, problem.severity) == ("POSITIONS_UNVERIFIED", "ERROR", Severity.CRITICAL)
        assert "P000001 (BUY 3 NSE:SBIN MIS LIMIT at 1, unknown)" in problem.message
        again.runner.life.reload()
        await again.heard.state("ACTIVE")
        assert (await again.end()).kind is EndKind.FLAT

    asyncio.run(story())


def test_what_was_closed_elsewhere_is_forgotten(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            await agent.have.refresh()
            await crash(agent)
        (tmp_path / "paper.json").unlink()
        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("ACTIVE")
        assert again.have.own.is_flat is True
        await again.end()

    asyncio.run(story())


def test_a_problem_that_was_told_is_resolved_by_the_next_run(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, faults="down") as agent:
            await agent.heard.kind(Kind.PROBLEM)
            await crash(agent)
        again = Agent(tmp_path)
        again.faults.unlink()
        again.begin()
        resolved: Event = await again.heard.kind(Kind.RESOLVED)
        assert resolved.type == "OPENALGO_DOWN"
        await again.end()

    asyncio.run(story())


@pytest.mark.parametrize(("policy", "held"), [("hold", True), ("close", False)])
def test_what_becomes_of_positions_when_it_has_to_wait(tmp_path: Path, policy: str, held: bool) -> None:
    environ = {"STANDFAST_WAITING_POSITIONS": policy, "STANDFAST_ACTIVE_MAX_TICK_AGE_S": "0.2"}

    async def story() -> None:
        async with living(tmp_path, top=WATCHES, environ=environ) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            agent.faults.write_text("silent_feed")
            await agent.heard.state("WAITING")
            await asyncio.sleep(0.1)
            await agent.have.refresh()
            assert bool(agent.have.own.nets) is held

    asyncio.run(story())


def test_positions_that_could_not_be_closed_are_told_at_once(tmp_path: Path) -> None:
    environ = {"STANDFAST_WAITING_POSITIONS": "close"}

    async def story() -> None:
        async with living(tmp_path, top=WATCHES, environ=environ) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            agent.faults.write_text("down")
            await agent.heard.state("WAITING")
            told = await agent.heard.until(lambda event: event.type == "POSITIONS_NOT_FLAT")
            assert told.severity is Severity.CRITICAL
            agent.faults.unlink()
            resolved = {(await agent.heard.kind(Kind.RESOLVED)).type for _ in range(2)}
            assert resolved == {"OPENALGO_DOWN", "POSITIONS_NOT_FLAT"}

    asyncio.run(story())


def test_an_end_outside_the_session_hours_holds_positions(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            desk = agent.have.trade.desk
            await desk.place("NSE:SBIN", Side.BUY, 3)
            await desk.place("NSE:SBIN", Side.BUY, 3, OrderKind.LIMIT, price=1)
            agent.configure(WATCHES, '[session]\ndays = "Mon..Sun"\nstart = "00:00"\nstop = "00:00:01"')
            agent.runner.life.reload()
            assert "market closed" in (await agent.heard.state("WAITING")).message
            end = await agent.end()
            assert str(end) == "held (market closed), open: +3 NSE:SBIN MIS"
            told = await agent.heard.kind(Kind.SHUTDOWN)
            assert (told.type, told.severity) == ("POSITIONS_HELD", Severity.WARNING)

    asyncio.run(story())


def locked(directory: Path) -> sqlite3.Connection:
    """Another program in the middle of a transaction of its own."""
    connection = sqlite3.connect(directory / "state.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


def test_a_locked_database_keeps_no_position_open_at_the_stop(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            other = locked(tmp_path)
            gateway = agent.have.gateway
            assert gateway is not None
            assert str(await agent.end()) == "flat (closed +3 NSE:SBIN MIS)"
            assert await gateway.positions() == ()
            other.close()

    asyncio.run(story())


def test_an_order_that_cannot_be_written_is_refused_and_one_that_was_placed_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            assert agent.have.gateway is not None
            desk, gateway = agent.have.trade.desk, agent.have.gateway
            other = locked(tmp_path)
            with pytest.raises(TradingRefusedError, match=r"cannot use the agent's database .* locked"):
                await desk.place("NSE:SBIN", Side.BUY, 3)
            assert await gateway.orders() == ()
            other.rollback()

            at_the_broker = gateway.place

            async def locked_meanwhile(request: OrderRequest) -> str:
                other.execute("BEGIN IMMEDIATE")
                return await at_the_broker(request)

            monkeypatch.setattr(gateway, "place", locked_meanwhile)
            order_id = await desk.place("NSE:SBIN", Side.BUY, 1)
            other.close()
            monkeypatch.undo()
            assert [order.order_id for order in await gateway.orders()] == [order_id]
            assert (await agent.end()).kind is EndKind.FLAT

    asyncio.run(story())


@pytest.mark.parametrize("locked_before_it_is_opened", [True, False])
def test_crashes_are_faced_though_the_database_is_locked_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, locked_before_it_is_opened: bool
) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(WATCHES)
        await run_and_crash(tmp_path, 3)
        others: list[sqlite3.Connection] = []
        opened = agent.have.open_store

        def open_and_lock() -> None:
            opened()
            others.append(locked(tmp_path))

        if locked_before_it_is_opened:
            others.append(locked(tmp_path))
        else:
            monkeypatch.setattr(agent.have, "open_store", open_and_lock)
        agent.begin()
        monkeypatch.undo()
        if locked_before_it_is_opened:
            assert (await agent.heard.kind(Kind.PROBLEM)).type == "DATABASE_LOCKED"
        others[0].close()
        assert (await agent.heard.kind(Kind.PROBLEM)).type == "CRASH_COOL_OFF"
        await agent.end()

    asyncio.run(story())


def test_who_waits_for_a_human_cools_off_no_more(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(WATCHES)
        await run_and_crash(tmp_path, 3)
        agent.begin()
        assert (await agent.heard.kind(Kind.PROBLEM)).type == "CRASH_COOL_OFF"
        await crash(agent)
        with sqlite3.connect(agent.files.database) as database:
            over = iso(utc_now() - timedelta(hours=1))
            database.execute("UPDATE runs SET cool_off_until = ? WHERE cool_off_until IS NOT NULL", (over,))
        database.close()
        again = Agent(tmp_path)
        again.configure(WATCHES, "[crashes]\nmax_unclean_ends = 1")
        again.begin()
        assert (await again.heard.kind(Kind.PROBLEM)).type == "CRASH_LOOP"
        said = await again.heard.kind(Kind.RESOLVED)
        assert said.message == (
            "Agent bot waits for a human now and calls no callback of its strategy; CRASH_COOL_OFF is over"
        )
        await again.end()

    asyncio.run(story())


def test_an_agent_whose_configuration_is_gone_knows_by_its_books_that_it_traded_on_paper(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure()
        agent.begin()
        await agent.until_holding()
        await crash(agent)
        agent.files.config.unlink()
        agent = Agent(tmp_path)
        agent.begin()
        await agent.heard.state("ERROR")
        assert agent.status["gateway"] == "paper"
        await agent.end()
        told = agent.heard.events[-1]
        assert (told.kind, told.type) == (Kind.SHUTDOWN, "POSITIONS_UNVERIFIED")
        assert told.message.endswith(" (on paper)")
        assert "broker" not in told.action

    asyncio.run(story())
