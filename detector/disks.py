"""How full the disks are that matter, each named by the place where it is mounted."""

import asyncio
import functools
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standfast.detector.clockwork import SteadyClock
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.probes.aside import Aside
from standfast.disks import disk

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
            for one in {one.mount_point: one for one in found if one is not None}.values():
                now = self._clock.now()
                self._on_found(FigureObservation(now, Figure.DISK, one.mount_point, one.used, one.total))
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
        found = disk(path)
    except OSError as error:
        log.debug("Cannot tell the disk of %s: %s", path, error.strerror)
        return None
    room = found.bytes
    return Usage(str(found.mount_point), room.used, room.total) if room.total else None
