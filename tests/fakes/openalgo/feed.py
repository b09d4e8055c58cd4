"""The fake's WebSocket: authenticate, subscribe, ticks, and the ways in which the real one falls silent."""

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

from tests.fakes.openalgo.world import World
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Message, Ping, Request, TextMessage
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

TICK_INTERVAL_S = 0.02


class FakeFeed:
    """One server; its knobs are read at each step."""

    def __init__(self, world: World) -> None:
        self.port = 0
        self.refuses_key = False
        self.broker_error = False  # an error at authentication; the socket then stays open and silent
        self.unknown_symbols: set[str] = set()
        self.silent = False  # subscribed, and no ticks
        self.half_open = False  # nothing at all any more, not even a pong
        self.auth_timeout_s = 15.0
        self.connections = 0
        self.ended = asyncio.Event()
        self._world = world
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: asyncio.Server | None = None

    async def serve(self, ready: threading.Event) -> None:
        """Take connections until `ended` is set."""
        self._loop = asyncio.get_running_loop()
        await self._listen()
        ready.set()
        await self.ended.wait()
        self._refuse()
        await asyncio.sleep(0)
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def go_down(self) -> None:
        """Drop every connection and refuse new ones."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._refuse)

    def come_up(self) -> None:
        """Take connections again, on the same port."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)

    async def _listen(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve_one, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def _refuse(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        self._drop_all()

    def drop(self) -> None:
        """Drop every connection without a close frame, as the server does on SIGTERM."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._drop_all)

    def _drop_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, LocalProtocolError, RemoteProtocolError):
                await _Talk(self, self._world, reader, writer).run()
        finally:
            self._writers.discard(writer)
            writer.close()


class _Talk:
    """One connection."""

    def __init__(
        self, feed: FakeFeed, world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._feed = feed
        self._world = world
        self._reader = reader
        self._writer = writer
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._authenticated = False
        self._ticker: asyncio.Task[None] | None = None

    async def run(self) -> None:
        expiry = asyncio.get_running_loop().call_later(self._feed.auth_timeout_s, self._expire)
        try:
            async for message in self._messages():
                if not self._feed.half_open:
                    self._take(message)
        finally:
            expiry.cancel()
            if self._ticker:
                self._ticker.cancel()

    def _expire(self) -> None:
        if not self._authenticated and not self._feed.broker_error:
            self._writer.write(self._protocol.send(CloseConnection(code=4401, reason="Authentication timeout")))
            self._writer.close()

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        while data := await self._reader.read(65536):
            self._protocol.receive_data(data)
            for event in self._protocol.events():
                if isinstance(event, Request):
                    self._writer.write(self._protocol.send(AcceptConnection()))
                elif isinstance(event, Ping) and not self._feed.half_open:
                    self._writer.write(self._protocol.send(event.response()))
                elif isinstance(event, CloseConnection):
                    return
                elif isinstance(event, TextMessage):
                    yield json.loads(event.data)

    def _take(self, message: dict[str, Any]) -> None:
        action = message.get("action")
        if action == "ping":
            self._say({"type": "pong", "timestamp": message.get("timestamp")})
        elif action == "authenticate":
            self._authenticate(message)
        elif not self._authenticated:
            self._say({"status": "error", "code": "NOT_AUTHENTICATED", "message": "You must authenticate first"})
        elif action == "subscribe":
            self._subscribe(message["symbols"])
        else:
            self._say({"status": "error", "code": "INVALID_ACTION", "message": f"Invalid action: {action}"})

    def _authenticate(self, message: dict[str, Any]) -> None:
        if self._feed.refuses_key or message.get("api_key") != self._world.key:
            self._say({"status": "error", "code": "AUTHENTICATION_ERROR", "message": "Invalid API key"})
        elif self._feed.broker_error:
            text = "No broker configuration found for user"
            self._say({"status": "error", "code": "BROKER_ERROR", "message": text})
        else:
            self._authenticated = True
            self._say({"type": "auth", "status": "success", "message": "Authentication successful"})

    def _subscribe(self, symbols: list[dict[str, str]]) -> None:
        rows = [
            {**one, "status": "error", "message": "Symbol not found"}
            if one["symbol"] in self._feed.unknown_symbols
            else {**one, "status": "success", "mode": "LTP"}
            for one in symbols
        ]
        status = "partial" if any(row["status"] == "error" for row in rows) else "success"
        self._say({"type": "subscribe", "status": status, "subscriptions": rows})
        self._ticker = asyncio.create_task(self._tick([row for row in rows if row["status"] == "success"]))

    async def _tick(self, symbols: list[dict[str, str]]) -> None:
        while True:
            await asyncio.sleep(TICK_INTERVAL_S)
            if self._feed.silent or self._feed.half_open:
                continue
            for one in symbols:
                now_ms = int(time.time() * 1000)
                data = {"ltp": self._world.prices.get(one["symbol"], 100.0), "ltt": now_ms, "timestamp": now_ms}
                names = {"symbol": one["symbol"], "exchange": one["exchange"]}
                self._say({"type": "market_data", **names, "mode": 1, "data": data})

    def _say(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError, LocalProtocolError):
            self._writer.write(self._protocol.send(Message(data=json.dumps(message))))
