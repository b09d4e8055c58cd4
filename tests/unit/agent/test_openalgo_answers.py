"""What OpenAlgo's answers and messages mean, by table."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from standfast.agent.gateway.openalgo import answers, books, speech
from standfast.agent.gateway.openalgo.answers import Answer
from standfast.agent.gateway.openalgo.speech import Heard
from standfast.agent.trading import Holding, OrderKind, OrderRequest, OrderStatus, Product, Side

NOW = datetime(2026, 1, 27, 9, 15, tzinfo=UTC)
HTML = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (200, '{"status":"success","data":{}}', None),
        (200, '{"status":"error","message":"no"}', "OPENALGO_ERROR"),
        (200, "<html>Log in</html>", "OPENALGO_REFUSED"),
        (302, "", "OPENALGO_REFUSED"),
        (400, '{"message":{"apikey":["Missing data for required field."]},"status":"error"}', "OPENALGO_REFUSED"),
        (400, '{"message":"The browser (or proxy) sent..."}', "OPENALGO_REFUSED"),
        (401, '{"message":"Session expired"}', "BROKER_NOT_LOGGED_IN"),
        (403, '{"message":"Invalid openalgo apikey","status":"error"}', "OPENALGO_AUTH_FAILED"),
        (403, '{"message":"not allowed in Semi-Auto mode","status":"error"}', "OPENALGO_REFUSED"),
        (403, "Access Denied: Your IP has been banned", "OPENALGO_REFUSED"),
        (404, '{"status":"error","message":"Not found","path":"/api/v1/x"}', "OPENALGO_REFUSED"),
        (429, '{"message":"50 per 1 second"}', "OPENALGO_RATE_LIMITED"),
        (500, '{"message":"boom","status":"error"}', "OPENALGO_ERROR"),
        (502, HTML, "OPENALGO_DOWN"),
        (503, "", "OPENALGO_DOWN"),
        (504, HTML, "OPENALGO_DOWN"),
    ],
)
def test_what_an_answer_means(status: int, text: str, kind: str | None) -> None:
    failure = answers.failure_of("funds", Answer(status, text))
    assert (failure.type if failure else None) == kind
    if failure:
        assert failure.detail.startswith(f"OpenAlgo answered funds with {status}: ")
        assert "<" not in failure.detail


@pytest.mark.parametrize("text", ["", "[]", "null", "5", "[" * 100_000, '{"status":'])
def test_a_body_that_is_none(text: str) -> None:
    assert Answer(200, text).body is None
    assert not Answer(200, text).is_success


def test_a_long_message_is_one_short_line() -> None:
    assert Answer(500, "a\nb " * 1000).message == ("a b " * 1000)[: answers.MESSAGE_LENGTH]
    assert Answer(500, "").message == "nothing"


@pytest.mark.parametrize(
    ("answer", "order_id", "not_placed"),
    [
        (Answer(200, '{"orderid":"250127000001","status":"success"}'), "250127000001", False),
        (Answer(200, '{"orderid":250127000001,"status":"success"}'), "250127000001", False),
        (Answer(200, '{"status":"success","mode":"semi_auto","pending_order_id":1}'), "", False),
        (Answer(200, '{"orderid":null,"status":"success"}'), "", False),
        (Answer(400, '{"status":"error","message":"MIS closed"}'), "", True),
        (Answer(401, '{"status":"error","message":"Failed to place order"}'), "", True),
        (Answer(429, '{"message":"10 per 1 second"}'), "", True),
        (Answer(500, '{"status":"error","message":"timed out"}'), "", False),
        (Answer(502, HTML), "", False),
    ],
)
def test_what_became_of_an_order(answer: Answer, order_id: str, not_placed: bool) -> None:
    assert answers.order_id(answer) == order_id
    assert answers.is_certainly_not_placed(answer) is not_placed


ZEROS = dict.fromkeys(answers.FUND_KEYS, "0.00")


@pytest.mark.parametrize(
    ("data", "zero_rule", "evidence"),
    [
        ({}, True, False),
        ({}, False, False),
        (None, True, False),
        ([], True, False),
        (ZEROS, True, False),
        (ZEROS, False, True),
        ({**ZEROS, "utiliseddebits": "1,250.50"}, True, True),
        ({**ZEROS, "m2mrealized": -12.5}, True, True),
        ({"something": "else"}, True, False),
        ({**ZEROS, "availablecash": "not a number"}, True, False),
    ],
)
def test_what_funds_prove(data: Any, zero_rule: bool, evidence: bool) -> None:
    assert (answers.lacks_session(data, zero_rule) == "") is evidence


ROW = {
    "symbol": "SBIN",
    "exchange": "NSE",
    "action": "SELL",
    "quantity": "5",
    "price": 0.0,
    "trigger_price": "790.50",
    "pricetype": "SL-M",
    "product": "CNC",
    "orderid": 250127000001,
    "order_status": "trigger pending",
    "timestamp": "2026-01-27 14:45:00",
}


def test_an_order_book_row() -> None:
    (order,) = books.orders({"orders": [ROW, "nonsense", {"orderid": "x"}], "statistics": {}})
    assert order.order_id == "250127000001"
    assert order.request == OrderRequest("NSE:SBIN", Side.SELL, 5, OrderKind.SL_M, 0.0, 790.5, Product.CNC)
    assert (order.status, order.filled, order.placed_at) == (OrderStatus.TRIGGER_PENDING, None, NOW)


@pytest.mark.parametrize(
    ("status", "known", "filled"),
    [
        ("complete", OrderStatus.COMPLETE, 5),
        ("COMPLETE", OrderStatus.COMPLETE, 5),
        ("rejected", OrderStatus.REJECTED, 0),
        ("cancelled", OrderStatus.CANCELLED, None),
        ("open", OrderStatus.OPEN, None),
        ("after market order req received", OrderStatus.UNKNOWN, None),
    ],
)
def test_what_a_status_tells_of_the_fill(status: str, known: OrderStatus, filled: int | None) -> None:
    (order,) = books.orders({"orders": [{**ROW, "order_status": status}]})
    assert (order.status, order.filled) == (known, filled)


@pytest.mark.parametrize(
    ("told", "reason"),
    [({"rejection_reason": " no\n margin "}, "no margin"), ({"rejection_reason": None}, ""), ({}, "")],
)
def test_why_an_order_was_rejected(told: dict[str, str | None], reason: str) -> None:
    (order,) = books.orders({"orders": [{**ROW, "order_status": "rejected", **told}]})
    assert order.reason == reason


@pytest.mark.parametrize(
    ("text", "known"), [("27-Jan-2026 14:45:00", True), ("27-01-2026 14:45:00", True), ("14:45", False), ("", False)]
)
def test_the_times_of_several_brokers(text: str, known: bool) -> None:
    (order,) = books.orders({"orders": [{**ROW, "timestamp": text}]})
    assert order.placed_at == (NOW if known else None)


@pytest.mark.parametrize("data", [None, "x", {}, {"orders": None}, {"orders": "x"}, []])
def test_a_book_that_is_none(data: Any) -> None:
    assert books.orders(data) == ()


def test_closed_positions_are_left_out() -> None:
    row = {"symbol": "SBIN", "exchange": "NSE", "product": "MIS", "average_price": "800.00", "ltp": 801.5}
    found = books.positions([{**row, "quantity": "0"}, {**row, "quantity": "-5"}, {**row, "quantity": None}])
    assert [(one.holding, one.quantity, one.last_price) for one in found] == [(Holding("NSE:SBIN"), -5, 801.5)]


def test_only_the_fields_that_an_order_needs_are_sent() -> None:
    market = books.order_fields(OrderRequest("NFO:NIFTY27JAN26FUT", Side.BUY, 75, product=Product.NRML))
    assert market == {
        "symbol": "NIFTY27JAN26FUT",
        "exchange": "NFO",
        "action": "BUY",
        "quantity": 75,
        "pricetype": "MARKET",
        "product": "NRML",
    }
    stop = books.order_fields(OrderRequest("NSE:SBIN", Side.SELL, 5, OrderKind.SL, 789.0, 790.0))
    assert (stop["pricetype"], stop["price"], stop["trigger_price"]) == ("SL", 789.0, 790.0)


@pytest.mark.parametrize(
    ("status", "filled"),
    [
        ({"average_price": 0}, 0),
        ({"average_price": "0.00"}, 0),
        ({"average_price": 801.5}, None),
        ({}, None),
        (None, None),
        ({"average_price": 801.5, "order_status": "complete"}, 5),
    ],
)
def test_how_much_of_a_cancelled_order_was_filled(status: Any, filled: int | None) -> None:
    assert books.fill_of_a_cancelled(5, status) == filled


@pytest.mark.parametrize(
    ("message", "heard", "failure"),
    [
        ({"type": "auth", "status": "success"}, Heard.AUTHENTICATED, None),
        ({"type": "subscribe", "status": "success", "subscriptions": [{"status": "success"}]}, Heard.SUBSCRIBED, None),
        ({"type": "pong"}, Heard.OTHER, None),
        ({"status": "error", "code": "AUTHENTICATION_ERROR", "message": "x"}, Heard.ERROR, "WEBSOCKET_AUTH_FAILED"),
        ({"status": "error", "code": "BROKER_ERROR", "message": "x"}, Heard.ERROR, "BROKER_NOT_LOGGED_IN"),
        ({"status": "error", "code": "NOT_AUTHENTICATED", "message": "x"}, Heard.ERROR, "WEBSOCKET_DOWN"),
        ({"type": "market_data", "symbol": "A", "exchange": "NSE", "data": {"ltp": 0}}, Heard.OTHER, None),
        ({"type": "market_data", "data": None}, Heard.OTHER, None),
        ("nonsense", Heard.OTHER, None),
    ],
)
def test_what_is_heard(message: Any, heard: Heard, failure: str | None) -> None:
    said = speech.understand(json.dumps(message), NOW)
    assert said.heard is heard
    assert (said.failure.type if said.failure else None) == failure


def test_all_failed_is_still_called_partial() -> None:
    rows = [{"symbol": "A", "exchange": "NSE", "status": "error", "message": "not found"}]
    said = speech.understand(json.dumps({"type": "subscribe", "status": "partial", "subscriptions": rows}), NOW)
    assert said.failure is not None
    assert str(said.failure) == "FEED_REFUSED: the feed does not deliver NSE:A (not found)"


@pytest.mark.parametrize(("stamp", "at"), [(1769505300000, NOW), (0, NOW), (10**30, NOW), (None, NOW)])
def test_a_tick(stamp: int | None, at: datetime) -> None:
    data = {"ltp": 1091.67, "timestamp": stamp}
    said = speech.understand(json.dumps({"type": "market_data", "symbol": "A", "exchange": "NSE", "data": data}), NOW)
    assert said.tick is not None
    assert (said.tick.symbol, said.tick.price, said.tick.at) == ("NSE:A", 1091.67, at)


@pytest.mark.parametrize("figure", ["nan", "inf", "-Infinity", "1e999", float("nan"), float("inf"), -float("inf")])
def test_a_figure_that_is_no_number_ends_nothing(figure: Any) -> None:
    row = {"symbol": "SBIN", "exchange": "NSE", "quantity": figure, "ltp": figure}
    assert books.positions([row]) == ()
    (order,) = books.orders([{**row, "action": "BUY", "orderid": "1", "order_status": "complete", "price": figure}])
    assert (order.request.quantity, order.request.price) == (0, 0.0)


def test_a_fraction_in_a_book_is_neither_cut_off_nor_taken_for_nothing() -> None:
    row = {"symbol": "SBIN", "exchange": "NSE", "product": "MIS", "average_price": "1.00"}
    held = books.positions([{**row, "quantity": "0.5"}, {**row, "quantity": -2.0}, {**row, "quantity": "0.00"}])
    assert [(one.quantity, type(one.quantity)) for one in held] == [(0.5, float), (-2, int)]
    (order,) = books.orders([{**ROW, "quantity": "2.5", "order_status": "complete"}])
    assert (order.request.quantity, order.filled) == (2.5, 2.5)
