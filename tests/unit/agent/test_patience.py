"""A gateway away for hours, in simulated time and with the shipped timings: when the agent looks, what it says."""

import asyncio
import logging
import re
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.agent.living import Agent
from tests.unit.agent.simulated import SimulatedTime

from standfast.events import Kind

HOUR_S = 3600.0
# First attempt, three retries after 30, 60 and 90 s, then every 300 s.
START_S = (0, 30, 90, 180)
SHIPPED = '[paper]\nfaults_file = "{faults}"\n'


class Looks(logging.Handler):
    """The simulated times of the failed looks."""

    def __init__(self, time: SimulatedTime) -> None:
        super().__init__()
        self.at_s: list[int] = []
        self._time = time

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage().startswith("[HEALTH-CHECK] Failed"):
            self.at_s.append(round(self._time.now_s))


@pytest.fixture
def time() -> SimulatedTime:
    return SimulatedTime()


@pytest.fixture
def looks(time: SimulatedTime, caplog: pytest.LogCaptureFixture) -> Looks:
    caplog.set_level(logging.INFO)
    looks = Looks(time)
    logging.getLogger("standfast.agent.life").addHandler(looks)
    return looks


async def begun(directory: Path, time: SimulatedTime, faults: str) -> Agent:
    agent = Agent(directory)
    agent.faults.write_text(faults)
    agent.files.config.write_text(SHIPPED.format(faults=agent.faults))
    agent.begin()
    time.patience_s = 0.05
    await agent.until(lambda: agent.have.trade is not None)  # loaded in a thread, in real time
    time.patience_s = 0.0
    return agent


@pytest.mark.parametrize("stepped", [timedelta(0), timedelta(days=2), timedelta(days=-2)], ids=str)
def test_half_an_hour_without_the_gateway(
    tmp_path: Path, time: SimulatedTime, looks: Looks, monkeypatch: pytest.MonkeyPatch, stepped: timedelta
) -> None:
    async def story() -> None:
        agent = await begun(tmp_path, time, "down")
        await asyncio.sleep(700)
        time.step = stepped
        await asyncio.sleep(START_S[-1] + HOUR_S / 2 - 700 + 10)
        assert looks.at_s == [*START_S, *range(480, 1981, 300)]
        assert agent.task is not None
        assert not agent.task.done(), "the process lives on, so there is nothing to restart"
        assert [event.state for event in agent.heard.events if event.kind is Kind.STATE] == ["WAITING"]
        assert sum(event.kind is Kind.PROBLEM for event in agent.heard.events) == 1
        time.patience_s = 0.005  # from now on the strategy's thread has work to do
        agent.faults.unlink()
        await agent.heard.state_within("ACTIVE", 400)
        assert 2280 <= time.now_s <= 2282, "within 2 s of the next check"
        await agent.end()

    time.run(story(), monkeypatch)


def test_a_word_each_hour_and_no_more(
    tmp_path: Path, time: SimulatedTime, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        agent = await begun(tmp_path, time, "down")
        await asyncio.sleep(START_S[-1] + 3 * HOUR_S + 10)
        told = [event.message for event in agent.heard.events if event.kind is Kind.STATUS]
        assert [message.split(":")[0] for message in told] == [
            f"Agent bot is still WAITING after {hours} h" for hours in (1, 2, 3)
        ]
        assert sum(event.kind is Kind.PROBLEM for event in agent.heard.events) == 1
        await agent.end()

    time.run(story(), monkeypatch)


@pytest.mark.parametrize(("fault", "expected"), [("bad_key", [0, 5]), ("logged_out", [0, 5, 305, 310, 610, 615])])
def test_a_permanent_failure_is_looked_at_again_only_where_the_human_acts_elsewhere(
    tmp_path: Path,
    time: SimulatedTime,
    looks: Looks,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    expected: list[int],
) -> None:
    async def story() -> None:
        agent = await begun(tmp_path, time, fault)
        await asyncio.sleep(800)
        assert looks.at_s == expected
        await agent.end()

    time.run(story(), monkeypatch)


@pytest.mark.parametrize(
    ("fault", "moment_s", "state"),
    [("down", 10, "STARTING"), ("down", 1000, "WAITING"), ("bad_key", 100, "ERROR"), ("hang", 40, "STARTING")],
)
def test_every_wait_ends_at_once(
    tmp_path: Path, time: SimulatedTime, monkeypatch: pytest.MonkeyPatch, fault: str, moment_s: float, state: str
) -> None:
    async def story() -> None:
        agent = await begun(tmp_path, time, fault)
        await asyncio.sleep(moment_s)
        assert agent.status["state"] == state
        stopped_s = time.now_s
        await agent.end()
        assert time.now_s - stopped_s <= 0.1

    time.run(story(), monkeypatch)


def test_the_status_says_by_the_clock_when_the_next_attempt_follows(
    tmp_path: Path, time: SimulatedTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        agent = await begun(tmp_path, time, "down")
        await asyncio.sleep(10)
        assert re.match(r"attempt 1 failed, the next at \d\d:\d\d:\d\d UTC: OPENALGO_DOWN", agent.status["reason"])
        await agent.end()

    time.run(story(), monkeypatch)
