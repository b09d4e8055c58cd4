"""No longer ACTIVE: what is held is held on, or closed, as configured."""

import logging

from standfast.agent.config import OnLoss
from standfast.agent.failures import Failure, FailureType
from standfast.agent.flatness import EndKind
from standfast.agent.life import Life
from standfast.agent.unwinding import close_all

log = logging.getLogger(__name__)


async def close_where_configured(life: Life) -> None:
    """Get flat, where not being ACTIVE means that; what cannot be closed is told at once."""
    killed = life.failure is not None and life.failure.type is FailureType.KILLED
    if life.config.waiting.positions is not OnLoss.CLOSE or killed:
        return
    end = await close_all(life.have)
    log.info("[STATE] Closed because the agent is not ACTIVE: %s", end)
    if end.kind is not EndKind.FLAT:
        life.tell_problem(Failure(FailureType.POSITIONS_NOT_FLAT, f"could not close: {end}"))
    life.show()
