"""A look that may hang for good, as at a file of a dead network disk, in a thread that nobody waits for."""

from collections.abc import Callable
from typing import Generic, TypeVar

from standfast.threads import in_thread

T = TypeVar("T")


class Aside(Generic[T]):
    """Runs one blocking look; while one hangs there is no second, so that at most one thread is lost.

    Attributes that the caller hands in: `hanging` is answered while an earlier look hangs, and `broken`
    (the same, by default) when the look raises.
    """

    def __init__(self, look: Callable[[], T], hanging: T, broken: T | None = None) -> None:
        self._look = look
        self._hanging = hanging
        self._broken = hanging if broken is None else broken
        self._is_busy = False

    async def run(self) -> T:
        """What it finds; `hanging` at once while an earlier look hangs."""
        if self._is_busy:
            return self._hanging
        self._is_busy = True
        try:
            found = in_thread(self._look_once, self._broken, "probe")
        except RuntimeError:
            self._is_busy = False
            raise
        return await found

    def _look_once(self) -> T:
        try:
            return self._look()
        finally:
            self._is_busy = False  # before anybody hears of it: the next look may follow at once
