"""What bench.compare runs inside the machine: one watcher at a time; prints seconds as one line of JSON.

inside_compare.py WATCHER KILLS CASCADES
"""

import http.server
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from systemd import journal

PORT = 9998
UNITS = 100
PATIENCE_S = 30.0
IDLERS = [f"idler@{number}.service" for number in range(1, UNITS + 1)]
TRIO = [f"victim@{number}.service" for number in range(1, 4)]
SUPERVISOR = "unix:///run/bench-supervisor.sock"

Spans = list[float]


class Sink:
    """An HTTP server on the loopback; when each POST arrived, and what it said."""

    def __init__(self) -> None:
        self.arrived: queue.SimpleQueue[tuple[float, str]] = queue.SimpleQueue()
        arrived = self.arrived

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                arrived.put((time.time(), body))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_request(self, *_: object) -> None:
                """Say nothing."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        """Drop what came late."""
        while not self.arrived.empty():
            self.arrived.get()

    def first(self, is_wanted: Callable[[dict[str, Any]], bool]) -> float:
        """When the first message of Standfast's came that is wanted."""
        while True:
            at, body = self.arrived.get(timeout=PATIENCE_S)
            if is_wanted(json.loads(body)):
                return at


def run(*words: str) -> str:
    """Run a command and return what it said."""
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout


def main_pids(units: Sequence[str]) -> list[int]:
    """The main processes of units."""
    return [int(pid) for pid in run("systemctl", "show", "--property=MainPID", "--value", *units).split()]


def kill(pids: Sequence[int]) -> float:
    """SIGKILL them; when."""
    at = time.time()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    return at


def watched(kills: int, names: Sequence[str]) -> Iterator[str]:
    """As many of the watched as there are kills, in turn."""
    return (names[number % len(names)] for number in range(kills))


# Standfast: what it found is a line in its journal; a message comes when the fleet cascades.


