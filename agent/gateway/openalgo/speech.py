"""What is said over OpenAlgo's WebSocket. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from standfast.agent.failures import Failure, FailureType
from standfast.agent.gateway.openalgo.answers import number
from standfast.agent.gateway.openalgo.books import symbol
from standfast.agent.trading import Tick

LTP_MODE = 1


class Heard(StrEnum):
    """What a message is."""

    AUTHENTICATED = "authenticated"
    SUBSCRIBED = "subscribed"
    TICK = "tick"
    ERROR = "error"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Speech:
    """A message that was understood; `failure` for an error, `tick` for a tick."""

    heard: Heard
    failure: Failure | None = None
    tick: Tick | None = None


def authenticate(key: str) -> str:
    """The first thing to say."""
    return json.dumps({"action": "authenticate", "api_key": key})


def subscribe(symbols: Sequence[str]) -> str:
    """Ask for the last traded prices of these symbols."""
    wanted = [{"symbol": name, "exchange": exchange} for exchange, _, name in (one.partition(":") for one in symbols)]
    return json.dumps({"action": "subscribe", "mode": LTP_MODE, "symbols": wanted, "request_id": "standfast"})


def ping(now: datetime) -> str:
    """Ask for a sign of life."""
    return json.dumps({"action": "ping", "timestamp": int(now.timestamp() * 1000)})


def understand(text: str, now: datetime) -> Speech:
    """The meaning of a message."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return Speech(Heard.OTHER)
    if not isinstance(message, dict):
        return Speech(Heard.OTHER)
    kind = message.get("type")
    if kind == "market_data":
        return _tick(message, now)
    if kind == "auth" and message.get("status") == "success":
        return Speech(Heard.AUTHENTICATED)
    if kind == "subscribe":
        return _subscription(message)
    if message.get("status") == "error":
        return Speech(Heard.ERROR, failure=_failure(message))
    return Speech(Heard.OTHER)


def _tick(message: dict[str, Any], now: datetime) -> Speech:
    data = message.get("data")
    price = number(data.get("ltp")) if isinstance(data, dict) else 0.0
    if not isinstance(data, dict) or price <= 0:
        return Speech(Heard.OTHER)
    milliseconds = number(data.get("timestamp") or data.get("ltt"))
    try:
        at = datetime.fromtimestamp(milliseconds / 1000, UTC) if milliseconds else now
    except (ValueError, OverflowError, OSError):
        at = now
    return Speech(Heard.TICK, tick=Tick(symbol(message), price, at))


def _subscription(message: dict[str, Any]) -> Speech:
    """OpenAlgo says "partial" also where every symbol failed: only the rows tell."""
    rows = message.get("subscriptions")
    failed = [
        f"{symbol(row)} ({row.get('message', 'no reason')})"
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and row.get("status") != "success"
    ]
    if failed:
        detail = f"the feed does not deliver {', '.join(failed)}"
        return Speech(Heard.ERROR, failure=Failure(FailureType.FEED_REFUSED, detail))
    return Speech(Heard.SUBSCRIBED)


def _failure(message: dict[str, Any]) -> Failure:
    code = str(message.get("code", ""))
    words = " ".join(str(message.get("message", "")).split())[:160]
    types = {
        "AUTHENTICATION_ERROR": FailureType.WEBSOCKET_AUTH_FAILED,
        "BROKER_ERROR": FailureType.BROKER_NOT_LOGGED_IN,
    }
    return Failure(types.get(code, FailureType.WEBSOCKET_DOWN), f"the feed answered {code or 'an error'}: {words}")
