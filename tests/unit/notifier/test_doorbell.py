"""The doorbell: anybody rings, nobody is harmed."""

import socket
import stat
from pathlib import Path

import pytest

from standfast.notifier.doorbell import Doorbell, DoorbellError


def ring(path: Path, times: int) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as bell:
        for _ in range(times):
            bell.sendto(b"x" * 100, str(path))


def test_rings_are_answered_together(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path / "doorbell")
    assert bell.answer() == 0
    ring(tmp_path / "doorbell", 7)
    assert bell.answer() == 7
    bell.close()
    assert not (tmp_path / "doorbell").exists()


def test_every_user_may_ring(tmp_path: Path) -> None:
    bell = Doorbell(tmp_path / "doorbell")
    assert stat.S_IMODE((tmp_path / "doorbell").stat().st_mode) == 0o666
    bell.close()


def test_the_bell_of_a_killed_notifier_is_replaced(tmp_path: Path) -> None:
    left = Doorbell(tmp_path / "doorbell")
    bell = Doorbell(tmp_path / "doorbell")
    ring(tmp_path / "doorbell", 1)
    assert bell.answer() == 1
    left._socket.close()
    bell.close()


def test_a_missing_directory_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DoorbellError, match=r"cannot create the doorbell .*No such file"):
        Doorbell(tmp_path / "missing/doorbell")
