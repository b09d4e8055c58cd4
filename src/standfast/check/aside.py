"""Work that may hang for good, and is waited for no longer than is good."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from standfast.threads import in_thread

T = TypeVar("T")


async def aside(work: Callable[[], T], within_s: float, otherwise: T) -> T:
    """What the work returns; something else when it takes longer, cannot begin, or breaks (which Python reports)."""
    with contextlib.suppress(TimeoutError, RuntimeError):  # the latter: no thread could be started
        found = in_thread(work, otherwise, "aside")
        async with asyncio.timeout(within_s):
            return await found
    return otherwise
