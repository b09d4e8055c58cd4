"""A strategy that hangs is told with its own line, and so are the unclean ends that follow."""

import asyncio
import sys
from pathlib import Path

import pytest
from tests.unit.agent.living import EXAMPLES, Agent
from tests.unit.agent.test_memory import crash

from standfast.events import Kind

CRASHES = "[crashes]\nmax_unclean_ends = 1\ncool_off_s = 0.3"
BLOCKS = """
import threading
gate = threading.Event()
class Hangs:
    def start(self, trading): pass
    def tick(self, tick): gate.wait(20)
    def stop(self): pass
"""
WAITS = """
import asyncio
gate = asyncio.Event()
class Hangs:
    async def start(self, trading): pass
    async def tick(self, tick): await self.look()
    async def look(self): await asyncio.wait_for(gate.wait(), 30)
    async def stop(self): gate.set()
"""


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("blocks", BLOCKS, "{path}:6 in tick"),
        ("waits", WAITS, "{path}:7 in look <- {path}:6 in tick"),
    ],
)
def test_a_hung_strategy_is_told_with_its_line_and_so_are_the_crashes_that_follow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, where: str
) -> None:
    monkeypatch.setattr("standfast.agent.runner.BEAT_INTERVAL_S", 0.02)
    path = tmp_path / f"{name}.py"
    path.write_text(text)
    at = f"has not returned for 0.2 s (at {where.format(path=path)}), the watchdog will end it"

    async def hang(agent: Agent) -> None:
        agent.begin()
        said = await agent.heard.until(lambda event: event.type == "STRATEGY_HUNG" and event.kind is Kind.PROBLEM)
        assert at in said.message
        await crash(agent)
        sys.modules[name].gate.set()

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(f'strategy = "{name}:Hangs"\ncallback_timeout_s = 0.2', CRASHES)
        agent.files.config.write_text(agent.files.config.read_text().replace(str(EXAMPLES), str(tmp_path)))
        await hang(agent)
        again = Agent(tmp_path)
        again.begin()
        said = await again.heard.kind(Kind.PROBLEM)
        assert said.type == "CRASH_COOL_OFF"
        assert f"STRATEGY_HUNG was told before: a callback of the strategy {at}" in said.message
        assert said.action == "Correct where its strategy hangs"
        await again.heard.state("ACTIVE")
        await crash(again)
        third = Agent(tmp_path)
        third.begin()
        said = await third.heard.kind(Kind.PROBLEM)
        assert (said.type, said.state) == ("CRASH_LOOP", "ERROR")
        assert said.action == "Correct where its strategy hangs, then: systemctl reload standfast-agent@bot"
        await third.end()

    asyncio.run(story())
