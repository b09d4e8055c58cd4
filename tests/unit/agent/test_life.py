"""An agent lives: start, wait, come back, fail, recover, end; against the paper gateway and its faults."""

import asyncio
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.agent.living import TRADES, Agent, living

from standfast.agent.config import AgentConfig, SessionConfig
from standfast.agent.desk import BlockingDesk, Desk
from standfast.agent.flatness import EndKind
from standfast.agent.renewal import waits_for_restart
from standfast.config import ConfigError
from standfast.events import Kind, Severity


def history(agent: Agent) -> list[str]:
    connection = sqlite3.connect(agent.files.database)
    rows = [row[0] for row in connection.execute("SELECT state FROM state_transitions ORDER BY id")]
    connection.close()
    return rows


def test_it_trades_and_stops_flat(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path) as agent:
            await agent.heard.state("ACTIVE")
            await agent.until_holding()
            begun = time.monotonic()
            end = await agent.end()
            assert time.monotonic() - begun < 0.5
            assert end.kind is EndKind.FLAT
            assert "closed " in end.detail
            assert (agent.status["state"], agent.status["flat"]) == ("SHUTDOWN", True)
            told = [event for event in agent.heard.events if event.kind is Kind.SHUTDOWN]
            assert [event.severity for event in told] == [Severity.INFO]
            assert history(agent) == ["ACTIVE", "SHUTDOWN"]

    asyncio.run(story())


def test_a_gateway_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path) as agent:
            await agent.heard.state("ACTIVE")
            agent.faults.write_text("down")
            problem = await agent.heard.kind(Kind.PROBLEM)
            assert (problem.type, problem.state, problem.failure_class) == ("OPENALGO_DOWN", "WAITING", "TRANSIENT")
            assert problem.unit == "standfast-agent@bot.service"
            assert problem.action
            assert agent.status["failure"]["type"] == "OPENALGO_DOWN"
            agent.faults.unlink()
            resolved = await agent.heard.kind(Kind.RESOLVED)
            assert (resolved.type, resolved.unit) == (problem.type, problem.unit)
            assert agent.status["state"] == "ACTIVE"
            assert history(agent) == ["ACTIVE", "WAITING", "ACTIVE"]

    asyncio.run(story())


@pytest.mark.parametrize(
    ("fault", "kind", "state"),
    [
        ("down", "OPENALGO_DOWN", "WAITING"),
        ("feed_down", "WEBSOCKET_DOWN", "WAITING"),
        ("silent_feed", "FEED_STALE", "WAITING"),
        ("bad_key", "OPENALGO_AUTH_FAILED", "ERROR"),
        ("logged_out", "BROKER_NOT_LOGGED_IN", "ERROR"),
    ],
)
def test_each_fault_at_start_has_its_state(tmp_path: Path, fault: str, kind: str, state: str) -> None:
    async def story() -> None:
        async with living(tmp_path, faults=fault) as agent:
            problem = await agent.heard.kind(Kind.PROBLEM)
            assert (problem.type, problem.state) == (kind, state)
            end = await agent.end()
            assert end.kind is EndKind.FLAT, "nothing was placed, so nothing needs to be asked"

    asyncio.run(story())


def test_a_login_at_the_broker_is_noticed_without_a_reload(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, faults="logged_out") as agent:
            await agent.heard.state("ERROR")
            agent.faults.unlink()
            await agent.heard.kind(Kind.RESOLVED)

    asyncio.run(story())


def test_a_bad_key_waits_for_a_human(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, faults="bad_key") as agent:
            await agent.heard.state("ERROR")
            agent.faults.unlink()
            with pytest.raises(TimeoutError):
                await agent.heard.until(lambda event: event.state == "ACTIVE", timeout_s=0.4)
            agent.runner.life.reload()
            await agent.heard.state("STARTING")
            await agent.heard.state("ACTIVE")

    asyncio.run(story())


def test_another_failure_takes_the_first_ones_place(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, faults="down") as agent:
            await agent.heard.kind(Kind.PROBLEM)
            agent.faults.write_text("feed_down")
            assert (await agent.heard.kind(Kind.PROBLEM)).type == "WEBSOCKET_DOWN"
            agent.faults.write_text("logged_out")
            assert (await agent.heard.kind(Kind.PROBLEM)).state == "ERROR"
            agent.faults.unlink()
            resolved = {(await agent.heard.kind(Kind.RESOLVED)).type for _ in range(3)}
            assert resolved == {"OPENALGO_DOWN", "WEBSOCKET_DOWN", "BROKER_NOT_LOGGED_IN"}

    asyncio.run(story())


