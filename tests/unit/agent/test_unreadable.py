"""What the books at hand do not tell, because they cannot be read or are another broker's: no end calls that flat."""

import asyncio
import sqlite3
from pathlib import Path
from typing import NoReturn

import pytest
from tests.unit.agent.living import Agent, living
from tests.unit.agent.test_memory import WATCHES, crash

from standfast.agent.failures import FailureType, failed
from standfast.agent.flatness import EndKind
from standfast.agent.store import Store
from standfast.agent.trading import Side


async def holding(directory: Path) -> None:
    """Leave an agent's database behind, and a position that only it names."""
    async with living(directory, top=WATCHES) as agent:
        await agent.heard.state("ACTIVE")
        await buy(agent)
        await crash(agent)


async def buy(agent: Agent) -> None:
    assert agent.have.trade is not None
    await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 3)
    await agent.have.refresh()


def locked(directory: Path) -> sqlite3.Connection:
    """Another program that lets nobody read either."""
    connection = sqlite3.connect(directory / "state.db", isolation_level=None)
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    return connection


def fail(*_: object) -> NoReturn:
    raise failed(FailureType.DATABASE_ERROR, "database or disk is full")


def test_an_end_whose_database_could_never_be_read_is_not_called_flat(tmp_path: Path) -> None:
    async def story() -> None:
        await holding(tmp_path)
        other = locked(tmp_path)
        agent = Agent(tmp_path)
        agent.begin()
        await agent.until(lambda: agent.have.gateway is not None or agent.runner.life.reason.startswith("attempt"))
        end = await agent.end()
        assert str(end) == "unverified (the agent's database could not be read)"
        other.close()
        again = Agent(tmp_path)
        again.begin()
        await again.heard.state("ACTIVE")
        assert str(await again.end()) == "flat (closed +3 NSE:SBIN MIS)"

    asyncio.run(story())


def test_a_database_that_can_be_read_again_by_the_end_names_what_has_to_be_closed(tmp_path: Path) -> None:
    async def story() -> None:
        await holding(tmp_path)
        other = locked(tmp_path)
        agent = Agent(tmp_path)
        agent.configure(WATCHES)
        agent.runner.begin()
        other.close()
        agent.task = asyncio.create_task(agent.runner.run(agent.stop))
        agent.stop.set()
        assert str(await agent.end()) == "flat (closed +3 NSE:SBIN MIS)"

    asyncio.run(story())


def test_a_reload_with_a_disk_still_full_forgets_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = Store.open.__func__  # type: ignore[attr-defined]

    def open_but_not_there(cls: type[Store], path: Path | None) -> Store:
        store: Store = fail() if path else opened(cls, path)
        return store

    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await buy(agent)
            monkeypatch.setattr(Store, "checked", fail)
            monkeypatch.setattr(Store, "open", classmethod(open_but_not_there))
            agent.runner.life.reload()
            await agent.heard.state("ERROR")
            agent.runner.life.reload()
            await agent.heard.state("ERROR")
            assert [one["quantity"] for one in agent.status["positions"]] == [3]
            end = await agent.end()
            assert (end.kind, end.detail) == (EndKind.FLAT, "closed +3 NSE:SBIN MIS")

    asyncio.run(story())


def test_a_disk_that_is_full_at_the_end_leaves_the_strategy_its_stop_and_counts_no_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = (
        "import asyncio, pathlib",
        "class S:",
        "    async def start(self, trading): pass",
        "    async def tick(self, tick): pass",
        "    async def stop(self):",
        "        await asyncio.sleep(0.3)",
        f"        pathlib.Path({str(tmp_path / 'stopped')!r}).touch()",
    )

    async def story() -> None:
        (tmp_path / "stops.py").write_text("\n".join(lines) + "\n")
        agent = Agent(tmp_path)
        agent.files.config.write_text(f'strategy = "stops:S"\nstrategy_path = "{tmp_path}"\n')
        agent.begin()
        await agent.heard.state("ACTIVE")
        monkeypatch.setattr(Store, "ended", fail)
        await agent.end()
        assert (tmp_path / "stopped").exists()
        again = Agent(tmp_path)
        again.runner.begin()
        assert again.have.runs[0].ended_at is not None
        again.have.close()

    asyncio.run(story())


def test_what_another_gateway_holds_is_not_called_flat_by_the_books_of_this_one(tmp_path: Path) -> None:
    async def story() -> None:
        await holding(tmp_path)
        (tmp_path / "paper.json").unlink()
        with sqlite3.connect(tmp_path / "state.db") as connection:
            connection.execute("UPDATE traded_on SET gateway = 'openalgo'")
        connection.close()
        agent = Agent(tmp_path)
        agent.faults.write_text("logged_out")
        agent.begin()
        await agent.heard.state("ERROR")
        agent.faults.unlink()
        end = await agent.end()
        assert str(end) == "unverified (what it holds was placed on openalgo, and it is set to paper)"
        again = Agent(tmp_path)
        again.runner.begin()
        assert list(again.have.own.nets.values()) == [3]
        again.have.close()

    asyncio.run(story())
