"""Whether a URL answers, with the right status and text.

A few lines of HTTP/1.0 on asyncio's streams: cancellable at any point, and a third of the memory
of a client library in a process that lives for months.
"""

import asyncio
import contextlib
import ssl
from urllib.parse import urlsplit

from standfast.detector.check_tables import HttpCheck
from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.base import connection_error, timed_out
from standfast.detector.probes.tls import Trust, TrustError, expiry, handshake_error

BODY_LIMIT = 256 * 1024
LINE_LIMIT = 64 * 1024
# A server that does not say goodbye holds nobody up.
SHUTDOWN_S = 0.5


class HttpProbe:
    """GETs a URL; without a list of wanted statuses any 2xx or 3xx will do."""

    def __init__(self, check: HttpCheck) -> None:
        parts = urlsplit(check.url)
        self._trust = Trust(check.ca_file) if parts.scheme == "https" else None
        self._tls_name = check.tls_name
        self.host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (80 if self._trust is None else 443)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._authority = parts.netloc.rpartition("@")[2]
        self._status = check.status
        self._contains = check.contains.encode()

    async def look(self) -> Finding:
        """Ok when the answer is as wanted."""
        try:
            return await self._look()
        except asyncio.IncompleteReadError:
            return await self._broken_off("closed the connection without an answer")
        except TrustError as error:
            return Finding(Outcome.UNKNOWN, str(error))
        except ssl.SSLError as error:
            found = handshake_error(error)
            return await self._broken_off(found.detail) if found.outcome is Outcome.FAIL else found
        except OSError as error:
            return await asyncio.to_thread(connection_error, error, self.host)
        except (ValueError, asyncio.LimitOverrunError):
            return Finding(Outcome.FAIL, "answered something that is not HTTP")

    def silence(self, timeout_s: float) -> Finding:
        """Failing, when it is on this host."""
        return timed_out(self.host, timeout_s)

    async def _broken_off(self, how: str) -> Finding:
        """What it says that no answer came about: from elsewhere it may be the network's doing, as a reset may."""
        return await asyncio.to_thread(connection_error, ConnectionError(how), self.host)

    async def _look(self) -> Finding:
        reader, writer = await self._connect()
        expires_at = expiry(writer.get_extra_info("ssl_object"))
        try:
            writer.write(self._request())
            await writer.drain()
            status = _status_code(await reader.readuntil(b"\r\n"))
            if not self._wanted(status):
                return Finding(Outcome.FAIL, f"status {status}", expires_at)
            if self._contains and self._contains not in await _rest(reader):
                return Finding(Outcome.FAIL, f"the answer does not contain {self._contains.decode()!r}", expires_at)
            return Finding(Outcome.OK, f"status {status}", expires_at)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._trust is None:
            return await asyncio.open_connection(self.host, self._port, limit=LINE_LIMIT)
        name = self._tls_name or self.host
        return await asyncio.open_connection(
            self.host,
            self._port,
            ssl=self._trust.context(),
            server_hostname=name,
            ssl_shutdown_timeout=SHUTDOWN_S,
            limit=LINE_LIMIT,
        )

    def _request(self) -> bytes:
        lines = (
            f"GET {self._target} HTTP/1.0",  # 1.0: the body comes whole, not in chunks
            f"Host: {self._authority}",
            "User-Agent: standfast",
            "Connection: close",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    def _wanted(self, status: int) -> bool:
        return status in self._status if self._status else 200 <= status < 400


def _status_code(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/"):
        raise ValueError("no HTTP")
    return int(rest[:3])


async def _rest(reader: asyncio.StreamReader) -> bytes:
    """What follows the status line, up to a limit."""
    found = bytearray()
    while len(found) < BODY_LIMIT and (part := await reader.read(65536)):
        found += part
    return bytes(found)
