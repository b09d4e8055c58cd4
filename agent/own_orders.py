"""The agent's own orders, in memory and in its database at once."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from standfast.agent.ledger import BOOK_AGE, OwnOrder, found_again, net_positions, refreshed, uncertain
from standfast.agent.store import Store
from standfast.agent.trading import Holding, Order, OrderRequest, OrderStatus

log = logging.getLogger(__name__)


class OwnOrders:
    """What this agent placed and did not settle yet."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._orders = {own.key: own for own in store.own_orders()}

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
    def nets(self) -> dict[Holding, int]:
        """What their fills add up to."""
        return net_positions(self._orders.values())

    @property
    def is_flat(self) -> bool | None:
        """Whether nothing is held and nothing can be filled any more; None when that is not known."""
        if self.uncertain or not self._store.is_durable:
            return None
        return not self.nets and not self.pending

    def intend(self, request: OrderRequest, now: datetime) -> OwnOrder:
        """Remember an order before the broker hears of it."""
        own = self._store.intend(request, now)
        self._orders[own.key] = own
        return own

    def learn(self, own: OwnOrder) -> None:
        """Remember what became of an order."""
        self._orders[own.key] = own
        self._store.keep([own])

    def refresh(self, known: Sequence[OwnOrder], book: Sequence[Order]) -> None:
        """Take over what the broker's book says of the orders that were known when it was asked for.

        An order that changed since then is left alone: the book may be older than the change.
        """
        seen = {order.order_id: order for order in book}
        current = [own for own in known if self._orders.get(own.key) is own]
        changed = [new for own in current if (new := refreshed(own, seen)) != own]
        self._orders.update((own.key, own) for own in changed)
        if changed:
            self._store.keep(changed)

    def latest(self, own: OwnOrder) -> OwnOrder:
        """What is known of that order now."""
        return self._orders.get(own.key, own)

    def find_again(self, book: Sequence[Order], now: datetime, *, is_trusted: bool) -> None:
        """Look in the book for the orders that the broker never answered to; see `found_again`."""
        for own in [own for own in self.all if own.may_be_on_its_way]:
            claimed = self._store.known_order_ids(own.placed_at - BOOK_AGE)
            found = found_again(own, book, claimed, now if is_trusted else own.placed_at)
            if found != own:
                log.warning("[STATE] The broker never answered to %s; its book says: %s", own, found)
                self.learn(found)

    def give_up_uncertain(self) -> None:
        """A human has looked after the orders of unknown fate: what is not known of them counts as not filled."""
        for own in self.uncertain:
            log.warning("[STATE] No longer asking what became of %s", own)
            self.learn(replace(own, status=OrderStatus.CANCELLED, filled=own.filled or 0))

    def settle(self) -> None:
        """Forget them: nothing is left of them."""
        if self._orders:
            self._store.settle()
            self._orders.clear()