def test_a_feed_that_falls_silent_while_trading(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, environ={"STANDFAST_ACTIVE_MAX_TICK_AGE_S": "0.2"}) as agent:
            await agent.heard.state("ACTIVE")
            agent.faults.write_text("silent_feed")
            assert (await agent.heard.kind(Kind.PROBLEM)).type == "FEED_STALE"

    asyncio.run(story())


def test_a_broken_configuration_idles_in_error_until_it_is_corrected(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.files.config.write_text("gateway = 'x'")
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert problem.type == "CONFIG_ERROR"
        assert "bot.toml:1: gateway: expected one of" in problem.message
        agent.files.config.write_text("symbols = []")
        agent.runner.life.reload()
        await agent.heard.until(lambda event: event.kind is Kind.PROBLEM and "symbols" in event.message)
        agent.configure()
        agent.runner.life.reload()
        await agent.heard.kind(Kind.RESOLVED)
        assert (await agent.end()).kind is EndKind.FLAT

    asyncio.run(story())


def test_a_mistake_in_a_reload_leaves_a_trading_agent_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path) as agent:
            await agent.heard.state("ACTIVE")
            agent.files.config.write_text("gateway = 'x'")
            with pytest.raises(ConfigError):
                agent.runner.life.reload()
            await agent.until_holding()
            assert agent.runner.life.state == "ACTIVE"

    asyncio.run(story())


def test_what_a_reload_does_not_take_up_is_said_until_the_restart(tmp_path: Path) -> None:
    async def story() -> None:
        slower = TRADES.format().replace("slow = 2", "slow = 3")
        async with living(tmp_path) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.status["waits_for_restart"] == []
            agent.configure(slower, more="[session]\ndays = 'Mon..Sun'\nstart = '00:00'\nstop = '00:00'")
            agent.runner.life.reload()
            assert agent.status["waits_for_restart"] == ["parameters"]
            agent.configure(slower.replace("moving_average:MovingAverage", "standfast.agent.watching:WatchOnly"))
            agent.runner.life.reload()
            assert agent.status["waits_for_restart"] == ["strategy", "parameters"]
            agent.configure()
            agent.runner.life.reload()
            assert agent.status["waits_for_restart"] == [], "what is taken back waits for nothing"
            agent.configure(slower)
            agent.runner.life.reload()
            await agent.end()
        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("ACTIVE")
        assert again.status["waits_for_restart"] == []
        await again.end()

    asyncio.run(story())


def test_the_keys_that_wait_for_a_restart_are_named_as_they_are_written() -> None:
    built = AgentConfig()
    openalgo = replace(built.openalgo, url="http://10.0.0.1:5000")
    assert waits_for_restart(built, replace(built, openalgo=openalgo, live=True)) == ("live", "openalgo.url")
    patience = replace(built.waiting, check_interval_s=1.0)
    assert waits_for_restart(built, replace(built, waiting=patience, session=SessionConfig())) == ()


def test_a_strategy_that_cannot_be_loaded_is_taken_up_once_it_can(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path) as agent:
            await agent.heard.state("ACTIVE")
            await agent.end()
        (tmp_path / "bots").mkdir()
        agent = Agent(tmp_path)
        agent.files.config.write_text(f'strategy = "late:Late"\nstrategy_path = "{tmp_path}/bots"')
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("STRATEGY_ERROR", "ERROR")
        bot = "class Late:\n def start(self, t): pass\n def tick(self, t): pass\n def stop(self): pass\n"
        (tmp_path / "bots/late.py").write_text(bot)
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        await agent.end()

    asyncio.run(story())


