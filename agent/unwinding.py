"""Getting rid of orders and positions while the agent lives on: after a kill, and where waiting means closing."""

import logging

from standfast.agent.belongings import Belongings
from standfast.agent.failures import AgentError
from standfast.agent.flatness import End, EndKind
from standfast.agent.shutdown import Step, run_steps
from standfast.agent.steps import Outcome, StepName, StepResult

log = logging.getLogger(__name__)


async def cancel_pending(have: Belongings) -> str:
    """Cancel the pending orders within their budget and keep the positions; says what came of it."""
    try:
        await have.build()
    except AgentError as error:
        log.info("[STATE] Building what was missing for the kill: %s", error)
    closing = have.closing()
    if closing is None:
        return "no order is pending" if have.is_flat else "pending orders could not be cancelled: no gateway"
    budget_s = have.config.shutdown.budget_s.cancel_orders
    step = Step(StepName.CANCEL_ORDERS, budget_s, closing.cancel_orders, lambda: closing.trouble)
    results = await run_steps([step], budget_s, _tell)
    done = results[0].outcome is Outcome.DONE
    return results[0].detail if done else f"pending orders could not be cancelled: {results[0].detail}"


async def close_all(have: Belongings) -> End:
    """Cancel the pending orders and close the positions, each within its budget of the shutdown."""
    closing = have.closing()
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
