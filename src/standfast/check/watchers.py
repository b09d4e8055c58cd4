"""The look at the detector and the notifier: do their units run, and do their loops turn?"""

import asyncio
import logging
import time
from pathlib import Path
from typing import Final

from standfast import paths, statusfile
from standfast.check import findings
from standfast.check.findings import Answer
from standfast.errors import StandfastError
from standfast.moments import from_iso
from standfast.systemd1 import Systemd1
from standfast.unit_names import DETECTOR, NOTIFIER

log = logging.getLogger(__name__)

WATCHERS: Final = {DETECTOR: paths.DETECTOR_STATUS, NOTIFIER: paths.NOTIFIER_STATUS}


async def after_all(stale_after_s: float, look_again_after_s: float) -> list[Answer]:
    """What is found of the watchers; when systemd does not say, only whether their loops turn."""
    try:
        async with await Systemd1.connect() as systemd:
            return await looked_at_twice(systemd, stale_after_s, look_again_after_s)
    except StandfastError as error:
        unknown = [findings.unasked(findings.watcher_down(unit), str(error)) for unit in WATCHERS]
        return unknown + _loops(stale_after_s)


async def looked_at_twice(systemd: Systemd1, stale_after_s: float, look_again_after_s: float) -> list[Answer]:
    """The answers of a second look where the first finds trouble.

    A watcher that is just being started, or that has not noticed yet that the clock was set, is none.
    """
    found = await _look(systemd, stale_after_s)
    if all(answer.well is not False for answer in found):
        return found
    await asyncio.sleep(look_again_after_s)
    return await _look(systemd, stale_after_s)


async def _look(systemd: Systemd1, stale_after_s: float) -> list[Answer]:
    rows = await systemd.list_units(WATCHERS)
    return [findings.runs(row.name, row.active_state) for row in rows] + _loops(stale_after_s)


def _loops(stale_after_s: float) -> list[Answer]:
    return [_turns(unit, path, stale_after_s) for unit, path in WATCHERS.items()]


def _turns(unit: str, path: Path, limit_s: float) -> Answer:
    try:
        status = statusfile.read(path)
        age_s = time.time() - from_iso(status["checked_at"]).timestamp() if status is not None else None
    except (StandfastError, KeyError, TypeError, ValueError) as error:
        log.warning("Cannot tell how fresh %s is: %s", path, error)
        age_s = None
    return findings.turns(unit, age_s, limit_s)
