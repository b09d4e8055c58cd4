"""What OpenAlgo's HTTP answers mean. Pure.

Measured on a running server: several of its answers say success where nothing succeeded, and one
status means two things. What an answer proves is decided by the gateway, from more than one of them.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from standfast.agent.failures import Failure, FailureType

MESSAGE_LENGTH: Final = 160
FORBIDDEN: Final = 403
FUND_KEYS: Final = ("availablecash", "collateral", "m2mrealized", "m2munrealized", "utiliseddebits")


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    text: str

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The JSON object that it carries, None when it carries none."""
        try:
            found = json.loads(self.text)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def message(self) -> str:
        """What it says, in one short line."""
        body = self.body
        text = self.text if body is None else body.get("message", "")
        plain = re.sub(r"<[^>]*>", " ", text if isinstance(text, str) else json.dumps(text))
        return " ".join(plain.split())[:MESSAGE_LENGTH] or "nothing"

    @property
    def is_success(self) -> bool:
        """Whether it says so; that alone proves little."""
        return self.status == 200 and self.body is not None and self.body.get("status") == "success"

    @property
    def is_refused_key(self) -> bool:
        """Whether it is the 403 that means a bad key or a missing broker session."""
        return self.status == FORBIDDEN and "apikey" in self.message.lower()


def failure_of(call: str, answer: Answer) -> Failure | None:
    """The failure that an answer to any call but an order means; None for a success."""
    if answer.is_success:
        return None
    return Failure(_type_of(answer), f"OpenAlgo answered {call} with {answer.status}: {answer.message}")


def _type_of(answer: Answer) -> FailureType:
    if answer.is_refused_key:
        return FailureType.OPENALGO_AUTH_FAILED
    known = {401: FailureType.BROKER_NOT_LOGGED_IN, 429: FailureType.OPENALGO_RATE_LIMITED}
    if answer.status in known:
        return known[answer.status]
    if answer.status >= 500:
        # A proxy in front answers HTML when the application behind it is away.
        return FailureType.OPENALGO_DOWN if answer.body is None else FailureType.OPENALGO_ERROR
    if answer.status == 200 and answer.body is not None:
        return FailureType.OPENALGO_ERROR
    return FailureType.OPENALGO_REFUSED


def is_certainly_not_placed(answer: Answer) -> bool:
    """Whether an answer to placeorder means that there is no order: the request itself was turned down."""
    return 400 <= answer.status < 500


def order_id(answer: Answer) -> str:
    """The id of a placed order; "" when it was not placed, though the answer is a success: see `approval_number`."""
    body = answer.body or {}
    found = body.get("orderid", "")
    return str(found) if answer.is_success and isinstance(found, str | int) and found else ""


def approval_number(answer: Answer) -> str:
    """By which a person knows an order in OpenAlgo that waits for approval (semi-auto mode); "" where none does."""
    body = answer.body or {}
    if not answer.is_success or body.get("mode") != "semi_auto":
        return ""
    return str(body.get("pending_order_id") or "without a number")


def lacks_session(data: Any, zero_means_logged_out: bool) -> str:
    """Why the data of `funds` are no evidence of a broker session, "" when they are.

    Without a session OpenAlgo answers success with nothing in it, or with every figure zero.
    """
    if not isinstance(data, dict) or not data:
        return "funds are empty"
    figures = [number(data[key]) for key in FUND_KEYS if key in data]
    if zero_means_logged_out and not any(figures):
        return "every figure of the funds is zero"
    return ""


def number(value: Any) -> float:
    """A figure that OpenAlgo writes as a number in one mode and as text in another; 0 for what is none."""
    try:
        figure = float(str(value).replace(",", ""))
    except ValueError:
        return 0.0
    return figure if math.isfinite(figure) else 0.0
