"""How far something that takes longer than a second has come, in one line for whoever waits."""

import sys
from typing import Final, TextIO

from standfast.clock import monotonic_s
from standfast.ctl.patience import TOLD_AFTER_S

_AGAIN_AFTER_S: Final = 1.0


class Progress:
    """Between two numbers; at a terminal the line is renewed, elsewhere it is said once."""

    def __init__(self, what: str, start: float, end: float, stream: TextIO | None = None) -> None:
        self._what = what
        self._start = start
        self._span = max(end - start, 1e-9)
        self._stream = stream or sys.stderr
        self._renewed = self._stream.isatty()
        self._next_s = monotonic_s() + TOLD_AFTER_S
        self._told = False

    def at(self, number: float) -> None:
        """It has come this far."""
        now_s = monotonic_s()
        if now_s < self._next_s or (self._told and not self._renewed):
            return
        self._told, self._next_s = True, now_s + _AGAIN_AFTER_S
        percent = min(max((number - self._start) / self._span, 0.0), 1.0)
        line = f"{self._what}: {percent:.0%}"
        print(f"\r{line}" if self._renewed else line, end="" if self._renewed else "\n", file=self._stream, flush=True)

    def end(self) -> None:
        """It is done: the line goes away where it was renewed."""
        if self._told and self._renewed:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
