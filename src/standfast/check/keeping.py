"""Where the memory lies: in the state directory, and, while that takes nothing, under /run.

On a full disk the check would otherwise forget what it told, and tell it in each run.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from standfast import paths, statusfile
from standfast.check import memory
from standfast.check.memory import DAMAGED, Memory
from standfast.statusfile import StatusFileError

log = logging.getLogger(__name__)

PLACES: Final = (paths.STATE / "check/memory.json", paths.RUNTIME / "check/memory.json")


def load(places: Iterable[Path] = PLACES) -> Memory:
    """The memory as it was written down last; nothing is open before the first run of all."""
    tables = []
    damaged = False
    for place in places:
        try:
            table = statusfile.read(place)
        except StatusFileError as error:
            log.warning("%s", error)
            damaged = True
            continue
        if table is not None:
            tables.append(table)
    if not tables:
        return DAMAGED if damaged else Memory()
    return memory.from_table(max(tables, key=memory.saved_at))


def save(kept: Memory, now: datetime, places: Iterable[Path] = PLACES) -> None:
    """Write it down at the first place that takes it, and nowhere else: an older one must never count again."""
    table = memory.to_table(kept, now)
    listed = tuple(places)
    taker = next((place for place in listed if _written(place, table)), None)
    if taker is None:
        log.error("Cannot write down what was told: it may be told again")
        return
    for other in listed:
        if other != taker:
            _remove(other)


def _remove(place: Path) -> None:
    try:
        place.unlink(missing_ok=True)
    except OSError as error:
        log.warning("Cannot remove the old %s: %s", place, error.strerror)


def _written(place: Path, table: Mapping[str, Any]) -> bool:
    try:
        statusfile.write(place, table)
    except StatusFileError as error:
        log.warning("%s", error)
        return False
    return True
