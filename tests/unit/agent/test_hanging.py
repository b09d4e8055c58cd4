"""A strategy that hangs is told with its own line, and so are the unclean ends that follow."""

import asyncio
import signal
import subprocess
import sys
import time
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
        step = "Correct where its strategy hangs, then: systemctl reload standfast-agent@bot"
        assert said.action == f"{step}, which ends the cool-off at once"
        await again.heard.state("ACTIVE")
        await crash(again)
        third = Agent(tmp_path)
        third.begin()
        said = await third.heard.kind(Kind.PROBLEM)
        assert (said.type, said.state) == ("CRASH_LOOP", "ERROR")
        assert said.action == step
        assert (await third.heard.kind(Kind.RESOLVED)).type == "STRATEGY_HUNG", "it is called no more"
        await third.end()

    asyncio.run(story())


# A strategy, or the agent itself, that blocks the loop; and what its watchdog does then.
ABORTED = """
import asyncio, os, pathlib, signal, sys, time
from standfast.agent import bell, remains
remains.listen(pathlib.Path(sys.argv[1]))
async def main():
    asyncio.get_running_loop().run_in_executor(None, lambda: (time.sleep(0.3), os.kill(os.getpid(), signal.SIGABRT)))
    await asyncio.sleep(0)
    await asyncio.create_task({called})
class Mine:
    async def tick(self): await self.look()
    async def look(self): time.sleep(20)
def dies(): os.abort()
exec(compile("async def own(): time.sleep(20)", bell.__file__, "exec"))
asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("called", "is_told"), [("Mine().tick()", True), ("own()", False), ("asyncio.to_thread(dies)", False)]
)
def test_what_blocked_the_loop_until_the_watchdog_is_told_by_the_next_start(
    tmp_path: Path, called: str, is_told: bool
) -> None:
    path = tmp_path / "mine.py"
    path.write_text(ABORTED.format(called=called))
    ended = subprocess.run(
        [sys.executable, path, tmp_path / "remains"], check=False, env={"PYTHONPATH": ":".join(sys.path)}
    )
    assert ended.returncode == -signal.SIGABRT

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure()
        agent.begin()
        said = await agent.heard.until(lambda event: event.kind in (Kind.PROBLEM, Kind.STATE))
        assert (said.type == "STRATEGY_HUNG") is is_told
        if is_told:
            at = f"(at {path}:11 in look <- {path}:10 in tick)"
            assert said.message.endswith(f"its strategy blocked the agent's loop until the watchdog ended it {at}")
        await agent.end()

    asyncio.run(story())


@pytest.mark.parametrize(
    ("name", "text", "where"),
    [
        ("imports", f"import threading\ngate = threading.Event()\ngate.wait(20)\n{BLOCKS}", ":3 in <module>"),
        (
            "makes",
            BLOCKS + "    def __init__(self): gate.wait(20)\n",
            ":8 in __init__",
        ),
    ],
)
def test_what_hangs_while_it_is_loaded_is_told_and_holds_up_no_stop(
    tmp_path: Path, name: str, text: str, where: str
) -> None:
    path = tmp_path / f"{name}.py"
    path.write_text(text)

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure(f'strategy = "{name}:Hangs"\ncallback_timeout_s = 0.5')
        agent.files.config.write_text(agent.files.config.read_text().replace(str(EXAMPLES), str(tmp_path)))
        agent.begin()
        said = await agent.heard.kind(Kind.PROBLEM)
        assert (said.type, said.state) == ("STRATEGY_ERROR", "ERROR")
        assert f"it has not come to its end for 0.5 s (at {path}{where})" in said.message
        assert said.action == "Correct where it hangs, then: systemctl restart standfast-agent@bot"
        begun_s = time.monotonic()
        await agent.end()
        assert time.monotonic() - begun_s < 1
        sys.modules[name].gate.set()

    asyncio.run(story())


def test_a_stop_while_a_strategy_is_loaded_does_not_wait_for_it(tmp_path: Path) -> None:
    (tmp_path / "loads.py").write_text("import threading\ngate = threading.Event()\ngate.wait(20)\n")

    async def story() -> None:
        agent = Agent(tmp_path)
        agent.configure('strategy = "loads:Hangs"')
        agent.files.config.write_text(agent.files.config.read_text().replace(str(EXAMPLES), str(tmp_path)))
        agent.begin()
        await agent.until(lambda: hasattr(sys.modules.get("loads"), "gate"))
        begun_s = time.monotonic()
        assert str(await agent.end()) == "flat (nothing was open)"
        assert time.monotonic() - begun_s < 1
        sys.modules["loads"].gate.set()

    asyncio.run(story())


def test_a_plain_strategy_is_made_in_the_thread_that_calls_it_and_an_async_one_on_its_loop(tmp_path: Path) -> None:
    text = """
import asyncio, sqlite3
class Plain:
    def __init__(self): self.database = sqlite3.connect(":memory:")
    def start(self, trading): self.database.execute("SELECT 1")
    def tick(self, tick): pass
    def stop(self): self.database.close()
class Async:
    def __init__(self): self.loop = asyncio.get_running_loop()
    async def start(self, trading): assert self.loop is asyncio.get_running_loop()
    async def tick(self, tick): pass
    async def stop(self): pass
"""
    (tmp_path / "both.py").write_text(text)

    async def story(name: str) -> None:
        agent = Agent(tmp_path)
        agent.configure(f'strategy = "both:{name}"')
        agent.files.config.write_text(agent.files.config.read_text().replace(str(EXAMPLES), str(tmp_path)))
        agent.begin()
        said = await agent.heard.kind(Kind.STATE)
        assert said.state == "ACTIVE", said.message
        await agent.end()

    for name in ("Plain", "Async"):
        asyncio.run(story(name))
