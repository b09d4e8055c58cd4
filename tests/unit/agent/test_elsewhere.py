"""An agent that is set to trade elsewhere than where it holds something: it forgets nothing of that, and trades not."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.fakes.openalgo import FakeOpenAlgo, World
from tests.unit.agent.living import Agent, living
from tests.unit.agent.test_memory import crash
from tests.unit.agent.test_openalgo_life import Scene

from standfast.agent.config import AgentConfig
from standfast.agent.flags import Flag, FlagKind, flag_path, render
from standfast.agent.places import held_elsewhere, others, place_of
from standfast.agent.trading import OrderKind
from standfast.config import ConfigError
from standfast.events import CLOSES, Event, Kind, Severity

PAPER = 'gateway = "openalgo"', 'gateway = "paper"'
NOT_LIVE = "live = true", "live = false"


def configure(agent: Agent, *changes: tuple[str, str]) -> None:
    text = agent.files.config.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    agent.files.config.write_text(text)


def play(directory: Path, story: Callable[[Scene], Awaitable[None]], *changes: tuple[str, str]) -> None:
    """A story of an agent that holds 5 live, and was configured anew while its process was dead."""

    async def main(server: FakeOpenAlgo) -> None:
        before = Scene(directory, server)
        before.begin()
        await before.heard.state("ACTIVE")
        await before.place()
        await before.place(OrderKind.LIMIT, 1)
        await before.until(lambda: before.have.own.nets != {} and len(before.have.own.pending) == 1)
        await crash(before)
        scene = Scene(directory, server)
        configure(scene, *changes)
        scene.begin()
        try:
            await story(scene)
        finally:
            if scene.task is not None and not scene.task.done():
                await scene.end()

    with FakeOpenAlgo(World(analyze=False)) as server:
        asyncio.run(main(server))


async def told(agent: Agent) -> Event:
    return await agent.heard.until(lambda event: event.kind is Kind.PROBLEM and event.type == "HELD_ELSEWHERE")


@pytest.mark.parametrize(
    ("changes", "present", "keys"),
    [
        ((PAPER, NOT_LIVE), "paper", "`gateway` and `live`"),
        ((NOT_LIVE,), "openalgo (analyze)", "`live`"),
    ],
)
def test_it_does_not_trade_and_says_what_is_held_and_what_to_do(
    tmp_path: Path, changes: tuple[tuple[str, str], ...], present: str, keys: str
) -> None:
    async def story(scene: Scene) -> None:
        problem = await told(scene)
        assert (problem.state, problem.severity) == ("ERROR", Severity.CRITICAL)
        assert problem.message == (
            "Agent bot is ERROR: it holds +5 NSE:SBIN MIS, 1 order pending on openalgo (live), "
            f"and is set to {present} now: nothing manages that, and it does not trade"
        )
        assert problem.action == (
            f"Set {keys} back in its configuration to manage that again, or close it by hand at the broker; "
            "then: systemctl reload standfast-agent@bot (not set back, that says that nothing of it is open any more)"
        )
        assert scene.status["failure"]["action"] == problem.action
        await scene.end()
        end = await scene.heard.kind(Kind.SHUTDOWN)
        assert (end.type, end.severity) == ("POSITIONS_UNVERIFIED", Severity.CRITICAL)
        assert f"was placed on openalgo (live), and it is set to {present}" in end.message
        assert "on paper" not in end.message
        assert "the broker's books" in end.action
        assert "or set it back in its configuration to where it holds that, and let it trade again: " in end.action
        assert "HELD_ELSEWHERE" not in end.data[CLOSES], "it lasts while the agent does not run"

        again = Scene(tmp_path, scene.server)
        configure(again, *changes)
        again.begin()
        assert "it holds +5 NSE:SBIN MIS" in (await told(again)).message, "a restart is no word of a human"
        assert [kind for kind, _ in again.have.store.open_problems()] == ["HELD_ELSEWHERE", "POSITIONS_UNVERIFIED"]
        assert len(scene.world.orders) == 2
        await again.end()

    play(tmp_path, story, *changes)


def test_set_back_it_manages_that_again(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await told(scene)
        configure(scene, ('gateway = "paper"', 'gateway = "openalgo"'), ("live = false", "live = true"))
        scene.runner.life.reload()
        over = await scene.heard.kind(Kind.RESOLVED)
        assert over.type == "HELD_ELSEWHERE"
        assert "is ACTIVE again and its strategy manages what it holds: +5 NSE:SBIN MIS" in over.message
        assert str(await scene.end()) == "flat (closed +5 NSE:SBIN MIS)"

    play(tmp_path, story, PAPER, NOT_LIVE)


def test_a_reload_says_that_it_was_closed_by_hand(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await told(scene)
        scene.runner.life.reload()
        over = await scene.heard.kind(Kind.RESOLVED)
        assert over.message == (
            "Agent bot was reloaded by a human, who has seen to what it held on openalgo (live): "
            "+5 NSE:SBIN MIS, 1 order pending; it forgot that; HELD_ELSEWHERE is over"
        )
        await scene.heard.state("ACTIVE")
        assert scene.have.store.gateways() == {"paper"}
        assert scene.status["flat"] is True

    play(tmp_path, story, PAPER, NOT_LIVE)


def test_a_reload_that_sets_it_to_a_third_place_or_slips_is_no_such_word(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await told(scene)
        configure(scene, ('gateway = "paper"', 'gateway = "openalgo'))  # a quote forgotten
        with pytest.raises(ConfigError):
            scene.runner.life.reload()
        assert "is set to paper now" in (await told(scene)).message
        configure(scene, ('gateway = "openalgo', 'gateway = "openalgo"'))  # and `live` too
        scene.runner.life.reload()
        assert (
            "it holds +5 NSE:SBIN MIS, 1 order pending on openalgo (live), and is set to openalgo (analyze)"
            in (await told(scene)).message
        )

    play(tmp_path, story, PAPER, NOT_LIVE)


def test_a_kill_does_not_look_for_its_orders_where_they_are_not(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await told(scene)
        path = flag_path(scene.files.config, FlagKind.KILLED)
        path.write_text(render(Flag("root")))
        scene.runner.life.reload()
        killed = await scene.heard.kind(Kind.PROBLEM)
        assert killed.type == "KILLED"
        assert (
            "; pending orders could not be cancelled: what it holds was placed on openalgo (live), and it is set to "
            "paper; it holds +5 NSE:SBIN MIS, 1 order pending"
        ) in killed.message
        assert "on paper" not in killed.message
        assert len(scene.have.own.pending) == 1

    play(tmp_path, story, PAPER, NOT_LIVE)


def test_it_is_seen_as_well_where_the_agent_is_configured_anew_while_it_waits(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        scene.server.end_http()
        await scene.heard.state("WAITING")
        configure(scene, PAPER, NOT_LIVE)
        scene.runner.life.reload()
        assert "it holds +5 NSE:SBIN MIS" in (await told(scene)).message

    play(tmp_path, story)


def test_one_that_holds_nothing_may_be_set_to_another_gateway_while_it_waits(tmp_path: Path) -> None:
    async def story(server: FakeOpenAlgo) -> None:
        scene = Scene(tmp_path, server)
        scene.begin()
        await scene.heard.state("ACTIVE")
        server.end_http()
        server.feed.drop()
        await scene.heard.state("WAITING")
        configure(scene, PAPER, NOT_LIVE)
        scene.runner.life.reload()
        await scene.heard.state("ACTIVE")
        await scene.place()
        await scene.until_holding()
        assert str(await scene.end()) == "flat (closed +5 NSE:SBIN MIS)"

    with FakeOpenAlgo(World(analyze=False)) as server:
        asyncio.run(story(server))


def test_what_is_held_on_paper_is_forgotten_by_a_reload_alone(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path) as agent:
            await agent.until_holding()
            await crash(agent)
        again = Agent(tmp_path)
        again.files.config.write_text('gateway = "openalgo"\nlive = true\n')
        again.begin()
        problem = await told(again)
        assert " on paper, and is set to openalgo (live) now" in problem.message  # an order may be pending besides
        assert "or forget it; then: systemctl reload" in problem.action
        assert "broker" not in problem.action
        await again.end()

    asyncio.run(story())


def test_places() -> None:
    assert place_of(AgentConfig()) == "paper"
    live = place_of(AgentConfig(gateway="openalgo", live=True))
    assert others({"openalgo"}, live) == "", "earlier books know no mode"
    assert others({"paper", "openalgo"}, live) == "paper"
    assert "in OpenAlgo" in held_elsewhere("+1 NSE:SBIN MIS", "openalgo (analyze)", live).step
