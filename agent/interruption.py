"""A kill waits for nothing: it ends what the agent does at the moment, a strategy's start that hangs as well."""

import asyncio
from collections.abc import Awaitable


class Interruption:
    """Ends the work that is under way; of none, nothing."""

    def __init__(self) -> None:
        self._end: asyncio.Timeout | None = None

    def interrupt(self) -> None:
        """Cancel the work at once. What it waits for is abandoned."""
        if self._end is not None and not self._end.expired():
            self._end.reschedule(asyncio.get_running_loop().time())

    async def unless(self, work: Awaitable[None]) -> bool:
        """Do the work; whether it came to its end before it was interrupted."""
        try:
            async with asyncio.timeout(None) as self._end:
                await work
        except TimeoutError:
            if self._end is None or not self._end.expired():
                raise
            return False
        finally:
            self._end = None
        return True
