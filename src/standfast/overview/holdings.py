"""What an agent holds, in words. Pure."""

from standfast.overview import snapshot as shots
from standfast.overview.snapshot import Source, words


def holdings(source: Source) -> str:
    """What an agent holds: "5 NSE:SBIN, -2 NSE:INFY, 1 order pending"; "nothing" only where that is known."""
    flat, orders = source.get("flat"), shots.rows(source.get("orders"))
    if flat is True:
        return "nothing"
    held = [f"{words(one.get('quantity'))} {words(one.get('symbol'))}" for one in shots.rows(source.get("positions"))]
    held += [f"{len(orders)} order{'' if len(orders) == 1 else 's'} pending"] if orders else []
    if flat is not False:
        held.append("not known whether that is all" if held else "not known")
    return ", ".join(held) or "positions that it does not name"
