"""The agent's own orders, in memory and in its database.

The memory is what counts while the agent lives: a database that cannot be written for a while, full
or locked by somebody else, is brought up to it later. Only what the strategy wants to place is
refused meanwhile, because a crash would forget it.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from standfast.agent.failures import AgentError
from standfast.agent.ledger import BOOK_AGE, OwnOrder, found_again, held_in_words, net_positions, refreshed, uncertain
from standfast.agent.store import Store
from standfast.agent.trading import Holding, Order, OrderRequest, OrderStatus
from standfast.clock import monotonic_s

log = logging.getLogger(__name__)

# A database that could not be written is left alone for so long: each try holds up the loop.
RETRY_S: Final = 1.0
# Most brokers' books show that an order was rejected, and not why.
NO_REASON: Final = "its order book gives no reason"


class OwnOrders:
    """What this agent placed and did not settle yet."""

    def __init__(self, store: Store, before: "OwnOrders | None" = None) -> None:
        """Take up what the database holds, and what could not be written `before` it was opened anew."""
        self._store = store
        self._orders = {own.key: own for own in store.own_orders()}
        # By their keys in memory: the rows of orders that were sent while the database could not be written,
        # and the orders that it does not hold as they are.
        self._rows: dict[int, int] = {}
        self._unwritten: dict[int, None] = {}
        self._unsettled = False
        # The ids in the latest book, and those that were in it when an order was sent: that one is none of them.
        self._shown: frozenset[str] = frozenset()
        self._before: dict[int, frozenset[str]] = {}
        self._next_try_s = monotonic_s()
        if before is not None:
            self._take_over(before)

    def _take_over(self, before: "OwnOrders") -> None:
        if before._unsettled:
            self._orders.clear()
            self._unsettled = True
        for own in (before._orders[key] for key in before._unwritten):
            row = before._rows.get(own.key, own.key)
            known = replace(own, key=row if row in self._orders else self._key_in_memory())
            self._orders[known.key] = known
            self._unwritten[known.key] = None

    @property
    def all(self) -> tuple[OwnOrder, ...]:
        """The orders that are not settled, oldest first."""
        return tuple(self._orders.values())

    @property
    def pending(self) -> tuple[OwnOrder, ...]:
        """Those that can still be filled."""
        return tuple(own for own in self._orders.values() if own.is_pending)

    @property
    def uncertain(self) -> tuple[OwnOrder, ...]:
        """Those of unknown fate."""
        return uncertain(self._orders.values())

    @property
    def nets(self) -> dict[Holding, float]:
        """What their fills add up to."""
        return net_positions(self._orders.values())

    @property
    def is_flat(self) -> bool | None:
        """Whether nothing is held and nothing can be filled any more; None when that is not known."""
        if self.pending:
            return False
        if self.uncertain or not self._store.is_durable:
            return None
        return not self.nets

    @property
    def words(self) -> str:
        """What can be named of what is held, pending or of unknown fate; "" for nothing."""
        return held_in_words(self.nets, self.all, flat=False)

    @property
    def is_written(self) -> bool:
        """Whether the database holds all of it."""
        return not self._unwritten and not self._unsettled

    def intend(self, request: OrderRequest, now: datetime) -> OwnOrder:
        """Remember an order before the broker hears of it.

        Raises:
            AgentError: it cannot be written, so it must not be placed.
        """
        self._write_up()
        own = self._store.intend(request, now)
        self._orders[own.key], self._before[own.key] = own, self._shown
        return own

    def intend_anyway(self, request: OrderRequest, now: datetime) -> OwnOrder:
        """Remember an order that has to be placed whether it can be written or not."""
        try:
            if monotonic_s() >= self._next_try_s:
                return self.intend(request, now)
        except AgentError as error:
            self._put_off(error)
        own = OwnOrder(self._key_in_memory(), request, now)
        self._orders[own.key], self._before[own.key] = own, self._shown
        self._unwritten[own.key] = None
        return own

    def learn(self, own: OwnOrder) -> None:
        """Remember what became of an order."""
        self._orders[own.key] = own
        if not own.may_be_on_its_way:
            self._before.pop(own.key, None)
        self._unwritten[own.key] = None
        self.write()

    def write(self) -> None:
        """Write what is not written yet; what cannot be written now is kept for later."""
        if self.is_written or monotonic_s() < self._next_try_s:
            return
        try:
            self._write_up()
        except AgentError as error:
            self._put_off(error)

    def _write_up(self) -> None:
        if self._unsettled:
            self._store.settle()
            self._unsettled = False
        if not self._unwritten:
            return
        orders = [self._orders[key] for key in self._unwritten]
        for own in orders:
            if own.key < 0 and own.key not in self._rows:
                self._rows[own.key] = self._store.intend(own.request, own.placed_at).key
        self._store.keep([replace(own, key=self._rows.get(own.key, own.key)) for own in orders])
        self._unwritten.clear()

    def _put_off(self, error: AgentError) -> None:
        log.error("[STATE] What became of the own orders is kept in memory for now: %s", error)
        self._next_try_s = monotonic_s() + RETRY_S

    def _key_in_memory(self) -> int:
        """A key that no row has."""
        return min(0, min(self._orders, default=0), min(self._rows, default=0)) - 1

    def refresh(self, known: Sequence[OwnOrder], book: Sequence[Order]) -> None:
        """Take over what the broker's book says of the orders that were known when it was asked for.

        An order that changed since then is left alone: the book may be older than the change.
        """
        seen = {order.order_id: order for order in book}
        self._shown = frozenset(seen) or self._shown  # an empty one may be no answer
        current = [own for own in known if self._orders.get(own.key) is own]
        changed = [new for own in current if (new := refreshed(own, seen)) != own]
        for own in changed:
            if own.status is OrderStatus.REJECTED:  # it was logged as placed
                why = seen[own.order_id].reason or NO_REASON
                log.warning("The broker rejected order %s: %s: %s", own.order_id, own.request, why)
        self._orders.update((own.key, own) for own in changed)
        self._unwritten.update((own.key, None) for own in changed)
        self.write()

    def latest(self, own: OwnOrder) -> OwnOrder:
        """What is known of that order now."""
        return self._orders.get(own.key, own)

    def find_again(self, book: Sequence[Order], now: datetime, *, is_trusted: bool) -> None:
        """Look in the book for the orders that the broker never answered to; see `found_again`."""
        for own in [own for own in self.all if own.may_be_on_its_way]:
            try:
                claimed = self._store.known_order_ids(own.placed_at - BOOK_AGE)
            except AgentError as error:
                log.error("[STATE] Cannot tell which order of the book is %s: %s", own, error)
                return
            claimed |= {one.order_id for one in self.all if one.order_id} | self._before.get(own.key, frozenset())
            found = found_again(own, book, claimed, now if is_trusted else own.placed_at)
            if found != own:
                says = f"its book says: {found}" if found.order_id else "its book shows none: it counts as not placed"
                log.warning("[STATE] The broker never answered to %s; %s", own, says)
                self.learn(found)

    def give_up_uncertain(self) -> None:
        """A human has looked after the orders of unknown fate: what is not known of them counts as not filled."""
        for own in self.uncertain:
            log.warning("[STATE] No longer asking what became of %s", own)
            self.learn(replace(own, status=OrderStatus.CANCELLED, filled=own.filled or 0))

    def settle(self) -> None:
        """Forget them: nothing is left of them."""
        if self._orders:
            self._orders.clear()
            self._before.clear()
            self._unwritten.clear()
            self._unsettled = True
        self.write()
