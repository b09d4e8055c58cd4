"""An OpenAlgo account in semi-auto mode: an order that a person may approve later is not one that was never placed."""

from pathlib import Path

import pytest
from tests.fakes.openalgo import World
from tests.unit.agent.test_openalgo_life import Scene, play

from standfast.agent.flatness import EndKind
from standfast.agent.gateway.openalgo.answers import Answer, approval_number
from standfast.agent.strategy import TradingUncertainError
from standfast.events import Event, Kind


async def unverified(scene: Scene) -> Event:
    return await scene.heard.until(lambda one: one.kind is Kind.PROBLEM and one.type == "POSITIONS_UNVERIFIED")


async def await_approval(scene: Scene) -> Event:
    await scene.heard.state("ACTIVE")
    scene.world.semi_auto = True
    with pytest.raises(TradingUncertainError, match=r"BUY 5 .* waits for approval in OpenAlgo \(number 1\)"):
        await scene.place()
    return await unverified(scene)


def test_it_is_of_unknown_fate_and_needs_a_human_at_once(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        problem = await await_approval(scene)
        assert problem.state == "ERROR"
        assert "awaiting approval, number 1 (BUY 5 NSE:SBIN MIS MARKET, unknown)" in problem.message
        assert problem.action.startswith("Reject in OpenAlgo (Action Center) what waits there for approval")
        assert [own["doubt"] for own in scene.status["unknown_orders"]] == [
            "not known whether BUY 5 NSE:SBIN MIS was approved (awaiting approval, number 1)"
        ]
        scene.world.approve()
        end = await scene.end()
        assert (end.kind, scene.world.calls["cancelorder"]) == (EndKind.UNVERIFIED, 0)
        assert "awaiting approval, number 1" in end.detail

        scene.world.semi_auto = False
        again = Scene(tmp_path, scene.server)
        again.begin()
        assert (await unverified(again)).state == "ERROR", "it is remembered"
        again.runner.life.reload()
        await again.heard.state("ACTIVE")
        assert again.status["flat"] is True
        await again.end()

    play(tmp_path, story, World(analyze=False))


def test_a_start_that_places_one_is_not_to_be_corrected(tmp_path: Path) -> None:
    bot = tmp_path / "places.py"
    bot.write_text(
        "class Bot:\n"
        "    def start(self, trading): trading.place('NSE:SBIN', 'BUY', 5)\n"
        "    def tick(self, tick): pass\n"
        "    def stop(self): pass\n"
    )

    async def story(scene: Scene) -> None:
        scene.world.semi_auto = True
        text = scene.files.config.read_text()
        scene.files.config.write_text(f'strategy = "places:Bot"\nstrategy_path = "{tmp_path}"\n{text}')
        scene.runner.life.reload()
        problem = await unverified(scene)
        assert problem.state == "ERROR"
        assert "BUY 5 NSE:SBIN MIS MARKET waits for approval in OpenAlgo (number 1)" in problem.message
        assert problem.action.startswith("Reject in OpenAlgo")

    play(tmp_path, story, World(analyze=False))


def test_what_should_close_is_put_up_for_approval_once(tmp_path: Path) -> None:
    """Each that a person approved would sell another 5."""

    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        await scene.place()
        await scene.until_holding()
        scene.world.semi_auto = True
        end = await scene.end()
        assert end.kind is EndKind.UNVERIFIED
        assert "open: +5 NSE:SBIN MIS; unknown fate: awaiting approval, number 1 (SELL 5" in end.detail
        assert len(scene.world.awaiting) == 1

    play(tmp_path, story, World(analyze=False))


def test_approval_is_told_by_the_answer() -> None:
    assert approval_number(Answer(200, '{"status":"success","mode":"semi_auto","pending_order_id":7}')) == "7"
    assert approval_number(Answer(200, '{"status":"success","mode":"semi_auto"}')) == "without a number"
    assert approval_number(Answer(200, '{"status":"success","orderid":"1"}')) == ""
    assert approval_number(Answer(403, '{"status":"error","mode":"semi_auto"}')) == ""
