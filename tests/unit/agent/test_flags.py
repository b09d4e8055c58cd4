"""Pause and kill files, and what an agent does about them."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.agent.living import Agent, living

from standfast.agent.flags import Flag, FlagKind, flag_path, parse, render
from standfast.agent.flatness import EndKind
from standfast.agent.strategy import TradingRefusedError
from standfast.agent.trading import OrderKind, OrderRequest, Side
from standfast.daemon import Frame
from standfast.events import Event, Kind, Severity
from standfast.journal import Journal
from standfast.moments import iso

NOW = datetime(2026, 1, 27, 9, 15, tzinfo=UTC)
LUNCH = Flag("root", "2026-01-27T09:15:00.000+00:00", "lunch")
WATCHES = 'strategy = "standfast.agent.watching:WatchOnly"'
QUICK_END = "[shutdown]\nbudget_s = { close_positions = 0.3 }"


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        (render(LUNCH), LUNCH),
        ("", Flag()),
        ("by hand,\nin a hurry", Flag(why="by hand, in a hurry")),
        ("[1]", Flag(why="[1]")),
        ('{"by": 5, "why": ["x"]}', Flag("5", "", "['x']")),
        ("[" * 4000, Flag(why="[" * 200)),
    ],
)
def test_flag_files(text: str, flag: Flag) -> None:
    assert parse(text) == flag


def test_a_flag_lies_beside_the_configuration() -> None:
    assert flag_path(Path("/etc/standfast/agents/x.toml"), FlagKind.KILLED) == Path("/etc/standfast/agents/x.killed")


def test_a_flag_in_words() -> None:
    assert str(parse(render(LUNCH))) == "by root at 2026-01-27 09:15:00 UTC: lunch"
    assert str(Flag("root", "noon")) == "by root at noon", "as somebody wrote it by hand"
    assert str(Flag()) == "without a word why"


def set_flag(agent: Agent, kind: FlagKind) -> Path:
    path = flag_path(agent.files.config, kind)
    path.write_text(render(Flag("root", iso(NOW), "why not")))
    agent.runner.life.reload()
    return path


async def problem_of(agent: Agent, kind: str) -> Event:
    return await agent.heard.until(lambda event: event.kind is Kind.PROBLEM and event.type == kind)


async def place(agent: Agent, kind: OrderKind = OrderKind.MARKET, price: float = 0.0) -> str:
    assert agent.have.trade is not None
    return await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, 1, kind, price=price)


def test_paused_takes_no_orders_and_watches_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            order = await place(agent, OrderKind.LIMIT, 1)
            path = set_flag(agent, FlagKind.PAUSED)
            assert agent.status["paused"] is True
            with pytest.raises(TradingRefusedError, match=r"the agent is paused by root at .*: why not"):
                await place(agent)
            assert agent.have.trade is not None
            await agent.have.trade.desk.cancel(order)
            assert agent.runner.life.state == "ACTIVE"
            path.unlink()
            agent.runner.life.reload()
            assert agent.status["paused"] is False
            await place(agent)

    asyncio.run(story())


def test_killed_cancels_keeps_positions_and_stays_in_error_over_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await place(agent)
            await place(agent, OrderKind.LIMIT, 1)
            path = set_flag(agent, FlagKind.KILLED)
            problem = await agent.heard.kind(Kind.PROBLEM)
            assert (problem.type, problem.state) == ("KILLED", "ERROR")
            assert "1 order asked to be cancelled" in problem.message
            assert "it holds +1 NSE:SBIN MIS" in problem.message
            assert "standfastctl resume bot" in problem.action
            assert not agent.have.own.pending
            ((_, first),) = agent.have.store.open_problems()
            with pytest.raises(TradingRefusedError, match=r"killed|not ACTIVE"):
                await place(agent)
            agent.runner.life.reload()
            with pytest.raises(TimeoutError):
                await agent.heard.state_within("STARTING", 0.3)
            assert str(await agent.end()) == "held (killed), open: +1 NSE:SBIN MIS", "a stop closes nothing either"
            told = await agent.heard.kind(Kind.SHUTDOWN)
            assert (told.type, told.severity) == ("KILLED", Severity.WARNING), "the one problem goes on"
            flag = agent.have.flags.killed
            assert told.message.startswith(f"Agent bot (killed {flag}) stopped from ERROR in "), "its only word"
            assert told.data["since"] == iso(NOW), "the same as it was told when it was killed"
            assert "standfastctl resume bot" in told.action
            assert "broker" not in told.action, "which knows nothing of a position on paper"

        again = Agent(tmp_path)
        again.begin()
        problem = await again.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.data) == ("KILLED", {"since": iso(NOW), "lasts": True}), "since it was killed"
        assert "it holds +1 NSE:SBIN MIS" in problem.message
        assert set(again.have.store.open_problems()) == {("KILLED", first)}
        assert again.have.own.nets, "it still knows what it holds"
        path.unlink()
        again.runner.life.reload()
        over = await again.heard.kind(Kind.RESOLVED)
        assert over.type == "KILLED"
        assert "its strategy manages what it holds: +1 NSE:SBIN MIS" in over.message
        assert (await again.end()).kind is EndKind.FLAT, "one that was resumed stops flat"

    asyncio.run(story())


def test_a_killed_agent_names_the_order_that_the_broker_never_answered_to(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            agent.have.own.intend(OrderRequest("NSE:SBIN", Side.BUY, 5), NOW)
            set_flag(agent, FlagKind.KILLED)
            problem = await agent.heard.kind(Kind.PROBLEM)
            doubt = "not known whether BUY 5 NSE:SBIN MIS was taken"
            assert problem.message.endswith(f"nothing is known to be pending; it holds nothing for certain, {doubt}")
            assert agent.status["reason"].endswith(doubt), "for whoever killed it"
            await agent.end()
            told = await agent.heard.kind(Kind.SHUTDOWN)
            assert (told.type, told.severity) == ("POSITIONS_UNVERIFIED", Severity.CRITICAL)
            assert told.message.endswith(f"as far as is known it holds nothing for certain, {doubt} (on paper)")

    asyncio.run(story())


def test_a_killed_agent_that_cannot_ask_says_what_it_knows_and_how_it_tries_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await place(agent)
            await agent.until(lambda: bool(agent.have.own.nets) and not agent.have.own.pending)
            agent.faults.write_text("down\n")
            set_flag(agent, FlagKind.KILLED)
            problem = await problem_of(agent, "KILLED")
            assert "by its own books no order is pending, but the broker could not be asked" in problem.message
            assert "try again to cancel what is pending: systemctl reload standfast-agent@bot" in problem.action
            agent.faults.unlink()
            agent.runner.life.reload()
            stands = await agent.heard.kind(Kind.UPDATE)
            assert (stands.type, "the broker could not be asked" in stands.message) == ("KILLED", False)
            assert stands.action == "Look at the positions; to let it trade again: standfastctl resume bot"
            assert agent.status["failure"]["action"] == stands.action, "there the old words stood as well"
            agent.runner.life.reload()
            with pytest.raises(TimeoutError):
                await agent.heard.until(lambda event: event.kind is Kind.UPDATE, timeout_s=0.3)

    asyncio.run(story())


def test_one_that_is_active_again_says_what_it_holds(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await place(agent)
            await agent.until(lambda: bool(agent.have.own.nets) and not agent.have.own.pending)
            agent.faults.write_text("down\n")
            agent.runner.life.reload()
            problem = await problem_of(agent, "OPENALGO_DOWN")
            assert "once that is well" in problem.action
            agent.faults.unlink()
            agent.runner.life.reload()
            over = await agent.heard.kind(Kind.RESOLVED)
            assert over.message.endswith("manages what it holds: +1 NSE:SBIN MIS; OPENALGO_DOWN is over")

    asyncio.run(story())


def test_what_an_agent_waited_for_is_nobodys_once_it_is_killed(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, faults="down\n") as agent:
            await problem_of(agent, "OPENALGO_DOWN")
            set_flag(agent, FlagKind.KILLED)
            problem = await problem_of(agent, "KILLED")
            assert problem.data["closes"] == ["OPENALGO_DOWN"]

    asyncio.run(story())


def test_a_killed_agent_that_holds_nothing_ends_flat(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            order = await place(agent, OrderKind.LIMIT, 1)
            set_flag(agent, FlagKind.KILLED)
            await agent.heard.kind(Kind.PROBLEM)
            assert order not in {one.order_id for one in agent.have.own.pending}
            assert (await agent.end()).kind is EndKind.FLAT

    asyncio.run(story())


def test_what_a_killed_one_left_open_unverified_is_told_as_it_is_while_it_runs_and_when_its_end_finds_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    again = "standfastctl resume bot (unless that is done), then: systemctl start standfast-agent@bot"

    async def story() -> None:
        async with living(tmp_path, top=WATCHES, more=QUICK_END) as agent:
            await agent.heard.state("ACTIVE")
            await place(agent)
            await agent.until_holding()
            agent.faults.write_text("down\n")
            path = set_flag(agent, FlagKind.KILLED)
            await problem_of(agent, "KILLED")
            await agent.end()
            told = await agent.heard.kind(Kind.SHUTDOWN)
            assert (told.type, again in told.action) == ("POSITIONS_UNVERIFIED", True), "not by a start alone"
            assert "close_positions overran" in caplog.text
            assert "it only looks and closes nothing, since the agent is killed" in caplog.text

        started = Agent(tmp_path)
        started.begin()
        stands = await started.heard.kind(Kind.UPDATE)
        assert (stands.type, "runs, but is killed" in stands.message) == ("POSITIONS_UNVERIFIED", True)
        assert "standfastctl resume bot" in stands.action
        path.unlink()
        started.runner.life.reload()
        looks = await started.heard.until(lambda event: "looks into the books" in event.message)
        assert looks.type == "POSITIONS_UNVERIFIED", "it is no longer killed"
        set_flag(started, FlagKind.KILLED)
        await started.heard.until(lambda event: event.kind is Kind.UPDATE and "runs, but is killed" in event.message)
        started.faults.unlink()
        await started.end()
        over = await started.heard.kind(Kind.RESOLVED)
        assert (over.type, "held (killed), open: +1 NSE:SBIN MIS" in over.message) == ("POSITIONS_UNVERIFIED", True)
        assert (await started.heard.kind(Kind.SHUTDOWN)).type == "KILLED", "which says what is open"

    asyncio.run(story())


def test_what_a_kill_asks_of_its_gateway_is_not_logged_as_an_end(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await place(agent)
            await agent.until_holding()
            agent.faults.write_text("down\n")
            set_flag(agent, FlagKind.KILLED)
            await problem_of(agent, "KILLED")
            assert "[STATE] Asking again as long as there is time" in caplog.text
            assert "[SHUTDOWN]" not in caplog.text

    asyncio.run(story())


def test_a_kill_that_was_not_taken_up_before_the_stop_counts(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            await place(agent)
            await place(agent, OrderKind.LIMIT, 1)
            flag_path(agent.files.config, FlagKind.KILLED).touch()
            assert str(await agent.end()) == "held (killed), open: +1 NSE:SBIN MIS"

    asyncio.run(story())


def test_a_kill_counts_though_the_feed_falls_silent_with_it(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            agent.faults.write_text("silent_feed")
            await asyncio.sleep(0.05)
            assert agent.have.trade is not None
            agent.have.trade.pump.last_tick_s -= 1000
            set_flag(agent, FlagKind.KILLED)
            assert (await agent.heard.kind(Kind.PROBLEM)).type == "KILLED"

    asyncio.run(story())


def test_a_reload_that_is_refused_stands_in_the_status(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            journal = Journal("standfast-agent", tmp_path / "doorbell")
            frame = Frame(agent.heartbeat, journal)
            frame.on_reload(agent.runner.life.reload)
            agent.files.config.write_text("live = 5")
            frame.reload()
            await agent.until(lambda: "not reloaded" in str(agent.status.get("reload_refused")))
            journal.close()

    asyncio.run(story())
