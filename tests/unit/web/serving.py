"""The status service as a child with an inherited socket, over status files and a journal that a test writes.

usage: python -m tests.unit.web.serving RUNTIME NOW FD IDLE_S PATIENCE_S     (NOW: ISO 8601, or "now")
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from standfast.clock import utc_now
from standfast.errors import StandfastError
from standfast.events import Severity
from standfast.moments import from_iso, iso
from standfast.overview.ending import Ending
from standfast.web.app import Site
from standfast.web.look import Look
from standfast.web.patience import ASKS_WITHIN_S, Patience
from standfast.web.server import serve
from standfast.web.timeline import Happening, History, Line

REPOSITORY = Path(__file__).parents[3]


class FiledJournal:
    """A journal that stands in a JSON file: `{"happenings": [...], "lines": {UNIT: [...]}, "trouble": ""}`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def _content(self) -> dict[str, Any]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}

    def history(self, since: datetime, until: datetime) -> History:
        content = self._content()
        rows = [
            Happening(**{**row, "at": from_iso(row["at"]), "severity": Severity(row.get("severity", "info"))})
            for row in content.get("happenings", [])
        ]
        return History(since, until, tuple(rows), trouble=content.get("trouble", ""), watched_since=since)

    def lines(self, unit: str, count: int) -> list[Line]:
        if trouble := self._content().get("trouble"):
            raise StandfastError(trouble)
        rows = self._content().get("lines", {}).get(unit, [])
        return [Line(from_iso(row["at"]), row["text"], row["priority"]) for row in rows][-count:]

    def last_words(self, counts: Mapping[str, int]) -> dict[str, list[Line]]:
        return {unit: self.lines(unit, count) for unit, count in counts.items()}

    def endings(self, names: Iterable[str]) -> dict[str, Ending]:
        return {}


def happening(at: datetime, kind: str, text: str, **more: str) -> dict[str, str]:
    return {"at": iso(at), "kind": kind, "text": text, **more}


def line(at: datetime, text: str, priority: int = 6) -> dict[str, Any]:
    return {"at": iso(at), "text": text, "priority": priority}


class Service:
    """The child; `get` asks it."""

    def __init__(
        self, runtime: Path, idle_limit_s: float = 60, now: str = "now", patience_s: float = ASKS_WITHIN_S
    ) -> None:
        self.runtime = runtime
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        fd = str(self.listener.fileno())
        numbers = (fd, str(idle_limit_s), str(patience_s))
        self._command = [sys.executable, "-m", "tests.unit.web.serving", str(runtime), now, *numbers]
        self.start()

    def start(self) -> None:
        """Start the child, as systemd does when somebody connects."""
        self.process = subprocess.Popen(
            self._command,
            pass_fds=[self.listener.fileno()],
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stderr=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def get(self, path: str, method: str = "GET", **headers: str) -> requests.Response:
        return requests.request(method, self.url + path, headers={"Connection": "close", **headers}, timeout=10)

    def stop(self) -> int:
        """End the child; the socket goes on listening, as systemd's does."""
        self.process.send_signal(signal.SIGTERM)
        self.process.communicate(timeout=10)
        return self.process.returncode

    def end(self) -> int:
        """End the child and close the socket."""
        returncode = self.stop()
        self.listener.close()
        return returncode

    def pss_mib(self) -> float:
        """The memory of the child; pages that it shares are shared out."""
        rollup = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        return next(int(row.split()[1]) for row in rollup.splitlines() if row.startswith("Pss:")) / 1024


class LookThatRaises(Look):
    """As a bug would, while the file `raise` is there."""

    def __init__(self, journal: FiledJournal, runtime: Path, now: str) -> None:
        super().__init__(journal, "box1", runtime, utc_now if now == "now" else lambda: datetime.fromisoformat(now))
        self._raise = runtime / "raise"

    def stamps(self) -> tuple[tuple[str, int, int, int], ...]:
        if self._raise.exists():
            raise RuntimeError("as a bug would")
        return super().stamps()


async def main(runtime: Path, now: str, fd: int, idle_s: float, patience_s: float) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    site = Site(LookThatRaises(FiledJournal(runtime / "journal.json"), runtime, now))
    patience = Patience(patience_s, patience_s)
    listener = socket.socket(fileno=fd)
    await serve(site.application(), listener, stop, lambda: None, idle_s, site.changes.close, patience)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])))
