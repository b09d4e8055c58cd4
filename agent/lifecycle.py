"""The agent's life as a state machine. Pure: every legal step stands in one table."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from standfast.errors import StandfastError


class State(StrEnum):
    """Where an agent is in its life."""

    STARTING = "STARTING"
    ACTIVE = "ACTIVE"
    WAITING = "WAITING"
    ERROR = "ERROR"
    SHUTDOWN = "SHUTDOWN"


class Input(StrEnum):
    """What moves it; also the reason that is recorded with the transition."""

    CHECKS_PASSED = "checks passed"
    TRANSIENT_FAILURE = "transient failure"
    PERMANENT_FAILURE = "permanent failure"
    MARKET_CLOSED = "market closed"
    COOL_OFF = "cool-off"
    KILLED = "killed"
    RECHECK = "recheck asked for"
    STOP = "stop asked for"


class IllegalTransitionError(StandfastError):
    """An input that this state does not know: a mistake in the agent, not in its surroundings."""


_S, _A, _W, _E, _X = State.STARTING, State.ACTIVE, State.WAITING, State.ERROR, State.SHUTDOWN

# A state that leads to itself is entered anew with another reason: another failure took the first one's place.
TRANSITIONS: Final[Mapping[tuple[State, Input], State]] = {
    (_S, Input.CHECKS_PASSED): _A,
    (_S, Input.TRANSIENT_FAILURE): _W,
    (_S, Input.PERMANENT_FAILURE): _E,
    (_S, Input.MARKET_CLOSED): _W,
    (_S, Input.COOL_OFF): _W,
    (_S, Input.KILLED): _E,
    (_S, Input.STOP): _X,
    (_A, Input.TRANSIENT_FAILURE): _W,
    (_A, Input.PERMANENT_FAILURE): _E,
    (_A, Input.MARKET_CLOSED): _W,
    (_A, Input.KILLED): _E,
    (_A, Input.STOP): _X,
    (_W, Input.CHECKS_PASSED): _A,
    (_W, Input.TRANSIENT_FAILURE): _W,
    (_W, Input.PERMANENT_FAILURE): _E,
    (_W, Input.MARKET_CLOSED): _W,
    (_W, Input.COOL_OFF): _W,
    (_W, Input.KILLED): _E,
    (_W, Input.STOP): _X,
    (_E, Input.CHECKS_PASSED): _A,
    (_E, Input.PERMANENT_FAILURE): _E,
    (_E, Input.COOL_OFF): _W,
    (_E, Input.KILLED): _E,
    (_E, Input.RECHECK): _S,
    (_E, Input.STOP): _X,
}


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the life.

    Attributes:
        cause: the named reason.
        detail: the reason in words, as people read it.
    """

    previous: State
    state: State
    cause: Input
    detail: str


def step(state: State, cause: Input, detail: str) -> Transition:
    """The transition that an input means in a state.

    Raises:
        IllegalTransitionError: the state does not know this input.
    """
    following = TRANSITIONS.get((state, cause))
    if following is None:
        raise IllegalTransitionError(f'cannot leave {state} on "{cause}": no such transition; please report this line')
    return Transition(state, following, cause, detail)
