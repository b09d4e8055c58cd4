"""Agents in a machine, and the OpenAlgo servers that they trade at: what test_agent.py and the bench stand on."""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.system.leftovers import CGROUP_PREFIX
from tests.system.machine import Entry, Machine
from tests.system.stage import put_directory
from tests.system.tree import REPOSITORY

# Looks as in production, at shortened intervals.
CHECK_S = 0.3
_BOTS = '''
import faulthandler, logging, pathlib, time

log = logging.getLogger(__name__)


class Quiet:
    def start(self, trading): self.trading = trading
    def tick(self, tick): pass
    def stop(self): pass


class Holder(Quiet):
    """Two positions and three pending orders, one of each kind that can be pending."""

    def start(self, trading):
        if not trading.positions():
            trading.place("NSE:SBIN", "BUY", 5)
            trading.place("NSE:TCS", "BUY", 2)
            trading.place("NSE:SBIN", "BUY", 1, "LIMIT", price=700.0)
            trading.place("NSE:TCS", "SELL", 2, "SL", price=3300.0, trigger_price=3310.0)
            trading.place("NSE:SBIN", "SELL", 5, "SL-M", trigger_price=750.0)
        log.info("HOLDING")


class Buyer(Quiet):
    """One share with each tick."""

    def tick(self, tick): self.trading.place("NSE:SBIN", "BUY", 1)


class Hangs(Quiet):
    def tick(self, tick): time.sleep(3600)


class Raises(Quiet):
    def tick(self, tick): raise KeyError("no such price")


class Forgets:
    async def start(self, trading): self.trading = trading
    async def tick(self, tick): self.trading.place("NSE:SBIN", "BUY", 1)
    async def stop(self): pass


class Divides(Quiet):
    def tick(self, tick): self.trading.place("NSE:SBIN", "BUY", 750 / tick.price)


class Crashes(Quiet):
    def tick(self, tick): faulthandler._sigsegv()


class Eats(Quiet):
    """Takes 400 MiB once it may, and touches every page of it."""

    eaten = []

    def tick(self, tick):
        if pathlib.Path("/srv/bots/eat").exists() and len(self.eaten) < 50:
            self.eaten.append(bytearray(b"x") * (8 << 20))
'''
_PAPER = """
strategy = "bots:{strategy}"
strategy_path = "/srv/bots"
[paper]
tick_interval_s = 0.05
"""
_OPENALGO = """
gateway = "openalgo"
strategy = "bots:{strategy}"
strategy_path = "/srv/bots"
symbols = ["NSE:SBIN", "NSE:TCS"]
[openalgo]
url = "{url}"
websocket_url = "{websocket_url}"
request_timeout_s = {timeout_s}
first_tick_timeout_s = 1
[startup]
retry_delay_base_s = 0.2
confirm_delay_s = 0.2
[active]
check_interval_s = {check_s}
confirm_delay_s = 0.2
max_tick_age_s = 2
[waiting]
check_interval_s = {check_s}
error_recheck_s = {check_s}
"""
_CREDENTIAL = "[Service]\nLoadCredential=openalgo-api-key:{path}\n"
# Each cycle starts an agent, waits for its strategy's word that it holds all, and times the stop.
_CYCLES = """
import subprocess, sys, time
unit, times = sys.argv[1], int(sys.argv[2])
follow = ["journalctl", "--follow", "--lines=0", "--output=cat", "--unit", unit]
with subprocess.Popen(follow, stdout=subprocess.PIPE, text=True) as journal:
    for _ in range(times):
        subprocess.run(["systemctl", "start", unit], check=True)
        while "HOLDING" not in journal.stdout.readline():
            pass
        begun = time.monotonic()
        subprocess.run(["systemctl", "stop", unit], check=True)
        print(time.monotonic() - begun)
        subprocess.run(["systemctl", "reset-failed", unit], stderr=subprocess.DEVNULL)
    journal.kill()
"""
# As the earlier system's own state class asked: one row, over one open connection.
_QUERIES = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1])
query = "SELECT current_state, state_entered_at, error_reason FROM operational_state WHERE id = 1"
states = {connection.execute(query).fetchone()[0]}
begun = time.perf_counter()
for _ in range(100):
    states.add(connection.execute(query).fetchone()[0])
print((time.perf_counter() - begun) / 100 * 1000, *states)
"""


class OpenAlgo:
    """A fake OpenAlgo server in the machine, with its key in the machine's credential store."""

    def __init__(self, machine: Machine, name: str, key: str) -> None:
        self.key_path = f"/etc/credstore/{name}"
        machine.write(self.key_path, f"{key}\n", mode="0600")
        put_directory(machine, REPOSITORY / "tests/fakes/openalgo", "/srv/fakes/tests/fakes/openalgo")
        self._process = machine.spawn(f"cd /srv/fakes && exec python3 -m tests.fakes.openalgo {key}")
        addresses = self._answer()
        self.url, self.websocket_url = str(addresses["url"]), str(addresses["websocket_url"])

    def turn(self, *, down: bool | None = None, feed: dict[str, Any] | None = None, **world: Any) -> dict[str, Any]:
        """Turn knobs of the server; what the account is like then."""
        assert self._process.stdin is not None
        command = {"world": world, "feed": feed or {}, "down": down}
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the fake OpenAlgo died: {self._process.communicate()[1]}")
        answer: dict[str, Any] = json.loads(line)
        return answer


