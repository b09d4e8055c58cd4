"""A real systemd-journald of a test's own: in a mount namespace with its own /run, gone with the test.

Needs root, since a mount namespace does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

JOURNALD = Path("/lib/systemd/systemd-journald")
START_TIMEOUT_S = 10
_START = """
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/journal /run/log/journal /run/systemd/journald.conf.d
cat > /run/systemd/journald.conf.d/test.conf <<END
[Journal]
Storage=volatile
ReadKMsg=no
Audit=no
RateLimitBurst=0
RuntimeMaxUse=$1
END
exec /lib/systemd/systemd-journald
"""


def why_not() -> str:
    """Why there can be none here, or "" when there can."""
    if os.geteuid() != 0:
        return "a journald of one's own needs root"
    if not JOURNALD.exists() or shutil.which("unshare") is None:
        return "systemd-journald or unshare is not installed"
    return ""


class PrivateJournal:
    """A running journald; entries are sent to it as any program would, with the sender's real user id."""

    def __init__(self, max_use: str = "256M") -> None:
        self._max_use = max_use
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)

    def __enter__(self) -> Self:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
            ready.bind(f"\0standfast-journal-{os.getpid()}-{id(self)}")
            ready.settimeout(START_TIMEOUT_S)
            address = ready.getsockname().decode().replace("\0", "@")
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig=KILL", "unshare", "--mount", "sh", "-ec", _START, "sh", self._max_use],
                env={"PATH": os.environ["PATH"], "NOTIFY_SOCKET": address},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            while b"READY=1" not in ready.recv(4096):
                pass
        self._socket.connect(str(self.run / "systemd/journal/socket"))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def run(self) -> Path:
        """Its /run, as seen from outside."""
        return Path(f"/proc/{self.pid}/root/run")

    @property
    def directory(self) -> Path:
        """Where its files are, for a reader."""
        return self.run / "log/journal"

    def send(self, fields: Mapping[str, str | bytes]) -> None:
        """Log one entry by journald's own protocol."""
        self._socket.send(b"".join(_field(name, value) for name, value in fields.items()))

    def command(self, words: Sequence[str]) -> list[str]:
        """A command that runs with this journal as the host's."""
        return ["nsenter", f"--target={self.pid}", "--mount", f"--wd={os.getcwd()}", "--", *words]

    def journalctl(self, *words: str) -> str:
        """What journalctl prints of it."""
        command = ["journalctl", f"--directory={self.directory}", "--no-pager", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def inside(self, *words: str, check: bool = True) -> None:
        """Run a command with this journal as the host's, in its mount namespace."""
        subprocess.run(self.command(words), capture_output=True, check=check)

    def control(self, *words: str) -> None:
        """Have journalctl do something to the running journald: --rotate, --sync, --vacuum-..."""
        self.inside("journalctl", *words)

    def signal(self, number: int) -> None:
        """Send journald a signal."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)


def _field(name: str, value: str | bytes) -> bytes:
    """A field in the native protocol: binary ones with their length in front."""
    raw = value.encode() if isinstance(value, str) else value
    if b"\n" in raw:
        return name.encode() + b"\n" + struct.pack("<Q", len(raw)) + raw + b"\n"
    return name.encode() + b"=" + raw + b"\n"
