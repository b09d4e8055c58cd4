"""What was told as a problem is told to be over, once, in true words, whatever happens in between."""

import asyncio
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest
from tests.unit.agent.living import EXAMPLES, Agent, living

from standfast.agent.bell import Ring
from standfast.agent.failures import Failure, FailureType
from standfast.agent.keeping_up import KeepingUp
from standfast.agent.trading import Side
from standfast.events import Event, Kind

WATCHES = 'strategy = "standfast.agent.watching:WatchOnly"'
CLOSED = '[session]\ndays = "Mon..Sun"\nstart = "00:00:00"\nstop = "00:00:01"\ntimezone = "UTC"'


def is_over(kind: str) -> Callable[[Event], bool]:
    return lambda event: event.kind is Kind.RESOLVED and event.type == kind


def test_a_locked_database_is_told_to_be_free_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            other = sqlite3.connect(agent.files.database, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            agent.have.bell.ring(Ring.DISTURBANCE)
            assert (await agent.heard.kind(Kind.PROBLEM)).type == "DATABASE_LOCKED"
            other.close()
            await agent.heard.until(is_over("DATABASE_LOCKED"))
            assert agent.have.store.open_problems() == []

    asyncio.run(story())


def test_the_end_of_a_problem_that_cannot_be_recorded_is_told_once(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, faults="down") as agent:
            await agent.heard.kind(Kind.PROBLEM)
            other = sqlite3.connect(agent.files.database, isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            for _ in range(2):
                agent.runner.life.resolve({FailureType.OPENALGO_DOWN}, "tries")
            other.close()
            assert [event.type for event in agent.heard.events if event.kind is Kind.RESOLVED] == ["OPENALGO_DOWN"]

    asyncio.run(story())


def test_a_callback_that_returns_late_is_told_to_hang_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.runner.BEAT_INTERVAL_S", 0.02)
    bot = "class Slow:\n def start(self, t): pass\n def tick(self, t): time.sleep(0.4)\n def stop(self): pass\n"
    (tmp_path / "slowbot.py").write_text(f"import time\n{bot}")

    async def story() -> None:
        async with living(tmp_path, top='strategy = "slowbot:Slow"\ncallback_timeout_s = 0.2') as agent:
            config = agent.files.config
            assert (await agent.heard.kind(Kind.PROBLEM)).type == "STRATEGY_ERROR", "it lies elsewhere"
            config.write_text(config.read_text().replace(str(EXAMPLES), str(tmp_path)))
            agent.runner.life.reload()
            await agent.heard.until(lambda event: event.type == "STRATEGY_HUNG" and event.kind is Kind.PROBLEM)
            over = await agent.heard.until(is_over("STRATEGY_HUNG"))
            assert "no callback of its strategy hangs any more" in over.message

    asyncio.run(story())


HANGS = """
import threading
gate = threading.Event()
class Hangs:
    def start(self, trading): pass
    def tick(self, tick): gate.wait(20)
    def stop(self): pass
"""


def test_a_strategy_that_hung_hangs_until_its_ticks_return(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a stop, nor a start, nor that the agent is ACTIVE again ends what hangs at the first tick each time."""
    monkeypatch.setattr("standfast.agent.runner.BEAT_INTERVAL_S", 0.02)
    monkeypatch.setattr("standfast.agent.keeping_up.CALM_S", 0.3)
    (tmp_path / "hanging.py").write_text(HANGS)
    top = 'strategy = "hanging:Hangs"\ncallback_timeout_s = 0.2'

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(top)
        agent.files.config.write_text(agent.files.config.read_text().replace(str(EXAMPLES), str(tmp_path)))
        agent.begin()
        await agent.heard.until(lambda event: event.type == "STRATEGY_HUNG" and event.kind is Kind.PROBLEM)
        await agent.end()
        assert not [event for event in agent.heard.events if event.kind is Kind.RESOLVED], "a stop mends nothing"

        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("ACTIVE")
        said = await again.heard.until(lambda event: event.kind in (Kind.RESOLVED, Kind.PROBLEM))
        assert (said.kind, said.type) == (Kind.PROBLEM, "STRATEGY_HUNG"), "nor does a start"
        sys.modules["hanging"].gate.set()
        await again.heard.until(is_over("STRATEGY_HUNG"))
        await again.end()

    asyncio.run(story())


def test_what_an_earlier_run_told_to_hang_ends_after_a_calm_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("standfast.agent.keeping_up.monotonic_s", lambda: clock[-1])
    life: Any = Told(dropped=0)
    pump = life.have.trade.pump
    keeping_up = KeepingUp(life, MagicMock())

    def look(at_s: float, handed_over: int) -> None:
        clock.append(at_s)
        pump.handed_over = handed_over
        keeping_up.look()

    for at_s, handed_over in ((0.0, 0), (50.0, 0), (51.0, 1), (100.0, 40), (110.0, 41), (112.0, 41)):
        look(at_s, handed_over)
        assert life.said == []
    look(113.0, 42)
    assert life.said == ["goes on, no callback of its strategy hangs any more"]


def test_dropped_ticks_are_told_and_that_it_caught_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.runner.BEAT_INTERVAL_S", 0.02)
    monkeypatch.setattr("standfast.agent.keeping_up.CAUGHT_UP_S", 0.1)
    monkeypatch.setattr("standfast.agent.pump.QUEUED_TICKS", 3)
    bot = "class Slow:\n def start(self, t): pass\n def tick(self, t): gate.wait()\n def stop(self): pass\n"
    (tmp_path / "dozing.py").write_text(f"import threading\ngate = threading.Event()\n{bot}")
    top = 'strategy = "dozing:Slow"'

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(top)
        agent.files.config.write_text(agent.files.config.read_text().replace(str(EXAMPLES), str(tmp_path)))
        agent.begin()
        said = await agent.heard.until(lambda event: event.type == "STRATEGY_SLOW")
        assert "slower than its feed" in said.message
        assert said.state == "ACTIVE"
        sys.modules["dozing"].gate.set()
        over = await agent.heard.until(is_over("STRATEGY_SLOW"))
        assert "has caught up with its feed" in over.message
        assert agent.heard.events.count(said) == 0, "told once"
        await agent.end()

    asyncio.run(story())


class Told:
    """Stands for the agent's life: what it was told of, and what is over."""

    def __init__(self, dropped: int) -> None:
        self.have = MagicMock()
        self.have.trade.pump.is_late = False
        self.have.trade.pump.handed_over = 0
        self.have.trade.pump.dropped = dropped
        self.open: set[str] = set()
        self.said: list[str] = []

    def is_told(self, kind: str) -> bool:
        return kind in self.open

    def tell_problem(self, failure: Failure) -> None:
        self.open.add(failure.type)
        self.said.append(failure.detail)

    def resolve(self, kinds: set[str], why: str) -> None:
        self.open -= kinds
        self.said.append(why)


def test_a_strategy_that_was_taken_away_drops_no_ticks_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.keeping_up.CAUGHT_UP_S", 0.0)
    life: Any = Told(dropped=5)
    keeping_up = KeepingUp(life, MagicMock())
    keeping_up.look()
    life.have.trade = None
    keeping_up.look()
    assert life.said[1:] == ["drops no ticks any more"]


def test_a_strategy_that_is_slow_again_after_a_recovery_is_told_again() -> None:
    """That an agent is ACTIVE again ends all that was told of it."""
    life: Any = Told(dropped=5)
    keeping_up = KeepingUp(life, MagicMock())
    keeping_up.look()
    life.open.clear()
    life.have.trade.pump = MagicMock(is_late=False, handed_over=0, dropped=7)
    keeping_up.look()
    assert [said.partition(":")[0] for said in life.said] == ["the strategy is slower than its feed"] * 2


def test_an_order_shows_in_the_status_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.gateway.paper.PaperGateway.refresh_interval_s", 3600.0)

    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            await agent.until(lambda: bool(agent.status["positions"]))
            assert agent.status["flat"] is False

    asyncio.run(story())


def test_the_close_of_the_market_ends_what_nobody_has_to_act_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, faults="down") as agent:
            assert (await agent.heard.kind(Kind.PROBLEM)).type == "OPENALGO_DOWN"
            agent.configure(WATCHES, CLOSED)
            agent.runner.life.reload()
            over = await agent.heard.until(is_over("OPENALGO_DOWN"))
            assert "rests, market closed until" in over.message
            assert over.state == "WAITING"

    asyncio.run(story())


def test_what_is_held_over_the_close_of_the_market_is_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            await agent.until_holding()
            agent.faults.write_text("down")
            await agent.heard.state("WAITING")
            agent.configure(WATCHES, CLOSED)
            agent.runner.life.reload()
            over = await agent.heard.until(is_over("OPENALGO_DOWN"))
            assert ", holding +3 NSE:SBIN MIS, and looks again then" in over.message

    caplog.set_level("INFO")
    asyncio.run(story())
    found = [one for one in caplog.messages if one.startswith("[HEALTH-CHECK] Failed")]
    assert found[1:] == ["[HEALTH-CHECK] Failed again, gateway connectivity: as before"], "it was said already"


def test_what_a_human_has_to_mend_stays_open_when_the_market_closes(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, faults="down") as agent:
            await agent.heard.kind(Kind.PROBLEM)
            agent.runner.life.tell_problem(Failure(FailureType.POSITIONS_NOT_FLAT, "could not close"))
            agent.configure(WATCHES, CLOSED)
            agent.runner.life.reload()
            await agent.heard.until(is_over("OPENALGO_DOWN"))
            assert [kind for kind, _ in agent.have.store.open_problems()] == ["POSITIONS_NOT_FLAT"]

    asyncio.run(story())


def test_positions_that_could_not_be_closed_are_not_said_to_be_gone(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.have.trade is not None
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
            agent.faults.write_text("down")
            await agent.heard.state("WAITING")
            agent.runner.life.tell_problem(Failure(FailureType.POSITIONS_NOT_FLAT, "could not close"))
            agent.faults.unlink()
            over = await agent.heard.until(is_over("POSITIONS_NOT_FLAT"))
            assert "its strategy manages what it holds: +3 NSE:SBIN MIS" in over.message
            assert "by_hand" not in over.data, "it may come and go by itself"

    asyncio.run(story())


def test_the_status_is_written_anew_in_every_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("standfast.agent.runner.BEAT_INTERVAL_S", 0.02)
    monkeypatch.setattr("standfast.agent.runner.SHOW_INTERVAL_S", 0.1)

    async def story() -> None:
        async with living(tmp_path, faults="bad_key") as agent:
            await agent.heard.state("ERROR")
            before = agent.status["checked_at"]
            for _ in range(250):
                await asyncio.sleep(0.02)
                if agent.status["checked_at"] != before:
                    break
            assert agent.status["checked_at"] > before
            assert agent.status["state"] == "ERROR"

    asyncio.run(story())


def test_a_stop_names_the_problems_that_are_nobodys_now(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, faults="down") as agent:
            await agent.heard.kind(Kind.PROBLEM)
            for kind in (FailureType.POSITIONS_NOT_FLAT, FailureType.DATABASE_CORRUPT):
                agent.runner.life.tell_problem(Failure(kind, "as before"))
            await agent.end()
            assert (await agent.heard.kind(Kind.SHUTDOWN)).data["closes"] == ["OPENALGO_DOWN"]

    asyncio.run(story())


@pytest.mark.parametrize("restarts", [True, False])
def test_an_end_in_a_restart_says_so_and_closes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restarts: bool
) -> None:
    monkeypatch.setattr("standfast.agent.ending.is_being_restarted", lambda unit: restarts)

    async def story() -> None:
        async with living(tmp_path, top=WATCHES, environ={"INVOCATION_ID": "x"}) as agent:
            await agent.heard.state("ACTIVE")
            await agent.end()
            end = await agent.heard.kind(Kind.SHUTDOWN)
            assert end.data.get("restarts", False) is restarts
            assert ("closes" in end.data) is not restarts
            assert ("systemd starts it again" in end.message) is restarts

    asyncio.run(story())


def test_a_systemd_that_does_not_answer_holds_up_no_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hangs(unit: str) -> bool:
        return not released.wait(5)

    monkeypatch.setattr("standfast.agent.ending.is_being_restarted", hangs)

    async def story() -> None:
        async with living(tmp_path, top=WATCHES, environ={"INVOCATION_ID": "x"}) as agent:
            await agent.heard.state("ACTIVE")
            begun_s = time.monotonic()
            await agent.end()
            assert time.monotonic() - begun_s < 1
            assert "restarts" not in (await agent.heard.kind(Kind.SHUTDOWN)).data
            released.set()

    asyncio.run(story())


def test_an_agent_without_a_configuration_says_which_there_are_and_what_to_do(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "paper.toml").write_text("")
        (tmp_path / "dip.json").write_text("{}")
        agent = Agent(tmp_path)
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert problem.type == "CONFIG_ERROR"
        assert problem.message.endswith(f"its configuration {tmp_path}/bot.toml is not there; there are: dip, paper")
        assert problem.action.startswith("If the name is a slip: systemctl stop standfast-agent@bot; else put")
        await agent.end()
        assert (await agent.heard.kind(Kind.SHUTDOWN)).data["closes"] == ["CONFIG_ERROR"]

    asyncio.run(story())
