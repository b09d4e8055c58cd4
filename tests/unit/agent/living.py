"""A whole agent in this process: real database, real files, paper gateway; its events can be waited for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from standfast.agent.belongings import Belongings, Files
from standfast.agent.flatness import End
from standfast.agent.runner import PULSE_AGE_S, Runner
from standfast.agent.voice import Voice
from standfast.events import Event, Kind
from standfast.heartbeat import Heartbeat
from standfast.journal import RecordedEvents

TRADES = """
strategy = "moving_average:MovingAverage"
parameters = {{ fast = 1, slow = 2 }}
"""
QUICK = """
{top}
strategy_path = "{examples}"
[paper]
tick_interval_s = 0.01
volatility = 0.01
faults_file = "{faults}"
[startup]
retry_delay_base_s = 0.01
confirm_delay_s = 0.01
[active]
confirm_delay_s = 0.01
[waiting]
check_interval_s = 0.1
error_recheck_s = 0.1
{more}
"""
EXAMPLES = Path(__file__).resolve().parents[3] / "examples/strategies"


class Heard(RecordedEvents):
    """Keeps events, and lets a test wait for one."""

    def __init__(self) -> None:
        super().__init__()
        self._news = asyncio.Event()

    def emit(self, event: Event) -> None:
        super().emit(event)
        self._news.set()

    async def until(self, wanted: Callable[[Event], bool], timeout_s: float = 10) -> Event:
        """The first event from the present one on that is wanted; events are taken in order."""
        async with asyncio.timeout(timeout_s):
            while True:
                while self.events:
                    event = self.events.pop(0)
                    if wanted(event):
                        return event
                self._news.clear()
                await self._news.wait()

    async def state(self, state: str) -> Event:
        return await self.until(lambda event: event.kind is Kind.STATE and event.state == state)

    async def state_within(self, state: str, timeout_s: float) -> Event:
        return await self.until(lambda event: event.kind is Kind.STATE and event.state == state, timeout_s)

    async def kind(self, kind: Kind) -> Event:
        return await self.until(lambda event: event.kind is kind)


class Agent:
    """One agent and its surroundings."""

    def __init__(self, directory: Path, environ: dict[str, str] | None = None, name: str = "bot") -> None:
        self.directory = directory
        self.files = Files(directory / "bot.toml", directory / "state.db", directory / "status.json")
        self.faults = directory / "faults"
        self.heard = Heard()
        self.heartbeat = Heartbeat()
        self.stop = asyncio.Event()
        self.have = Belongings(self.files, environ or {})
        voice = Voice(name, self.heard, self.heartbeat, self.files.status, lambda: self.have.setting)
        self.runner = Runner(name, self.have, voice, self.heartbeat.pulse("strategy", PULSE_AGE_S))
        self.task: asyncio.Task[End] | None = None

    def configure(self, top: str = "", more: str = "") -> None:
        text = QUICK.format(examples=EXAMPLES, faults=self.faults, top=top or TRADES.format(), more=more)
        self.files.config.write_text(text)

    def begin(self) -> None:
        self.runner.begin()
        self.task = asyncio.create_task(self.runner.run(self.stop))

    async def end(self) -> End:
        assert self.task is not None
        self.stop.set()
        async with asyncio.timeout(12):
            return await self.task

    async def until_holding(self) -> None:
        """Wait for a fill, which is no event."""
        await self.until(lambda: bool(self.have.own.nets))

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what is no event."""
        for _ in range(1000):
            if is_so():
                return
            await asyncio.sleep(0.01)
        raise TimeoutError("it never came to be")

    @property
    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.files.status.read_text())
        return found


@asynccontextmanager
async def living(
    directory: Path, top: str = "", more: str = "", faults: str = "", environ: dict[str, str] | None = None
) -> AsyncIterator[Agent]:
    """An agent that has begun; it is ended afterwards if the test did not."""
    agent = Agent(directory, environ)
    agent.configure(top, more)
    if faults:
        agent.faults.write_text(faults)
    agent.begin()
    try:
        yield agent
    finally:
        if agent.task is not None and not agent.task.done():
            agent.faults.unlink(missing_ok=True)
            await agent.end()
