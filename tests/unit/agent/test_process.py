"""The agent as a process of its own: signals, exit status, and strategies that will not let go."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.unit.agent.notifications import Notifications

REPOSITORY = Path(__file__).resolve().parents[3]
BOT = """
import asyncio, sys, time
class Bot:
    {kind} start(self, trading):
        {start}
    {kind} tick(self, tick):
        {tick}
    {kind} stop(self):
        {stop}
"""


class Process:
    """An agent named bot under its own root."""

    def __init__(self, root: Path, strategy: str) -> None:
        self.root, self.source = root, REPOSITORY / "src"
        for directory in ("etc/standfast/agents", "run/standfast/agent/bot", "var/lib/standfast/agent/bot", "srv"):
            (root / directory).mkdir(parents=True)
        (root / "srv/bot.py").write_text(strategy)
        self.configure()
        self.notifications = Notifications(root / "notify")
        self.child: subprocess.Popen[str] | None = None

    def configure(self, more: str = "") -> None:
        text = f'strategy = "bot:Bot"\nstrategy_path = "{self.root}/srv"\ncallback_timeout_s = 1\n{more}\n'
        (self.root / "etc/standfast/agents/bot.toml").write_text(text + "[paper]\ntick_interval_s = 0.05\n")

    def start(self) -> None:
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(self.source), "STANDFAST_ROOT": str(self.root)}
        environ |= {"NOTIFY_SOCKET": str(self.notifications.path), "WATCHDOG_USEC": "3000000"}
        command = [sys.executable, "-m", "standfast.agent", "bot"]
        self.child = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, text=True)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float, str]:
        """The exit status, how long it took, and what was logged."""
        assert self.child is not None
        begun = time.monotonic()
        self.child.send_signal(number)
        _, log = self.child.communicate(timeout=15)
        return self.child.returncode, time.monotonic() - begun, log

    @property
    def status(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.root / "run/standfast/agent/bot/status.json").read_text())
        return found


@pytest.fixture
def started(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Process]:
    process = Process(
        tmp_path, BOT.format(**{"kind": "def", "start": "pass", "tick": "pass", "stop": "pass"} | request.param)
    )
    with running(process):
        yield process


@contextmanager
def running(process: Process) -> Iterator[None]:
    """It is killed at the end, where it did not end by itself."""
    process.start()
    try:
        yield
    finally:
        assert process.child is not None
        if process.child.poll() is None:
            process.child.kill()
            process.child.communicate()
        process.notifications.close()


BUYS = {"start": 'trading.place("NSE:SBIN", "BUY", 1)'}


@pytest.mark.parametrize("started", [BUYS], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_with_an_open_position_is_quick_and_flat(started: Process, number: int) -> None:
    started.notifications.until("STATUS=ACTIVE: bot:Bot on paper (paper), +1 NSE:SBIN MIS")
    status, took_s, log = started.stop(number)
    assert status == 0
    assert took_s < 1.0, "0.5 s and the start of an interpreter's end on a slow machine"
    assert started.status["flat"] is True
    assert "[SHUTDOWN] Step 2 of 5: close_positions done" in log
    started.notifications.until("STOPPING=1")
    assert not [told for told in started.notifications.seen if told.startswith("ERRNO")], "only the agent speaks"


STUBBORN = {
    "kind": "async def",
    "tick": "\n".join(
        ("while True:", "            try: await asyncio.sleep(60)", "            except asyncio.CancelledError: pass")
    ),
}


@pytest.mark.parametrize(
    "started",
    [{"tick": "time.sleep(60)"}, {"stop": "time.sleep(60)"}, STUBBORN, {"tick": "sys.exit(7)"}],
    indirect=True,
)
def test_a_strategy_that_will_not_let_go_does_not_hold_up_the_end(started: Process) -> None:
    started.notifications.until("STATUS=ACTIVE")
    time.sleep(0.3)  # ticks come every 0.05 s: by now it hangs
    status, took_s, _ = started.stop()
    assert status == 0
    assert took_s < 2.5, "the budget of save_state is 1 s"


@pytest.mark.parametrize("started", [{"tick": "time.sleep(60)"}], indirect=True)
def test_a_hung_strategy_is_no_longer_fed_to_the_watchdog(started: Process) -> None:
    started.notifications.until("WATCHDOG=1")
    started.notifications.until_silent("WATCHDOG=1", for_s=2.5, timeout_s=20)
    assert started.child is not None
    assert started.child.poll() is None


@pytest.mark.parametrize("started", [{}], indirect=True)
def test_a_reload_takes_up_a_corrected_configuration(started: Process) -> None:
    started.notifications.until("STATUS=ACTIVE")
    started.configure("nonsense = 1")
    assert started.child is not None
    started.child.send_signal(signal.SIGHUP)
    started.notifications.until("RELOADING=1")
    started.notifications.until("STATUS=ACTIVE")
    assert any("; not reloaded, what was in force stays so: " in said for said in started.notifications.seen)
    started.configure()
    started.child.send_signal(signal.SIGHUP)
    started.notifications.until("STATUS=ACTIVE")
    started.stop()


@pytest.mark.parametrize(
    ("is_upgraded", "words"),
    [(False, "CREDENTIAL_MISSING"), (True, 'CONFIG_ERROR: gateway = "openalgo" takes a restart: Standfast was inst')],
)
def test_a_process_that_an_upgrade_left_running_loads_nothing_of_the_new_version(
    tmp_path: Path, is_upgraded: bool, words: str
) -> None:
    process = Process(tmp_path, "raise RuntimeError")
    process.source = tmp_path / "package"
    shutil.copytree(REPOSITORY / "src", process.source)
    with running(process):
        process.notifications.until("STATUS=ERROR")
        if is_upgraded:  # as dpkg does it: a file of the same time in the place of the old one
            module = process.source / "standfast/agent/assembly.py"
            shutil.copy2(module, module.with_suffix(".new"))
            module.with_suffix(".new").replace(module)
        process.configure('gateway = "openalgo"')
        assert process.child is not None
        process.child.send_signal(signal.SIGHUP)
        process.notifications.until(f"STATUS=ERROR: {words}")
        process.stop()


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["../etc"], [""]])
def test_a_name_that_is_none(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "standfast.agent", *arguments]
    environ = {"PYTHONPATH": str(REPOSITORY / "src")}
    ended = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 78
    assert ended.stderr.startswith("cannot start: expected one agent name")
    assert len(ended.stderr.splitlines()) == 1
