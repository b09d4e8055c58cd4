"""The page for a bot's author: what it shows runs as it stands there, and is short."""

import asyncio
import re
import textwrap
from pathlib import Path

from tests.unit.agent.living import Agent

from standfast.agent.config import AgentConfig
from standfast.config import load

PAGE = Path(__file__).resolve().parents[3] / "docs/strategies.md"
LINES_AT_MOST = 15
# Prices at which it buys, often; and where a busy machine is late with the first one, a look soon again.
QUICK = {
    "STANDFAST_PAPER_START_PRICE": "490",
    "STANDFAST_PAPER_TICK_INTERVAL_S": "0.01",
    "STANDFAST_STARTUP_RETRY_DELAY_BASE_S": "0.1",
}


def shown(name: str) -> str:
    """The block of the page that begins with the name of a file."""
    found = re.search(
        rf"^    # {re.escape(name)}\n((?:    .*\n|\n)+?)(?=    # /|\n?\S)", PAGE.read_text(), re.MULTILINE
    )
    assert found, name
    return textwrap.dedent(found[1]).strip() + "\n"


def test_a_bots_author_needs_few_lines() -> None:
    bot = shown("/srv/bots/dip.py")
    assert sum(bool(line.strip()) for line in bot.splitlines()) <= LINES_AT_MOST


def test_what_the_page_shows_trades(tmp_path: Path) -> None:
    (tmp_path / "dip.py").write_text(shown("/srv/bots/dip.py"))
    config = shown("/etc/standfast/agents/dip.toml").replace("/srv/bots", str(tmp_path))

    async def story() -> None:
        agent = Agent(tmp_path, QUICK)
        agent.files.config.write_text(config)
        assert load(AgentConfig, agent.files.config, {}, required=True).parameters == {"below": 495.0}
        agent.begin()
        await agent.heard.state("ACTIVE")
        await agent.until_holding()
        end = await agent.end()
        assert str(end) == "flat (closed +1 NSE:SBIN MIS)"

    asyncio.run(story())