class Agent:
    """One agent of the machine, and a place in the journal from which on its entries are looked at."""

    def __init__(self, machine: Machine, name: str, config: str, drop_in: str = "") -> None:
        self.machine = machine
        self.name = name
        self.unit = f"standfast-agent@{name}.service"
        self.since = ""
        machine.write("/srv/bots/bots.py", _BOTS)
        machine.write(f"/etc/standfast/agents/{name}.toml", config)
        if drop_in:
            machine.write(f"/etc/systemd/system/{self.unit}.d/test.conf", drop_in)
            machine.run(["systemctl", "daemon-reload"])

    def start(self) -> float:
        """Start it, without fear of a start limit; return how long systemctl took."""
        self.machine.run(["systemctl", "reset-failed", self.unit], check=False)
        self.mark()
        return self._timed("start")

    def stop(self) -> float:
        """Stop it; return how long systemctl took. Its end must be a success for systemd."""
        took_s = self._timed("stop")
        assert self.show("Result") == "success"
        return took_s

    def mark(self) -> None:
        """From now on only what comes now is looked at."""
        self.since = self.machine.cursor()

    def _timed(self, verb: str) -> float:
        begun_s = time.monotonic()
        self.machine.run(["systemctl", verb, self.unit])
        return time.monotonic() - begun_s

    def wait(self, state: str, kind: str = "") -> Entry:
        """Wait for its entry into a state, for a failure of that type."""
        return self.event("state", STANDFAST_STATE=state, **({"STANDFAST_TYPE": kind} if kind else {}))

    def event(self, event: str, **fields: str) -> Entry:
        """Wait for one of its events with these fields."""
        return self.machine.wait_journal(
            lambda entry: fields.items() <= entry.items(),
            since=self.since,
            STANDFAST_UNIT=self.unit,
            STANDFAST_EVENT=event,
        )

    def logged(self, text: str) -> Entry:
        """Wait for a line of its log."""
        return self.machine.wait_journal(
            lambda entry: text in entry["MESSAGE"], since=self.since, _SYSTEMD_UNIT=self.unit
        )

    def lines(self, text: str) -> list[Entry]:
        """Its log lines so far with a text in them."""
        return [
            one for one in self.machine.journal(since=self.since, _SYSTEMD_UNIT=self.unit) if text in one["MESSAGE"]
        ]

    def show(self, name: str) -> str:
        """A property of its unit."""
        return self.machine.run(["systemctl", "show", "--value", f"--property={name}", self.unit]).stdout.strip()

    @property
    def restarts(self) -> int:
        """How often systemd restarted it."""
        return int(self.show("NRestarts"))

    @property
    def status(self) -> dict[str, Any]:
        """Its own status file."""
        found: dict[str, Any] = json.loads(self.machine.read(f"/run/standfast/agent/{self.name}/status.json"))
        return found


def paper_agent(machine: Machine, name: str, strategy: str, more: str = "", drop_in: str = "") -> Agent:
    """An agent with one of the bots above at the paper gateway."""
    return Agent(machine, name, _PAPER.format(strategy=strategy) + more, drop_in)


def openalgo_agent(machine: Machine, name: str, strategy: str, server: OpenAlgo, timeout_s: float = 1) -> Agent:
    """An agent with one of the bots above at an OpenAlgo server."""
    urls = {"url": server.url, "websocket_url": server.websocket_url}
    config = _OPENALGO.format(strategy=strategy, check_s=CHECK_S, timeout_s=timeout_s, **urls)
    return Agent(machine, name, config, _CREDENTIAL.format(path=server.key_path))


@contextlib.contextmanager
def memory_limit(agent: Agent, mib: int) -> Iterator[None]:
    """What MemoryMax= in the agent's drop-in does, also where the kernel's memory controller is of the older kind.

    That one is not to be had in a machine; the host then puts the agent's process under the same limit.
    """
    if "memory" in agent.machine.read("/sys/fs/cgroup/cgroup.controllers").split():
        yield
        return
    group = Path(f"/sys/fs/cgroup/memory/{CGROUP_PREFIX}{os.getpid()}-{agent.name}")
    group.mkdir()
    try:
        (group / "memory.limit_in_bytes").write_text(f"{mib}M")
        (group / "cgroup.procs").write_text(str(_host_pid(agent.machine, agent.show("MainPID"))))
        yield
    finally:
        group.rmdir()


def _host_pid(machine: Machine, pid: str) -> int:
    """The process as the host numbers it."""
    namespace = os.readlink(f"/proc/{machine.leader}/ns/pid")
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if entry.name.isdecimal() and os.readlink(entry / "ns/pid") == namespace:
                numbers = re.search(r"^NSpid:(.*)$", (entry / "status").read_text(), re.MULTILINE)
                if numbers and numbers[1].split()[-1] == pid:
                    return int(entry.name)
    raise RuntimeError(f"no process {pid} in {machine.name}")


def timed_stops(agent: Agent, times: int) -> list[float]:
    """How long each of so many stops took, with 3 orders pending and 2 positions open; as systemctl saw it."""
    agent.machine.run(["systemctl", "reset-failed", agent.unit], check=False)
    printed = agent.machine.run(["python3", "-", agent.unit, str(times)], stdin=_CYCLES, timeout_s=120).stdout
    return [float(line) for line in printed.splitlines()]


def query_ms(agent: Agent) -> tuple[float, Sequence[str]]:
    """How long a state query takes on average, and what the answers were."""
    path = f"/var/lib/standfast/agent/{agent.name}/state.db"
    average_ms, *states = agent.machine.run(["python3", "-", path], stdin=_QUERIES).stdout.split()
    return float(average_ms), states
