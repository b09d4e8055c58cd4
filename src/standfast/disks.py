"""How full a disk is, worked out in one way for all who look: of what users may use, as df(1) shows it.

A daemon's own sandbox shows it mounts of its own, of the same disks: so a disk is told by its device
number, and its mount point is found by going up until that changes.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Room:
    """Of a disk's bytes, or of its inodes: those in use, and those free for users; a reserve for root is neither."""

    used: int
    free: int

    @property
    def total(self) -> int:
        """All that there are for users; 0 where the file system does not count them."""
        return self.used + self.free


@dataclass(frozen=True, slots=True)
class Disk:
    """A disk, named by where it is mounted."""

    mount_point: Path
    bytes: Room
    inodes: Room


def disk(path: Path) -> Disk:
    """The disk that a path is on, or will be on.

    Raises:
        OSError: that cannot be seen.
    """
    mounted = mount_point(path)
    found = os.statvfs(mounted)
    size = found.f_frsize
    return Disk(
        mounted,
        Room((found.f_blocks - found.f_bfree) * size, found.f_bavail * size),
        Room(found.f_files - found.f_ffree, found.f_favail),
    )


def mount_point(path: Path) -> Path:
    """Where the disk is mounted that a path is on, or will be on.

    Raises:
        OSError: that cannot be seen.
    """
    place = _nearest(path)
    device = place.stat().st_dev
    for above in place.parents:
        if above.stat().st_dev != device:
            break
        place = above
    return place


def _nearest(path: Path) -> Path:
    """The directory that is there at the path or above it: an overlay gives files device numbers of their own."""
    for one in (path, *path.parents):
        try:
            if stat.S_ISDIR(one.stat().st_mode):
                return one.resolve()
        except (FileNotFoundError, NotADirectoryError):
            continue
    raise FileNotFoundError(path)
