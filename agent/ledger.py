"""What this agent placed: its own orders, what they add up to, and what is not known of them. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from standfast.agent.trading import Holding, Order, OrderKind, OrderRequest, OrderStatus, Position, in_words, tidy

# An order that the broker did not answer to is in its book by then, or never will be: OpenAlgo gives up after 120 s.
BROKER_PATIENCE: Final = timedelta(seconds=150)
# For a call too many in its second OpenAlgo answers with an empty book and calls that a success: what the books lack of
# what the agent knows counts once they lack it for longer.
BOOK_PATIENCE_S: Final = 1.0
# A broker's book holds one trading day.
BOOK_AGE: Final = timedelta(days=2)
# How far the clocks of this host and the broker may be apart for an order to be known by its time: what a host drifts
# in weeks without a time server. Further apart they prove nothing, least of all that an order never arrived.
CLOCK_SKEW: Final = timedelta(seconds=30)
# What stands in place of the broker's id of an order that it has not heard of: a person has to approve it first.
AWAITING: Final = "awaiting approval, number "


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order that this agent sent; it stands here before the broker is asked.

    Attributes:
        key: its number in the agent's database.
        order_id: the broker's id, "" while the broker has not answered.
        filled: what is known to be filled; None when the broker's book does not tell.
    """

    key: int
    request: OrderRequest
    placed_at: datetime
    order_id: str = ""
    status: OrderStatus = OrderStatus.UNKNOWN
    filled: float | None = None

    @property
    def is_certain(self) -> bool:
        """Whether it is known what became of it, up to now."""
        return self.filled is not None and self.status is not OrderStatus.UNKNOWN

    @property
    def may_be_on_its_way(self) -> bool:
        """Whether the broker never said what its id is, nor that it was not placed."""
        return not self.order_id and not self.status.is_final

    @property
    def awaits_approval(self) -> bool:
        """Whether a person may have it placed at any time, or has; nobody tells."""
        return self.order_id.startswith(AWAITING) and not self.status.is_final

    @property
    def has_left_the_book(self) -> bool:
        """Whether the broker has given it an id, and its book does not tell of it, or nothing that is understood."""
        return bool(self.order_id) and self.status is OrderStatus.UNKNOWN and not self.awaits_approval

    @property
    def is_pending(self) -> bool:
        """Whether it may still be filled."""
        return self.status.is_pending

    @property
    def net(self) -> float:
        """Its signed fill, as far as it is known."""
        return (self.filled or 0) * self.request.side.sign

    @property
    def doubt(self) -> str:
        """What is not known of it, in words, where its fate is unknown."""
        order = f"{self.request.side} {self.request.quantity:.15g} {self.request.holding}"
        if self.may_be_on_its_way:
            return f"not known whether {order} was taken"
        if self.awaits_approval:
            return f"not known whether {order} was approved ({self.order_id})"
        return f"not known what became of {order} (order {self.order_id})"

    def __str__(self) -> str:
        return f"{self.order_id or 'an order without an id'} ({self.request}, {self.status})"


def awaiting_approval(own: OwnOrder, number: str) -> OwnOrder:
    """The order as one that a person has to approve, who knows it by that number."""
    return replace(own, order_id=AWAITING + number)


def refreshed(own: OwnOrder, book: Mapping[str, Order]) -> OwnOrder:
    """The order as the broker's book has it; one that has left the book stays as it was known last.

    An order that was pending and is in the book no more is of unknown fate.
    """
    seen = book.get(own.order_id)
    if seen is not None:
        return replace(own, status=seen.status, filled=seen.filled)
    return own if own.status.is_final else replace(own, status=OrderStatus.UNKNOWN)


