"""The notifier as a real process on a journal of the test's own."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.fakes.private_journal import PrivateJournal
from tests.fakes.webhook_sink import WebhookSink

_END = "end"
SOURCE = Path(__file__).parents[3] / "src"
# So many characters of its log are shown of a test that failed, the last ones.
LOG_SHOWN = 20_000


class Notifier:
    """Starts, kills and asks it; its files lie under `root`."""

    def __init__(self, journal: PrivateJournal, root: Path, config: str) -> None:
        self.journal = journal
        self.root = root
        for directory in ("etc/standfast", "var/lib/standfast/notifier", "run/standfast/notifier"):
            (root / directory).mkdir(parents=True, exist_ok=True)
        self.configure(config)
        self.database = root / "var/lib/standfast/notifier/notifier.db"
        self.log = root / "log"
        self._process: subprocess.Popen[bytes] | None = None
        self._bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ready.bind(str(root / "ready"))
        self._said: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()

    def configure(self, text: str) -> None:
        (self.root / "etc/standfast/notifier.toml").write_text('host = "box1"\n' + text)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.stop()
        self.close()
        # Of a fixture's nobody says here whether its test failed; pytest shows what is printed for those that did.
        print(self.log.read_text()[-LOG_SHOWN:])

    def close(self) -> None:
        self._bell.sendto(_END.encode(), str(self.root / "ready"))
        self._listener.join()
        self._bell.close()
        self._ready.close()

    def start(self) -> None:
        """Start it and wait for its READY=1."""
        self.launch()
        self.wait_said("READY=1")

    def launch(self) -> None:
        """Start it."""
        environ = {**os.environ, "STANDFAST_ROOT": str(self.root), "PYTHONPATH": str(SOURCE)}
        environ["NOTIFY_SOCKET"] = str(self.root / "ready")
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.journal.command([sys.executable, "-m", "standfast.notifier"]),
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def exit_status(self, timeout_s: float = 10) -> int:
        """Its exit status, when it ends by itself."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    def wait_said(self, start: str, timeout_s: float = 10) -> str:
        """Wait until it tells systemd something that starts so."""
        while not (said := self._said.get(timeout=timeout_s)).startswith(start):
            pass
        return said

    def _listen(self) -> None:
        """What PID 1 does: always read, so that nobody who speaks ever waits."""
        while (said := self._ready.recv(65536).decode()) != _END:
            self._said.put(said)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def worker_pids(self) -> list[int]:
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return [int(pid) for pid in children.read_text().split()] if children.exists() else []

    def kill(self) -> None:
        """SIGKILL it, as an out-of-memory kill would; its worker is left to find out by itself."""
        os.kill(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def stop(self, timeout_s: float = 15) -> int:
        """SIGTERM, and its exit status."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(timeout_s)

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def emit(
        self, kind: str, error_type: str, severity: str = "critical", unit: str = "a.service", *, ring: bool = True
    ) -> None:
        """Log an event as root, and ring."""
        self.journal.send(
            {
                "MESSAGE": f"[HEALTH-CHECK] {error_type} of {unit}",
                "PRIORITY": "4",
                "STANDFAST": "1",
                "STANDFAST_EVENT": kind,
                "STANDFAST_TYPE": error_type,
                "STANDFAST_SEVERITY": severity,
                "STANDFAST_UNIT": unit,
            }
        )
        if ring:
            self.ring()

    def command(self, kind: str, **data: object) -> None:
        """Give it a command as root."""
        self.journal.send(
            {
                "MESSAGE": f"[NOTIFICATION] {kind}",
                "PRIORITY": "4",
                "STANDFAST": "1",
                "STANDFAST_EVENT": "command",
                "STANDFAST_TYPE": kind,
                "STANDFAST_DATA": json.dumps(data),
            }
        )
        self.ring()

    def ring(self) -> None:
        with contextlib.suppress(OSError):  # when nobody is at home just now, the journal keeps it
            self._bell.sendto(b"!", str(self.root / "run/standfast/notifier/doorbell"))

    def status(self) -> dict[str, Any]:
        path = self.root / "run/standfast/notifier/status.json"
        found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
        return found

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()


def wait_until(condition: Callable[[], bool], what: str | Callable[[], str], timeout_s: float = 10) -> None:
    """For what sends no event: a row in a database, an exit, a line in a file; `what` may look how things stand."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what if isinstance(what, str) else what()}")
        time.sleep(0.02)


def config(sink: WebhookSink, window_s: float = 0.3, more: str = "") -> str:
    # These tests raise more problems than any one unit should.
    times = f"aggregation_window_s = {window_s}\nrecovery_hold_s = 0.2\nflood_limit = 1000000\n"
    return f'{times}{more}\n[channels.webhook]\nurl = "{sink.url}"\ntimeout_s = 0.5\n'


def types_of(sink: WebhookSink) -> set[str]:
    return {event["type"] for message in sink.got for event in message["events"]}


def entries_told(journal: PrivateJournal) -> int:
    lines = journal.journalctl("STANDFAST_EVENT=notification", "--output=json").splitlines()
    assert all("STANDFAST" not in json.loads(line) for line in lines), "it would hear itself"
    return len(lines)
