"""Whether anything is left open, and how an end is called because of it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from standfast.agent.config import Scope
from standfast.agent.ledger import OwnOrder, closable, doubtful, net_positions
from standfast.agent.trading import Holding, Order, Position, in_words


class EndKind(StrEnum):
    """How a shutdown came out; everything but flat is told."""

    FLAT = "flat"
    NOT_FLAT = "not flat"
    UNVERIFIED = "unverified"
    HELD = "held (market closed)"
    HELD_KILLED = "held (killed)"


@dataclass(frozen=True, slots=True)
class End:
    """The verdict on an end, with its reason in words; `is_cancelled` says that no order is pending any more."""

    kind: EndKind
    detail: str
    is_cancelled: bool = False

    def __str__(self) -> str:
        return f"{self.kind}, {self.detail}" if self.kind.endswith(")") else f"{self.kind} ({self.detail})"


@dataclass(frozen=True, slots=True)
class Left:
    """What is still open.

    Attributes:
        holdings: the signed quantities that have to be closed.
        pending: the ids of orders that can still be filled.
        uncertain: orders of unknown fate, in words.
    """

    holdings: dict[Holding, float]
    pending: tuple[str, ...]
    uncertain: tuple[str, ...]

    @property
    def is_nothing(self) -> bool:
        """Whether all is cancelled and closed, and known to be."""
        return not (self.holdings or self.pending or self.uncertain)


def left_open(scope: Scope, own: Sequence[OwnOrder], orders: Sequence[Order], positions: Sequence[Position]) -> Left:
    """What is open of the agent's own, or of the whole account."""
    if scope is Scope.ACCOUNT:
        holdings = {one.holding: one.quantity for one in positions if one.quantity}
        # One of its own that was answered since the book was read is not in it.
        since = [one.order_id for one in own if one.is_pending]
        pending = tuple(dict.fromkeys([*(one.order_id for one in orders if one.status.is_pending), *since]))
        # The account's books know all, but for an order that may still be on its way to them, and what a word of the
        # broker's that nobody knows means.
        unknown = [str(one) for one in own if one.may_be_on_its_way] + [str(one) for one in orders if one.is_unknown]
        return Left(holdings, pending, tuple(unknown))
    pending = tuple(one.order_id for one in own if one.is_pending)
    return Left(closable(net_positions(own), positions), pending, tuple(map(str, doubtful(own))))


def judge(left: Left) -> End:
    """The verdict on what is left, once it was looked at with a proven session.

    With an order of unknown fate nobody knows what is open: it may close that yet, or open more.
    """
    found = [f"open: {in_words(left.holdings)}"] if left.holdings else []
    if left.uncertain:
        return End(EndKind.UNVERIFIED, "; ".join([*found, "unknown fate: " + ", ".join(left.uncertain)]))
    if found:
        return End(EndKind.NOT_FLAT, found[0], is_cancelled=not left.pending)
    if left.pending:
        return End(EndKind.NOT_FLAT, "pending orders: " + ", ".join(left.pending))
    return End(EndKind.FLAT, "no position and no pending order")


def held(end: End, kind: EndKind) -> End:
    """The verdict where nothing is to be closed: what is open is held on purpose, and `kind` says what for."""
    return End(kind, end.detail) if end.kind is EndKind.NOT_FLAT and end.is_cancelled else end
