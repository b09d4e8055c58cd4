"""What a restart of an agent does: its stop closes what it holds, which no advice to restart may leave unsaid. Pure."""

from collections.abc import Mapping

from standfast.overview.holdings import holdings
from standfast.overview.snapshot import Source


def held_by(agents: Mapping[str, Source]) -> dict[str, str]:
    """By name, what those agents hold that run and are not known to hold nothing."""
    running = {name: source for name, source in agents.items() if source.status is not None}
    return {name: holdings(source) for name, source in running.items() if source.get("flat") is not True}


def caution(held: Mapping[str, str]) -> str:
    """One line on what a restart of these agents closes, and on a better moment; "" where it closes nothing."""
    if not held:
        return ""
    said = "; ".join(f"{name}: {what}" for name, what in held.items())
    return f"A restart closes what an agent holds ({said}): wait until standfastctl status shows that it holds nothing."


def careful(step: str, held: str) -> str:
    """A step that restarts an agent, behind what that closes; as it is where that is nothing."""
    return f"a stop closes what it holds ({held}), so once it holds nothing: {step}" if held else step
