"""Events that journald does not take wait in memory, in order; the doorbell rings after the entry."""

import socket
from pathlib import Path
from typing import Any

import pytest
from systemd import journal as systemd_journal

from standfast.events import Event, Kind
from standfast.journal import Journal


@pytest.fixture
def journald(monkeypatch: pytest.MonkeyPatch) -> "Journald":
    journald = Journald()
    monkeypatch.setattr(systemd_journal, "send", journald.send)
    return journald


class Journald:
    """Stands for the daemon at the one call that reaches it, so that it can be down."""

    def __init__(self) -> None:
        self.up = True
        self.entries: list[str] = []

    def send(self, message: str, **fields: Any) -> None:
        if not self.up:
            raise ConnectionRefusedError
        self.entries.append(message)


def test_nothing_is_lost_while_journald_is_down(journald: Journald, tmp_path: Path) -> None:
    journal = Journal("standfast-example", tmp_path / "doorbell")
    journald.up = False
    for number in range(3):
        journal.emit(Event(Kind.PROBLEM, str(number)))
    assert (journal.waiting, journald.entries) == (3, [])
    assert not journal.flush()
    journald.up = True
    journal.emit(Event(Kind.RESOLVED, "3"))
    assert journald.entries == [f"[HEALTH-CHECK] {number}" for number in range(4)]
    assert journal.waiting == 0
    journal.close()


def test_the_doorbell_rings_and_its_absence_hurts_nobody(journald: Journald, tmp_path: Path) -> None:
    journal = Journal("standfast-example", tmp_path / "doorbell")
    journal.emit(Event(Kind.PROBLEM, "unheard"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as doorbell:
        doorbell.bind(str(tmp_path / "doorbell"))
        doorbell.settimeout(1)
        journal.emit(Event(Kind.PROBLEM, "heard"))
        assert doorbell.recv(8) == b"!"
        for _ in range(5000):  # far beyond what a receiver's queue holds: a stopped notifier must not block anybody
            journal.emit(Event(Kind.PROBLEM, "flood"))
    assert len(journald.entries) == 5002
    journal.close()
