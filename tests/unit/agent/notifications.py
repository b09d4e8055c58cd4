"""A notification socket as systemd has one: what a daemon told it, and waiting for it."""

import socket
import time
from pathlib import Path


class Notifications:
    """Keeps every assignment that arrives, in order."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.seen: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.bind(str(path))

    def until(self, beginning: str, timeout_s: float = 10) -> None:
        """Wait for an assignment that begins so and was not waited for yet."""
        deadline = time.monotonic() + timeout_s
        while not self._receive(deadline - time.monotonic(), beginning):
            if time.monotonic() > deadline:
                raise TimeoutError(f"never told: {beginning}; but: {self.seen}")

    def until_silent(self, beginning: str, for_s: float, timeout_s: float) -> None:
        """Wait until nothing of that kind has arrived for so long."""
        deadline = time.monotonic() + timeout_s
        last = time.monotonic()
        while time.monotonic() - last < for_s:
            if self._receive(0.1, beginning):
                last = time.monotonic()
            if time.monotonic() > deadline:
                raise TimeoutError(f"still told: {beginning}")

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()

    def _receive(self, timeout_s: float, beginning: str) -> bool:
        self._socket.settimeout(max(0.01, timeout_s))
        try:
            lines = self._socket.recv(65536).decode().splitlines()
        except TimeoutError:
            return False
        self.seen += lines
        return any(line.startswith(beginning) for line in lines)