class Words:
    """What the detector says of units that fail."""

    def __init__(self) -> None:
        self._reader = journal.Reader()
        self._reader.add_match(_SYSTEMD_UNIT="standfast-detector.service", PRIORITY="4")
        self._reader.fileno()
        self._reader.seek_realtime(time.time())

    def about(self, unit: str) -> float:
        """When the next word about the unit was logged."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            while entry := self._reader.get_next():
                if entry.get("STANDFAST_UNIT") == unit and "STANDFAST_OBSERVATION" in entry:
                    return float(entry["__REALTIME_TIMESTAMP"].timestamp())
            self._reader.wait(1)
        raise SystemExit(f"the detector said nothing of {unit} within {PATIENCE_S} s")


def standfast_kills(kills: int) -> Spans:
    """Killed -> classified in the journal."""
    words = Words()
    spans = []
    for unit in watched(kills, IDLERS):
        at = kill(main_pids([unit]))
        spans.append(words.about(unit) - at)
    return spans


def standfast_cascades(sink: Sink, cascades: int, *, warm: bool) -> Spans:
    """Three units given up on -> the message; warm: its worker has sent another one shortly before."""
    spans = []
    for _ in range(cascades):
        run("systemctl", "stop", "standfast-notifier.service")
        # Else a fleet that cascades every few seconds were told once, as flapping.
        for file in Path("/var/lib/standfast/notifier").glob("notifier.db*"):
            file.unlink()
        run("systemctl", "start", "standfast-notifier.service")
        if warm:
            run("standfastctl", "test-notify")
            sink.first(lambda body: body["kind"] == "test")
        sink.forget()
        at = kill(main_pids(TRIO))
        spans.append(sink.first(partial(is_cascade, at)) - at)
        run("systemctl", "start", *TRIO)
        until(all_well)
    return spans


def is_cascade(since: float, body: dict[str, Any]) -> bool:
    """Whether it tells of a cascade after that, and not of the one before."""
    found = (event["last_occurrence"] for event in body["events"] if event["type"] == "CASCADING_FAILURE")
    return any(datetime.fromisoformat(at).timestamp() >= since for at in found)


def all_well() -> bool:
    """Whether the detector says so."""
    status = json.loads(Path("/run/standfast/detector/status.json").read_text())
    return bool(status["failure_level"] == "NONE")


def until(look: Callable[[], bool]) -> None:
    """Wait for what raises no event."""
    deadline_s = time.monotonic() + PATIENCE_S
    while not look():
        if time.monotonic() > deadline_s:
            raise SystemExit(f"not within {PATIENCE_S} s")
        time.sleep(0.1)


def standfast(sink: Sink, kills: int, cascades: int) -> dict[str, Spans]:
    """All of it."""
    found = {"kills": standfast_kills(kills)}
    found["cascades"] = standfast_cascades(sink, cascades, warm=True)
    found["cold"] = standfast_cascades(sink, cascades, warm=False)
    return found


# The others: each crash is a message, so three are known when the third has come.


def told(sink: Sink, kill_one: Callable[[str], float], revive: Callable[[str], None], names: Sequence[str]) -> float:
    """Killed -> all of them told."""
    sink.forget()
    began, *_ = [kill_one(name) for name in names]
    waiting, last = set(names), 0.0
    while waiting:
        last, body = sink.arrived.get(timeout=PATIENCE_S)
        waiting.discard(body)
    for name in names:
        revive(name)
    return last - began


def others(
    sink: Sink,
    counts: tuple[int, int],
    names: Sequence[str],
    kill_one: Callable[[str], float],
    revive: Callable[[str], None],
) -> dict[str, Spans]:
    """Kills one by one, and three at once."""
    return {
        "kills": [told(sink, kill_one, revive, [name]) for name in watched(counts[0], names)],
        "cascades": [told(sink, kill_one, revive, names[:3]) for _ in range(counts[1])],
    }


def onfailure(sink: Sink, kills: int, cascades: int) -> dict[str, Spans]:
    """The OnFailure= of systemd with curl."""
    names = [f"plain@{number}.service" for number in range(1, UNITS + 1)]
    run("systemctl", "start", *names)
    pids = dict(zip(names, main_pids(names), strict=True))

    def kill_one(name: str) -> float:
        return kill([pids[name]])

    def revive(name: str) -> None:
        run("systemctl", "restart", name)
        (pids[name],) = main_pids([name])

    return others(sink, (kills, cascades), names, kill_one, revive)


def supervisord(sink: Sink, kills: int, cascades: int) -> dict[str, Spans]:
    """Supervisor with an event listener."""
    run("supervisord", "--configuration", "/srv/bench/supervisord.conf")
    names = [f"idle:idle_{number:02}" for number in range(UNITS)]
    pids: dict[str, int] = {}

    def look() -> dict[str, int]:
        """Its lines are: NAME RUNNING pid 123, uptime 0:00:03."""
        command = ["supervisorctl", "-s", SUPERVISOR, "status", "idle:*"]
        lines = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout.splitlines()
        pids.update((w[0], int(w[3].rstrip(","))) for line in lines if (w := line.split())[1] == "RUNNING")
        return pids

    def all_run() -> bool:
        return len(look()) == UNITS

    until(all_run)

    def revive(name: str) -> None:
        pids.pop(name)
        until(lambda: name in look())

    try:
        return others(sink, (kills, cascades), names, lambda name: kill([pids[name]]), revive)
    finally:
        run("supervisorctl", "-s", SUPERVISOR, "shutdown")


def monit(sink: Sink, kills: int, cascades: int) -> dict[str, Spans]:
    """Monit with a cycle of one second, the shortest, over the pid files of units."""
    names = [f"idle{number}" for number in range(1, UNITS + 1)]
    units = [f"bare@{number}.service" for number in range(1, UNITS + 1)]
    unit_of = dict(zip(names, units, strict=True))
    pids: dict[str, int] = {}

    def note(some: Sequence[str]) -> None:
        for name, pid in zip(some, main_pids([unit_of[name] for name in some]), strict=True):
            pids[name] = pid
            Path(f"/run/bench/{name}.pid").write_text(f"{pid}\n")

    def is_well(name: str) -> bool:
        status = subprocess.run(
            ["monit", "-c", "/srv/bench/monitrc", "status", name], stdout=subprocess.PIPE, text=True
        )
        return f"pid                          {pids[name]}\n" in status.stdout

    def revive(name: str) -> None:
        run("systemctl", "restart", unit_of[name])
        note([name])
        until(lambda: is_well(name))

    Path("/run/bench").mkdir(exist_ok=True)
    run("systemctl", "start", *units)
    note(names)
    run("monit", "-c", "/srv/bench/monitrc")
    until(lambda: is_well(names[-1]))
    try:
        return others(sink, (kills, cascades), names, lambda name: kill([pids[name]]), revive)
    finally:
        run("monit", "-c", "/srv/bench/monitrc", "quit")


WATCHERS: dict[str, Callable[[Sink, int, int], dict[str, Spans]]] = {
    "standfast": standfast,
    "onfailure": onfailure,
    "supervisord": supervisord,
    "monit": monit,
}

if __name__ == "__main__":
    print(json.dumps(WATCHERS[sys.argv[1]](Sink(), *map(int, sys.argv[2:]))))
