"""Which disks matter, and how full they are."""

import contextlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.check import findings
from standfast.check.findings import Answer
from standfast.detector.prediction.disk import mount_unit
from standfast.disks import disk, mount_point

_JOURNALS: Final = (paths.ROOT / "var/log/journal", paths.ROOT / "run/log/journal")


def answers(of: Iterable[str], lowest_share: float) -> list[Answer]:
    """An answer for each disk that the state, the journal or one of these files is on."""
    journal = next((one for one in _JOURNALS if one.exists()), _JOURNALS[0])
    return [_look(mount, lowest_share) for mount in mounts((paths.STATE, journal, *(Path(one) for one in of)))]


def mounts(files: Iterable[Path]) -> list[Path]:
    """Where the disks of these files are mounted; a file in a directory that cannot be seen is on none."""
    found: list[Path] = []
    for file in files:
        with contextlib.suppress(OSError):
            found.append(mount_point(file))
    return list(dict.fromkeys(found))


def _look(mount: Path, lowest_share: float) -> Answer:
    found = disk(mount)
    free = {"bytes": (found.bytes.free, found.bytes.total), "inodes": (found.inodes.free, found.inodes.total)}
    return findings.disk(str(mount), mount_unit(str(mount)), free, lowest_share)
