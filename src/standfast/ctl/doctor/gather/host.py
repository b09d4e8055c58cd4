"""The host: users, polkit, the journal, disks, the clock."""

import grp
import importlib.util
import os
import pwd
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.ctl.doctor.facts import Journal, Polkit, Unit
from standfast.ctl.doctor.rules.disk import JOURNAL
from standfast.ctl.doctor.rules.libraries import LIBRARIES
from standfast.ctl.doctor.rules.permission import RULE
from standfast.disks import disk
from standfast.unit_names import DETECTOR, MASTER_RESTART

USERS: Final = ("standfast", "standfast-status", "standfast-agent")
GROUPS: Final = ("standfast-admin", "systemd-journal")
_LIMIT_S: Final = 10.0
# pkcheck(1): 0 is allowed; 1, 2 and 3 are not, or not without a question; above that it could not tell.
_ALLOWED: Final = 0
_REFUSED: Final = (1, 2, 3)


def missing_users(others: Iterable[str]) -> tuple[str, ...]:
    """Those of Standfast's users, and of the others, that this host does not know."""
    known = {user.pw_name for user in pwd.getpwall()}
    return tuple(name for name in dict.fromkeys((*USERS, *others)) if name not in known and not _known(name))


def _known(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def missing_groups() -> tuple[str, ...]:
    """Those of the groups that this host does not know."""
    known = {group.gr_name for group in grp.getgrall()}
    return tuple(name for name in GROUPS if name not in known)


def deaf_admins() -> tuple[str, ...]:
    """Administrators of Standfast who may not read the journal."""
    members = {group.gr_name: set(group.gr_mem) for group in grp.getgrall()}
    readers = members.get("systemd-journal", set()) | members.get("adm", set()) | {"root"}
    return tuple(sorted(members.get("standfast-admin", set()) - readers))


def polkit(service: Unit, detector: Unit) -> Polkit:
    """What polkit grants the detector, asked of polkit itself while the detector runs; root alone may ask."""
    pid = detector.get("MainPID")
    can_ask = os.geteuid() == 0 and pid.isdigit() and int(pid) > 0
    return Polkit(
        # Debian 12 keeps polkit's rules to polkit: for others they count as there.
        rule_installed=paths.is_there(Path(RULE)),
        service=service,
        may_start_master=_may_start(pid, MASTER_RESTART) if can_ask else None,
        may_start_others=_may_start(pid, DETECTOR) if can_ask else None,
    )


def _may_start(pid: str, unit: str) -> bool | None:
    command = ["pkcheck", "--action-id", "org.freedesktop.systemd1.manage-units", "--process", pid]
    done = _run([*command, "--detail", "unit", unit, "--detail", "verb", "start"])
    if done is None or done.returncode not in (_ALLOWED, *_REFUSED):
        return None
    return done.returncode == _ALLOWED


def journal() -> Journal:
    """How journald is configured, all of its files together, and whether it has a place on disk."""
    done = _run(["systemd-analyze", "cat-config", "systemd/journald.conf"])
    settings = {}
    for line in done.stdout.splitlines() if done else ():
        key, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")) and value.strip():
            settings[key.strip()] = value.strip()
    on_disk = settings.get("Storage", "auto") != "volatile" and Path(JOURNAL).is_dir()
    return Journal(on_disk, settings)


def free_shares() -> dict[str, float]:
    """The free share of the disks that databases and journal lie on."""
    found = {}
    for path in (paths.STATE, Path(JOURNAL)):
        if path.is_dir():
            room = disk(path).bytes
            found[str(path)] = room.free / room.total if room.total else 1.0
    return found


def is_synchronized() -> bool | None:
    """Whether somebody keeps the clock right; None where it cannot be told."""
    done = _run(["timedatectl", "show", "--property=NTPSynchronized", "--value"])
    return {"yes": True, "no": False}.get(done.stdout.strip()) if done else None


def modules() -> frozenset[str]:
    """The libraries that channels speak through and this host has."""
    return frozenset(module for module, _ in LIBRARIES.values() if _is_installed(module))


def _is_installed(module: str) -> bool:
    """Whether a library is there, without loading it; what lies in the current directory is none."""
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return False
    return found is not None and found.origin is not None and Path(found.origin).is_absolute()


def in_container() -> bool:
    """Whether this host is a container."""
    done = _run(["systemd-detect-virt", "--container", "--quiet"])
    return done is not None and done.returncode == 0


def _run(command: list[str]) -> subprocess.CompletedProcess[str] | None:
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return None
