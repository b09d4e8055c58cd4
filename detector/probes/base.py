"""What every probe answers, and what an error on the way to a service says about it."""

import errno
import functools
import os
import socket
from pathlib import Path
from typing import Final, Protocol

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome

# The way to what is looked at is broken, or this process may not or cannot go it: that says nothing of what is there.
_WAY: Final = frozenset(
    {
        errno.EHOSTUNREACH,
        errno.ENETUNREACH,
        errno.ENETDOWN,
        errno.EHOSTDOWN,
        errno.EACCES,
        errno.EPERM,
        errno.EADDRNOTAVAIL,
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOBUFS,
        errno.ENOMEM,
    }
)


# What a probe says whose look is made aside.
HANGING: Final = Finding(Outcome.UNKNOWN, "an earlier look at it still hangs")
BROKEN: Final = Finding(Outcome.UNKNOWN, "the probe broke")


class Probe(Protocol):
    """Looks once. Never writes to what it looks at; may be cancelled at any time."""

    async def look(self) -> Finding:
        """What it finds; OSError when something on the way failed."""

    def silence(self, timeout_s: float) -> Finding:
        """What it says that the look took longer than that; it may block, and is asked in a thread."""


def is_hindered(error: OSError) -> bool:
    """Whether an error is about the way to what is looked at, or about this process, and not about what is there."""
    return error.errno in _WAY


def connection_error(error: OSError, host: str) -> Finding:
    """What it says of a service that connecting to it failed.

    Refused, reset and silence are the service's own doing on this host; from elsewhere the
    network may have answered, so nothing is known.
    """
    detail = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error) or type(error).__name__
    if isinstance(error, socket.gaierror) or is_hindered(error) or not is_local(host):
        return Finding(Outcome.UNKNOWN, detail)
    return Finding(Outcome.FAIL, detail)


def timed_out(host: str | None, timeout_s: float) -> Finding:
    """What it says that no answer came in time; a host of None is this one."""
    outcome = Outcome.FAIL if host is None or is_local(host) else Outcome.UNKNOWN
    return Finding(outcome, f"no answer within {timeout_s:g} s")


def is_local(host: str) -> bool:
    """Whether an address is one of this host's own; a name is looked up, which may take its time."""
    if host == "localhost":
        return True
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True


def missing(path: Path) -> Finding:
    """What it says that a file is not there: nothing where this process has a place of its own, as with PrivateTmp=."""
    if any(path.is_relative_to(place) for place in private_places(_mounts())):
        return Finding(Outcome.UNKNOWN, "the detector has a directory of its own in that place (PrivateTmp=)")
    return Finding(Outcome.FAIL, "missing")


@functools.cache
def _mounts() -> str:
    return Path("/proc/self/mountinfo").read_text()


def private_places(mounts: str) -> list[str]:
    """The directories of a mountinfo (see proc(5)) that systemd made for this service alone."""
    rows = (line.split() for line in mounts.splitlines())
    return [row[4] for row in rows if "/systemd-private-" in row[3]]
