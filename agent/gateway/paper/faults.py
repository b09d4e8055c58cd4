"""The menu of faults that the paper gateway can be told to have. Pure."""

from enum import StrEnum


class Fault(StrEnum):
    """One way in which a broker misbehaves."""

    DOWN = "down"  # nothing can be reached
    HANG = "hang"  # accepts every call and never answers
    BAD_KEY = "bad_key"  # the API key is refused
    LOGGED_OUT = "logged_out"  # the broker's session is over
    FEED_DOWN = "feed_down"  # the feed cannot be connected
    SILENT_FEED = "silent_feed"  # the feed is connected and says nothing
    REJECT_ORDERS = "reject_orders"  # orders are taken and then rejected
    PARTIAL_FILLS = "partial_fills"  # orders fill one piece a tick
    STUCK_CANCELS = "stuck_cancels"  # cancelling succeeds and changes nothing


def parse(text: str) -> tuple[frozenset[Fault], tuple[str, ...]]:
    """The faults that a text names, and the words in it that name none; # begins a remark."""
    words = " ".join(line.partition("#")[0] for line in text.splitlines()).replace(",", " ").split()
    known = frozenset(Fault(word) for word in words if word in set(Fault))
    return known, tuple(word for word in words if word not in set(Fault))
