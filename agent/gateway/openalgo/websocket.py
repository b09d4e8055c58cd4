"""A WebSocket connection for texts, over asyncio's streams; the protocol itself is wsproto's."""

import asyncio
import ssl
from collections import deque
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    Ping,
    RejectConnection,
    Request,
    TextMessage,
)
from wsproto.utilities import ProtocolError

READ_SIZE = 65536
# A message that is longer than this is none that a feed sends.
MESSAGE_LIMIT = 1 << 20


class WebSocketError(Exception):
    """The connection could not be made, or it is over; the text says what was seen."""


class WebSocket:
    """One connection; `receive` and `send` raise WebSocketError once it is over."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = WSConnection(ConnectionType.CLIENT)
        self._texts: deque[str] = deque()
        self._partial = ""
        self._accepted = False

    @classmethod
    async def connect(cls, url: str) -> Self:
        """A connection to ws://HOST:PORT/PATH or wss://...

        Raises:
            WebSocketError: it was not taken.
        """
        parts = urlsplit(url)
        is_secure = parts.scheme == "wss"
        port = parts.port or (443 if is_secure else 80)
        context = ssl.create_default_context() if is_secure else None
        try:
            reader, writer = await asyncio.open_connection(parts.hostname, port, ssl=context)
        except OSError as error:
            raise WebSocketError(
                f"{url} does not take connections ({error.strerror or type(error).__name__})"
            ) from error
        self = cls(reader, writer)
        try:
            host = parts.netloc.rpartition("@")[2]
            await self._send(self._protocol.send(Request(host=host, target=parts.path or "/")))
            while not self._accepted:
                await self._read()
        except BaseException:
            writer.close()
            raise
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    async def send(self, text: str) -> None:
        """Send a text."""
        await self._send(self._protocol.send(Message(data=text)))

    async def receive(self) -> str:
        """The next text; pings are answered on the way."""
        while not self._texts:
            await self._read()
        return self._texts.popleft()

    async def _send(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise WebSocketError("the connection broke") from error

    async def _read(self) -> None:
        try:
            data = await self._reader.read(READ_SIZE)
        except OSError as error:
            raise WebSocketError("the connection broke") from error
        if not data:
            raise WebSocketError("the connection was dropped without a word")
        try:
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                await self._take(event)
        except ProtocolError as error:
            raise WebSocketError(f"it does not speak WebSocket: {error}") from error

    async def _take(self, event: Event) -> None:
        if isinstance(event, AcceptConnection):
            self._accepted = True
        elif isinstance(event, TextMessage):
            self._take_text(event)
        elif isinstance(event, Ping):
            await self._send(self._protocol.send(event.response()))
        elif isinstance(event, CloseConnection):
            raise WebSocketError(f"the connection was closed with {event.code} {event.reason or ''}".strip())
        elif isinstance(event, RejectConnection):
            raise WebSocketError(f"it answered {event.status_code} instead of a WebSocket")

    def _take_text(self, event: TextMessage) -> None:
        self._partial += event.data
        if len(self._partial) > MESSAGE_LIMIT:
            raise WebSocketError(f"it sent a message of more than {MESSAGE_LIMIT} characters")
        if event.message_finished:
            self._texts.append(self._partial)
            self._partial = ""
