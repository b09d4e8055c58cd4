"""What an agent held and does not find again: forgotten with a damaged database, or closed by somebody else."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from tests.unit.agent.living import Agent, living
from tests.unit.agent.test_memory import WATCHES, crash

from standfast.agent.failures import Failure, FailureType
from standfast.agent.flatness import EndKind
from standfast.agent.trading import Side
from standfast.events import Kind, Severity


async def hold_and_lose(directory: Path, agent: Agent) -> None:
    """Buy, crash, and have somebody else close the position meanwhile."""
    assert agent.have.trade is not None
    await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
    await agent.have.refresh()
    await crash(agent)
    (directory / "paper.json").unlink()


def test_what_somebody_else_closed_is_told_until_a_person_or_a_start_ends_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await hold_and_lose(tmp_path, agent)
        again = Agent(tmp_path)
        again.begin()
        problem = await again.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.severity) == ("POSITIONS_CLOSED_ELSEWHERE", Severity.WARNING)
        assert problem.message == (
            "Agent bot: what it held is no longer in its account, and it did not close it: +3 NSE:SBIN MIS; "
            "it counts itself as flat now"
        ), "it is STARTING for a moment yet, and trades as long as this lasts"
        assert "standfastctl resolve NUMBER" in problem.action
        await again.heard.state("ACTIVE")
        again.faults.write_text("down")
        await again.heard.state("WAITING")
        again.faults.unlink()
        over = await again.heard.kind(Kind.RESOLVED)
        assert over.type == "OPENALGO_DOWN", "that it trades again says nothing about who closed it"
        await again.end()
        assert (await again.heard.kind(Kind.SHUTDOWN)).data["closes"] == ["POSITIONS_CLOSED_ELSEWHERE"]

        third = Agent(tmp_path)
        third.begin()
        assert (await third.heard.kind(Kind.RESOLVED)).type == "POSITIONS_CLOSED_ELSEWHERE"
        assert third.have.store.open_problems() == []
        await third.end()

    asyncio.run(story())


def test_what_a_human_was_asked_to_close_is_no_news_when_it_is_closed(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            agent.runner.life.tell_problem(Failure(FailureType.POSITIONS_NOT_FLAT, "close it by hand"))
            await hold_and_lose(tmp_path, agent)
        again = Agent(tmp_path)
        again.begin()
        said = await again.heard.until(lambda event: event.kind in (Kind.PROBLEM, Kind.RESOLVED))
        assert (said.kind, said.type) == (Kind.RESOLVED, "POSITIONS_NOT_FLAT")
        assert said.data["by_hand"] is True, "started by a person: at the next end it is told anew, however often"
        assert said.message == "Agent bot is ACTIVE again and holds nothing; POSITIONS_NOT_FLAT is over"
        await again.end()

    asyncio.run(story())


def found_aside(directory: Path) -> list[Path]:
    return list(directory.glob("state.db.corrupt-*"))


@pytest.mark.parametrize("damage", ["garbage", "a page"])
def test_a_damaged_database_is_set_aside_and_told(tmp_path: Path, damage: str) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
        path = agent.files.database
        content = bytearray(path.read_bytes())
        content[:] = b"not a database at all" * 100 if damage == "garbage" else content
        content[4096:8192] = b"\xff" * 4096
        path.write_bytes(content)

        again = Agent(tmp_path)
        again.begin()
        problem = await again.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.severity) == ("DATABASE_CORRUPT", Severity.CRITICAL)
        (aside,) = found_aside(tmp_path)
        assert str(aside) in problem.message
        assert problem.state == "ERROR"
        assert "systemctl reload standfast-agent@bot" in problem.action
        await again.end()
        connection = sqlite3.connect(path)
        assert connection.execute("SELECT current_state FROM operational_state").fetchone() == ("SHUTDOWN",)
        connection.close()

    asyncio.run(story())


async def lose_the_memory_of(agent: Agent, quantity: int) -> None:
    """Crash while it holds something, and damage its database."""
    assert agent.have.trade is not None
    await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, quantity)
    await agent.have.refresh()
    await crash(agent)
    for one in agent.directory.glob("state.db*"):
        one.unlink()
    agent.files.database.write_bytes(b"not a database at all" * 100)


def test_an_agent_that_forgot_what_it_held_trades_only_after_a_reload(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await lose_the_memory_of(agent, 3)
        for _ in range(2):  # a restart is no acknowledgement, and knows no more than the first start
            again = Agent(tmp_path)
            again.begin()
            problem = await again.heard.kind(Kind.PROBLEM)
            assert (problem.type, problem.state) == ("DATABASE_CORRUPT", "ERROR")
            with pytest.raises(TimeoutError):
                await again.heard.state_within("ACTIVE", 0.3)
            assert again.status["flat"] is None, "nobody knows"
            end = await again.end()
            assert end.kind is EndKind.UNVERIFIED, "the position is at the broker, and the agent forgot that it is its"
            told = await again.heard.kind(Kind.SHUTDOWN)
            assert told.type == "POSITIONS_UNVERIFIED"
            assert "standfastctl resolve NUMBER" in told.action, "who wanted it stopped need not start it"
        assert len(found_aside(tmp_path)) == 1

        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("ERROR")
        (tmp_path / "bot.paused").touch()
        again.runner.life.reload()
        assert (await again.heard.state("ERROR")).type == "DATABASE_CORRUPT", "who pauses it has not looked"
        (tmp_path / "bot.paused").unlink()
        again.runner.life.reload()
        assert (await again.heard.state("ERROR")).type == "DATABASE_CORRUPT", "nor who lets it go on"
        again.runner.life.reload()
        over = await again.heard.kind(Kind.RESOLVED)
        assert (over.type, over.state) == ("DATABASE_CORRUPT", "ERROR")
        await again.heard.state("ACTIVE")
        assert again.status["flat"] is True
        assert (await again.end()).kind is EndKind.FLAT

    asyncio.run(story())


@pytest.mark.parametrize("ended", ["no room", "crashed"])
def test_a_beginning_anew_that_came_to_no_end_is_not_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ended: str
) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await lose_the_memory_of(agent, 3)
        new = tmp_path / "state.db.new"
        if ended == "no room":
            new.mkdir()
        rename = Path.rename

        def interrupted(path: Path, target: Path) -> Path:
            if path == new:
                raise OSError(0, "as good as a crash")
            return rename(path, target)

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", interrupted)
            again = Agent(tmp_path)
            again.begin()
            assert (await again.heard.kind(Kind.PROBLEM)).type == "DATABASE_ERROR"
            assert (await again.end()).kind is EndKind.UNVERIFIED
        if ended == "no room":
            assert found_aside(tmp_path) == [], "the damaged one is there to be found again"
            new.rmdir()
        else:
            assert not again.files.database.exists()
        again = Agent(tmp_path)
        again.begin()
        assert (await again.heard.kind(Kind.PROBLEM)).type == "DATABASE_CORRUPT"
        assert (await again.end()).kind is EndKind.UNVERIFIED

    asyncio.run(story())


def test_a_kill_hides_no_lost_memory_and_its_end_does_not_acknowledge_one(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await lose_the_memory_of(agent, 3)
        flag = tmp_path / "bot.killed"
        flag.touch()
        again = Agent(tmp_path)
        again.begin()
        assert (await again.heard.kind(Kind.PROBLEM)).type == "DATABASE_CORRUPT"
        assert (await again.heard.state("ERROR")).type == "KILLED"
        flag.unlink()
        again.runner.life.reload()
        assert (await again.heard.state("ERROR")).type == "DATABASE_CORRUPT"
        await again.end()

    asyncio.run(story())


def test_an_end_that_closes_the_whole_account_needs_no_memory(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, more='[shutdown]\nscope = "account"') as agent:
            await agent.heard.state("ACTIVE")
            await lose_the_memory_of(agent, 3)
        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("ERROR")
        assert str(await again.end()) == "flat (closed +3 NSE:SBIN MIS)"

    asyncio.run(story())
