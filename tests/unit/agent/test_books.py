"""What an agent says that it holds: by whose books, of which orders nobody knows, and to whom it sends a person."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.agent.living import Agent, living
from tests.unit.agent.test_situation import GONE, HELD, LOST, ORDER, situation

from standfast.agent.failures import ABOUT_POSITIONS, HANDLING, Failure, FailureType, Setting
from standfast.agent.flags import Flag, FlagKind, flag_path, render
from standfast.agent.flatness import End, EndKind
from standfast.agent.lifecycle import State
from standfast.agent.messages import Messages
from standfast.agent.situation import as_status
from standfast.agent.trading import OrderRequest, Side
from standfast.events import Event, Kind, Severity
from standfast.moments import from_iso
from standfast.overview.holdings import holdings
from standfast.overview.running import open_now
from standfast.overview.snapshot import Source

NOW = datetime(2026, 1, 27, 4, 0, tzinfo=UTC)
NO_KEY = 'gateway = "openalgo"\n[openalgo]\napi_key_file = "/nowhere/key"\n'
PAPER = Setting(on_paper=True)
WATCHES = 'strategy = "standfast.agent.watching:WatchOnly"'


async def never_reached(directory: Path, config: str) -> tuple[Event, Source]:
    """How an agent ends that never got as far as its broker, and its status before that."""
    agent = Agent(directory)
    agent.files.config.write_text(config)
    agent.begin()
    await agent.heard.state("ERROR")
    shown = Source(agent.status)
    await agent.end()
    return await agent.heard.kind(Kind.SHUTDOWN), shown


def test_one_that_never_reached_its_broker_does_not_speak_for_it(tmp_path: Path) -> None:
    end, shown = asyncio.run(never_reached(tmp_path, NO_KEY))
    assert end.message.endswith(": flat (by its own books; the broker was not asked)")
    assert (shown.get("flat"), shown.get("broker_asked_at")) == (True, None)
    assert holdings(shown) == "nothing by its own books; its broker was not asked yet"


def test_a_kill_of_one_that_never_reached_its_broker_says_that_it_asked_nobody(tmp_path: Path) -> None:
    async def story() -> None:
        agent = Agent(tmp_path)
        agent.files.config.write_text(NO_KEY)
        flag_path(agent.files.config, FlagKind.KILLED).write_text(render(Flag("root")))
        agent.begin()
        told = await agent.heard.kind(Kind.PROBLEM)
        assert told.message.endswith("; by its own books no order is pending; the broker was not asked")
        await agent.end()

    asyncio.run(story())


def test_with_the_account_in_its_scope_its_own_books_prove_nothing(tmp_path: Path) -> None:
    end, _ = asyncio.run(never_reached(tmp_path, NO_KEY + '[shutdown]\nscope = "account"\n'))
    assert (end.type, end.severity) == ("POSITIONS_UNVERIFIED", Severity.CRITICAL)


def test_without_a_configuration_and_with_books_not_of_paper_alone_it_is_not_said_to_be_on_paper(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES) as agent:
            await agent.heard.state("ACTIVE")
            assert agent.status["broker_asked_at"], "the simulated broker was asked, as any other"
            agent.have.own.intend(OrderRequest("NSE:SBIN", Side.BUY, 5), NOW)
            agent.have.store.trades_on("openalgo", is_flat=False)
        end, shown = await never_reached(tmp_path, "gateway = [")
        assert "on paper" not in end.message
        assert "broker" in end.action
        assert shown.get("gateway") == ""

    asyncio.run(story())


def test_orders_of_unknown_fate_have_a_field_of_their_own() -> None:
    status = as_status(situation(None, HELD, (ORDER, LOST, GONE)))
    assert [one["order_id"] for one in status["orders"]] == ["7"]
    unknown = [(one["order_id"], one["status"], one["doubt"]) for one in status["unknown_orders"]]
    assert unknown == [
        ("", "unknown", "not known whether BUY 1 NSE:TCS MIS was taken"),
        ("7", "unknown", "not known what became of BUY 1 NSE:TCS MIS (order 7)"),
    ]
    named = "+5 NSE:SBIN MIS, 1 order pending, not known whether BUY 1 NSE:TCS MIS was taken, not known what became of "
    assert holdings(Source(status)).startswith(named)
    alone = Source(as_status(situation(None, {}, (LOST,))))
    assert open_now(alone) == "nothing for certain, not known whether BUY 1 NSE:TCS MIS was taken"


@pytest.mark.parametrize("kind", [*ABOUT_POSITIONS, FailureType.KILLED])
def test_nobody_is_sent_to_a_broker_about_what_is_on_paper(kind: FailureType) -> None:
    failure = Failure(kind, "seen")
    status = as_status(replace(situation(None, {}, ()), failure=failure, setting=PAPER))
    said = Messages("bot", lambda: PAPER).problem(State.ERROR, failure, "")
    for action in (said.action, status["failure"]["action"]):
        assert "at the broker" not in action
        assert "your broker" not in action
        assert "broker's" not in action
    usual = HANDLING[kind].action.format(name="bot", every="5 min")
    assert Messages("bot").problem(State.ERROR, failure, "").action == usual


@pytest.mark.parametrize("kind", [EndKind.NOT_FLAT, EndKind.UNVERIFIED, EndKind.HELD, EndKind.HELD_KILLED])
def test_an_end_on_paper_sends_nobody_to_a_broker(kind: EndKind) -> None:
    end = Messages("bot", lambda: PAPER).shutdown(State.ACTIVE, End(kind, "open: +1"), (), 0.1, "+1 NSE:SBIN MIS")
    assert "broker" not in end.action
    assert "(on paper)" in end.message
    assert "{name}" not in end.action


def test_what_is_left_open_otherwise_than_told_is_told_anew(tmp_path: Path) -> None:
    budget = "[shutdown]\nbudget_s = { close_positions = 0.3 }"

    async def story() -> None:
        async with living(tmp_path, top=WATCHES, more=budget) as agent:
            await left(agent, 3)
        assert [event.data.get("superseded_by") for event in ended(agent)] == [None]

        again = Agent(tmp_path)
        again.begin()
        known = await again.heard.kind(Kind.UPDATE)
        assert (known.type, known.unit) == ("POSITIONS_UNVERIFIED", "standfast-agent@bot.service")
        assert known.message.endswith("as far as is known it holds +3 NSE:SBIN MIS")
        await again.end()
        assert [event.kind for event in ended(again)] == [Kind.SHUTDOWN], "it is one more occurrence of what was told"

        more = Agent(tmp_path)
        more.begin()
        await more.heard.state("WAITING")
        more.have.own.intend(OrderRequest("NSE:SBIN", Side.BUY, 5), NOW)
        await more.end()
        over, end = ended(more)
        assert (over.kind, over.type, over.data["superseded_by"]) == (Kind.RESOLVED, end.type, end.type)
        assert "not known whether BUY 5 NSE:SBIN MIS was taken" in end.message

    asyncio.run(story())


async def left(agent: Agent, quantity: int) -> None:
    """Have it hold that much, and end while its broker is away."""
    await agent.heard.state("ACTIVE")
    assert agent.have.trade is not None
    await agent.have.trade.desk.place("NSE:SBIN", Side.BUY, quantity)
    await agent.until_holding()
    agent.faults.write_text("down")
    await agent.end()


def ended(agent: Agent) -> list[Event]:
    """What it said of its end, and of what that ended."""
    return [one for one in agent.heard.events if one.kind in (Kind.RESOLVED, Kind.SHUTDOWN)]


def test_what_is_told_after_retries_is_told_since_the_first_of_them(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, faults="down\n") as agent:
            problem = await agent.heard.kind(Kind.PROBLEM)
            lasted = agent.runner.life.entered_at - from_iso(str(problem.data["since"]))
            assert lasted >= timedelta(seconds=0.05), "the three retries took 0.06 s"
            agent.faults.unlink()
            agent.runner.life.reload()
            await agent.heard.state("ACTIVE")
            agent.faults.write_text("down\n")
            agent.runner.life.reload()
            assert "since" not in (await agent.heard.kind(Kind.PROBLEM)).data, "seen and told at once"

    asyncio.run(story())


def test_one_that_holds_something_says_at_its_first_try_that_it_does_not_get_to_its_broker(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path, top=WATCHES, more="[shutdown]\nbudget_s = { close_positions = 0.3 }") as agent:
            await left(agent, 3)
        again = Agent(tmp_path)
        again.begin()
        problem = await again.heard.kind(Kind.PROBLEM)
        assert (problem.type, problem.state, again.runner.life.state) == ("OPENALGO_DOWN", "STARTING", "STARTING")
        assert problem.message.endswith("; it holds +3 NSE:SBIN MIS (on paper)")
        waits = await again.heard.until(lambda one: one.type == "OPENALGO_DOWN" and one.kind is not Kind.STATE)
        assert (waits.kind, waits.state) == (Kind.UPDATE, "WAITING"), "no second occurrence"
        again.faults.unlink()
        over = await again.heard.until(lambda one: one.type == "OPENALGO_DOWN" and one.kind is Kind.RESOLVED)
        assert over.state == "ACTIVE"
        await again.end()
        assert "OPENALGO_DOWN" not in [one.type for one in again.heard.events], "told to be over once"

    asyncio.run(story())
