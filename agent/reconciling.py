"""Before the strategy runs (on): what this agent remembers is brought into line with the broker's books."""

import asyncio
import logging
from datetime import datetime

from standfast.agent.belongings import Belongings
from standfast.agent.failures import FailureType, failed
from standfast.agent.ledger import BOOK_PATIENCE_S, BROKER_PATIENCE, OwnOrder, closable, doubtful, held_in_words
from standfast.agent.trading import Holding, in_words
from standfast.clock import utc_now

log = logging.getLogger(__name__)


async def reconcile(have: Belongings) -> dict[Holding, float]:
    """Read the books between two proofs of the broker session, and take up what they say.

    Returns what this agent held and its account does not any more: somebody else closed it.

    Raises:
        AgentError: the gateway's failure; ORDERS_UNSETTLED when the broker may still answer to an order;
            POSITIONS_UNVERIFIED when what this agent holds cannot be told.
    """
    assert have.gateway is not None
    book = await have.refresh()
    if have.own.nets.keys() - {one.holding for one in have.positions}:  # a mistake of a moment, or closed elsewhere
        await asyncio.sleep(BOOK_PATIENCE_S)
        book = await have.refresh()
    await have.gateway.prove_session()
    have.own.find_again(book, utc_now(), is_trusted=True)
    lost = list(doubtful(have.own.all))
    if lost:
        raise failed(_meaning(lost, utc_now()), "of unknown fate: " + ", ".join(map(str, lost)))
    nets = have.own.nets
    held = closable(nets, have.positions)
    if nets and not held and not have.own.pending:
        log.warning("[STATE] What this agent held was closed elsewhere: %s", in_words(nets))
        have.own.settle()
        return nets
    if held or have.own.pending:
        log.info("[STATE] Reconciled: holding %s", held_in_words(held, have.own.all, flat=False))
    return {}


def _meaning(lost: list[OwnOrder], now: datetime) -> FailureType:
    may_arrive = any(own.may_be_on_its_way and now - own.placed_at <= BROKER_PATIENCE for own in lost)
    return FailureType.ORDERS_UNSETTLED if may_arrive else FailureType.POSITIONS_UNVERIFIED
