"""What interrupts the agent's waits, other than its end."""

import asyncio
import contextlib
from enum import StrEnum


class Ring(StrEnum):
    """Why a wait ended early."""

    RELOAD = "reload"
    DISTURBANCE = "disturbance"
    FAULTS = "faults"


class Bell:
    """Rings are remembered until somebody waits."""

    def __init__(self) -> None:
        self._rings: set[Ring] = set()
        self._event = asyncio.Event()

    def ring(self, reason: Ring) -> None:
        """End the present wait, or the next one."""
        self._rings.add(reason)
        self._event.set()

    def has_rung(self, reason: Ring) -> bool:
        """Whether it rang for this since the last wait."""
        return reason in self._rings

    async def wait(self, seconds: float | None) -> frozenset[Ring]:
        """Wait until it rings, at most so long (None: without end); what rang since the last wait."""
        # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with the ring.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if seconds is None else max(0.0, seconds)):
                await self._event.wait()
        self._event.clear()
        rings, self._rings = frozenset(self._rings), set()
        return rings
