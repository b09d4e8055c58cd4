"""What a strategy words as an order: whole numbers, the words there are, and one clear line for anything else."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from standfast.agent.placing import LARGEST, order_request
from standfast.agent.trading import OrderKind, OrderRequest, Product, Side

GOOD: dict[str, Any] = {
    "symbol": "NSE:SBIN",
    "side": "BUY",
    "quantity": 1,
    "kind": "MARKET",
    "price": 0.0,
    "trigger_price": 0.0,
    "product": "MIS",
}


def wish(**changes: Any) -> OrderRequest:
    return order_request(**(GOOD | changes))


@pytest.mark.parametrize("two", [2, 2.0, Decimal("2.0"), Fraction(4, 2)])
def test_a_whole_number_is_one_whatever_it_is_written_in(two: Any) -> None:
    assert type(wish(quantity=two).quantity) is int
    assert wish(quantity=two) == OrderRequest("NSE:SBIN", Side.BUY, 2)


@pytest.mark.parametrize("quantity", [1.5, Decimal("0.1"), float("nan"), float("inf"), "2", None, [2], b"2", True])
def test_what_is_no_whole_number_is_refused(quantity: Any) -> None:
    with pytest.raises(ValueError, match=r"^the quantity must be a whole number, not "):
        wish(quantity=quantity)


def test_the_refusal_shows_what_it_was() -> None:
    with pytest.raises(ValueError, match=r"not 2\.6666666666666665$"):
        wish(quantity=8 / 3)
    with pytest.raises(ValueError, match=r"not '2'$"):
        wish(quantity="2")


@pytest.mark.parametrize("quantity", [LARGEST + 1, -(10**400), 1e300])
def test_a_number_that_no_database_can_hold_is_refused(quantity: Any) -> None:
    with pytest.raises(ValueError, match=r"^the quantity must be at most"):
        wish(quantity=quantity)


@pytest.mark.parametrize("name", ["price", "trigger_price"])
@pytest.mark.parametrize("price", [float("nan"), float("-inf"), "99.5", None, 10**400])
def test_a_price_is_a_number(name: str, price: Any) -> None:
    with pytest.raises(ValueError, match=f"^the {name.replace('_', ' ')} must be a number, not "):
        wish(**{name: price})


def test_a_price_of_another_library_is_a_float() -> None:
    assert wish(kind="LIMIT", price=Decimal("99.5")).price == 99.5


@pytest.mark.parametrize(
    ("name", "word", "line"),
    [
        ("side", "LONG", "Side must be one of BUY, SELL, not 'LONG'"),
        ("kind", "STOP", "OrderKind must be one of MARKET, LIMIT, SL, SL-M, not 'STOP'"),
        ("product", "mis", "Product must be one of MIS, CNC, NRML, not 'mis'"),
        ("side", None, "Side must be one of BUY, SELL, not None"),
    ],
)
def test_a_word_that_is_none_is_answered_with_those_there_are(name: str, word: Any, line: str) -> None:
    with pytest.raises(ValueError, match=f"^{line}$"):
        wish(**{name: word})


def test_a_symbol_is_a_text() -> None:
    with pytest.raises(ValueError, match=r"^the symbol must be a text such as NSE:SBIN, not 5$"):
        wish(symbol=5)
    assert wish(kind=OrderKind.SL_M, product=Product.CNC).kind is OrderKind.SL_M


def test_an_order_in_words_keeps_every_digit_of_its_prices() -> None:
    request = wish(symbol="NSE:NIFTY", kind="SL", quantity=75.0, price=24567.85, trigger_price=24567.8)
    assert str(request) == "BUY 75 NSE:NIFTY MIS SL at 24567.85 triggered at 24567.8"
