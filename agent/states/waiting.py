"""WAITING: a dependency is away or the market is closed; look now and then, say hourly that it still is so."""

from typing import Final

from standfast.agent.life import Life
from standfast.agent.lifecycle import State
from standfast.agent.states.beginning import conclude
from standfast.clock import monotonic_s

HOURLY_S: Final = 3600.0


async def waiting(life: Life) -> None:
    """Look again every check interval, and at once when a human asks for it."""
    begun_s = told_s = life.entered_s
    while life.state is State.WAITING:
        life.show()
        asked = await life.pause(min(life.due_s, told_s + HOURLY_S) - monotonic_s())
        if monotonic_s() - told_s >= HOURLY_S:
            told_s = monotonic_s()
            _tell(life, told_s - begun_s)
        if asked or life.is_due:
            await conclude(life, *await life.look_confirmed())


def _tell(life: Life, waited_s: float) -> None:
    if life.failure is not None and life.config.waiting.hourly_status:
        life.voice.say(life.voice.messages.still_waiting(life.failure, waited_s))
