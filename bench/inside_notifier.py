"""What bench.notifier runs inside the machine; prints its figures as one line of JSON.

inside_notifier.py events NUMBER IDENTITIES    events into the journal, until the notifier has committed them all
inside_notifier.py backlog NUMBER IDENTITIES   the same, while the notifier is away; then its start
inside_notifier.py alertmanager URL NUMBER IDENTITIES BATCH    the same alerts to an Alertmanager
inside_notifier.py latency NUMBER              critical events until a webhook gets them: warm, and cold
"""

import http.client
import http.server
import itertools
import json
import queue
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from systemd import journal

DATABASE = "file:/var/lib/standfast/notifier/notifier.db?mode=ro"
DOORBELL = "/run/standfast/notifier/doorbell"
NOTIFIER = "standfast-notifier.service"
PORT = 9998
WAIT_S = 120

Figures = dict[str, float]


def emit(error_type: str, unit: str, severity: str = "warning") -> None:
    """Log a problem, as any program can."""
    journal.send(
        "it does not answer",
        PRIORITY="4",
        STANDFAST="1",
        STANDFAST_EVENT="problem",
        STANDFAST_TYPE=error_type,
        STANDFAST_UNIT=unit,
        STANDFAST_SEVERITY=severity,
    )


def committed(error_type: str) -> int:
    """How many occurrences of a type are in the error log."""
    connection = sqlite3.connect(DATABASE, uri=True)
    try:
        query = "SELECT coalesce(sum(occurrence_count), 0) FROM error_notifications_log WHERE error_type = ?"
        return int(connection.execute(query, (error_type,)).fetchone()[0])
    finally:
        connection.close()


def wait_committed(error_type: str, number: int) -> float:
    """When all occurrences were committed."""
    deadline_s = time.monotonic() + WAIT_S
    while committed(error_type) < number:
        if time.monotonic() > deadline_s:
            raise SystemExit(f"{committed(error_type)} of {number} events committed after {WAIT_S} s")
        time.sleep(0.01)
    return time.monotonic()


def emit_all(error_type: str, number: int, identities: int) -> float:
    """Log that many; how long that took."""
    started_s = time.monotonic()
    for one in range(number):
        emit(error_type, f"unit-{one % identities}.service")
    return time.monotonic() - started_s


def events(number: int, identities: int) -> Figures:
    """Sender and notifier at the same time."""
    error_type = f"BENCH_LIVE_{identities}"
    started_s = time.monotonic()
    sending_s = emit_all(error_type, number, identities)
    took_s = wait_committed(error_type, number) - started_s
    return {"sending_s": sending_s, "took_s": took_s, "per_s": number / took_s}


def backlog(number: int, identities: int) -> Figures:
    """What the notifier alone can do: everything is in the journal when it starts."""
    error_type = f"BENCH_BACKLOG_{identities}"
    subprocess.run(["systemctl", "stop", NOTIFIER], check=True)
    sending_s = emit_all(error_type, number, identities)
    subprocess.run(["journalctl", "--sync"], check=True)
    started_s = time.monotonic()
    subprocess.run(["systemctl", "start", "--no-block", NOTIFIER], check=True)
    took_s = wait_committed(error_type, number) - started_s
    return {"sending_s": sending_s, "took_s": took_s, "per_s": number / took_s}


def alertmanager(url: str, number: int, identities: int, batch: int) -> Figures:
    """The same alerts by POST over one connection, `batch` in each; the Alertmanager keeps them in memory only."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    alerts = (
        {
            "labels": {"alertname": "BENCH", "unit": f"unit-{one % identities}.service", "severity": "warning"},
            "annotations": {"description": "it does not answer"},
        }
        for one in range(number)
    )
    started_s = time.monotonic()
    while some := list(itertools.islice(alerts, batch)):
        connection.request("POST", "/api/v2/alerts", json.dumps(some), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if (said := response.read()) and response.status != 200:
            raise SystemExit(f"Alertmanager: HTTP {response.status} {said.decode()}")
    took_s = time.monotonic() - started_s
    return {"took_s": took_s, "per_s": number / took_s}


def latency(number: int) -> dict[str, list[float]]:
    """Seconds from before the journal call until the webhook has the message."""
    arrived: queue.SimpleQueue[float] = queue.SimpleQueue()

    class Sink(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            arrived.put(time.monotonic())
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_request(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    names = itertools.count()

    def once() -> float:
        started_s = time.monotonic()
        emit(f"LATENCY_{next(names)}", "bench.service", "critical")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as bell:
            bell.sendto(b"!", DOORBELL)
        return arrived.get(timeout=WAIT_S) - started_s

    cold = list(_cold(once, max(5, number // 4)))
    once()
    return {"warm": [once() for _ in range(number)], "cold": cold}


def _cold(once: Callable[[], float], number: int) -> Iterator[float]:
    """After a start of the notifier there is no worker yet."""
    for _ in range(number):
        subprocess.run(["systemctl", "restart", NOTIFIER], check=True)
        yield once()


COMMANDS: dict[str, Callable[..., object]] = {
    "events": events,
    "backlog": backlog,
    "alertmanager": alertmanager,
    "latency": latency,
}

if __name__ == "__main__":
    name, *words = sys.argv[1:]
    print(json.dumps(COMMANDS[name](*(int(word) if word.isdigit() else word for word in words))))
