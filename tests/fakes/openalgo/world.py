"""The account behind the fake, and what each REST call answers to it. No sockets here.

Each behaviour is one that was observed on, or read from, a real OpenAlgo 2.0.2.1.
"""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

KEY = "0123456789abcdef0123456789abcdef"
ORDER_FIELDS = {"strategy", "symbol", "exchange", "action", "quantity"}
OPTIONAL_FIELDS = {"pricetype", "product", "price", "trigger_price", "disclosed_quantity"}
FIELDS = {
    "ping": set[str](),
    "funds": set[str](),
    "orderbook": set[str](),
    "positionbook": set[str](),
    "analyzer": set[str](),
    "placeorder": ORDER_FIELDS,
    "cancelorder": {"strategy", "orderid"},
    "cancelallorder": {"strategy"},
    "closeposition": {"strategy"},
    "orderstatus": {"strategy", "orderid"},
}
ORDER_CALLS = {"placeorder", "cancelorder", "cancelallorder", "closeposition", "orderstatus"}
PENDING = ("open", "trigger pending")
BOOKS = ("funds", "orderbook", "positionbook")

Answer = tuple[int, str, str]
Order = dict[str, Any]


class Broker(StrEnum):
    """How the broker behind OpenAlgo is; OpenAlgo itself answers ping with pong in every case."""

    WELL = "well"
    LYING = "lying"  # one plugin without a session: success, and nothing or zero in it
    RAISING = "raising"  # another one: funds {}, the rest 500 with the raw message


