"""Ways to try probes: a look, a server that answers what a test wants, another user."""

from __future__ import annotations

import asyncio
import os
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from standfast.detector.check_tables import HttpCheck
from standfast.detector.finding import Finding
from standfast.detector.prober import look
from standfast.detector.probes.base import Probe
from standfast.detector.probes.http import HttpProbe

NOBODY = 65534


def probed(probe: Probe, timeout_s: float = 5.0) -> Finding:
    return asyncio.run(look(probe, timeout_s))


@contextmanager
def server(answer: bytes, hangs: bool = False) -> Iterator[int]:
    """A server that answers the first lines of any request with those bytes, or never."""
    held = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            if hangs:
                held.wait(10)
            self.request.sendall(answer)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as found:
        threading.Thread(target=found.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield found.server_address[1]
        finally:
            held.set()
            found.shutdown()


def http(url: str, **more: Any) -> HttpProbe:
    return HttpProbe(HttpCheck(url=url, **more))


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def as_nobody() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)
