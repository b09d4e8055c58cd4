"""A machine with the nine-service fleet, a trading paper agent and an inbox: the stage on which the story is played."""

from __future__ import annotations

import io
import json
import tarfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.system.inbox import URL, Inbox, Letter
from tests.system.machine import Machine, WaitError
from tests.system.tree import REPOSITORY

FLEET = (
    "main_app",
    "trade_manager",
    "trade_executor",
    "auto_entry_supervisor",
    "unified_production_coordinator",
    "active_trade_supervisor",
    "trade_initiator",
    "kalshi_api_watchdog",
    "btc_price_watchdog",
)
AGENT = "standfast-agent@demo.service"
FAULTS = "/srv/demo/faults"
SHOWN = 200
LOOK_S = 2
WINDOW_S = 2

SHORTENED = (
    f"the detector looks every {LOOK_S} s instead of 30, the agent checks its gateway every {LOOK_S} s instead of 30 "
    f"(300 while it waits), messages wait {WINDOW_S} s for others instead of 60"
)

_AGENT_TOML = f"""
strategy = "moving_average:MovingAverage"
strategy_path = "/srv/demo/strategies"
symbols = ["NSE:SBIN"]
[parameters]
fast = 3
slow = 10
[paper]
faults_file = "{FAULTS}"
tick_interval_s = 0.2
[active]
check_interval_s = {LOOK_S}
[waiting]
check_interval_s = {LOOK_S}
"""
_NOTIFIER_TOML = f"""
aggregation_window_s = {WINDOW_S}
[channels.webhook]
url = "{URL}"
"""
_DETECTOR_DROP_IN = f"""
[Service]
Environment=STANDFAST_CHECK_INTERVAL_S={LOOK_S} STANDFAST_CLOCK_GRACE_S=0
"""


@dataclass
class Stage:
    """Where the story is played; `tell` says a line to whoever watches."""

    machine: Machine
    inbox: Inbox
    tell: Callable[[str], None]

    def status(self) -> dict[str, Any]:
        """What `standfastctl status --json` says; its exit code is no matter here."""
        found: dict[str, Any] = json.loads(self.machine.run("standfastctl status --json", check=False).stdout)
        return found

    def level(self) -> str:
        """The failure level in a word."""
        return str(self.status()["level"])

    def master_restarts(self) -> list[str]:
        """The master restarts that are over, as the detector remembers them."""
        history = (self.status()["detector"] or {}).get("restart_history") or []
        return [
            f"{run['result']}, {'automatic' if run['automatic'] else 'by hand'}"
            for run in history
            if run["result"] not in ("asked", "started")
        ]

    def agent(self) -> dict[str, Any]:
        """The agent's own status file."""
        found: dict[str, Any] = json.loads(self.machine.read("/run/standfast/agent/demo/status.json"))
        return found

    def restarts(self, unit: str) -> int:
        """How often systemd restarted a unit."""
        return int(self.machine.run(["systemctl", "show", "--property=NRestarts", "--value", unit]).stdout)

    def running(self) -> int:
        """How many of the nine services are active."""
        units = [f"{name}.service" for name in FLEET]
        states = self.machine.run(["systemctl", "is-active", *units], check=False).stdout.split()
        return states.count("active")


def put_directory(machine: Machine, directory: Path, target: str) -> None:
    """Copy a directory of the checkout into the machine."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.add(directory, arcname=".", filter=_as_root)
    machine.run(f"mkdir -p {target} && tar --extract --directory={target}", stdin=packed.getvalue())


def _as_root(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    return None if "__pycache__" in member.name else member


def prepare(machine: Machine, tell: Callable[[str], None]) -> Stage:
    """Set the stage on a machine that has the package: everything runs, and nothing has happened yet."""
    inbox = Inbox(machine, lambda letter: tell(f"    message: {_first_lines(letter)}"))
    put_directory(machine, REPOSITORY / "examples/nine-services", "/opt/nine-services")
    put_directory(machine, REPOSITORY / "examples/strategies", "/srv/demo/strategies")
    machine.write(FAULTS, "")
    machine.write("/etc/standfast/agents/demo.toml", _AGENT_TOML)
    machine.write("/etc/standfast/notifier.toml", _NOTIFIER_TOML)
    machine.write("/etc/systemd/system/standfast-detector.service.d/demo.conf", _DETECTOR_DROP_IN)
    machine.run("systemctl daemon-reload && systemctl restart standfast-notifier")
    tell("Installing the nine-service example ...")
    for line in machine.run("/opt/nine-services/install").stdout.splitlines():
        tell(line)
    machine.run("systemctl restart standfast-detector")
    for name in FLEET:
        machine.wait_unit(f"{name}.service")
    tell(f"The nine services run. Shortened for this demonstration: {SHORTENED}.")
    return Stage(machine, inbox, tell)


def _first_lines(letter: Letter) -> str:
    text = " | ".join(str(letter.body["text"]).splitlines()[:2])
    return text if len(text) <= SHOWN else text[: SHOWN - 3] + "..."


def unix_s(entry: dict[str, str]) -> float:
    """When a journal entry was logged."""
    return int(entry["__REALTIME_TIMESTAMP"]) / 1e6


def wait_until(look: Callable[[], bool], what: str, timeout_s: float = 30) -> None:
    """For what raises no event: a small file that a daemon replaces, a count that it makes."""
    deadline_s = time.monotonic() + timeout_s
    while not look():
        if time.monotonic() > deadline_s:
            raise WaitError(f"not within {timeout_s} s: {what}")
        time.sleep(0.2)
