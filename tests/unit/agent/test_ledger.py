"""What own orders add up to, and what is left open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from standfast.agent.config import Scope
from standfast.agent.flatness import EndKind, judge, left_open
from standfast.agent.ledger import OwnOrder, closable, found_again, net_positions, refreshed, surely_open, uncertain
from standfast.agent.trading import Holding, Order, OrderKind, OrderRequest, OrderStatus, Position, Product, Side

NOW = datetime(2026, 1, 27, 9, 15, tzinfo=UTC)
SBIN = Holding("NSE:SBIN")
BUY = OrderRequest("NSE:SBIN", Side.BUY, 5)
SELL = OrderRequest("NSE:SBIN", Side.SELL, 5)


def own(request: OrderRequest, status: OrderStatus, filled: int | None, key: int = 1) -> OwnOrder:
    return OwnOrder(key, request, NOW, f"id{key}", status, filled)


def test_fills_add_up_per_holding() -> None:
    other = OrderRequest("NSE:SBIN", Side.BUY, 3, product=Product.CNC)
    orders = [
        own(BUY, OrderStatus.COMPLETE, 5),
        own(SELL, OrderStatus.OPEN, 2, 2),
        own(other, OrderStatus.COMPLETE, 3, 3),
        own(SELL, OrderStatus.REJECTED, 0, 4),
    ]
    assert net_positions(orders) == {SBIN: 3, Holding("NSE:SBIN", Product.CNC): 3}


@pytest.mark.parametrize(
    ("net", "account", "expected"),
    [(5, 5, 5), (5, 8, 5), (5, 2, 2), (5, 0, 0), (5, -3, 0), (-5, -5, -5), (-5, -2, -2), (-5, 4, 0)],
)
def test_never_more_is_closed_than_the_account_holds(net: int, account: int, expected: int) -> None:
    assert closable({SBIN: net}, [Position(SBIN, account)]) == ({SBIN: expected} if expected else {})


def test_the_book_tells_what_became_of_an_order() -> None:
    before = OwnOrder(1, BUY, NOW, "id1", OrderStatus.OPEN)
    assert not before.is_certain
    seen = Order("id1", BUY, OrderStatus.COMPLETE, 5)
    after = refreshed(before, {"id1": seen})
    assert (after.status, after.net, after.is_certain) == (OrderStatus.COMPLETE, 5, True)
    assert refreshed(after, {}) == after, "a finished order may leave the book"
    lost = refreshed(before, {})
    assert lost.status is OrderStatus.UNKNOWN
    assert refreshed(lost, {"id1": seen}) == after, "and an order of unknown fate may come back"


def test_a_book_that_does_not_tell_the_fill_leaves_it_uncertain() -> None:
    seen = Order("id1", BUY, OrderStatus.CANCELLED, None)
    assert uncertain([refreshed(OwnOrder(1, BUY, NOW, "id1"), {"id1": seen})])


HELD = own(BUY, OrderStatus.COMPLETE, 5)
FOREIGN = Order("z", SELL, OrderStatus.TRIGGER_PENDING, 0)
CASES = {
    "nothing": (Scope.OWN, [], [], [], EndKind.FLAT),
    "own position": (Scope.OWN, [HELD], [], [Position(SBIN, 5)], EndKind.NOT_FLAT),
    "own position, closed elsewhere": (Scope.OWN, [HELD], [], [], EndKind.FLAT),
    "another's position": (Scope.OWN, [], [FOREIGN], [Position(SBIN, 9)], EndKind.FLAT),
    "another's position, account": (Scope.ACCOUNT, [], [], [Position(SBIN, 9)], EndKind.NOT_FLAT),
    "another's order, account": (Scope.ACCOUNT, [], [FOREIGN], [], EndKind.NOT_FLAT),
    "own pending": (Scope.OWN, [own(BUY, OrderStatus.OPEN, 0)], [], [], EndKind.NOT_FLAT),
    "unknown fate": (Scope.OWN, [own(BUY, OrderStatus.UNKNOWN, None)], [], [], EndKind.UNVERIFIED),
    "no answer yet": (Scope.OWN, [OwnOrder(1, BUY, NOW)], [], [], EndKind.UNVERIFIED),
    "answered since the book was read, account": (
        Scope.ACCOUNT,
        [own(BUY, OrderStatus.OPEN, None)],
        [],
        [],
        EndKind.NOT_FLAT,
    ),
    "a word that nobody knows, account": (
        Scope.ACCOUNT,
        [],
        [replace(FOREIGN, status=OrderStatus.UNKNOWN)],
        [],
        EndKind.UNVERIFIED,
    ),
    "own position, and an order of unknown fate that may close it": (
        Scope.OWN,
        [HELD, own(SELL, OrderStatus.UNKNOWN, None)],
        [],
        [Position(SBIN, 5)],
        EndKind.UNVERIFIED,
    ),
    "no answer yet, account": (Scope.ACCOUNT, [OwnOrder(1, BUY, NOW)], [], [], EndKind.UNVERIFIED),
    "refused before it had an id": (
        Scope.ACCOUNT,
        [replace(OwnOrder(1, BUY, NOW), status=OrderStatus.REJECTED, filled=0)],
        [],
        [],
        EndKind.FLAT,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_verdict(case: str) -> None:
    scope, orders, book, positions, expected = CASES[case]
    assert judge(left_open(scope, orders, book, positions)).kind is expected


def test_the_verdict_names_what_is_open() -> None:
    left = left_open(Scope.OWN, [HELD], [], [Position(SBIN, 5)])
    assert str(judge(left)) == "not flat (open: +5 NSE:SBIN MIS)"


def seen(order_id: str, request: OrderRequest, after_s: float | None) -> Order:
    at = None if after_s is None else NOW + timedelta(seconds=after_s)
    return Order(order_id, request, OrderStatus.COMPLETE, request.quantity, placed_at=at)


UNANSWERED = {
    "one alike": ([seen("a", BUY, 3)], 10, "a complete 5"),
    "one alike, without a time": ([seen("a", BUY, None)], 10, "a complete 5"),
    "another side": ([seen("a", SELL, 3)], 10, "? unknown None"),
    "too early to be it": ([seen("a", BUY, -60)], 10, "? unknown None"),
    "another order's": ([seen("mine", BUY, 3)], 10, "? unknown None"),
    "two alike": ([seen("a", BUY, 3), seen("b", BUY, 4)], 1000, "? unknown None"),
    "none yet": ([], 149, "? unknown None"),
    "none, and the broker had its time": ([], 151, "? rejected 0"),
    "a broker's clock that is 20 s behind": ([seen("a", BUY, -20)], 10, "a complete 5"),
    "a broker's clock that is 25 s ahead, and it took its time": ([seen("a", BUY, 170)], 175, "a complete 5"),
    "a broker's clock that is a minute behind": ([seen("a", BUY, -60)], 151, "? unknown None"),
    "a broker that writes the time of the fill": ([seen("a", BUY, 3600)], 4000, "? unknown None"),
    "a broker that writes another zone's time": ([seen("a", BUY, -19800)], 151, "? unknown None"),
    "a broker that makes a limit of it": (
        [seen("a", replace(BUY, kind=OrderKind.LIMIT, price=801.0), 3)],
        151,
        "? unknown None",
    ),
    "another quantity, and the broker had its time": ([seen("a", replace(BUY, quantity=6), 3)], 151, "? rejected 0"),
}


@pytest.mark.parametrize("case", UNANSWERED)
def test_an_order_that_was_never_answered_is_looked_for_in_the_book(case: str) -> None:
    book, after_s, expected = UNANSWERED[case]
    found = found_again(OwnOrder(1, BUY, NOW), book, {"mine"}, NOW + timedelta(seconds=after_s))
    assert f"{found.order_id or '?'} {found.status} {found.filled}" == expected


def test_what_an_order_on_its_way_may_close_is_not_surely_open() -> None:
    sent = OwnOrder(1, SELL, NOW)
    assert surely_open({SBIN: 5}, [sent]) == {}
    assert surely_open({SBIN: 8}, [sent]) == {SBIN: 3}
    assert surely_open({SBIN: -5}, [sent]) == {SBIN: -5}, "it would make that position larger"
    assert surely_open({SBIN: 5}, [own(SELL, OrderStatus.REJECTED, 0)]) == {SBIN: 5}
