"""A short market day in simulated time: the agent comes before it opens, trades, and is there when it closes."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.agent.living import EXAMPLES, Agent
from tests.unit.agent.simulated import SimulatedTime

from standfast.agent.flatness import EndKind
from standfast.events import Event

BEFORE = datetime(2026, 1, 27, 9, 13, tzinfo=UTC)
OPENS_S, CLOSES_S = 120, 420
CONFIG = """
strategy = "moving_average:MovingAverage"
strategy_path = "{examples}"
parameters = {{ fast = 1, slow = 2 }}
[paper]
tick_interval_s = 2
volatility = 0.01
faults_file = "{faults}"
[waiting]
positions = "{positions}"
[session]
days = "Mon..Sun"
start = "09:15"
stop = "09:20"
timezone = "UTC"
"""


def is_active(event: Event) -> bool:
    return event.state == "ACTIVE"


@pytest.mark.parametrize("positions", ["hold", "close"])
def test_before_in_and_after_the_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, positions: str) -> None:
    time = SimulatedTime(BEFORE)
    time.patience_s = 0.05

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.faults.write_text("down")
        config = CONFIG.format(examples=EXAMPLES, faults=agent.faults, positions=positions)
        agent.files.config.write_text(config)
        agent.begin()
        await agent.until(lambda: agent.have.trade is not None)  # loaded in a thread, in real time
        time.patience_s = 0.005
        await asyncio.sleep(60)
        assert agent.status["reason"] == "market closed until Tue 27 Jan 09:15 UTC"
        assert agent.status["failure"] is None, "what is down before the market opens is no matter"
        agent.faults.unlink()
        await agent.heard.until(is_active, 100)
        assert OPENS_S <= time.now_s <= OPENS_S + 5, "its first tick comes after two seconds"
        await asyncio.sleep(60)
        assert agent.have.own.nets
        closed = await agent.heard.until(lambda event: event.state == "WAITING", 400)
        assert CLOSES_S <= time.now_s <= CLOSES_S + 2
        assert "market closed until Wed 28 Jan 09:15 UTC" in closed.message
        time.patience_s = 0.0
        await asyncio.sleep(2 * 3600)
        assert bool(agent.have.own.nets) is (positions == "hold")
        assert agent.heard.events == [], "no problem, no alarm about the feed, no hourly word"
        time.patience_s = 0.005
        time.step = timedelta(days=1, seconds=OPENS_S + 120 - time.now_s)  # as after a suspend
        await agent.heard.until(is_active, 100)
        time.step = timedelta(0)
        await agent.heard.until(lambda event: event.state == "WAITING", 10)
        end = await agent.end()
        held = positions == "hold" and agent.have.own.nets
        assert end.kind is (EndKind.HELD if held else EndKind.FLAT)

    time.run(story(), monkeypatch)
