"""Before the strategy runs (on): what this agent remembers is brought into line with the broker's books."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from standfast.agent.belongings import Belongings
from standfast.agent.failures import APPROVAL_STEP, AgentError, Failure, FailureType
from standfast.agent.ledger import BOOK_PATIENCE_S, BROKER_PATIENCE, OwnOrder, closable, doubtful, held_in_words
from standfast.agent.trading import Holding, in_words
from standfast.clock import utc_now
from standfast.time_words import clock

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
    missing = have.own.nets.keys() - {one.holding for one in have.positions}
    if missing or doubtful(have.own.all):  # closed elsewhere and never taken, or books that are empty for a moment
        await asyncio.sleep(BOOK_PATIENCE_S)
        book = await have.refresh()
    await have.gateway.prove_session()
    have.own.find_again(book, utc_now(), is_trusted=True)
    lost = list(doubtful(have.own.all))
    if lost:
        raise AgentError(of_unknown_fate(lost, utc_now()))
    nets = have.own.nets
    held = closable(nets, have.positions)
    if nets and not held and not have.own.pending:
        log.warning("[STATE] What this agent held was closed elsewhere: %s", in_words(nets))
        have.own.settle()
        return nets
    if held or have.own.pending:
        log.info("[STATE] Reconciled: holding %s", held_in_words(held, have.own.all, flat=False))
    return {}


async def rule_out_what_never_arrived(have: Belongings) -> None:
    """Take an order that the broker never answered to for never placed, once it had its time and no book shows it.

    For an agent that trades, so that what a moment without an answer leaves behind is no doubt until its end.

    Raises:
        AgentError: the gateway's failure; POSITIONS_UNVERIFIED when the book shows what may be such an order, or one
            waits for a person's approval.
    """
    if awaiting := [own for own in have.own.all if own.awaits_approval]:
        raise AgentError(of_unknown_fate(awaiting, utc_now()))
    overdue = [own for own in have.own.all if own.may_be_on_its_way and utc_now() - own.placed_at > BROKER_PATIENCE]
    if not overdue:
        return
    assert have.gateway is not None
    await have.refresh()
    await asyncio.sleep(BOOK_PATIENCE_S)
    book = await have.refresh()
    await have.gateway.prove_session()
    have.own.find_again(book, utc_now(), is_trusted=True)
    lost = [now for own in overdue if (now := have.own.latest(own)).may_be_on_its_way]
    if lost:
        raise AgentError(of_unknown_fate(lost, utc_now()))


def of_unknown_fate(lost: Sequence[OwnOrder], now: datetime) -> Failure:
    """What it means that nobody knows what became of these orders; until when one may arrive yet is told."""
    detail = "of unknown fate: " + ", ".join(map(str, lost))
    sent = [own.placed_at for own in lost if own.may_be_on_its_way]
    if sent and now <= (until := max(sent) + BROKER_PATIENCE):
        return Failure(FailureType.ORDERS_UNSETTLED, f"{detail}; it may be taken until {clock(until)}")
    step = APPROVAL_STEP if any(own.awaits_approval for own in lost) else ""
    return Failure(FailureType.POSITIONS_UNVERIFIED, detail, step)
