"""What a machine keeps outside its own mount namespace, and how it goes away: a directory, a lock and a cgroup.

Processes and mounts die with the owner (parent-death signals, private mount namespace). A killed owner leaves an empty
cgroup and a directory; the next machine sweeps them away, since the kernel has let go of the dead owner's lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.system.tree import cache_directory, locked

CGROUP_PREFIX = "standfast-"

# In a mount namespace of its own, because the host may have the unified hierarchy elsewhere, or not mounted.
_REMOVE_CGROUP = """
umount -R /sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 cgroup2 /sys/fs/cgroup
cd "/sys/fs/cgroup/$1" 2>/dev/null || exit 0
echo 1 >cgroup.kill
tries=0
until grep -q 'populated 0' cgroup.events; do
    tries=$((tries + 1))
    [ "$tries" -lt 500 ] || { echo "processes survive in cgroup $1" >&2; exit 1; }
    sleep 0.01  # killed processes end within a few of these
done
cd /
find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} +
"""


def machines_directory() -> Path:
    """One directory and one lock file for each running machine of this host."""
    return cache_directory() / "machines"


@contextlib.contextmanager
def workplace(name: str) -> Iterator[Path]:
    """A directory for the machine *name*; it and the cgroup of that name are removed at the end, or swept later."""
    directory = machines_directory() / name
    with contextlib.ExitStack() as held:
        with locked(machines_directory() / "sweep"):
            _sweep()
            held.enter_context(locked(_lock(directory)))
            directory.mkdir()
        try:
            yield directory
        finally:
            remove(directory)


def sweep() -> None:
    """Remove what machines left behind whose owners are dead."""
    with locked(machines_directory() / "sweep"):
        _sweep()


def _sweep() -> None:
    for lock in machines_directory().glob("*.lock"):
        # What cannot be removed now (a killed process waits for a lazy init to reap it) is left to the next sweep.
        with lock.open("ab") as file, contextlib.suppress(BlockingIOError, subprocess.SubprocessError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            remove(lock.with_suffix(""))


def _lock(directory: Path) -> Path:
    return directory.with_name(f"{directory.name}.lock")


def remove(directory: Path) -> None:
    """End a machine's processes, and remove its cgroup, directory and lock."""
    command = ["unshare", "--mount", "--propagation=private", "sh", "-euc", _REMOVE_CGROUP, "sh", directory.name]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=30)
    shutil.rmtree(directory, ignore_errors=True)
    _lock(directory).unlink(missing_ok=True)
