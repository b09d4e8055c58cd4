"""What the agent does in each state, until that state is left."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from standfast.agent.life import Life
from standfast.agent.lifecycle import State
from standfast.agent.states.active import active
from standfast.agent.states.error import error
from standfast.agent.states.starting import starting
from standfast.agent.states.waiting import waiting

STATES: Final[Mapping[State, Callable[[Life], Awaitable[None]]]] = {
    State.STARTING: starting,
    State.ACTIVE: active,
    State.WAITING: waiting,
    State.ERROR: error,
}


async def live(life: Life) -> None:
    """Live until cancelled. What a kill interrupts, the strategy's start as well, is not gone on with."""
    while True:
        if not await life.interruption.unless(STATES[life.state](life)):
            await life.have.bell.wait(0)  # the reload that brought the kill asks for no other look
            life.conclude(*await life.look_confirmed())
