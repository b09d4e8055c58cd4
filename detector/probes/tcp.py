"""Whether something listens on a port."""

import asyncio
import contextlib

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.base import connection_error, timed_out


class TcpProbe:
    """Connects, and hangs up again."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self._port = port

    async def look(self) -> Finding:
        """Ok when the connection was taken."""
        try:
            _, writer = await asyncio.open_connection(self.host, self._port)
        except OSError as error:
            return await asyncio.to_thread(connection_error, error, self.host)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return Finding(Outcome.OK)

    def silence(self, timeout_s: float) -> Finding:
        """Failing, when it is on this host."""
        return timed_out(self.host, timeout_s)
