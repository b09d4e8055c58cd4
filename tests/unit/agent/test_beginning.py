"""The strategy's start stands before ACTIVE: what was told is over once it has returned, and not before."""

import asyncio
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from tests.unit.agent.living import Agent

from standfast.agent.flags import FlagKind, flag_path
from standfast.agent.strategy import TradingClosedError
from standfast.agent.trading import Side
from standfast.events import Event, Kind

FAULTY = """
class Bot:
    def start(self, trading): pass
    def tick(self, tick): raise ValueError("no sense")
    def stop(self): pass
"""
RAISES = FAULTY.replace("pass", "self.nothing", 1)
WORKS = FAULTY.replace('raise ValueError("no sense")', "pass  # as it should be")


def agent_with(directory: Path, bot: str, more: str = "") -> Agent:
    (directory / "bots").mkdir(exist_ok=True)
    write(directory, bot)
    agent = Agent(directory)
    agent.configure('strategy = "bot:Bot"', more)
    text = agent.files.config.read_text()
    lines = [f'strategy_path = "{directory}/bots"' if "strategy_path" in one else one for one in text.splitlines()]
    agent.files.config.write_text("\n".join(lines))
    return agent


def write(directory: Path, bot: str) -> None:
    (directory / "bots/bot.py").write_text(dedent(bot))


def is_end_or_active(event: Event) -> bool:
    return event.kind is Kind.RESOLVED or (event.kind is Kind.STATE and event.state == "ACTIVE")


def test_faults_are_over_once_start_has_returned_and_not_before(tmp_path: Path) -> None:
    async def story() -> None:
        agent = agent_with(tmp_path, FAULTY)
        agent.begin()
        assert (await agent.heard.kind(Kind.PROBLEM)).type == "STRATEGY_FAULTS"
        write(tmp_path, RAISES)
        agent.runner.life.reload()
        said = await agent.heard.until(lambda event: event.type == "STRATEGY_ERROR" or is_end_or_active(event))
        assert (said.previous_state, said.state) == ("STARTING", "ERROR"), "its start did not return"
        assert "the strategy's start raised AttributeError" in said.message
        write(tmp_path, WORKS)
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        over = {(await agent.heard.kind(Kind.RESOLVED)).type for _ in range(2)}
        assert over == {"STRATEGY_FAULTS", "STRATEGY_ERROR"}
        await agent.end()

    asyncio.run(story())


def test_while_start_has_not_returned_the_status_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.runner.BEAT_INTERVAL_S", 0.02)
    slow = """
    import threading
    GATE = threading.Event()
    class Bot:
        def start(self, trading):
            trading.place("NSE:SBIN", "BUY", 2)
            GATE.wait(10)
        def tick(self, tick): GATE.ticked = True
        def stop(self): pass
    """

    async def story() -> None:
        agent = agent_with(tmp_path, slow)
        agent.begin()
        await agent.until(lambda: bool(agent.have.own.all))
        assert agent.status["state"] == "STARTING"
        assert agent.status["reason"] == "all checks passed; the strategy's start has not returned yet"
        await agent.until(lambda: agent.status["flat"] is False)
        assert [order["quantity"] for order in agent.status["orders"]] == [2], "what it has placed by now is shown"
        gate = sys.modules["bot"].GATE
        gate.set()
        await agent.heard.state("ACTIVE")
        await agent.until(lambda: hasattr(gate, "ticked"))
        assert str(await agent.end()) == "flat (closed +2 NSE:SBIN MIS)"

    asyncio.run(story())


def test_a_kill_while_start_runs_lets_no_more_orders_pass_and_never_becomes_active(tmp_path: Path) -> None:
    slow = """
    import threading
    GATE = threading.Event()
    SAID = []
    class Bot:
        def start(self, trading):
            trading.place("NSE:SBIN", "BUY", 2)
            GATE.wait(10)
            try: trading.place("NSE:SBIN", "BUY", 2)
            except Exception as error: SAID.append(str(error))
        def tick(self, tick): pass
        def stop(self): pass
    """

    async def story() -> None:
        agent = agent_with(tmp_path, slow)
        agent.begin()
        await agent.until(lambda: bool(agent.have.own.all))
        flag_path(agent.files.config, FlagKind.KILLED).write_text("why = 'enough'")
        agent.runner.life.reload()
        bot = sys.modules["bot"]
        bot.GATE.set()
        said = await agent.heard.until(lambda event: event.type == "KILLED" or is_end_or_active(event))
        assert (said.previous_state, said.state) == ("STARTING", "ERROR")
        await agent.until(lambda: bool(bot.SAID))
        assert "the agent is killed" in bot.SAID[0]
        assert len(agent.have.own.all) == 1
        await agent.end()

    asyncio.run(story())


def test_what_a_start_bought_before_it_raised_is_closed_where_that_is_configured(tmp_path: Path) -> None:
    bot = RAISES.replace("self.nothing", 'trading.place("NSE:SBIN", "BUY", 2); self.nothing')

    async def story() -> None:
        agent = agent_with(tmp_path, bot)
        text = agent.files.config.read_text().replace("[waiting]", '[waiting]\npositions = "close"')
        agent.files.config.write_text(text)
        agent.begin()
        await agent.heard.state("ERROR")
        await agent.until(lambda: agent.have.own.is_flat is True)
        assert agent.have.trade is not None
        with pytest.raises(TradingClosedError, match="the agent is not ACTIVE"):
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 2)
        await agent.end()

    asyncio.run(story())


def test_a_start_that_lost_its_gateway_is_called_again_when_that_is_back(tmp_path: Path) -> None:
    bot = """
    import pathlib
    class Bot:
        def start(self, trading):
            down = pathlib.Path(__file__).with_name("once")
            if not down.exists():
                down.touch()
                pathlib.Path({faults!r}).write_text("down")
            trading.positions()
        def tick(self, tick): pass
        def stop(self): pass
    """

    async def story() -> None:
        agent = agent_with(tmp_path, bot.format(faults=str(tmp_path / "faults")))
        agent.begin()
        waits = await agent.heard.kind(Kind.STATE)
        assert (waits.previous_state, waits.state, waits.type) == ("STARTING", "WAITING", "OPENALGO_DOWN")
        agent.faults.unlink()
        await agent.heard.state("ACTIVE")
        await agent.end()

    asyncio.run(story())


def test_a_stop_while_start_runs_closes_what_it_bought_and_says_how_far_it_was(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot = """
    import threading
    GATE = threading.Event()
    class Bot:
        def start(self, trading):
            trading.place("NSE:SBIN", "BUY", 2)
            GATE.wait(10)
        def tick(self, tick): pass
        def stop(self): pass
    """

    async def story() -> None:
        agent = agent_with(tmp_path, bot)
        agent.begin()
        await agent.until(lambda: bool(agent.have.own.all))
        assert str(await agent.end()) == "flat (closed +2 NSE:SBIN MIS)"
        sys.modules["bot"].GATE.set()

    with caplog.at_level("INFO"):
        asyncio.run(story())
    assert "save_state done" in caplog.text
    assert ": the strategy's start had not returned" in caplog.text
