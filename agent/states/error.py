"""ERROR: idle until a human acts."""

from standfast.agent.life import Life
from standfast.agent.lifecycle import Input


async def error(life: Life) -> None:
    """Wait for a reload; look by itself only where the human's act is elsewhere."""
    recheck_s = life.config.waiting.error_recheck_s
    by_itself = life.failure is not None and life.failure.rechecks and recheck_s > 0
    if await life.pause(recheck_s if by_itself else None):
        life.rebuild()
        life.move(Input.RECHECK, "a human asked for a new look")
    else:
        life.conclude(*await life.look_confirmed())
