"""What people would get: the messages that arrive at a webhook sink inside a machine, as they arrive."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.system.machine import Machine, WaitError
from tests.system.tree import REPOSITORY

PORT = 9999
URL = f"http://127.0.0.1:{PORT}/hook"
_PROGRAM = "/srv/inbox/webhook_sink.py"
_FILE = "/srv/inbox/messages.jsonl"


@dataclass(frozen=True)
class Letter:
    """One message; `arrived_s` is Unix time."""

    arrived_s: float
    body: dict[str, Any]

    @property
    def kind(self) -> str:
        return str(self.body["kind"])

    @property
    def title(self) -> str:
        return str(self.body["title"])

    @property
    def types(self) -> list[str]:
        return [str(event["type"]) for event in self.body["events"]]

    @property
    def units(self) -> list[str]:
        return [str(event["unit"]) for event in self.body["events"]]

    def about(self, kind: str, error_type: str, unit: str = "") -> bool:
        """Whether it is a message of that kind about that type (and unit)."""
        return self.kind == kind and error_type in self.types and unit in ("", *self.units)


class Inbox:
    """A sink in the machine and its messages so far; `on_letter` is called for each from a thread."""

    def __init__(self, machine: Machine, on_letter: Callable[[Letter], None] = lambda letter: None) -> None:
        self._letters: list[Letter] = []
        self._changed = threading.Condition()
        self._on_letter = on_letter
        machine.write(_PROGRAM, (REPOSITORY / "tests/fakes/webhook_sink.py").read_bytes())
        machine.write(_FILE, "")
        machine.run(f"systemd-run --quiet --unit=inbox python3 {_PROGRAM} {PORT} {_FILE}")
        tail = machine.spawn(f"exec tail --follow --lines=+1 {_FILE}")
        assert tail.stdout is not None
        threading.Thread(target=self._read, args=[tail.stdout], daemon=True).start()

    def letters(self) -> list[Letter]:
        """All messages so far."""
        with self._changed:
            return list(self._letters)

    def wait(self, wanted: Callable[[Letter], bool], what: str, timeout_s: float = 30) -> Letter:
        """The first message that is wanted, now or within the time."""

        def found() -> Letter | None:
            return next(filter(wanted, self._letters), None)

        with self._changed:
            letter = self._changed.wait_for(found, timeout_s)
            if letter is None:
                titles = [one.title for one in self._letters]
                raise WaitError(f"no message within {timeout_s} s: {what}; there were {titles}")
            return letter

    def _read(self, lines: Any) -> None:
        for line in lines:
            letter = Letter(time.time(), json.loads(line))
            with self._changed:
                self._letters.append(letter)
                self._changed.notify_all()
            self._on_letter(letter)
