"""Numbers that no order has any more, but that a database or a broker's book may hold: an agent lives with them."""

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from tests.unit.agent.living import Agent
from tests.unit.agent.test_memory import WATCHES

from standfast.agent.strategy import TradingRefusedError
from standfast.agent.trading import Holding, Product, Side, signed, tidy
from standfast.events import Kind

SBIN = {"symbol": "NSE:SBIN", "product": "MIS"}


def hold(directory: Path, *fills: float) -> Agent:
    """An agent that begins with these fills in its database, and with what they add up to at its broker."""
    agent = Agent(directory)
    agent.configure(WATCHES)
    agent.have.read_config()
    agent.have.open_store()
    agent.have.close()
    database = sqlite3.connect(agent.files.database)
    for number, filled in enumerate(fills):
        database.execute(
            "INSERT INTO own_orders (order_id, symbol, side, quantity, kind, price, trigger_price, product, status,"
            " filled, placed_at) VALUES (?, 'NSE:SBIN', ?, ?, 'MARKET', 0, 0, 'MIS', 'complete', ?, ?)",
            (f"X{number}", "BUY" if filled > 0 else "SELL", abs(filled), abs(filled), "2026-01-27T09:15:00.000+00:00"),
        )
    database.commit()
    database.close()
    lots = [{**SBIN, "quantity": sum(fills), "average": 100.0, "realized": 0.0}]
    (directory / "paper.json").write_text(json.dumps({"orders": [], "lots": lots, "prices": {"NSE:SBIN": 100.0}}))
    return Agent(directory)


@pytest.mark.parametrize(
    ("fills", "said"), [([1.5, 1.0], "+2.5"), ([-2.25], "-2.25"), ([1.5, 1.5], "+3"), ([0.1, 0.2], "+0.3")]
)
def test_a_fraction_is_shown_held_and_closed(tmp_path: Path, fills: list[float], said: str) -> None:
    async def story() -> None:
        agent = hold(tmp_path, *fills)
        agent.begin()
        await agent.heard.state("ACTIVE")
        assert agent.status["positions"][0]["quantity"] == pytest.approx(sum(fills))
        agent.faults.write_text("bad_key")
        agent.runner.life.reload()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert problem.message.endswith(f"; it holds {said} NSE:SBIN MIS (on paper)")
        agent.faults.unlink()
        end = await agent.end()
        assert str(end) == f"flat (closed {said} NSE:SBIN MIS)"

    asyncio.run(story())


def test_what_adding_up_fractions_leaves_behind_is_nothing(tmp_path: Path) -> None:
    async def story() -> None:
        agent = hold(tmp_path, 0.1, 0.2, -0.3)
        agent.begin()
        await agent.heard.state("ACTIVE")
        assert agent.status["flat"] is True
        assert str(await agent.end()) == "flat (nothing was open)"

    asyncio.run(story())


def test_a_fraction_in_parts_comes_to_its_end(tmp_path: Path) -> None:
    async def story() -> None:
        agent = hold(tmp_path, 2.5)
        agent.faults.write_text("partial_fills")
        agent.begin()
        await agent.heard.state("ACTIVE")
        assert str(await agent.end()) == "flat (closed +2.5 NSE:SBIN MIS)"

    asyncio.run(story())


def test_what_is_no_number_is_a_damaged_database_and_no_crash(tmp_path: Path) -> None:
    async def story() -> None:
        agent = hold(tmp_path, 5)
        database = sqlite3.connect(agent.files.database)
        database.execute("UPDATE own_orders SET filled = 'some'")
        database.commit()
        database.close()
        agent.begin()
        problem = await agent.heard.kind(Kind.PROBLEM)
        assert problem.type == "DATABASE_CORRUPT"
        assert "'some' is no number" in problem.message
        await agent.end()

    asyncio.run(story())


def test_a_strategy_is_told_that_a_fraction_is_no_order(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(WATCHES)
        agent.begin()
        await agent.heard.state("ACTIVE")
        assert agent.have.trade is not None
        with pytest.raises(TradingRefusedError, match="an order of NSE:SBIN: the quantity must be a whole number"):
            await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 1.5)
        assert agent.have.own.all == ()
        await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 2.0)
        await agent.until_holding()
        assert str(await agent.end()) == "flat (closed +2 NSE:SBIN MIS)"

    asyncio.run(story())


@pytest.mark.parametrize(
    ("quantity", "text"), [(5, "+5"), (-5.0, "-5"), (2.5, "+2.5"), (0.1 + 0.2, "+0.3"), (10**12, "+1000000000000")]
)
def test_the_one_form_of_a_holding(quantity: float, text: str) -> None:
    assert signed(quantity, Holding("NSE:SBIN", Product.CNC)) == f"{text} NSE:SBIN CNC"


def test_a_whole_quantity_is_an_int() -> None:
    assert type(tidy(2.0)) is int
    assert tidy(0.1 + 0.2 - 0.3) == 0
    assert tidy(2.5) == 2.5
