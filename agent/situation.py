"""All that an agent knows about itself at a moment, and how it is shown. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from standfast.agent.failures import Failure, Setting
from standfast.agent.flags import Flag
from standfast.agent.ledger import OwnOrder, doubtful, held_in_words
from standfast.agent.lifecycle import State
from standfast.agent.trading import Holding, Position
from standfast.moments import iso


@dataclass(frozen=True, slots=True)
class Situation:
    """An agent as of `now`.

    Attributes:
        reason: why it is in its state, in words.
        paused: who paused it, when and why; None where nobody did.
        flat: whether it holds nothing and nothing of its can be filled; None when that is not known.
        nets: what it holds.
        positions: what the account held when it was asked last, for the prices.
        orders: its own orders that are not settled.
        gateway: "" while no configuration tells.
        asked_at: when the broker's books were read last; None where they were not yet, in this run.
        waits_for_restart: keys that were configured anew and are not in force while it trades.
        ticks_dropped: ticks that the strategy was too slow for.
    """

    name: str
    now: datetime
    state: State
    entered_at: datetime
    reason: str
    failure: Failure | None
    paused: Flag | None
    flat: bool | None
    gateway: str
    live: bool
    strategy: str
    symbols: Sequence[str] = ()
    waits_for_restart: Sequence[str] = ()
    nets: Mapping[Holding, float] = field(default_factory=dict)
    positions: Sequence[Position] = ()
    orders: Sequence[OwnOrder] = ()
    asked_at: datetime | None = None
    setting: Setting = field(default_factory=Setting)
    last_tick_at: datetime | None = None
    ticks_dropped: int = 0
    last_check_at: datetime | None = None
    next_check_at: datetime | None = None


def as_status(situation: Situation) -> dict[str, Any]:
    """The status file of an agent."""
    failure = situation.failure
    return {
        "name": situation.name,
        "state": situation.state.value,
        "entered_at": iso(situation.entered_at),
        "reason": situation.reason,
        "failure": None
        if failure is None
        else {
            "type": failure.type.value,
            "class": failure.failure_class.value,
            "detail": failure.detail,
            "action": failure.action(situation.name, situation.setting),
        },
        "paused": situation.paused is not None,
        "paused_why": str(situation.paused) if situation.paused else "",
        "flat": situation.flat,
        "positions": _positions(situation),
        "orders": [_order(own) for own in situation.orders if own.is_pending],
        "unknown_orders": [_order(own) | {"doubt": own.doubt} for own in doubtful(situation.orders)],
        "broker_asked_at": _iso(situation.asked_at),
        "gateway": situation.gateway,
        "live": situation.live,
        "strategy": situation.strategy,
        "symbols": list(situation.symbols),
        "waits_for_restart": list(situation.waits_for_restart),
        "last_tick_at": _iso(situation.last_tick_at),
        "ticks_dropped": situation.ticks_dropped,
        "last_check_at": _iso(situation.last_check_at),
        "next_check_at": _iso(situation.next_check_at),
        "checked_at": iso(situation.now),
    }


def in_one_line(situation: Situation) -> str:
    """The STATUS= line of an agent."""
    paused = f", paused ({situation.paused})" if situation.paused else ""
    if situation.state is not State.ACTIVE:
        named = held_in_words(situation.nets, situation.orders, flat=False)
        return f"{situation.state}{paused}: {situation.reason}" + (
            f"; {_known(situation.state)} {named}" if named and named not in situation.reason else ""
        )
    mode = "LIVE" if situation.live else "paper" if situation.gateway == "paper" else "analyze"
    waits = f"; restart to take up: {', '.join(keys)}" if (keys := situation.waits_for_restart) else ""
    return f"ACTIVE{paused}: {situation.strategy} on {situation.gateway} ({mode}), {_holding(situation)}{waits}"


def _known(state: State) -> str:
    """How sure it is of what it holds; at its end as sure as its last message, which says the same."""
    return "as far as is known it holds" if state is State.SHUTDOWN else "it holds"


def _holding(situation: Situation) -> str:
    """What is open, in words; "flat" only where it is known that nothing is."""
    return held_in_words(situation.nets, situation.orders, situation.flat) or "flat"


def _positions(situation: Situation) -> list[dict[str, Any]]:
    books = {position.holding: position for position in situation.positions}
    return [
        {
            "symbol": holding.symbol,
            "product": holding.product.value,
            "quantity": net,
            "average_price": books[holding].average_price if holding in books else None,
            "last_price": books[holding].last_price if holding in books else None,
        }
        for holding, net in situation.nets.items()
    ]


def _order(own: OwnOrder) -> dict[str, Any]:
    request = own.request
    return {
        "order_id": own.order_id,
        "symbol": request.symbol,
        "side": request.side.value,
        "quantity": request.quantity,
        "kind": request.kind.value,
        "price": request.price,
        "status": own.status.value,
        "filled": own.filled,
    }


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
