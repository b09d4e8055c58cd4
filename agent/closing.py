"""Cancels what is pending, closes what is open, and finds out whether that worked."""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial

from standfast.agent.config import Scope
from standfast.agent.desk import Desk
from standfast.agent.failures import AgentError
from standfast.agent.flatness import End, EndKind, Left, judge, left_open
from standfast.agent.gateway import Gateway
from standfast.agent.ledger import BOOK_PATIENCE_S, BROKER_PATIENCE, surely_open
from standfast.agent.own_orders import NO_REASON
from standfast.agent.strategy import TradingRefusedError
from standfast.agent.trading import Holding, Order, OrderKind, OrderRequest, OrderStatus, Position, Side, in_words
from standfast.clock import monotonic_s, utc_now

log = logging.getLogger(__name__)

# A closing order that the broker rejected is placed anew after so long, then after twice as long, up to the longest:
# what it was rejected for, a limit of orders by the second or a margin that others bind, may pass.
FIRST_REJECTED_PAUSE_S = 0.25
LONGEST_REJECTED_PAUSE_S = 1.0
# A look that takes longer than this leaves what it looks for unverified.
SLOW_LOOK_S = 0.5
# An order that is still pending after this is asked to be cancelled once more: brokers limit calls by the second.
CANCEL_PATIENCE_S = 1.0
# The account's books may show a fill as late as this after "close all".
ACCOUNT_PATIENCE_S = 1.0
# A gateway that fails is asked again after so long, then after twice as long, up to the longest.
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 0.5

# Verdicts for want of an answer; what the gateway failed with stands behind them.
_UNREAD = "the broker's books could not be read"
_NO_PROOF = "the broker session could not be proven"
_NO_SECOND_PROOF = "the broker session could not be proven afterwards"
_UNPROVEN = frozenset({_UNREAD, _NO_PROOF, _NO_SECOND_PROOF})


