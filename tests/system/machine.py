"""A disposable Debian machine with a real systemd: a container over a cached tree, gone without a trace at the end.

    with Machine("trixie", deb=Path("dist/standfast_0.1.0_all.deb")) as machine:
        machine.run("systemctl start standfast-agent@paper")
        machine.wait_unit("standfast-agent@paper.service", "active")
        entry = machine.wait_journal(STANDFAST_STATE="ACTIVE", timeout_s=10)

Enter it from a thread that outlives it: the machine dies with the thread that started it.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.system.leftovers import CGROUP_PREFIX, workplace
from tests.system.tree import tree

Command = str | Sequence[str]
Entry = dict[str, str]

BOOT_TIMEOUT_S = 60
TOOLS = ("mmdebstrap", "nsenter", "pkill", "setpriv", "systemd-nspawn", "unshare")
_HERE = Path(__file__).parent
_ENVIRONMENT = {
    "DEBIAN_FRONTEND": "noninteractive",
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "",
    "TERM": "dumb",
}
_PROBE = (
    "umount -R /sys/fs/cgroup 2>/dev/null || :; mount -t cgroup2 cgroup2 /sys/fs/cgroup"
    ' && mkdir "/sys/fs/cgroup/$1" && rmdir "/sys/fs/cgroup/$1"'
)
_numbers = itertools.count(1)

running: list[Machine] = []
"""The machines that are up now."""
post_mortems: list[tuple[str, str]] = []
"""Names and journals of machines that an exception ended, for whoever reports the failure."""


class MachineError(Exception):
    """A machine could not be booted, or died."""


class CommandError(MachineError):
    """A command in a machine failed; the message holds what it said."""

    def __init__(self, result: subprocess.CompletedProcess[str]) -> None:
        super().__init__(f"{result.args!r} exited {result.returncode}\n{result.stdout}{result.stderr}")
        self.result = result


class WaitError(MachineError):
    """What was waited for did not happen."""


@functools.cache
def why_not() -> str:
    """Why no machine can be booted here, or "" when one can."""
    if os.geteuid() != 0:
        return "booting a test machine needs root"
    if missing := [tool for tool in TOOLS if shutil.which(tool) is None]:
        return f"not installed: {', '.join(missing)}"
    command = ["unshare", "--mount", "--propagation=private", "sh", "-c", _PROBE, "sh", f"{CGROUP_PREFIX}{os.getpid()}"]
    if refused := _refusal(command):
        return f"no mount namespaces or cgroups here: {refused}"
    # The units' PrivateUsers= needs them; the kernel refuses them to whoever is in a chroot.
    if refused := _refusal(["unshare", "--user", "true"]):
        return f"no user namespaces here, as in a chroot: {refused}"
    return ""


def _refusal(command: list[str]) -> str:
    probe = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return probe.stderr.strip() or f"{command[0]} exited {probe.returncode}" if probe.returncode else ""


class Machine:
    """A booted Debian; see the module's text. Not reusable after its end."""

    def __init__(
        self,
        debian: str = "trixie",
        deb: Path | None = None,
        name: str = "machine",
        *,
        private_network: bool = True,
        more: Sequence[str] = (),
    ) -> None:
        self.debian = debian
        self.name = name
        self.leader = 0
        self._deb = deb
        self._private_network = private_network
        self._more = more
        self._id = f"{CGROUP_PREFIX}{name}-{debian}-{os.getpid()}-{next(_numbers)}"
        self._cleanup = contextlib.ExitStack()
        self._spawned: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            self._boot(stack)
            self._cleanup = stack.pop_all()
        running.append(self)
        try:
            if self._deb is not None:
                self.install(self._deb)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._cleanup:
            running.remove(self)
            if error is not None:
                with contextlib.suppress(MachineError):
                    post_mortems.append((self._id, self.journal_text()))

    # Life

    def _boot(self, stack: contextlib.ExitStack) -> None:
        if reason := why_not():
            raise MachineError(f"cannot boot a machine: {reason}")
        image = stack.enter_context(tree(self.debian, more=self._more))
        work = stack.enter_context(workplace(self._id))
        self._console = work / "console.log"
        console = stack.enter_context(self._console.open("wb"))
        # Whatever way this process ends, the kernel kills unshare, then the pid namespace: all of the container.
        command = ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "--propagation=private"]
        command += ["--pid", "--fork", "--kill-child=KILL", "--mount-proc"]
        command += [str(_HERE / "boot.sh"), str(image), str(work), self._id, *self._options()]
        with self._notifications() as notifications:
            self._container = subprocess.Popen(
                command,
                env={**_ENVIRONMENT, "NOTIFY_SOCKET": f"@{self._id}"},
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; they end the machine.
            )
            stack.callback(self._kill)
            self._wait_booted(notifications)

    def _options(self) -> list[str]:
        options = [f"--machine={self._id}"[:74], f"--hostname={self.name}"]
        return [*options, "--private-network", "--resolv-conf=off"] if self._private_network else options

    @contextlib.contextmanager
    def _notifications(self) -> Iterator[socket.socket]:
        """Where systemd-nspawn passes on what systemd notifies. Open only while read: once full, it blocks systemd."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
            receiver.bind(f"\0{self._id}")
            yield receiver

    def _wait_booted(self, notifications: socket.socket) -> None:
        """Wait for systemd's own word that the boot has ended."""
        deadline = time.monotonic() + BOOT_TIMEOUT_S
        with os.fdopen(os.pidfd_open(self._container.pid)) as death:
            while True:
                watched = [notifications.fileno(), death.fileno()]
                readable, _, _ = select.select(watched, [], [], max(0.0, deadline - time.monotonic()))
                if notifications.fileno() not in readable:
                    raise MachineError(f"{self._id} did not boot:\n{self._console.read_text(errors='replace')[-4000:]}")
                message = dict(line.partition("=")[::2] for line in notifications.recv(65536).decode().splitlines())
                if message.get("READY") == "1":
                    break
        self.leader = self._container.pid
        for _ in ("boot.sh", "systemd-nspawn", "the container's init"):
            self.leader = _only_child(self.leader)
        self.run("systemctl is-system-running --wait", check=False, timeout_s=BOOT_TIMEOUT_S)

    def _kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            if self.leader:
                os.kill(self.leader, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._container.wait(10)
        self._container.kill()
        self._container.wait()
        for process in self._spawned:
            process.communicate()

    def reboot(self) -> None:
        """Reboot; what is on disk stays, what was spawned ends."""
        self._end_spawned()
        with self._notifications() as notifications:
            self.run("systemctl reboot", check=False)
            self._wait_booted(notifications)

    def poweroff(self, timeout_s: float = 60) -> None:
        """Shut down in order and wait for the end; only leaving the machine is left to do."""
        self._end_spawned()
        self.run("systemctl poweroff", check=False)
        self._container.wait(timeout_s)

    def _end_spawned(self) -> None:
        """A shutdown first stops all processes; nsenter stops with its child, and would never reap it."""
        while self._spawned:
            _end(self._spawned.pop())

    def install(self, deb: Path) -> subprocess.CompletedProcess[str]:
        """`apt install` the package file."""
        self.write(f"/tmp/{deb.name}", deb.read_bytes())
        return self.run(["apt-get", "-q", "install", "-y", f"/tmp/{deb.name}"], timeout_s=300)

    # Commands and files

    def spawn(self, command: Command) -> subprocess.Popen[str]:
        """Start a command (a string is for bash); its output is readable, it ends at the latest with the machine."""
        process = subprocess.Popen(
            self._enter(command),
            env=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._spawned.append(process)
        return process

    def run(
        self, command: Command, *, check: bool = True, timeout_s: float = 60, stdin: bytes | str = b""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command (a string is for bash) as root and return what it said; CommandError unless it exits 0."""
        process = subprocess.Popen(
            self._enter(command),
            env=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = process.communicate(stdin.encode() if isinstance(stdin, str) else stdin, timeout_s)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise WaitError(f"{command!r} took longer than {timeout_s} s") from None
            raise
        result = subprocess.CompletedProcess(
            command, process.returncode, out.decode(errors="replace"), err.decode(errors="replace")
        )
        if check and result.returncode != 0:
            raise CommandError(result)
        return result

    def _enter(self, command: Command) -> list[str]:
        words = ["bash", "-c", command] if isinstance(command, str) else list(command)
        # nsenter forks; without the second setpriv its end would leave the command behind.
        return ["nsenter", f"--target={self.leader}", "--all", "--root", "--wd", "setpriv", "--pdeathsig=KILL", *words]

    def read(self, path: str) -> str:
        """The text of a file."""
        return self.run(["cat", path]).stdout

    def write(self, path: str, content: str | bytes, mode: str = "0644") -> None:
        """Create or replace a file, with its directories."""
        self.run(["install", "-D", f"--mode={mode}", "/dev/stdin", path], stdin=content)

    # Waiting by events

    def wait_unit(
        self, unit: str, active_state: str = "active", *, timeout_s: float = 30, **properties: str
    ) -> dict[str, str]:
        """Wait (by D-Bus signals) until the unit is in that state, and further D-Bus properties have those values.

        Returns LoadState, ActiveState, SubState, Result, NRestarts, MainPID, InvocationID and StatusText as text.
        """
        wanted = json.dumps({"ActiveState": active_state, **properties})
        result = self.run(
            ["python3", "-", unit, wanted, str(timeout_s)],
            stdin=(_HERE / "inside_wait_unit.py").read_bytes(),
            check=False,
            timeout_s=timeout_s + 10,
        )
        if result.returncode == 0:
            found: dict[str, str] = json.loads(result.stdout)
            return found
        status = self.run(["systemctl", "status", "--no-pager", "--full", unit], check=False).stdout
        raise WaitError(f"{unit} has not {wanted} after {timeout_s} s: {result.stdout}{result.stderr}\n{status}")

    def wait_journal(
        self,
        predicate: Callable[[Entry], bool] = lambda entry: True,
        *,
        since: str = "",
        timeout_s: float = 30,
        **matches: str,
    ) -> Entry:
        """Wait for the first entry after the cursor *since* ("" = of all) with those fields that meets a predicate."""
        command = _journalctl(since, matches)
        with self.spawn([*command, "--follow", "--no-tail"]) as process:
            try:
                for entry in map(_entry, _lines(process, time.monotonic() + timeout_s)):
                    if entry["__CURSOR"] != since and predicate(entry):
                        return entry
            finally:
                _end(process)
                self._spawned.remove(process)
        raise WaitError(f"no journal entry {matches or ''} since {since or 'the boot'} within {timeout_s} s")

    # The journal

    def cursor(self) -> str:
        """The position of the journal's newest entry, for `since`."""
        return _entry(self.run("journalctl --sync; journalctl --output=json --lines=1").stdout)["__CURSOR"]

    def journal(self, *, since: str = "", **matches: str) -> list[Entry]:
        """The entries after the cursor *since* with those fields, oldest first."""
        self.run("journalctl --sync")
        entries = map(_entry, self.run(_journalctl(since, matches)).stdout.splitlines())
        return [entry for entry in entries if entry["__CURSOR"] != since]

    def journal_text(self, since_unix_s: float = 0, lines: int = 400) -> str:
        """The journal's end as a human reads it."""
        command = ["journalctl", "--no-pager", "--output=short-precise", f"--since=@{since_unix_s:.0f}", f"-n{lines}"]
        return self.run(command, check=False).stdout


def _only_child(pid: int) -> int:
    (child,) = subprocess.run(["pgrep", "--parent", str(pid)], stdout=subprocess.PIPE, text=True).stdout.split()
    return int(child)


def _end(process: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    """Kill what nsenter started; nsenter then ends by itself, having reaped it.

    An orphan would become a child of the host's init, and hold up the machine's shutdown until that reaps it.
    """
    subprocess.run(["pkill", "-KILL", "--parent", str(process.pid)])
    process.communicate()


def _journalctl(since: str, matches: Mapping[str, str]) -> list[str]:
    """The command for the entries from the cursor on, it included: 252's --after-cursor loses one when it filters."""
    position = [f"--cursor={since}"] if since else []
    words = [f"{field}={value}" for field, value in matches.items()]
    return ["journalctl", "--output=json", "--all", "--no-pager", *position, *words]


def _entry(line: str) -> Entry:
    return {field: _text(value) for field, value in json.loads(line).items()}


def _text(value: object) -> str:
    """journalctl gives bytes that are not text as a list of numbers, and a field that occurs twice as a list."""
    if isinstance(value, list):
        if all(isinstance(item, int) for item in value):
            return bytes(value).decode(errors="replace")
        return _text(value[0])
    return str(value)


def _lines(process: subprocess.Popen[str], deadline: float) -> Iterator[str]:
    """The lines that the process prints until the deadline or its end."""
    assert process.stdout is not None
    pending = b""
    while (left_s := deadline - time.monotonic()) > 0 and select.select([process.stdout], [], [], left_s)[0]:
        if not (chunk := os.read(process.stdout.fileno(), 65536)):
            return
        *complete, pending = (pending + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in complete)
