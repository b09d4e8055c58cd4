"""The look at the detector and the notifier: do their units run, do their loops turn, did systemd restart them?"""

import asyncio
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from standfast import paths, statusfile
from standfast.check import findings
from standfast.check.findings import Answer, LastEnd
from standfast.errors import StandfastError
from standfast.moments import from_iso
from standfast.systemd1 import SERVICE, UNIT, ListedUnit, Systemd1, Systemd1Error
from standfast.unit_names import DETECTOR, NOTIFIER

log = logging.getLogger(__name__)

WATCHERS: Final = {DETECTOR: paths.DETECTOR_STATUS, NOTIFIER: paths.NOTIFIER_STATUS}
# When it last was up: what systemd has tried since then was no beginning.
DOWN_AT: Final = "ActiveExitTimestamp"


@dataclass(frozen=True, slots=True)
class Run:
    """The present run of a watcher: how often systemd had restarted it by then, and when it was started."""

    restarts: int
    started_at: datetime | None


@dataclass(frozen=True, slots=True)
class Watched:
    """What was found of the watchers; `runs` is empty where systemd did not say."""

    answers: tuple[Answer, ...]
    runs: Mapping[str, Run]

    @property
    def is_well(self) -> bool:
        """Whether nothing is amiss."""
        return all(answer.well is not False for answer in self.answers)


async def after_all(stale_after_s: float, look_again_after_s: float) -> Watched:
    """What is found of the watchers; when systemd does not say, only whether their loops turn."""
    try:
        async with await Systemd1.connect() as systemd:
            return await looked_at_twice(systemd, stale_after_s, look_again_after_s)
    except StandfastError as error:
        unknown = [findings.unasked(findings.watcher_down(unit), str(error)) for unit in WATCHERS]
        return Watched((*unknown, *_loops(stale_after_s)), {})


async def secrets_of(unit: str) -> tuple[str, ...]:
    """The names of the encrypted secrets that systemd hands over to a unit; none where it does not say."""
    try:
        async with await Systemd1.connect() as systemd:
            (row,) = await systemd.list_units([unit])
            listed = await _property(systemd, row, SERVICE, "LoadCredentialEncrypted")
    except StandfastError as error:
        log.info("Not known which secrets %s has: %s", unit, error)
        return ()
    return tuple(sorted(str(name) for name, _ in listed)) if isinstance(listed, list) else ()


async def looked_at_twice(systemd: Systemd1, stale_after_s: float, look_again_after_s: float) -> Watched:
    """What a second look finds where the first finds trouble.

    A watcher that is just being started, or that has not noticed yet that the clock was set, is none.
    """
    found = await _look(systemd, stale_after_s)
    if found.is_well:
        return found
    await asyncio.sleep(look_again_after_s)
    return await _look(systemd, stale_after_s)


async def _look(systemd: Systemd1, stale_after_s: float) -> Watched:
    answers, runs = [], {}
    for row in await systemd.list_units(WATCHERS):
        up_at, down_at = await _moment(systemd, row, "ActiveEnterTimestamp"), await _moment(systemd, row, DOWN_AT)
        is_up = findings.runs(row.name, row.active_state).well
        ended = None if is_up else await _last_end(systemd, row)
        answers.append(findings.runs(row.name, row.active_state, up_at if is_up else down_at, ended))
        restarts = await _number(systemd, row, SERVICE, "NRestarts")
        if restarts is not None:
            # One that never gets up is started all the same.
            started_at = await _moment(systemd, row, "ExecMainStartTimestamp", SERVICE)
            runs[row.name] = Run(restarts, started_at or up_at)
    return Watched((*answers, *_loops(stale_after_s)), runs)


async def _last_end(systemd: Systemd1, row: ListedUnit) -> LastEnd | None:
    """How its main process ended last: why one is down that nobody stopped."""
    result = await _property(systemd, row, SERVICE, "Result")
    status = await _number(systemd, row, SERVICE, "ExecMainStatus")
    return LastEnd(result, status or 0) if isinstance(result, str) else None


async def _moment(systemd: Systemd1, row: ListedUnit, name: str, interface: str = UNIT) -> datetime | None:
    """A time that systemd gives in microseconds since 1970; 0 for what never was."""
    stamp_us = await _number(systemd, row, interface, name)
    return datetime.fromtimestamp(stamp_us / 1e6, UTC) if stamp_us else None


async def _number(systemd: Systemd1, row: ListedUnit, interface: str, name: str) -> int | None:
    """A number that says more of a unit."""
    value = await _property(systemd, row, interface, name)
    return value if isinstance(value, int) else None


async def _property(systemd: Systemd1, row: ListedUnit, interface: str, name: str) -> object:
    """What says more of a unit; that it cannot be had (None) says nothing of the unit."""
    try:
        found: object = await systemd.get(row.path, interface, name)
    except Systemd1Error as error:
        log.debug("Cannot tell the %s of %s: %s", name, row.name, error)
        return None
    return found


def _loops(stale_after_s: float) -> list[Answer]:
    return [_turns(unit, path, stale_after_s) for unit, path in WATCHERS.items()]


def _turns(unit: str, path: Path, limit_s: float) -> Answer:
    turned_at = age_s = None
    try:
        status = statusfile.read(path)
        if status is not None:
            turned_at = from_iso(status["checked_at"])
            age_s = time.time() - turned_at.timestamp()
    except (StandfastError, KeyError, TypeError, ValueError) as error:
        log.warning("Cannot tell how fresh %s is: %s", path, error)
    return findings.turns(unit, age_s, limit_s, turned_at)
