"""When the status service has nothing more to do. Pure."""

from dataclasses import dataclass


@dataclass(slots=True)
class Idleness:
    """Watches for `limit_s` seconds in which no connection was open and no request came."""

    limit_s: float
    since_s: float
    requests: int = 0

    def over(self, connections: int, requests: int, now_s: float) -> bool:
        """Whether the limit has passed; a connection, or a request since the last look, begins it anew.

        Args:
            connections: how many are open now.
            requests: how many there have been altogether.
            now_s: monotonic seconds.
        """
        if connections or requests != self.requests:
            self.since_s = now_s
            self.requests = requests
        return now_s - self.since_s >= self.limit_s
