"""What an agent holds, in words. Pure."""

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Source, words


def holdings(source: Source) -> str:
    """What an agent holds: "+5 NSE:SBIN MIS, 1 order pending"; "nothing" only where that is known."""
    flat, orders = source.get("flat"), shots.rows(source.get("orders"))
    if flat is True:
        return "nothing"
    held = [_position(one) for one in shots.rows(source.get("positions"))]
    held += [f"{len(orders)} order{'' if len(orders) == 1 else 's'} pending"] if orders else []
    if flat is not False:
        held.append("not known whether that is all" if held else "not known")
    return ", ".join(held) or "positions that it does not name"


def _position(row: shots.Row) -> str:
    """As the agent itself says it: signed, with its product."""
    quantity = row.get("quantity")
    signed = f"{quantity:+.15g}" if isinstance(quantity, int | float) else words(quantity)
    return f"{signed} {words(row.get('symbol'))} {words(row.get('product'), '')}".rstrip()
