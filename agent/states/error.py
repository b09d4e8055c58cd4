"""ERROR: idle until a human acts."""

from standfast.agent.failures import FailureType
from standfast.agent.life import Life
from standfast.agent.lifecycle import Input
from standfast.agent.states.beginning import conclude
from standfast.agent.unwinding import may_fill


async def error(life: Life) -> None:
    """Wait for a reload; look by itself only where the human's act is elsewhere, or a kill has not cancelled all."""
    asked = await life.pause(_recheck_s(life))
    if asked and not life.have.flags.killed:
        _begin_anew(life)
    else:
        await conclude(life, *await life.look_confirmed())


def _recheck_s(life: Life) -> float | None:
    if life.have.flags.killed and may_fill(life.have):
        return life.config.active.check_interval_s
    by_itself = life.failure is not None and life.failure.rechecks
    return (life.config.waiting.error_recheck_s or None) if by_itself else None


def _begin_anew(life: Life) -> None:
    if life.is_acknowledged:
        _acknowledge(life)
    if life.failure is not None and life.failure.type is FailureType.DATABASE_ERROR:
        life.have.reopen_store()
    was_killed = life.failure is not None and life.failure.type is FailureType.KILLED
    life.rebuild()
    life.move(Input.RECHECK, "a human asked for a new look")
    if was_killed:
        life.telling.lasts_over_a_start(life.state)


def _acknowledge(life: Life) -> None:
    """A human has looked after what this agent cannot know."""
    if life.failure is None:
        return
    if life.failure.type is FailureType.POSITIONS_UNVERIFIED:
        life.have.own.give_up_uncertain()
    if life.failure == life.have.elsewhere:  # not where the reload set it to yet another place, or back
        held = f"what it held on {life.have.held_elsewhere}: {life.have.own.words}"
        life.have.own.settle()
        life.resolve({FailureType.HELD_ELSEWHERE}, f"was reloaded by a human, who has seen to {held}; it forgot that")
    if life.failure.type is FailureType.DATABASE_CORRUPT:
        life.have.forgotten = None
        life.resolve({FailureType.DATABASE_CORRUPT}, "was reloaded by a human, who knows what it held; it begins anew")
