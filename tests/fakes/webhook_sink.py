"""A webhook's other side: a local HTTP server that keeps what it got and misbehaves as told.

    with WebhookSink() as sink:
        sink.faults.extend([Fault.ERROR, Fault.HANG])
        ... post to sink.url ...
        sink.wait_for(3)

As a program (`python3 webhook_sink.py PORT FILE`) it appends each body it accepts to FILE as a line of JSON.
"""

from __future__ import annotations

import collections
import contextlib
import http.server
import json
import socket
import struct
import sys
import threading
import time
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self


class Fault(StrEnum):
    """What the sink does to a request instead of taking it."""

    ERROR = "500"
    BUSY = "429, Retry-After: 1"
    REFUSE = "401"
    WRONG = "400"
    FORBIDDEN = "403"
    GONE = "404"
    MOVED = "302"
    HANG = "takes the request and never answers"
    RESET = "breaks off in the middle of the answer"
    TAKEN_THEN_RESET = "takes the message, and breaks off before it says so"


class LocalServer:
    """An HTTP server on 127.0.0.1, on a free port unless one is named; `handle` answers each request."""

    def __init__(self, port: int = 0) -> None:
        self.ending = threading.Event()
        local = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                local.handle(self)

            def do_GET(self) -> None:
                local.handle(self)

            def log_request(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def handle(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Answer a request."""
        raise NotImplementedError

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def break_off(request: http.server.BaseHTTPRequestHandler, said: bytes = b"HTTP/1.1 200") -> None:
    """Say something, and then the connection is reset."""
    with contextlib.suppress(OSError):
        request.wfile.write(said)
        request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.connection.close()
    request.close_connection = True


class WebhookSink(LocalServer):
    """A sink and what it took."""

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.faults: collections.deque[Fault] = collections.deque()
        self.got: list[dict[str, Any]] = []
        self.times: list[float] = []
        self.headers: list[dict[str, str]] = []
        self.requests = 0
        self._changed = threading.Condition()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def wait_for(self, number: int, timeout_s: float = 10) -> list[dict[str, Any]]:
        """The messages taken so far, when there are at least so many."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.got) >= number, timeout_s):
                raise AssertionError(f"{len(self.got)} of {number} messages within {timeout_s} s: {self.got}")
            return list(self.got)

    def wait_for_requests(self, number: int, timeout_s: float = 10) -> None:
        """Until so many requests came, taken or not."""
        with self._changed:
            if not self._changed.wait_for(lambda: self.requests >= number, timeout_s):
                raise AssertionError(f"{self.requests} of {number} requests within {timeout_s} s")

    def handle(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Take the message, or do what the next fault says."""
        body = request.rfile.read(int(request.headers.get("Content-Length", "0")))
        with self._changed:
            fault = self.faults.popleft() if self.faults else None
            self.requests += 1
            if fault in (None, Fault.TAKEN_THEN_RESET):
                self.got.append(json.loads(body))
                self.times.append(time.monotonic())
                self.headers.append(dict(request.headers))
            self._changed.notify_all()
        self._answer(request, fault)

    def _answer(self, request: http.server.BaseHTTPRequestHandler, fault: Fault | None) -> None:
        if fault is Fault.HANG:
            self.ending.wait()
            request.close_connection = True
        elif fault in (Fault.RESET, Fault.TAKEN_THEN_RESET):
            break_off(request)
        else:
            request.send_response(200 if fault is None else int(fault[:3]))
            if fault is Fault.BUSY:
                request.send_header("Retry-After", "1")
            request.send_header("Content-Length", "0")
            request.end_headers()


def main(port: int, path: Path) -> None:
    """Take messages until the end, each a line in the file."""
    with WebhookSink(port) as sink, path.open("a", buffering=1) as file:
        written = 0
        while True:
            for message in sink.wait_for(written + 1, timeout_s=1e6)[written:]:
                file.write(json.dumps(message) + "\n")
                written += 1


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
