"""A whole agent before a fake OpenAlgo: it reaches the right state against what the real one does."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.openalgo import Broker, FakeOpenAlgo, World
from tests.fakes.openalgo.world import KEY
from tests.unit.agent.living import Agent

from standfast.agent.config import Scope
from standfast.agent.flatness import EndKind
from standfast.agent.trading import OrderKind, Side
from standfast.events import Kind

CONFIG = """
gateway = "openalgo"
live = {live}
symbols = ["NSE:SBIN"]
[openalgo]
url = "{url}"
websocket_url = "{websocket_url}"
api_key_file = "{key_file}"
request_timeout_s = 0.3
order_timeout_s = 0.3
first_tick_timeout_s = 0.5
[startup]
retry_delay_base_s = 0.01
confirm_delay_s = 0.01
[active]
check_interval_s = 0.2
confirm_delay_s = 0.01
[waiting]
check_interval_s = 0.1
error_recheck_s = 0.1
"""


class Scene(Agent):
    """The agent, and the server that it speaks to."""

    def __init__(self, directory: Path, server: FakeOpenAlgo) -> None:
        super().__init__(directory)
        self.server = server
        self.world = server.world
        self.key_file = directory / "key"
        self.key_file.write_text(KEY + "\n")
        text = CONFIG.format(
            live=str(not self.world.analyze).lower(),
            url=server.url,
            websocket_url=server.websocket_url,
            key_file=self.key_file,
        )
        self.files.config.write_text(text)

    async def place(self, kind: OrderKind = OrderKind.MARKET, price: float = 0.0) -> None:
        assert self.have.trade is not None
        await self.have.trade.desk.place("NSE:SBIN", Side.BUY, 5, kind, price=price)


def play(directory: Path, story: Callable[[Scene], Awaitable[None]], world: World | None = None) -> None:
    async def main(server: FakeOpenAlgo) -> None:
        scene = Scene(directory, server)
        scene.begin()
        try:
            await story(scene)
        finally:
            if scene.task is not None and not scene.task.done():
                await scene.end()

    with FakeOpenAlgo(world) as server:
        asyncio.run(main(server))


def test_it_trades_and_stops_flat(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        await scene.place()
        await scene.place(OrderKind.LIMIT, 700)
        begun = time.monotonic()
        end = await scene.end()
        assert time.monotonic() - begun < 1.0
        assert str(end) == "flat (closed +5 NSE:SBIN MIS)"
        assert KEY not in scene.files.status.read_text() + str(scene.heard.events)

    play(tmp_path, story)


def test_a_server_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        scene.server.end_http()
        scene.server.feed.drop()
        problem = await scene.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("OPENALGO_DOWN", "WAITING")
        scene.server.begin_http()
        await scene.heard.kind(Kind.RESOLVED)

    play(tmp_path, story)


def test_the_brokers_session_ends_behind_a_healthy_openalgo(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        scene.world.broker = Broker.LYING
        problem = await scene.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("BROKER_NOT_LOGGED_IN", "ERROR")
        scene.world.broker = Broker.WELL
        resolved = await scene.heard.kind(Kind.RESOLVED)
        assert resolved.type == "BROKER_NOT_LOGGED_IN"

    play(tmp_path, story, World(analyze=False))


STARTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "bad key": ({"key": "another"}, "OPENALGO_AUTH_FAILED", "ERROR"),
    "no session": ({"logged_in": False}, "BROKER_NOT_LOGGED_IN", "ERROR"),
    "the other mode": ({"analyze": False}, "LIVE_MODE_MISMATCH", "ERROR"),
    "banned": ({"banned": True}, "OPENALGO_REFUSED", "ERROR"),
    "only a proxy": ({"html": 502}, "OPENALGO_DOWN", "WAITING"),
    "hangs": ({"hangs": True}, "OPENALGO_DOWN", "WAITING"),
}


@pytest.mark.parametrize("case", STARTS)
def test_a_start_against_a_server_that_is_not_well(tmp_path: Path, case: str) -> None:
    settings, kind, state = STARTS[case]

    async def story(scene: Scene) -> None:
        for name, value in settings.items():
            setattr(scene.world, name, value)
        problem = await scene.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == (kind, state)

    play(tmp_path, story)


def test_a_feed_without_the_symbol(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.server.feed.unknown_symbols = {"SBIN"}
        problem = await scene.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("FEED_REFUSED", "ERROR")

    play(tmp_path, story)


def test_one_refused_key_is_no_bad_key(tmp_path: Path) -> None:
    """A database error inside OpenAlgo answers the same 403 once."""

    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        scene.world.key = "another"
        for _ in range(5000):
            if scene.world.calls["chart"]:
                break
            await asyncio.sleep(0.001)
        scene.world.key = KEY
        with pytest.raises(TimeoutError):
            await scene.heard.until(lambda event: event.kind is Kind.PROBLEM, timeout_s=0.5)

    play(tmp_path, story)


def test_a_session_that_ends_in_the_middle_of_the_end(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        await scene.place()
        scene.world.broker = Broker.LYING
        assert (await scene.end()).kind is EndKind.UNVERIFIED
        scene.world.broker = Broker.WELL

        again = Scene(tmp_path, scene.server)
        again.begin()
        await again.heard.state("ACTIVE")
        assert list(again.have.own.nets.values()) == [5], "the next start knows what is open"
        assert (await again.end()).kind is EndKind.FLAT

    play(tmp_path, story, World(analyze=False))


@pytest.mark.parametrize("content", [None, "", "  \n"])
def test_a_missing_key_is_one_line(tmp_path: Path, content: str | None) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        await scene.end()
        again = Scene(tmp_path, scene.server)
        again.key_file.unlink()
        if content is not None:
            again.key_file.write_text(content)
        again.begin()
        problem = await again.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state) == ("CREDENTIAL_MISSING", "ERROR")
        assert str(again.key_file) in problem.message
        again.key_file.write_text(KEY)
        again.runner.life.reload()
        await again.heard.state("ACTIVE")
        await again.end()

    play(tmp_path, story)


@pytest.mark.parametrize("away_s", [0.5, 1.5])
def test_a_server_that_is_back_within_the_budgets_is_left_flat(tmp_path: Path, away_s: float) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        await scene.place()
        await scene.place(OrderKind.LIMIT, 700)
        scene.server.end_http()
        asyncio.get_running_loop().call_later(away_s, scene.server.begin_http)
        begun = time.monotonic()
        end = await scene.end()
        assert str(end) == "flat (closed +5 NSE:SBIN MIS)"
        assert away_s < time.monotonic() - begun < away_s + 2.0

    play(tmp_path, story)


def test_a_server_that_stays_away_is_asked_as_long_as_the_budgets_last(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        await scene.place()
        scene.server.end_http()
        begun = time.monotonic()
        end = await scene.end()
        assert 4.9 < time.monotonic() - begun < 9.0
        assert end.kind is EndKind.UNVERIFIED
        assert (await scene.heard.kind(Kind.SHUTDOWN)).data["steps"]["close_positions"] == "overran"

    play(tmp_path, story)


def test_with_nothing_held_a_server_that_is_away_is_not_waited_for(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        await scene.heard.state("ACTIVE")
        scene.server.end_http()
        begun = time.monotonic()
        assert str(await scene.end()) == "flat (nothing was open)"
        assert time.monotonic() - begun < 0.5

    play(tmp_path, story)


@pytest.mark.parametrize("scope", list(Scope))
def test_a_broker_whose_limit_makes_its_books_empty_is_left_flat(tmp_path: Path, scope: Scope) -> None:
    async def story(scene: Scene) -> None:
        scene.files.config.write_text(scene.files.config.read_text() + f'[shutdown]\nscope = "{scope}"\n')
        scene.runner.life.reload()
        await scene.heard.state("ACTIVE")
        await scene.place()
        await scene.place(OrderKind.LIMIT, 700)
        scene.world.answers_every_s = 1.0
        assert str(await scene.end()) == "flat (closed +5 NSE:SBIN MIS)"
        assert [one["order_status"] for one in scene.world.orders] == ["complete", "cancelled", "complete"]
        assert not any(scene.world.net().values())

    play(tmp_path, story, World(analyze=False))
