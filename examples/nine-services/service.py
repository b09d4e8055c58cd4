"""One service of the example fleet: `service.py NAME` runs until SIGTERM and answers GET /health on its port.

Needs nothing but Python's standard library. What each of the nine does all day is in work.py.
"""

import contextlib
import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import work

HOME = Path(os.environ.get("NINE_SERVICES_HOME", "/srv/nine-services"))
TICK_S = 1.0
STUCK_AFTER_S = 10.0


class Health:
    """What GET /health answers: 200 while the work goes on, 503 when its last round failed or is long ago."""

    def __init__(self, name: str) -> None:
        self._lock = threading.Lock()
        self._worked_at_s = time.monotonic()
        self._facts: dict[str, Any] = {"service": name, "pid": os.getpid(), "ticks": 0, "trouble": ""}

    def worked(self, facts: dict[str, Any]) -> None:
        """A round of work is done."""
        with self._lock:
            self._worked_at_s = time.monotonic()
            self._facts |= {"ticks": self._facts["ticks"] + 1, "trouble": "", **facts}

    def failed(self, trouble: str) -> None:
        """A round of work failed; the next one may do better."""
        with self._lock:
            self._facts["trouble"] = trouble

    def answer(self) -> tuple[int, dict[str, Any]]:
        """The HTTP status and the body."""
        with self._lock:
            age_s = time.monotonic() - self._worked_at_s
            ok = not self._facts["trouble"] and age_s < STUCK_AFTER_S
            return 200 if ok else 503, {"ok": ok, **self._facts, "seconds_since_work": round(age_s, 1)}


def serve(health: Health, port: int) -> ThreadingHTTPServer:
    """Answer on 127.0.0.1:`port` in a thread of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the name is http.server's
            status, body = health.answer() if self.path == "/health" else (404, {"error": "try /health"})
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *arguments: object) -> None:
            """Say nothing: the detector asks every few seconds."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def tell_systemd(words: str) -> None:
    """Speak sd_notify(3): units that are ordered after this one start once it has said READY=1."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, contextlib.suppress(OSError):
            notify.sendto(words.encode(), "\0" + address[1:] if address[0] == "@" else address)


def main() -> int:
    """Run the service that the command line names."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in work.WORKERS:
        print(f"usage: service.py NAME, NAME being one of {', '.join(work.WORKERS)}", file=sys.stderr)
        return 2
    if (HOME / "break" / name).exists():
        print(f"{name} was told to fail: remove {HOME}/break/{name} to let it start", file=sys.stderr)
        return 1
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    try:
        worker = work.WORKERS[name](HOME)
        port = work.read_json(HOME / "config/ports.json")[name]
        health = Health(name)
        server = serve(health, port)
    except (work.CannotWorkError, work.DatabaseError, OSError, KeyError) as error:
        print(f"{name} cannot start: {error}", file=sys.stderr)
        return 1
    tell_systemd(f"READY=1\nSTATUS=Working, answering on 127.0.0.1:{port}/health")
    while not stop.wait(TICK_S):
        try:
            health.worked(worker.tick())
        except (work.CannotWorkError, OSError, work.DatabaseError) as error:
            health.failed(str(error))
    tell_systemd("STOPPING=1")
    server.shutdown()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
