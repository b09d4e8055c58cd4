"""A bus that cannot be used is one line within a bounded time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

from dbus_fast import Variant

from standfast.systemd1 import unpacked

# A process of its own: dbus-fast leaves a connection that never came to be to the garbage collection.
PROGRAM = """
import asyncio, sys
from standfast import systemd1
systemd1.CALL_TIMEOUT_S = 0.5
try:
    asyncio.run(systemd1.Systemd1.connect(f"unix:path={sys.argv[1]}"))
except systemd1.Systemd1Error as error:
    print(error)
"""


def connect(path: Path) -> str:
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROGRAM, str(path)]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=20, check=True).stdout.strip()


def test_a_bus_that_accepts_and_says_nothing(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "bus"))
        silent.listen()
        said = connect(tmp_path / "bus")
    assert said == "cannot reach the system bus: no answer; see systemctl status dbus"


def test_a_bus_that_is_not_there(tmp_path: Path) -> None:
    said = connect(tmp_path / "nothing")
    assert said.startswith("cannot reach the system bus: ")
    assert "No such file" in said


def test_values_come_without_their_variants() -> None:
    assert unpacked({"a": Variant("as", ["x"]), "b": [Variant("u", 1)]}) == {"a": ["x"], "b": [1]}
