"""A kill acts at once, whatever the agent is at: it waits for nothing that hangs."""

import asyncio
import sys
import time
from pathlib import Path

import pytest
from tests.fakes.openalgo import FakeOpenAlgo, World
from tests.unit.agent.living import Agent
from tests.unit.agent.test_beginning import agent_with
from tests.unit.agent.test_flags import WATCHES, place, set_flag
from tests.unit.agent.test_memory import crash
from tests.unit.agent.test_openalgo_life import Scene

from standfast.agent.flags import FlagKind
from standfast.agent.interruption import Interruption
from standfast.agent.trading import OrderKind
from standfast.events import Kind

BLOCKS = """
import threading
GATE = threading.Event()
SAID = []
class Bot:
    def start(self, trading):
        if not GATE.is_set():
            trading.place("NSE:SBIN", "BUY", 2, "LIMIT", price=1.0)
            GATE.wait(30)
    def tick(self, tick): pass
    def stop(self): pass
"""
AWAITS = """
import asyncio
GATE = asyncio.Event()
SAID = []
class Bot:
    async def start(self, trading):
        if GATE.is_set(): return
        await trading.place("NSE:SBIN", "BUY", 2, "LIMIT", price=1.0)
        {hang}
    async def tick(self, tick): pass
    async def stop(self): pass
"""
NEVER = AWAITS.format(hang="await asyncio.get_running_loop().create_future()")
# It does not let itself be cancelled, and trades on.
STUBBORN = AWAITS.format(
    hang="""try: await GATE.wait()
        except asyncio.CancelledError: pass
        try: await trading.place("NSE:SBIN", "BUY", 2)
        except Exception as error: SAID.append(str(error))"""
)


@pytest.mark.parametrize("bot", [BLOCKS, NEVER, STUBBORN], ids=["blocks", "never", "stubborn"])
def test_a_kill_while_start_hangs_cancels_what_it_placed_at_once(tmp_path: Path, bot: str) -> None:
    async def story() -> None:
        agent = agent_with(tmp_path, bot)
        agent.begin()
        await agent.until(lambda: bool(agent.have.own.pending))
        begun_s = time.monotonic()
        path = set_flag(agent, FlagKind.KILLED)
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert time.monotonic() - begun_s < 2.0
        assert (problem.type, problem.state) == ("KILLED", "ERROR")
        assert "1 order asked to be cancelled" in problem.message
        assert not agent.have.own.pending
        with pytest.raises(TimeoutError):
            await agent.heard.until(lambda event: event.kind is Kind.UPDATE, timeout_s=0.3)
        assert "1 order asked to be cancelled" in agent.status["reason"], "what it did stands there on"
        assert agent.have.trade is not None
        assert not agent.have.trade.pump.is_late, "the watchdog has nothing to end"
        hung = sys.modules["bot"]
        if bot is STUBBORN:
            await agent.until(lambda: bool(hung.SAID))
            assert "the agent is killed" in hung.SAID[0]
        path.unlink()
        hung.GATE.set()
        (tmp_path / "bots/bot.py").write_text(bot.replace("Event()", "Event(); GATE.set()"))
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        assert (await agent.end()).kind == "flat"

    asyncio.run(story())


def test_a_kill_while_a_check_waits_for_the_feed_cancels_at_once(tmp_path: Path) -> None:
    async def story(server: FakeOpenAlgo) -> None:
        before = Scene(tmp_path, server)
        before.begin()
        await before.heard.state("ACTIVE")
        await before.place(OrderKind.LIMIT, 1)
        await crash(before)
        server.feed.silent = True
        asked = server.world.calls["funds"]
        scene = Scene(tmp_path, server)
        text = scene.files.config.read_text().replace("first_tick_timeout_s = 0.5", "first_tick_timeout_s = 15")
        scene.files.config.write_text(text)
        scene.begin()
        await scene.until(lambda: server.world.calls["funds"] > asked)
        with pytest.raises(TimeoutError):
            await scene.heard.until(lambda event: event.kind is Kind.STATE, timeout_s=0.5)
        begun_s = time.monotonic()
        set_flag(scene, FlagKind.KILLED)
        assert (await scene.heard.kind(Kind.PROBLEM)).type == "KILLED"
        assert time.monotonic() - begun_s < 2.0
        assert [order["order_status"] for order in server.world.orders] == ["cancelled"]
        await scene.end()

    with FakeOpenAlgo(World(analyze=False)) as server:
        asyncio.run(story(server))


def test_a_kill_that_is_taken_back_before_it_was_seen_leaves_an_agent_that_trades(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(WATCHES)
        agent.begin()
        await agent.heard.state("ACTIVE")
        set_flag(agent, FlagKind.KILLED).unlink()
        agent.runner.life.reload()
        await agent.until(lambda: agent.have.trade is not None and agent.have.trade.pump.handed_over > 0)
        before = agent.runner.life.have.trade.pump.handed_over if agent.runner.life.have.trade else 0
        await agent.until(lambda: agent.have.trade is not None and agent.have.trade.pump.handed_over > before + 5)
        await place(agent)
        assert agent.runner.life.state == "ACTIVE"
        await agent.end()

    asyncio.run(story())


def test_only_what_it_was_asked_for_is_an_interruption() -> None:
    async def fails() -> None:
        raise TimeoutError

    async def story() -> None:
        interruption = Interruption()
        interruption.interrupt()
        with pytest.raises(TimeoutError):
            await interruption.unless(fails())
        assert await interruption.unless(asyncio.sleep(0))
        asyncio.get_running_loop().call_soon(interruption.interrupt)
        assert not await interruption.unless(asyncio.sleep(30))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await interruption.unless(asyncio.sleep(30))

    asyncio.run(story())
