"""ACTIVE: the strategy trades; the dependencies and the age of the feed are watched."""

import logging
import math
from typing import Final

from standfast.agent.assembly import Trade
from standfast.agent.bell import Ring
from standfast.agent.checks import Report
from standfast.agent.failures import AgentError, Failure, FailureType
from standfast.agent.life import Life
from standfast.agent.lifecycle import State
from standfast.agent.retry import Verdict
from standfast.agent.states.leaving import close_where_configured
from standfast.clock import monotonic_s, utc_now
from standfast.time_words import span

log = logging.getLogger(__name__)

# How often the age of the last tick and the session hours are looked at.
TURN_S: Final = 1.0


async def active(life: Life) -> None:
    """Let the strategy trade until something is lost, the market closes, or a human steps in."""
    trade = life.have.trade
    assert trade is not None, "ACTIVE is entered only with a strategy that has started"
    try:
        await trade.begin()  # anew, where a kill that was taken back at once had interrupted it
        await _watch(life, trade)
    finally:
        trade.rest()
    await close_where_configured(life)


async def _watch(life: Life, trade: Trade) -> None:
    if life.have.own.pending:
        await _refresh(life)  # what became of the orders that the strategy's start placed
    refreshed_s, seen = -math.inf, life.have.own.all
    while life.state is State.ACTIVE:
        rings = await life.have.bell.wait(TURN_S)
        await _turn(life, trade, look_now=bool(rings - {Ring.FAULTS}))
        is_news = life.have.own.all != seen
        if is_news:
            life.show()  # before the books are asked: they may take their time
        if life.state is State.ACTIVE and (is_news or monotonic_s() - refreshed_s >= _refresh_interval_s(life)):
            await _refresh(life)
            refreshed_s, seen = monotonic_s(), life.have.own.all


async def _turn(life: Life, trade: Trade, look_now: bool) -> None:
    if life.have.flags.killed:
        life.conclude(*await life.look_confirmed())
    elif life.have.fault is not None:
        life.conclude(Report(life.have.fault), Verdict.FAIL)
    elif not life.have.is_open(utc_now()):
        life.conclude(Report(closed=True), Verdict.PASSED)
    elif stale := _stale_feed(life, trade):
        life.conclude(Report(stale), Verdict.WAIT)
    elif look_now or life.is_due:
        life.conclude(*await life.look_confirmed())


def _stale_feed(life: Life, trade: Trade) -> Failure | None:
    if life.have.gateway is None or not life.have.gateway.has_feed:
        return None
    age_s = monotonic_s() - trade.pump.last_tick_s
    if age_s <= life.config.active.max_tick_age_s:
        return None
    return Failure(FailureType.FEED_STALE, f"the feed has been silent for {span(age_s)}")


def _refresh_interval_s(life: Life) -> float:
    return life.have.gateway.refresh_interval_s if life.have.gateway else TURN_S


async def _refresh(life: Life) -> None:
    try:
        await life.have.refresh()
    except AgentError as error:
        log.info("[HEALTH-CHECK] The broker's books could not be read: %s", error)
        life.have.bell.ring(Ring.DISTURBANCE)
    life.show()
