"""The simulated broker's memory: a broker outlives those who trade with it, so its account is kept in a file."""

import json
import logging
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from standfast.agent.gateway.paper.broker import Lot, SimulatedBroker
from standfast.agent.trading import Holding, Order, OrderKind, OrderRequest, OrderStatus, Product, Side
from standfast.moments import from_iso, iso

log = logging.getLogger(__name__)


class BookFile:
    """Where one account is kept; without a path it is forgotten with the process."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._version = 0
        self._trouble = ""

    def load(self, broker: SimulatedBroker) -> None:
        """Give the broker back what it had; one that cannot be read is told, and begins anew."""
        if self._path is None:
            return
        try:
            _restore(broker, json.loads(self._path.read_text()))
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("The paper account %s cannot be read (%s); it begins anew", self._path, error)
        self._version = broker.version

    def save(self, broker: SimulatedBroker) -> None:
        """Keep what changed since the last time."""
        if self._path is None or broker.version == self._version:
            return
        self._version = broker.version
        beside = self._path.with_name(f".{self._path.name}.new")
        try:
            beside.write_text(json.dumps(_kept(broker)))
            os.replace(beside, self._path)
        except OSError as error:
            if str(error) != self._trouble:
                log.warning("The paper account cannot be kept: %s", error)
            self._trouble = str(error)


def _kept(broker: SimulatedBroker) -> dict[str, Any]:
    return {
        "orders": [_order(order) for order in broker.orders()],
        "lots": [
            {**asdict(holding), "quantity": lot.quantity, "average": lot.average, "realized": lot.realized}
            for holding, lot in broker.lots.items()
        ],
        "prices": broker.prices,
    }


def _order(order: Order) -> dict[str, Any]:
    return {**asdict(order), "placed_at": iso(order.placed_at) if order.placed_at else None}


def _restore(broker: SimulatedBroker, kept: dict[str, Any]) -> None:
    orders = [_read_order(one) for one in kept["orders"]]
    lots = {
        Holding(one["symbol"], Product(one["product"])): Lot(one["quantity"], one["average"], one["realized"])
        for one in kept["lots"]
    }
    broker.restore(orders, lots, {str(symbol): float(price) for symbol, price in kept["prices"].items()})


def _read_order(one: dict[str, Any]) -> Order:
    request = one["request"]
    placed_at: datetime | None = from_iso(one["placed_at"]) if one["placed_at"] else None
    return Order(
        one["order_id"],
        OrderRequest(
            request["symbol"],
            Side(request["side"]),
            request["quantity"],
            OrderKind(request["kind"]),
            request["price"],
            request["trigger_price"],
            Product(request["product"]),
        ),
        OrderStatus(one["status"]),
        one["filled"],
        one["average_price"],
        placed_at,
        one.get("reason", ""),
    )
