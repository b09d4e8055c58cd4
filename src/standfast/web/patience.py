"""How long a client may keep a connection without asking, or without taking what it asked for. Pure.

uvicorn sets no limit to the first: a client that sends a request byte by byte, or none, would keep its
connection, and the service running, for as long as it likes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

ASKS_WITHIN_S: Final = 15.0
TAKES_WITHIN_S: Final = 120.0
# Where so many are connected, most for nothing, whoever asks must find room: silence is borne no longer than this.
CROWD: Final = 500
CROWD_ASKS_WITHIN_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Client:
    """A connection as it is now.

    Attributes:
        key: what tells it from the others for as long as it lasts.
        request: the latest that it asked; each is another object.
        is_answered: whether an answer to it goes on.
        waiting_bytes: how much of that it has not taken yet.
    """

    key: int
    request: object
    is_answered: bool
    waiting_bytes: int


@dataclass(slots=True)
class Patience:
    """Remembers since when each client has been as it is."""

    asks_within_s: float = ASKS_WITHIN_S
    takes_within_s: float = TAKES_WITHIN_S
    _since_s: dict[int, tuple[Client, float]] = field(default_factory=dict)

    def lost_with(self, clients: Iterable[Client], now_s: float) -> list[int]:
        """The keys of those with whom it is lost, at `now_s` by a monotonic clock."""
        before = self._since_s
        self._since_s = {one.key: (one, _since_s(one, before.get(one.key), now_s)) for one in clients}
        return [key for key, (one, since_s) in self._since_s.items() if now_s - since_s >= self._limit_s(one)]

    def _limit_s(self, one: Client) -> float:
        if not one.is_answered:
            is_crowd = len(self._since_s) > CROWD
            return min(self.asks_within_s, CROWD_ASKS_WITHIN_S) if is_crowd else self.asks_within_s
        return self.takes_within_s if one.waiting_bytes else float("inf")


def _since_s(one: Client, before: tuple[Client, float] | None, now_s: float) -> float:
    """Since when it has been as it is; what takes a part of its answer, however small, goes on."""
    return before[1] if before is not None and before[0] == one else now_s
