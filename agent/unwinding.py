"""Getting rid of orders and positions while the agent lives on: after a kill, and where waiting means closing."""

import logging
from dataclasses import dataclass
from typing import Final

from standfast.agent.belongings import Belongings
from standfast.agent.config import Scope
from standfast.agent.failures import AgentError
from standfast.agent.flatness import End, EndKind
from standfast.agent.places import placed_elsewhere
from standfast.agent.shutdown import Step, run_steps
from standfast.agent.steps import Outcome, StepName, StepResult

log = logging.getLogger(__name__)

_NOT_CANCELLED_STEP: Final = (
    "Look at the positions and orders; it tries again by itself as long as it knows of a pending order; "
    "to have it try again to cancel what is pending: systemctl reload "
    "standfast-agent@{name}; to let it trade again: standfastctl resume {name}"
)


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What came of cancelling, in words, and whether it was done."""

    words: str
    is_done: bool = True

    @property
    def step(self) -> str:
        """The next step for a human, where it is another one than after each kill."""
        return "" if self.is_done else _NOT_CANCELLED_STEP


async def cancel_pending(have: Belongings) -> Cancelled:
    """Cancel the pending orders within their budget and keep the positions; says what came of it.

    The strategy is not needed for it, and may be what the agent is killed for: it is not loaded.
    """
    for open_it in (have.open_store, have.open_gateway):
        try:
            open_it()
        except AgentError as error:
            log.info("[STATE] Opening what was missing for the kill: %s", error)
    closing = have.closing("[STATE]")
    if closing is None:
        elsewhere = have.held_elsewhere
        why = placed_elsewhere(elsewhere, have.place) if elsewhere else "no gateway"
        return Cancelled(_none_pending(have)) if have.is_flat else _not_cancelled(have, why)
    budget_s = have.config.shutdown.budget_s.cancel_orders
    step = Step(StepName.CANCEL_ORDERS, budget_s, closing.cancel_orders, lambda: closing.trouble)
    results = await run_steps([step], budget_s, _tell)
    done = results[0].outcome is Outcome.DONE
    if not done:
        return _not_cancelled(have, results[0].detail)
    if not have.knows_its_own and have.config.shutdown.scope is Scope.OWN:
        return _not_cancelled(have, "which are its own stood in its database, which could not be read")
    return Cancelled(results[0].detail if closing.has_looked else _none_pending(have))


def may_fill(have: Belongings) -> bool:
    """Whether an order of its own can still be filled, or is on its way to the broker."""
    return bool(have.own.pending) or (have.trade is not None and not have.trade.desk.is_quiet)


def _none_pending(have: Belongings) -> str:
    """That nothing of its own is pending, for which it need ask nobody; where it asked nobody at all it says so."""
    if have.knows_only_its_own_books:
        return "by its own books no order is pending; the broker was not asked"
    return "nothing was pending"


def _not_cancelled(have: Belongings, why: str) -> Cancelled:
    """That it could not be done; what the agent itself knows of no pending order is said, and proves nothing."""
    if have.is_flat is not None and not have.own.pending:
        return Cancelled(f"by its own books no order is pending, but the broker could not be asked: {why}", False)
    return Cancelled(f"pending orders could not be cancelled: {why}", False)


async def close_all(have: Belongings) -> End:
    """Cancel the pending orders and close the positions, each within its budget of the shutdown."""
    closing = have.closing("[STATE]")
    if closing is None:
        return End(EndKind.UNVERIFIED, "there was no gateway to ask")
    shutdown = have.config.shutdown
    budget_s = shutdown.budget_s
    steps = (
        Step(StepName.CANCEL_ORDERS, budget_s.cancel_orders, closing.cancel_orders, lambda: closing.trouble),
        Step(StepName.CLOSE_POSITIONS, budget_s.close_positions, closing.close_positions, lambda: closing.trouble),
    )
    await run_steps(steps, shutdown.timeout_s, _tell)
    return closing.end


def _tell(result: StepResult) -> None:
    log.info("[STATE] %s", result)