def found_again(own: OwnOrder, book: Iterable[Order], claimed: Collection[str], now: datetime) -> OwnOrder:
    """An order that the broker never answered to, as far as its book says by now what became of it.

    One order in the book that looks the same, came at the same time and is nobody's yet is this one. When there is none
    that could be it, whatever its time, price and kind (which a broker may write otherwise), and the broker had its
    time, it never arrived. Else nobody knows.

    Args:
        claimed: the ids of those that are not it: another order's, or seen before this one was sent.
        now: when the book was read if it can be trusted: without a broker session it is empty and means nothing.
    """
    if not own.may_be_on_its_way:
        return own
    free = [order for order in book if order.order_id not in claimed and _may_be(order, own)]
    alike = [order for order in free if _is_alike(order, own)]
    if len(alike) == 1:
        return replace(own, order_id=alike[0].order_id, status=alike[0].status, filled=alike[0].filled)
    if not free and now - own.placed_at > BROKER_PATIENCE:
        return replace(own, status=OrderStatus.REJECTED, filled=0)
    return own


def _may_be(order: Order, own: OwnOrder) -> bool:
    ours, theirs = own.request, order.request
    return (ours.holding, ours.side, ours.quantity) == (theirs.holding, theirs.side, theirs.quantity)


def _is_alike(order: Order, own: OwnOrder) -> bool:
    ours, theirs = own.request, order.request
    if ours.kind is not theirs.kind:
        return False
    if ours.kind in (OrderKind.LIMIT, OrderKind.SL) and ours.price != theirs.price:
        return False
    if order.placed_at is None:
        return True
    return own.placed_at - CLOCK_SKEW <= order.placed_at <= own.placed_at + BROKER_PATIENCE + CLOCK_SKEW


def net_positions(orders: Iterable[OwnOrder]) -> dict[Holding, float]:
    """What the fills of these orders add up to, without the holdings that are at zero."""
    nets: dict[Holding, float] = {}
    for own in orders:
        nets[own.request.holding] = nets.get(own.request.holding, 0) + own.net
    return {holding: net for holding, whole in nets.items() if (net := tidy(whole))}


def uncertain(orders: Iterable[OwnOrder]) -> tuple[OwnOrder, ...]:
    """The orders of unknown fate."""
    return tuple(own for own in orders if not own.is_certain)


def doubtful(orders: Iterable[OwnOrder]) -> tuple[OwnOrder, ...]:
    """The orders of unknown fate that are not in the broker's book as pending either: a human has to look for them."""
    return tuple(own for own in uncertain(orders) if not own.is_pending)


def held_in_words(nets: Mapping[Holding, float], orders: Iterable[OwnOrder], flat: bool | None) -> str:
    """What is held, pending and of unknown fate, "" for nothing; where that may not be all, it is said.

    Args:
        flat: whether there is nothing, as far as it is known; False says only what can be named.
    """
    if flat:
        return ""
    orders = tuple(orders)
    held = [in_words(nets)] if nets else []
    if pending := sum(own.is_pending for own in orders):
        held.append("1 order pending" if pending == 1 else f"{pending} orders pending")
    if doubts := [own.doubt for own in doubtful(orders)]:
        return ", ".join([*(held or ["nothing for certain"]), *doubts])
    if flat is None:
        held.append("not known whether that is all" if held else "not known whether flat")
    return ", ".join(held)


def closable(nets: Mapping[Holding, float], positions: Sequence[Position]) -> dict[Holding, float]:
    """What of the own positions the account still holds: closing more than that would open a new position."""
    account = {position.holding: position.quantity for position in positions}
    held = {holding: _overlap(net, account.get(holding, 0)) for holding, net in nets.items()}
    return {holding: quantity for holding, quantity in held.items() if quantity}


def surely_open(holdings: Mapping[Holding, float], orders: Iterable[OwnOrder]) -> dict[Holding, float]:
    """What of these holdings none of these orders may close yet: a second one would open the opposite position."""
    may_fill: dict[Holding, float] = {}
    for own in orders:
        net = holdings.get(own.request.holding, 0)
        if not own.status.is_final and net * own.request.side.sign < 0:
            quantity = own.request.quantity - (own.filled or 0)
            may_fill[own.request.holding] = may_fill.get(own.request.holding, 0) + quantity * own.request.side.sign
    left = {holding: _overlap(net, tidy(net + may_fill.get(holding, 0))) for holding, net in holdings.items()}
    return {holding: quantity for holding, quantity in left.items() if quantity}


def _overlap(own: float, account: float) -> float:
    """The part of `own` that goes the same way as the account's position."""
    if own > 0:
        return min(own, max(account, 0))
    return max(own, min(account, 0))
