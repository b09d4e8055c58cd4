"""What an agent holds, in words. Pure."""

from typing import Final

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Source, words

NOTHING: Final = "nothing"
# Of an agent that has not reached its broker: what it placed itself it knows, and nothing else.
BY_ITS_OWN_BOOKS: Final = "by its own books; its broker was not asked yet"


def holdings(source: Source) -> str:
    """What an agent holds: "+5 NSE:SBIN MIS, 1 order pending"; "nothing" only where that is known."""
    flat, orders = source.get("flat"), shots.rows(source.get("orders"))
    if flat is True:
        return NOTHING if is_asked(source) else f"{NOTHING} {BY_ITS_OWN_BOOKS}"
    held = [_position(one) for one in shots.rows(source.get("positions"))]
    held += [f"{len(orders)} order{'' if len(orders) == 1 else 's'} pending"] if orders else []
    if doubts := _doubts(source):
        return ", ".join([*(held or ["nothing for certain"]), *doubts])
    if flat is not False:
        held.append("not known whether that is all" if held else "not known")
    return ", ".join(held) or "positions that it does not name"


def is_asked(source: Source) -> bool:
    """Whether what an agent holds is what its broker says too; on paper, and before it was told, nothing else is."""
    status = source.status or {}
    return status.get("gateway") == "paper" or "broker_asked_at" not in status or bool(status["broker_asked_at"])


def is_on_paper(source: Source) -> bool:
    """Whether what an agent holds is simulated: no broker knows of it."""
    return bool(source.get("gateway") == "paper")


def _doubts(source: Source) -> list[str]:
    """What is not known of its orders of unknown fate, each in the agent's own words."""
    return [words(one.get("doubt")) for one in shots.rows(source.get("unknown_orders"))]


def _position(row: shots.Row) -> str:
    """As the agent itself says it: signed, with its product."""
    quantity = row.get("quantity")
    signed = f"{quantity:+.15g}" if isinstance(quantity, int | float) else words(quantity)
    return f"{signed} {words(row.get('symbol'))} {words(row.get('product'), '')}".rstrip()
