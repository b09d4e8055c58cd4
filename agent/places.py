"""Where an agent's orders go, as its books remember it: a gateway and whose money it is there. Pure.

What was placed in one place cannot be seen in another: the simulated broker knows nothing of a real one, and OpenAlgo
shows in analyze mode none of what it did live.
"""

from collections.abc import Collection
from typing import Final

from standfast.agent.config import AgentConfig
from standfast.agent.failures import Failure, FailureType

PAPER: Final = "paper"

_BACK: Final = "Set {keys} back in its configuration to manage that again, or close it by hand {where}; "
_ON_PAPER: Final = "Set {keys} back in its configuration to manage that again, or forget it; "
_THEN: Final = "then: systemctl reload standfast-agent@{{name}} (not set back, that says that {said})"


def place_of(config: AgentConfig) -> str:
    """Where the orders of an agent that is configured like this go: "paper", "openalgo (live)" or "(analyze)"."""
    if config.gateway == PAPER:
        return PAPER
    return f"{config.gateway} ({'live' if config.live else 'analyze'})"


def gateway_of(place: str) -> str:
    """The gateway of a place."""
    return place.partition(" ")[0]


def others(places: Collection[str], present: str) -> str:
    """Those of these places that are another one than the present, in words; "" for none.

    Without a mode, as earlier books have it, a gateway's name stands for either.
    """
    return ", ".join(sorted(set(places) - {present, gateway_of(present)}))


def placed_elsewhere(elsewhere: str, present: str) -> str:
    """Why the books of the present place say nothing of what an agent holds."""
    return f"what it holds was placed on {elsewhere}, and it is set to {present}"


def held_elsewhere(held: str, elsewhere: str, present: str) -> Failure:
    """What it means that this is held elsewhere than where the agent is configured to trade now.

    It is not settled away: its books there would be another's, and nobody would know of it any more.
    """
    detail = f"it holds {held} on {elsewhere}, and is set to {present} now: nothing manages that, and it does not trade"
    is_gateway = gateway_of(elsewhere) != gateway_of(present)
    keys = "`gateway` and `live`" if is_gateway else "`live`"
    if elsewhere == PAPER:
        step = _ON_PAPER.format(keys=keys) + _THEN.format(said="it is forgotten")
    else:
        where = "in OpenAlgo" if elsewhere.endswith("(analyze)") else "at the broker"
        step = _BACK.format(keys=keys, where=where) + _THEN.format(said="nothing of it is open any more")
    return Failure(FailureType.HELD_ELSEWHERE, detail, step)