def test_a_state_directory_that_is_not_there(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure()
        agent.have.files = type(agent.files)(agent.files.config, tmp_path / "none/state.db", tmp_path / "none/x.json")
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("DATABASE_ERROR", "ERROR")
        (tmp_path / "none").mkdir()
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        await agent.end()

    asyncio.run(story())


@pytest.mark.parametrize("fault", ["down", "hang"])
def test_a_stop_in_the_middle_of_a_retry_wait_is_at_once(tmp_path: Path, fault: str) -> None:
    async def story() -> None:
        async with living(tmp_path, faults=fault, environ={"STANDFAST_STARTUP_RETRY_DELAY_BASE_S": "60"}) as agent:
            await asyncio.sleep(0.05)  # by now it waits: for the broker's answer, or for its next attempt
            begun = time.monotonic()
            await agent.end()
            assert time.monotonic() - begun < 0.4

    asyncio.run(story())


def test_a_gateway_that_hangs_at_the_end_is_told_and_the_next_start_knows(tmp_path: Path) -> None:
    budget = "[shutdown]\nbudget_s = { cancel_orders = 0.1, close_positions = 0.7 }"

    async def story() -> None:
        async with living(tmp_path, more=budget) as agent:
            await agent.heard.state("ACTIVE")
            await agent.until_holding()
            agent.faults.write_text("hang")
            begun = time.monotonic()
            end = await agent.end()
            assert time.monotonic() - begun < 2.2, "the budgets of cancel, close and save"
            assert end.kind is EndKind.UNVERIFIED
            told = await agent.heard.kind(Kind.SHUTDOWN)
            assert (told.severity, told.type) == (Severity.CRITICAL, "POSITIONS_UNVERIFIED")
            assert agent.status["flat"] is not True

    asyncio.run(story())


def test_a_broker_that_rejects_the_closing_orders_ends_not_flat(tmp_path: Path) -> None:
    budget = "[shutdown]\nbudget_s = { close_positions = 0.5 }"

    async def story() -> None:
        async with living(tmp_path, more=budget) as agent:
            await agent.heard.state("ACTIVE")
            await agent.until_holding()
            agent.faults.write_text("reject_orders")
            end = await agent.end()
            assert end.kind is EndKind.NOT_FLAT
            assert "NSE:SBIN MIS" in end.detail
            told = await agent.heard.kind(Kind.SHUTDOWN)
            assert told.type == "POSITIONS_NOT_FLAT"
            assert "the broker rejected it: fault reject_orders" in told.message
            assert "standfastctl resolve NUMBER" in told.action

    asyncio.run(story())


def test_a_strategy_that_raises_five_times_in_a_row(tmp_path: Path) -> None:
    bot = (
        "class Bad:\n def start(self, t): self.t = t; t.positions() or t.place('NSE:SBIN', 'BUY', 1)\n"
        " def tick(self, t): self.t.position()\n def stop(self): pass\n"
    )
    (tmp_path / "badbot.py").write_text(bot)

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.files.config.write_text(
            f'strategy = "badbot:Bad"\nstrategy_path = "{tmp_path}"\n[paper]\ntick_interval_s = 0.01'
        )
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("STRATEGY_FAULTS", "ERROR")
        assert "5 times in a row" in problem.message
        assert "badbot.py:3 in tick" in problem.message
        said = "trading has no position; it has place, cancel, positions, orders, funds and symbols"
        assert said in problem.message, "in the names that a strategy's author knows"
        assert "systemctl reload" in problem.action, "which keeps what it holds, other than a restart"
        (tmp_path / "badbot.py").write_text(bot.replace("position()", "positions()"))
        agent.runner.life.reload()
        await agent.heard.state("ACTIVE")
        await agent.until_holding()
        assert str(await agent.end()) == "flat (closed +1 NSE:SBIN MIS)", "bought once, and kept over the reload"

    asyncio.run(story())


@pytest.mark.parametrize("kind", [Desk, BlockingDesk])
def test_what_a_strategy_asks_wrongly_is_answered_in_the_names_that_it_knows(kind: type) -> None:
    trading: Any = object.__new__(kind)
    with pytest.raises(TypeError, match=r"^trading\.cancel\(\) missing 1 required positional argument: 'order_id'"):
        trading.cancel()
    with pytest.raises(AttributeError, match=r"^trading has no buy; it has place, cancel"):
        trading.buy("NSE:SBIN", 1)


def test_it_says_hourly_that_it_still_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["standfast.agent.states.waiting"], "HOURLY_S", 0.2)

    async def story() -> None:
        async with living(tmp_path, faults="down") as agent:
            await agent.heard.state("WAITING")
            for _ in range(2):
                told = await agent.heard.kind(Kind.STATUS)
                assert (told.type, told.state) == ("OPENALGO_DOWN", "WAITING")
                assert "still WAITING after" in told.message
        environ = {"STANDFAST_WAITING_HOURLY_STATUS": "false"}
        async with living(tmp_path, faults="down", environ=environ) as agent:
            await agent.heard.state("WAITING")
            with pytest.raises(TimeoutError):
                await agent.heard.until(lambda event: event.kind is Kind.STATUS, timeout_s=0.5)

    asyncio.run(story())


def test_outside_the_session_it_rests_without_a_problem(tmp_path: Path) -> None:
    async def story() -> None:
        session = '[session]\ndays = "Mon..Sun"\nstart = "00:00:00"\nstop = "00:00:01"\ntimezone = "UTC"'
        async with living(tmp_path, faults="down", more=session) as agent:
            event = await agent.heard.state("WAITING")
            assert "market closed until" in event.message
            with pytest.raises(TimeoutError):
                await agent.heard.until(lambda event: True, timeout_s=0.3)
            assert agent.status["failure"] is None

    asyncio.run(story())
