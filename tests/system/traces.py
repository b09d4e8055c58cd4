"""What a package leaves on a machine."""

from __future__ import annotations

import re

from tests.system.machine import Machine

# What any installation and removal, and time, change on a machine.
NOISE = re.compile(
    r"/(proc|sys|dev|run/systemd|run/log|tmp|var/tmp|var/log|var/cache|var/lib/apt|var/lib/dpkg|var/lib/systemd/timers)(/|$)"
    r"|/etc/(passwd|shadow|group|gshadow|subuid|subgid)-$"
    r"|\.pyc$|/__pycache__$"
)


def traces(machine: Machine) -> set[str]:
    """Every path of the machine, its users and its groups."""
    paths = machine.run("find / -mount; find /run -mount; getent passwd; getent group").stdout.splitlines()
    return {path for path in paths if not NOISE.search(path)}
