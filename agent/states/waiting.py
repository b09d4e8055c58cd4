"""WAITING: a dependency is away or the market is closed; look now and then, say hourly that it still is so."""

import logging
from typing import Final

from standfast.agent.failures import AgentError, FailureType
from standfast.agent.life import Life
from standfast.agent.lifecycle import State
from standfast.agent.states.beginning import conclude
from standfast.clock import monotonic_s, utc_now

log = logging.getLogger(__name__)

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
            _end_cool_off(life)
            await conclude(life, *await life.look_confirmed())


def _end_cool_off(life: Life) -> None:
    """A cool-off that a human has ended is over for the next run too, whatever the time."""
    if life.failure is None or life.failure.type is not FailureType.CRASH_COOL_OFF:
        return
    try:
        life.have.store.cool_off(utc_now())
    except AgentError as error:
        log.error("[STATE] The end of the cool-off could not be recorded: %s", error)


def _tell(life: Life, waited_s: float) -> None:
    if life.failure is not None and life.config.waiting.hourly_status:
        life.voice.say(life.voice.messages.still_waiting(life.failure, waited_s))
