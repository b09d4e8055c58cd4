"""What reaches systemd's notification socket, read from a real one."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from standfast.heartbeat import Heartbeat


class Manager:
    """The receiving end of sd_notify."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.setblocking(False)

    def heard(self) -> list[str]:
        messages = []
        try:
            while True:
                messages.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            return messages


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    manager = Manager(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


def test_the_words_reach_systemd_once(manager: Manager) -> None:
    heartbeat = Heartbeat()
    heartbeat.ready()
    heartbeat.status("₹ all\nwell")
    heartbeat.status("₹ all\nwell")
    heartbeat.stopping()
    heartbeat.close()
    assert manager.heard() == ["READY=1", "STATUS=₹ all well", "STOPPING=1"]


def test_half_a_surrogate_pair_out_of_somebody_elses_text_ends_nobody(manager: Manager) -> None:
    heartbeat = Heartbeat()
    heartbeat.status("the strategy raised \ud800")
    assert manager.heard() == ["STATUS=the strategy raised ?"]
    heartbeat.close()


def test_a_note_stays_behind_whatever_is_said_until_it_is_lifted(manager: Manager) -> None:
    heartbeat = Heartbeat()
    heartbeat.status("all well")
    heartbeat.note("not reloaded")
    heartbeat.status("still well")
    assert heartbeat.noted == "not reloaded"
    heartbeat.note("")
    heartbeat.close()
    assert manager.heard() == [
        "STATUS=all well",
        "STATUS=all well; not reloaded",
        "STATUS=still well; not reloaded",
        "STATUS=still well",
    ]


def test_the_watchdog_is_fed_only_while_all_work_is_fresh(manager: Manager) -> None:
    now = [0.0]
    heartbeat = Heartbeat(lambda: now[0])
    loop, strategy = heartbeat.pulse("the loop", 5), heartbeat.pulse("the strategy", 10)
    assert heartbeat.feed()
    now[0] = 6.0
    assert not heartbeat.feed()
    assert heartbeat.stale() == ["the loop"]
    loop.beat()
    assert heartbeat.feed()
    now[0] = 10.5
    loop.beat()
    assert heartbeat.stale() == ["the strategy"]
    strategy.beat()
    assert heartbeat.feed()
    heartbeat.close()
    assert manager.heard() == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize(("value", "interval_s"), [("30000000", 10.0), ("", None), ("0", None), ("x", None)])
def test_the_interval_is_a_third_of_the_unit_s(
    monkeypatch: pytest.MonkeyPatch, value: str, interval_s: float | None
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", value)
    assert Heartbeat().watchdog_interval_s == interval_s


def test_outside_systemd_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    heartbeat = Heartbeat()
    heartbeat.ready()
    assert heartbeat.feed()