@dataclass
class World:
    """One server with one account; tests turn its knobs."""

    key: str = KEY
    logged_in: bool = True
    analyze: bool = True
    semi_auto: bool = False
    banned: bool = False
    broker: Broker = Broker.WELL
    rejects_orders: bool = False
    failed_cancellations: bool = False
    placeorder_status: int = 0  # what the broker answers to the next orders instead of taking them
    rate_limited: int = 0  # so many calls from now on are over the limit
    answers_every_s: float = 0.0  # how often the broker answers to each of BOOKS; the one plugin is LYING in between
    html: int = 0  # a proxy's status, answered to everything
    hangs: bool = False
    loses_answers_to: str = ""  # the call whose answer is lost: it is done, and the connection dropped
    dies_at: str = ""  # the call at which the server dies: it is not done, and no connection is answered any more
    dead: bool = False
    empty_account: bool = False
    clock_s: float = 0.0  # how far the broker's clock is ahead of this host's
    fills: bool = True  # a MARKET order is filled at once
    partial_fill: int = 0  # of a LIMIT order, before it is cancelled
    prices: dict[str, float] = field(default_factory=lambda: {"SBIN": 800.0, "TCS": 3500.0})
    orders: list[Order] = field(default_factory=list)
    awaiting: list[dict[str, Any]] = field(default_factory=list)  # in semi-auto mode: orders that nobody approved yet
    foreign_positions: dict[str, int] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    answered_s: dict[str, float] = field(default_factory=dict)
    is_over_limit: bool = False
    lock: threading.RLock = field(default_factory=threading.RLock)

    def answer(self, call: str, body: bytes) -> Answer:
        """Status, content type and text of the answer to POST /api/v1/CALL."""
        with self.lock:
            self.calls[call] += 1
            if refusal := self._refusal():
                return refusal
            try:
                given = json.loads(body)
            except ValueError:
                return _json(
                    400, {"message": "The browser (or proxy) sent a request that this server could not understand."}
                )
            if call not in FIELDS:
                return self.not_found(f"/api/v1/{call}")
            if mistake := _mistake(call, given):
                return mistake
            if given["apikey"] != self.key or not self.logged_in:
                return _json(403, {"message": "Invalid openalgo apikey", "status": "error"})
            self.is_over_limit = (
                call in BOOKS and time.monotonic() - self.answered_s.get(call, 0) < self.answers_every_s
            )
            if not self.is_over_limit:
                self.answered_s[call] = time.monotonic()
            handler: Callable[[dict[str, Any]], Answer] = getattr(self, f"_{call}")
            return self._blocked(call) or handler(given)

    def _blocked(self, call: str) -> Answer | None:
        """What an account in semi-auto mode does not let a program do, but for the simulation of analyze mode."""
        if not self.semi_auto or self.analyze or call not in ("cancelorder", "cancelallorder", "closeposition"):
            return None
        message = f"{call} operation is not allowed in Semi-Auto mode. Please switch to Auto mode."
        return _json(403, {"status": "error", "message": message})

    def approve(self) -> None:
        """A person approves, in OpenAlgo itself, all that waits for it."""
        with self.lock:
            for given in self.awaiting:
                self._take(given)
            self.awaiting.clear()

    def dies(self, call: str) -> bool:
        """Whether the server is dead, or dies at this call."""
        with self.lock:
            self.dead = self.dead or (self.dies_at != "" and self.dies_at == call)
            return self.dead

    def chart(self, key: str) -> Answer:
        """GET /api/v1/chart: the key alone decides, whatever the broker session."""
        with self.lock:
            self.calls["chart"] += 1
            if refusal := self._refusal():
                return refusal
            if key != self.key:
                return _json(403, {"message": "Invalid openalgo apikey", "status": "error"})
            return _json(200, {"status": "success", "data": {}})

    def not_found(self, path: str) -> Answer:
        """A wrong path, or GET where POST belongs."""
        return _json(404, {"status": "error", "message": "Not found", "path": path})

    def net(self) -> dict[str, int]:
        """The account's positions, by symbol and product."""
        with self.lock:
            net = Counter(self.foreign_positions)
            for order in self.orders:
                net[f"{order['symbol']}:{order['product']}"] += order["filled"] * (
                    1 if order["action"] == "BUY" else -1
                )
            return dict(net)

    def add(self, **fields: Any) -> Order:
        """An order of somebody else on the same account."""
        with self.lock:
            return self._take({"exchange": "NSE", "pricetype": "MARKET", "product": "MIS", **fields})

    def _refusal(self) -> Answer | None:
        if self.html:
            return self.html, "text/html", f"<html><head><title>{self.html} Bad Gateway</title></head></html>"
        if self.banned:
            return 403, "text/plain", "Access Denied: Your IP has been banned"
        if self.rate_limited > 0:
            self.rate_limited -= 1
            return _json(429, {"message": "50 per 1 second"})
        return None

    # The calls

    def _ping(self, given: dict[str, Any]) -> Answer:
        return _json(200, {"status": "success", "data": {"message": "pong", "broker": "fake"}})

    def _analyzer(self, given: dict[str, Any]) -> Answer:
        mode = "analyze" if self.analyze else "live"
        return _json(200, {"status": "success", "data": {"analyze_mode": self.analyze, "mode": mode, "total_logs": 1}})

    def _funds(self, given: dict[str, Any]) -> Answer:
        keys = ("availablecash", "collateral", "m2mrealized", "m2munrealized", "utiliseddebits")
        if self._masked and not self.empty_account:
            return self._success({"data": {**dict.fromkeys(keys, 0.0), "availablecash": 1e7, "grossexposure": 0.0}})
        if self.broker is Broker.RAISING:
            return self._success({"data": {}})
        zero = self._is_lying or self.empty_account
        return self._success(
            {"data": {**dict.fromkeys(keys, "0.00"), **({} if zero else {"availablecash": "5000.00"})}}
        )

    def _orderbook(self, given: dict[str, Any]) -> Answer:
        if failure := self._raised():
            return failure
        visible = [] if self._is_lying else self.orders
        rows = [
            {key: value for key, value in order.items() if key not in ("filled", "average_price")} for order in visible
        ]
        count = sum(order["order_status"] == "open" for order in visible)
        return self._success({"data": {"orders": rows, "statistics": {"total_open_orders": count}}})

    def _positionbook(self, given: dict[str, Any]) -> Answer:
        if failure := self._raised():
            return failure
        rows = []
        for name, quantity in ({} if self._is_lying else self.net()).items():
            symbol, product = name.split(":")
            if quantity == 0 and self.analyze:
                continue
            row = {"symbol": symbol, "exchange": "NSE", "product": product, "quantity": str(quantity)}
            rows.append({**row, "average_price": "800.00", "ltp": self.prices.get(symbol, 0.0), "pnl": 0.0})
        return self._success({"data": rows})

    def _placeorder(self, given: dict[str, Any]) -> Answer:
        if self.semi_auto:
            self.awaiting.append(given)
            number = len(self.awaiting)
            body = {"status": "success", "mode": "semi_auto", "pending_order_id": number, "message": "queued"}
            return _json(200, body)
        if self.placeorder_status:
            return _json(self.placeorder_status, {"status": "error", "message": "Failed to place order"})
        if not self._masked and self.broker is Broker.LYING:
            return _json(401, {"status": "error", "message": "Failed to place order"})
        if failure := self._raised():
            return failure
        return self._success({"orderid": self._take(given)["orderid"]})

    def _cancelorder(self, given: dict[str, Any]) -> Answer:
        if failure := self._raised():
            return failure
        for order in self.orders:
            if order["orderid"] == given["orderid"] and order["order_status"] in PENDING:
                self._cancel(order)
                return self._success({"orderid": order["orderid"], "message": "cancelled"})
        return _json(400, {"status": "error", "message": "Order cannot be cancelled"})

    def _cancelallorder(self, given: dict[str, Any]) -> Answer:
        """Success, also where cancellations failed; analyze mode leaves stop orders alone."""
        if failure := self._raised():
            return failure
        due = [order for order in self.orders if order["order_status"] in (PENDING[:1] if self.analyze else PENDING)]
        due = [] if self._is_lying else due
        failed = due[:1] if self.failed_cancellations else []
        for order in due[len(failed) :]:
            self._cancel(order)
        rows: list[Any] = [order["orderid"] for order in failed]
        if self.analyze:
            rows = [{"orderid": row, "message": "no"} for row in rows]
        done = [order["orderid"] for order in due[len(failed) :]]
        text = f"Canceled {len(done)} orders. Failed to cancel {len(failed)} orders."
        return self._success({"canceled_orders": done, "failed_cancellations": rows, "message": text})

    def _closeposition(self, given: dict[str, Any]) -> Answer:
        """Success whatever became of the orders that it places."""
        if not self._masked and self.broker is not Broker.WELL:
            return _json(500, {"status": "error", "message": "'NoneType' object is not subscriptable"})
        closed = 0
        for name, quantity in self.net().items():
            symbol, product = name.split(":")
            if quantity:
                action = "SELL" if quantity > 0 else "BUY"
                self._take({**_market(symbol, product), "action": action, "quantity": abs(quantity)})
                closed += 1
        if self.analyze:
            return self._success({"closed_positions": closed, "failed_closures": 0, "message": "Closed"})
        return self._success({"message": "All Open Positions Squared Off"})

    def _orderstatus(self, given: dict[str, Any]) -> Answer:
        if failure := self._raised():
            return failure
        for order in [] if self._is_lying else self.orders:
            if order["orderid"] == given["orderid"]:
                shown = {key: value for key, value in order.items() if key != "filled"}
                if self.analyze:
                    shown["price_type"] = shown.pop("pricetype")
                return self._success({"data": shown})
        return _json(404, {"status": "error", "message": f"Order {given['orderid']} not found"})

    # The account

    def _take(self, given: dict[str, Any]) -> Order:
        kind = given.get("pricetype", "MARKET")
        quantity = int(given["quantity"])
        is_filled = kind == "MARKET" and self.fills and not self.rejects_orders
        status = "complete" if is_filled else "trigger pending" if kind.startswith("SL") else "open"
        order = {
            "orderid": f"25{len(self.orders):010d}",
            "symbol": given["symbol"],
            "exchange": given["exchange"],
            "action": given["action"],
            "quantity": str(quantity),
            "price": float(given.get("price", 0)),
            "trigger_price": float(given.get("trigger_price", 0)),
            "pricetype": kind,
            "product": given.get("product", "MIS"),
            "order_status": "rejected" if self.rejects_orders else status,
            "timestamp": self._now.strftime("%Y-%m-%d %H:%M:%S"),
            "filled": quantity if is_filled else 0,
            "average_price": self.prices.get(given["symbol"], 0.0) if is_filled else 0.0,
        }
        self.orders.append(order)
        return order

    @property
    def _now(self) -> datetime:
        return datetime.now(ZoneInfo("Asia/Kolkata")) + timedelta(seconds=self.clock_s)

    def _cancel(self, order: Order) -> None:
        order["order_status"] = "cancelled"
        if self.partial_fill:
            order["filled"], order["average_price"] = self.partial_fill, 800.0

    @property
    def _masked(self) -> bool:
        """Analyze mode never asks the broker, and so hides that it is away."""
        return self.analyze

    @property
    def _is_lying(self) -> bool:
        return (self.broker is Broker.LYING or self.is_over_limit) and not self._masked

    def _raised(self) -> Answer | None:
        if self.broker is Broker.RAISING and not self._masked:
            return _json(
                500, {"status": "error", "message": "HTTPSConnectionPool(host='api.broker', port=443): refused"}
            )
        return None

    def _success(self, more: dict[str, Any]) -> Answer:
        return _json(200, {"status": "success", **more, **({"mode": "analyze"} if self.analyze else {})})


def _market(symbol: str, product: str) -> dict[str, Any]:
    return {"symbol": symbol, "exchange": "NSE", "product": product, "pricetype": "MARKET"}


def _mistake(call: str, given: Any) -> Answer | None:
    """Missing and unknown fields, in the two forms in which OpenAlgo tells them."""
    required = FIELDS[call] | {"apikey"}
    allowed = required | (OPTIONAL_FIELDS if call == "placeorder" else set())
    found: dict[str, list[str]] = {name: ["Missing data for required field."] for name in sorted(required - set(given))}
    found |= {name: ["Unknown field."] for name in sorted(set(given) - allowed)}
    if not found:
        return None
    return _json(400, {"message": str(found) if call in ORDER_CALLS else found, "status": "error"})


def _json(status: int, body: dict[str, Any]) -> Answer:
    return status, "application/json", json.dumps(body)
