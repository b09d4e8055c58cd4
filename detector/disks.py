"""How full the disks are that matter, each named by the place where it is mounted.

The detector's own sandbox shows it mounts of its own, of the same disks: so a disk is told by its
device number, and its mount point is found by going up until that changes.
"""

import asyncio
import functools
import logging
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standfast.detector.clockwork import SteadyClock
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.probes.aside import Aside

log = logging.getLogger(__name__)

# A dead network disk holds up nobody.
LOOK_MAY_TAKE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Usage:
    """A disk: where it is mounted, and its bytes in use of those that users may use."""

    mount_point: str
    used: int
    total: int


class Disks:
    """Looks at the disks of some paths now and then, and hands on what it finds."""

    def __init__(self, clock: SteadyClock, on_found: Callable[[FigureObservation], None]) -> None:
        self._clock = clock
        self._on_found = on_found
        self._looking: asyncio.Task[None] | None = None

    def watch(self, paths: Iterable[str], every_s: float) -> None:
        """Look at the disks of these paths from now on."""
        looks = [Aside(functools.partial(usage, Path(path)), None) for path in sorted(set(paths))]
        self._looking = asyncio.create_task(self._loop(looks, every_s))

    async def stop(self) -> None:
        """End it."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _loop(self, looks: list[Aside[Usage | None]], every_s: float) -> None:
        while True:
            found = await asyncio.gather(*map(_bounded, looks))
            for disk in {one.mount_point: one for one in found if one is not None}.values():
                now = self._clock.now()
                self._on_found(FigureObservation(now, Figure.DISK, disk.mount_point, disk.used, disk.total))
            await asyncio.sleep(every_s)


async def _bounded(look: Aside[Usage | None]) -> Usage | None:
    try:
        async with asyncio.timeout(LOOK_MAY_TAKE_S):
            return await look.run()
    except (TimeoutError, RuntimeError):  # no thread could be started: the next look may find one
        return None


def usage(path: Path) -> Usage | None:
    """The disk that a path is on, or will be on; None when that cannot be seen."""
    try:
        mounted = mount_point(path)
        found = os.statvfs(mounted)
    except OSError as error:
        log.debug("Cannot tell the disk of %s: %s", path, error.strerror)
        return None
    used = (found.f_blocks - found.f_bfree) * found.f_frsize
    total = used + found.f_bavail * found.f_frsize
    return Usage(str(mounted), used, total) if total else None


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
