"""The fake's sockets: HTTP and WebSocket, in threads of this process."""

import asyncio
import contextlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.fakes.openalgo.feed import FakeFeed
from tests.fakes.openalgo.world import World


class FakeOpenAlgo:
    """A server to enter: `url` and `websocket_url` are its addresses, `world` is what it is like."""

    def __init__(self, world: World | None = None) -> None:
        self.world = world or World()
        self.feed = FakeFeed(self.world)
        self._released = threading.Event()
        self._threads: list[threading.Thread] = []
        self._http: ThreadingHTTPServer | None = None
        self._loop = asyncio.new_event_loop()
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def websocket_url(self) -> str:
        return f"ws://127.0.0.1:{self.feed.port}"

    def __enter__(self) -> Self:
        self.begin_http()
        ready = threading.Event()
        self._run(lambda: self._loop.run_until_complete(self.feed.serve(ready)))
        assert ready.wait(5)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_http()
        self._loop.call_soon_threadsafe(self.feed.ended.set)
        for thread in self._threads:
            thread.join(5)
            assert not thread.is_alive()
        self._loop.close()

    def begin_http(self) -> None:
        """Take connections, on the same port as before if there was one."""
        self._released.clear()
        world, released = self.world, self._released

        class Handler(_Handler):
            def world(self) -> World:
                return world

            def hang(self) -> None:
                released.wait(60)

        self._http = _Server(("127.0.0.1", self._port), Handler)
        self._port = self._http.server_address[1]
        self._run(self._http.serve_forever, 0.02)

    def end_http(self) -> None:
        """Refuse connections, as a server that is down."""
        self._released.set()
        if self._http is not None:
            self._http.shutdown()
            self._http.server_close()
            self._http = None

    def go_down(self) -> None:
        """Refuse all connections, REST and feed, as a server that is down."""
        self.end_http()
        self.feed.go_down()

    def come_up(self) -> None:
        """Take connections again, on the same ports and with the same account."""
        if self._http is None:
            self.begin_http()
        self.feed.come_up()

    def _run(self, target: Any, *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def world(self) -> World:
        raise NotImplementedError

    def hang(self) -> None:
        raise NotImplementedError

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        world = self.world()
        if world.hangs:
            self.hang()
            return
        call = urlsplit(self.path).path.removeprefix("/api/v1/").rstrip("/")
        if world.dies(call):
            self._drop()
            return
        if self.headers.get("Content-Type") != "application/json":
            self._answer(415, "application/json", '{"message": "Unsupported Media Type"}')
            return
        answer = world.answer(call, body)
        if world.loses_answers_to == call:
            self._drop()
            return
        self._answer(*answer)

    def do_GET(self) -> None:
        world = self.world()
        if world.hangs:
            self.hang()
            return
        parts = urlsplit(self.path)
        if parts.path == "/api/v1/chart":
            self._answer(*world.chart(parse_qs(parts.query).get("apikey", [""])[0]))
        else:
            self._answer(*world.not_found(parts.path))

    def log_message(self, *words: Any) -> None:
        """Say nothing."""

    def _drop(self) -> None:
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def _answer(self, status: int, content_type: str, text: str) -> None:
        data = text.encode()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)
