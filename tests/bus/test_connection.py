"""A bus that cannot be used is one line within a bounded time."""

import asyncio
import socket
from pathlib import Path

import pytest

from standfast import systemd1
from standfast.systemd1 import Systemd1, Systemd1Error, unpacked


def connect(path: Path) -> None:
    asyncio.run(Systemd1.connect(f"unix:path={path}"))


# dbus-fast has no door to close a connection that never came to be: the garbage collection does, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_bus_that_accepts_and_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systemd1, "CALL_TIMEOUT_S", 0.2)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        with pytest.raises(Systemd1Error, match=r"cannot reach the system bus: no answer; see systemctl status dbus"):
            connect(tmp_path / "bus")


def test_a_bus_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Systemd1Error, match=r"cannot reach the system bus: .*No such file"):
        connect(tmp_path / "nothing")


def test_values_come_without_their_variants() -> None:
    variant = systemd1.Variant
    assert unpacked({"a": variant("as", ["x"]), "b": [variant("u", 1)]}) == {"a": ["x"], "b": [1]}
