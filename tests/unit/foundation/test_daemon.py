"""The frame, run as a real child process with a real notification socket: signals, reload, stop, exit codes."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROGRAM = """
import asyncio, sys
from standfast.config import ConfigError, Mistake
from standfast.daemon import run
from standfast.errors import StandfastError

async def idle(frame):
    frame.on_reload(reload)
    pulse = frame.heartbeat.pulse("the loop", 0.3)
    frame.heartbeat.ready()
    while not await frame.sleep(0.05):
        pulse.beat()
        if (HANG):
            await frame.stop.wait()

def reload():
    raise ConfigError([Mistake("x.toml:1", "mode", "one of a, b", "c")])

async def misconfigured(frame):
    reload()

async def failing(frame):
    raise StandfastError("cannot open the door; bring the key")

async def crashing(frame):
    raise RuntimeError("a bug")

raise SystemExit(run("standfast-example", PROGRAM))
"""


class Child:
    """A daemon under test and the messages it sends to its manager."""

    def __init__(self, program: str, notify: Path, *, hang: bool = False, watchdog_s: float = 0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(notify))
        self._socket.settimeout(10)
        text = PROGRAM.replace("HANG", str(hang)).replace("PROGRAM", program)
        environ = {**os.environ, "NOTIFY_SOCKET": str(notify), "PYTHONPATH": os.pathsep.join(sys.path)}
        if watchdog_s:
            environ["WATCHDOG_USEC"] = str(int(watchdog_s * 1e6))
        self.process = subprocess.Popen([sys.executable, "-c", text], env=environ, stderr=subprocess.PIPE, text=True)

    def hears(self, start: str) -> str:
        while not (message := self._socket.recv(4096).decode()).startswith(start):
            pass
        return message

    def falls_silent(self) -> bool:
        """Whether a second without a message comes, within ten of them."""
        self._socket.settimeout(1)
        for _ in range(100):
            try:
                self._socket.recv(4096)
            except TimeoutError:
                return True
        return False

    def end(self) -> tuple[int, str]:
        _, errors = self.process.communicate(timeout=10)
        return self.process.returncode, errors

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self._socket.close()


Start = Callable[..., Child]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    children: list[Child] = []

    def begin(program: str, **options: float | bool) -> Child:
        children.append(Child(program, tmp_path / "notify", **options))  # type: ignore[arg-type]
        return children[-1]

    yield begin
    for child in children:
        child.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_orderly(start: Start, number: signal.Signals) -> None:
    child = start("idle")
    child.hears("READY=1")
    child.process.send_signal(number)
    child.hears("STOPPING=1")
    assert child.end() == (0, "")


def test_a_reload_with_a_mistake_says_so_and_goes_on(start: Start) -> None:
    child = start("idle")
    child.hears("READY=1")
    child.process.send_signal(signal.SIGHUP)
    child.hears("RELOADING=1")
    assert (
        child.hears("STATUS=")
        == "STATUS=not reloaded, what was in force stays so: x.toml:1: mode: expected one of a, b, found c"
    )
    child.hears("READY=1")
    child.process.terminate()
    code, errors = child.end()
    assert code == 0
    assert "x.toml:1: mode: expected one of a, b, found c" in errors


def test_the_watchdog_stops_with_the_work(start: Start) -> None:
    child = start("idle", hang=True, watchdog_s=0.3)
    child.hears("WATCHDOG=1")
    assert child.falls_silent()
    child.process.terminate()
    _, errors = child.end()
    assert errors.count("Not feeding the watchdog: no sign of life from the loop") == 1


@pytest.mark.parametrize(
    ("program", "code", "line"),
    [
        ("misconfigured", 78, "x.toml:1: mode: expected one of a, b, found c"),
        ("failing", 1, "cannot open the door; bring the key"),
    ],
)
def test_an_expected_end_is_one_line(start: Start, program: str, code: int, line: str) -> None:
    child = start(program)
    assert child.hears("STATUS=") == f"STATUS={line}"
    ended, errors = child.end()
    assert ended == code
    assert [one for one in errors.splitlines() if line in one] == errors.splitlines()


def test_a_crash_keeps_its_traceback(start: Start) -> None:
    code, errors = start("crashing").end()
    assert code == 1
    assert "RuntimeError: a bug" in errors
