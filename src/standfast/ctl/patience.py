"""How long a command waits for an answer, and what a person is told who waits with it."""

import contextlib
import sys
import threading
from collections.abc import Iterator
from typing import Final, TextIO

from standfast.clock import monotonic_s
from standfast.ctl.layout import printable
from standfast.time_words import span

# Whoever waits longer than this wants to know what for.
TOLD_AFTER_S: Final = 1.0


class Patience:
    """A limit for waiting; after a second one line on standard error says what is waited for."""

    def __init__(self, limit_s: float, waiting_for: str, stream: TextIO | None = None) -> None:
        self.limit_s = limit_s
        self._waiting_for = waiting_for
        self._stream = stream or sys.stderr
        self._began_s = monotonic_s()
        self._told = False

    def next_s(self) -> float:
        """For how long to wait at most before asking here again; 0 when the time is over."""
        waited_s = monotonic_s() - self._began_s
        if waited_s < TOLD_AFTER_S:
            return min(TOLD_AFTER_S, self.limit_s) - waited_s
        left_s = max(0.0, self.limit_s - waited_s)
        if left_s and not self._told:
            self._told = True
            print(printable(f"Waiting up to {span(left_s)} for {self._waiting_for} ..."), file=self._stream, flush=True)
        return left_s


@contextlib.contextmanager
def told_while(words: str, stream: TextIO | None = None) -> Iterator[None]:
    """Say what goes on, in one line on standard error, once it has gone on for a second."""
    timer = threading.Timer(TOLD_AFTER_S, lambda: print(words, file=stream or sys.stderr, flush=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
