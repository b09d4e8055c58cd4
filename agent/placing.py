"""An order as a strategy words it, made into one that can be placed. Pure."""

import math
from typing import Any, Final

from standfast.agent.trading import OrderKind, OrderRequest, Product, Side

# More than this is nobody's order, and no database's number.
LARGEST: Final = 10**12


def order_request(
    symbol: Any, side: Any, quantity: Any, kind: Any, price: Any, trigger_price: Any, product: Any
) -> OrderRequest:
    """The order that these make, whatever they are: a strategy's own code is not checked by anyone else.

    Raises:
        ValueError: they make none; the text says what may stand there.
    """
    if not isinstance(symbol, str):
        raise ValueError(f"the symbol must be a text such as NSE:SBIN, not {symbol!r}")
    return OrderRequest(
        symbol,
        Side(side),
        _whole(quantity),
        OrderKind(kind),
        _price("price", price),
        _price("trigger price", trigger_price),
        Product(product),
    )


def _whole(quantity: Any) -> int:
    """A whole number as int: 2.0 and the numbers of other libraries too."""
    try:
        whole = int(quantity)
        is_whole = bool(whole == quantity) and not isinstance(quantity, bool)
    except (TypeError, ValueError, OverflowError):
        is_whole = False
    if not is_whole:
        raise ValueError(f"the quantity must be a whole number, not {_shown(quantity)}")
    if abs(whole) > LARGEST:
        raise ValueError(f"the quantity must be at most {LARGEST}")
    return whole


def _price(name: str, price: Any) -> float:
    try:
        figure = math.nan if isinstance(price, str | bytes) else float(price)
    except (TypeError, ValueError, OverflowError):
        figure = math.nan
    if not math.isfinite(figure):
        raise ValueError(f"the {name} must be a number, not {_shown(price)}")
    return figure


def _shown(value: Any) -> str:
    """What somebody gave, in words; a number of another library as that number."""
    return repr(value) if isinstance(value, str | bytes) else " ".join(str(value).split())[:100]
