"""A broker's clock may be apart from this host's: by it no order that arrived is taken for one that never did."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes.openalgo import World
from tests.unit.agent.test_openalgo_life import Scene, play

from standfast.agent.strategy import TradingUncertainError
from standfast.agent.trading import OrderStatus
from standfast.events import Event, Kind, Severity


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The broker has had its time at once."""
    for module in ("ledger", "reconciling"):
        monkeypatch.setattr(f"standfast.agent.{module}.BROKER_PATIENCE", timedelta(0))


async def lose_the_answer(scene: Scene) -> None:
    scene.world.loses_answers_to = "placeorder"
    with pytest.raises(TradingUncertainError):
        await scene.place()
    scene.world.loses_answers_to = ""


async def unverified(scene: Scene) -> Event:
    return await scene.heard.until(lambda one: one.kind is Kind.PROBLEM and one.type == "POSITIONS_UNVERIFIED")


def test_an_order_of_a_broker_whose_clock_is_behind_is_found(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        scene.world.loses_answers_to = "placeorder"
        scene.world.clock_s = -20
        await scene.place()
        assert str(await scene.end()) == "flat (closed +5 NSE:SBIN MIS)"

    play(tmp_path, story, World(analyze=False))


@pytest.mark.parametrize("clock_s", [-60, 600, -19800])
def test_one_that_may_have_arrived_by_another_clock_needs_a_human(tmp_path: Path, clock_s: float) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        scene.world.clock_s = clock_s
        await lose_the_answer(scene)
        problem = await unverified(scene)
        assert (problem.state, problem.severity) == ("ERROR", Severity.CRITICAL)
        assert "of unknown fate: an order without an id (BUY 5 NSE:SBIN MIS MARKET, unknown)" in problem.message
        assert scene.have.own.uncertain, "it is not forgotten"
        scene.runner.life.reload()
        await scene.heard.state("ACTIVE")

    play(tmp_path, story, World(analyze=False))


def test_another_ones_order_that_was_there_before_is_not_it(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.world.clock_s = -3600
        another = scene.world._take(
            {"symbol": "SBIN", "exchange": "NSE", "action": "BUY", "quantity": "5", "product": "MIS"}
        )
        scene.world.clock_s = 0
        await scene.heard.state("ACTIVE")
        scene.world.dies_at = "placeorder"
        with pytest.raises(TradingUncertainError):
            await scene.place()
        scene.world.dies_at, scene.world.dead = "", False
        await scene.until(lambda: not scene.have.own.uncertain)
        assert [one.status for one in scene.have.own.all] in ([], [OrderStatus.REJECTED])
        assert scene.world.orders == [another]

    play(tmp_path, story, World(analyze=False))
