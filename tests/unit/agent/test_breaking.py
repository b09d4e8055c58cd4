"""An agent that a bug breaks: the process ends, unless it is asked to stop, for then nobody starts it again."""

import asyncio
from datetime import datetime
from pathlib import Path

import pytest
from tests.unit.agent.living import living
from tests.unit.agent.test_memory import crash

from standfast.agent.flatness import EndKind


@pytest.mark.parametrize("what", ["life", "pump"])
def test_what_breaks_in_the_moment_of_a_stop_ends_in_order_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    broken = RuntimeError("broken by a test")

    async def story() -> None:
        async with living(tmp_path) as agent:
            await agent.until_holding()
            once = iter([broken])

            def breaks(now: datetime) -> bool:
                for error in once:
                    agent.stop.set()
                    raise error
                return True

            if what == "life":
                monkeypatch.setattr(agent.have, "is_open", breaks)
            else:
                agent.stop.set()
                agent.have.crashed.set_exception(broken)
            assert agent.task is not None
            assert (await agent.task).kind is EndKind.FLAT
            assert "broken by a test" in caplog.text

    asyncio.run(story())


def test_what_breaks_without_a_stop_ends_the_process(tmp_path: Path) -> None:
    async def story() -> None:
        async with living(tmp_path) as agent:
            await agent.until_holding()
            agent.have.crashed.set_exception(RuntimeError("broken by a test"))
            assert agent.task is not None
            with pytest.raises(RuntimeError, match="broken by a test"):
                await agent.task
            await crash(agent)

    asyncio.run(story())