class Closing:
    """One attempt to get flat, in two steps that each may be cancelled at any moment.

    A gateway that fails for now is asked again until the step is cancelled: it may be back before that. So is a broker
    that rejects what would close a position, and one whose books leave an order of unknown fate, or lack for a moment
    what the agent knows of. What needs a human is asked once more.
    `end` is the verdict as of the last look, at whatever moment it is read. Books count only
    between two proofs of the broker session: without one, empty books say nothing.
    `has_looked` says whether there was such a look: with nothing of its own open none is needed.
    What it logs begins with `tag`: it is not only an end that closes.
    """

    def __init__(
        self, gateway: Gateway, desk: Desk, scope: Scope, market_orders: bool, tag: str = "[SHUTDOWN]"
    ) -> None:
        self._gateway = gateway
        self._desk = desk
        self._scope = scope
        self._market_orders = market_orders
        self._tag = tag
        self._verdict = End(EndKind.UNVERIFIED, _UNREAD)
        self._looking_since_s: float | None = None
        self.has_looked = False
        self._cancelled_s: dict[str, float] = {}
        self._closing_orders: set[str] = set()
        self._attempts = 0
        self._next_attempt_s = -math.inf
        self._book_before: frozenset[str] = frozenset()
        self._gone: frozenset[str] = frozenset()
        self._lacking_since_s: float | None = None
        self._is_filling = False
        self._is_refused = False
        self._rejected_because = ""
        self._trouble = ""
        self._closed: dict[Holding, float] = {}
        self._prices: dict[Holding, float] = {}

    @property
    def end(self) -> End:
        """The verdict on what is open now."""
        if self._holds_nothing():
            return End(EndKind.FLAT, self._what_was_done())
        if self._looking_since_s is not None and monotonic_s() - self._looking_since_s > SLOW_LOOK_S:
            return End(EndKind.UNVERIFIED, "the broker does not answer")
        if self._verdict.detail in _UNPROVEN and self._trouble:
            return replace(self._verdict, detail=f"{self._verdict.detail}: {self._trouble}")
        if self._verdict.kind is EndKind.NOT_FLAT and (rejection := self._rejection):
            return replace(self._verdict, detail=f"{self._verdict.detail}; {rejection}")
        return self._verdict

    @property
    def trouble(self) -> str:
        """What the gateway failed with last in this step, or what it rejected or did not answer to; "" for none."""
        unanswered = "" if self._desk.is_quiet else "the broker has not answered to an order yet"
        return self._trouble or self._rejection or unanswered

    async def cancel_orders(self) -> str:
        """Cancel every pending order in scope and wait until none is left; says how many there were."""
        return await self._persistently(self._cancel_orders)

    async def close_positions(self) -> str:
        """Close every position in scope and wait until the books show it; says what came of it."""
        return await self._persistently(self._close_positions)

    async def look_only(self, why: str) -> str:
        """Find out what is open and leave it, for the reason `why`."""
        return await self._persistently(partial(self._look_only, why))

    async def _persistently(self, act: Callable[[], Awaitable[str]]) -> str:
        pause_s, self._trouble = FIRST_PAUSE_S, ""
        while True:
            try:
                outcome = await act()
                self._is_refused = False
                return outcome
            except AgentError as error:
                if error.failure.is_permanent:
                    await self._believe(error)
                    continue
                if not self._trouble:
                    log.info("%s Asking again as long as there is time: %s", self._tag, error)
                self._trouble = str(error)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def _believe(self, error: AgentError) -> None:
        """A session that has ended does not come back by itself; one that only seemed so is there a second later."""
        self._trouble = str(error)
        if self._is_refused:
            raise error
        self._is_refused = True
        await asyncio.sleep(BOOK_PATIENCE_S)

    async def _cancel_orders(self) -> str:
        if self._holds_nothing():
            return "nothing was pending"
        if self._scope is Scope.ACCOUNT:
            await self._gateway.cancel_all()
        # One look is enough where the broker answers at once; one that takes its time keeps nothing else pending.
        await self._desk.quiet(self._gateway.poll_interval_s)
        await self._until_nothing_is_pending()
        asked = len(self._cancelled_s)
        if not asked:
            return "nothing is known to be pending" if self._desk.own.uncertain else "nothing was pending"
        return f"{asked} order{'' if asked == 1 else 's'} asked to be cancelled"

    async def _until_nothing_is_pending(self) -> None:
        """Ask one by one for what "cancel all" left behind, and for what came in meanwhile."""
        while True:
            was_quiet = self._desk.is_quiet
            left = await self._look()
            if await self._cancel(self._cancellable(left)):
                continue
            if was_quiet and not left.pending and not self._must_look_again:
                return
            await self._pause()

    async def _close_positions(self) -> str:
        if self._holds_nothing():
            return str(self.end)
        self._verdict = End(EndKind.UNVERIFIED, _NO_PROOF)
        await self._gateway.prove_session()
        while not (left := await self._look()).is_nothing or self._must_look_again:
            cancelled = await self._cancel(one for one in self._cancellable(left) if one not in self._closing_orders)
            if left.holdings and self._may_close(left):
                self._count_attempt()
                await self._close(left.holdings)
            elif not cancelled:
                await self._pause()
        return await self._proven(left)

    async def _pause(self) -> None:
        # A broker whose calls are limited by the second is left alone for one.
        await asyncio.sleep(BOOK_PATIENCE_S if self._must_look_again else self._gateway.poll_interval_s)

    def _count_attempt(self) -> None:
        self._next_attempt_s = monotonic_s() + min(FIRST_REJECTED_PAUSE_S * 2**self._attempts, LONGEST_REJECTED_PAUSE_S)
        self._attempts += 1

    async def _proven(self, left: Left) -> str:
        """Judge what was seen, once the session is proven a second time."""
        self._verdict = End(EndKind.UNVERIFIED, _NO_SECOND_PROOF)
        await self._gateway.prove_session()
        self._verdict = judge(left)
        if left.is_nothing:
            self._desk.own.settle()
            self._verdict = End(EndKind.FLAT, self._what_was_done())
        return str(self.end)

    async def _look_only(self, why: str) -> str:
        if self._holds_nothing():
            return str(self.end)
        await self._gateway.prove_session()
        while True:
            left = await self._look()
            if not left.is_nothing:
                return f"{why}: {self.end}"
            if not self._must_look_again:
                return await self._proven(left)
            await self._pause()

    async def _look(self) -> Left:
        self._looking_since_s = monotonic_s()
        try:
            orders = await self._desk.refresh()
            self._desk.own.find_again(orders, utc_now(), is_trusted=False)
            positions = await self._gateway.positions()
        except AgentError as error:
            self._looking_since_s = None
            self._verdict = End(EndKind.UNVERIFIED, str(error))
            raise
        # Not in a finally: cancelled in the middle of a look, `end` must see since when it was looking.
        self._looking_since_s = None
        self.has_looked = True
        self._note_what_closes(orders)
        self._note_what_lacks(orders, positions)
        self._prices = {one.holding: one.last_price for one in positions}
        left = left_open(self._scope, self._desk.own.all, orders, positions)
        if not left.is_nothing:
            self._verdict = judge(left)
        elif self._must_look_again:
            self._verdict = End(EndKind.UNVERIFIED, f"the broker's books lack {self._desk.own.words}")
        return left

    def _note_what_closes(self, book: Sequence[Order]) -> None:
        """See what became of what should close; for "close all", that is what came into the book since."""
        if not self._attempts:
            self._book_before = frozenset(order.order_id for order in book)
        ours = [one for one in book if one.order_id in self._closing_orders or self._came_since(one)]
        self._is_filling = any(one.is_unknown for one in ours)
        for order in ours:
            if order.status is OrderStatus.REJECTED:
                self._rejected_because = order.reason or NO_REASON

    def _came_since(self, order: Order) -> bool:
        return self._scope is Scope.ACCOUNT and order.order_id not in self._book_before

    def _note_what_lacks(self, book: Sequence[Order], positions: Sequence[Position]) -> None:
        """See since when the books lack an order or a position that the agent knows of."""
        own, ids = self._desk.own, {order.order_id for order in book}
        unknown = {one.order_id for one in own.all if one.has_left_the_book}
        self._gone = frozenset(unknown - ids)
        # What closed the positions of the whole account, by "close all", are no orders of its own.
        is_comparable = self._scope is Scope.OWN or not self._attempts
        lost = own.nets.keys() - {one.holding for one in positions} if is_comparable else ()
        if not self._gone and not lost:
            self._lacking_since_s = None
        elif self._lacking_since_s is None:
            self._lacking_since_s = monotonic_s()

    @property
    def _must_look_again(self) -> bool:
        """Whether the books lack what the agent knows of, and not for long enough to be believed."""
        since_s = self._lacking_since_s
        return since_s is not None and monotonic_s() - since_s < BOOK_PATIENCE_S

    def _cancellable(self, left: Left) -> list[str]:
        """The orders that can still be filled, or of which the books do not tell."""
        unknown = (one.order_id for one in self._desk.own.uncertain if one.has_left_the_book)
        return list(dict.fromkeys([*left.pending, *unknown]))

    async def _cancel(self, order_ids: Iterable[str]) -> bool:
        """Ask for orders to be cancelled, again where that was long ago; whether any was asked for."""
        now_s = monotonic_s()
        due = [one for one in order_ids if now_s - self._cancelled_s.get(one, -CANCEL_PATIENCE_S) >= CANCEL_PATIENCE_S]
        self._cancelled_s.update(dict.fromkeys(due, now_s))
        outcomes = await asyncio.gather(*map(self._gateway.cancel, due), return_exceptions=True)
        for order_id, outcome in zip(due, outcomes, strict=True):
            if isinstance(outcome, Exception):
                log.warning("%s Could not cancel order %s: %s", self._tag, order_id, outcome)
        return bool(due)

    async def _close(self, holdings: dict[Holding, float]) -> None:
        self._closed = {**holdings, **self._closed}
        self._desk.account_closed_s = monotonic_s()
        if self._scope is Scope.ACCOUNT and self._market_orders:
            self._verdict = End(EndKind.UNVERIFIED, 'the broker has not answered to "close all"')
            await self._desk.close_account()
            return
        surely = self._surely_open(holdings)
        orders = [self._desk.send(self._opposite(holding, net)) for holding, net in surely.items()]
        outcomes = await asyncio.gather(*orders, return_exceptions=True)
        self._closing_orders.update(outcome for outcome in outcomes if isinstance(outcome, str))
        for outcome in outcomes:
            if isinstance(outcome, TradingRefusedError):
                log.warning("%s %s", self._tag, outcome)
                self._rejected_because = str(outcome)
            elif isinstance(
                outcome, Exception
            ):  # it may have been placed: no other takes its place until that is known
                log.warning("%s %s", self._tag, outcome)

    def _opposite(self, holding: Holding, net: float) -> OrderRequest:
        side = Side.SELL if net > 0 else Side.BUY
        kind = OrderKind.MARKET if self._market_orders else OrderKind.LIMIT
        price = 0.0 if self._market_orders else self._prices.get(holding, 0.0)
        return OrderRequest(holding.symbol, side, abs(net), kind, price, product=holding.product)

    def _may_close(self, left: Left) -> bool:
        """Whether it is time for an attempt, and no earlier one, of this unwinding or another, can still fill.

        A second one would open the opposite position.
        """
        if monotonic_s() < self._next_attempt_s:
            return False
        if self._scope is Scope.OWN:
            return bool(self._surely_open(left.holdings))
        lags = monotonic_s() - self._desk.account_closed_s < ACCOUNT_PATIENCE_S
        if left.pending or lags or self._is_filling or self._must_look_again:
            return False
        return self._desk.is_quiet if self._market_orders else bool(self._surely_open(left.holdings))

    def _surely_open(self, holdings: dict[Holding, float]) -> dict[Holding, float]:
        """What no own order may close yet; an old one that the books lack for long enough closes nothing."""
        now, over = utc_now(), frozenset[str]() if self._must_look_again else self._gone
        may_close = [
            own for own in self._desk.own.all if own.order_id not in over or now - own.placed_at <= BROKER_PATIENCE
        ]
        return surely_open(holdings, may_close)

    @property
    def _rejection(self) -> str:
        """What the broker rejected, in words; "" while it rejected nothing."""
        if not self._rejected_because:
            return ""
        times = "once" if self._attempts == 1 else f"{self._attempts} times"
        return f"tried {times} to close, and the broker rejected it: {self._rejected_because}"

    def _what_was_done(self) -> str:
        return f"closed {in_words(self._closed)}" if self._closed else "nothing was open"

    def _holds_nothing(self) -> bool:
        return self._scope is Scope.OWN and self._desk.own.is_flat is True
