"""standfast-check: one deep look at databases, files and disk, and at the watchers themselves."""

import asyncio
import logging
import os
import shutil
import time
from pathlib import Path
from typing import Final

from standfast import paths, statusfile
from standfast.config import ConfigError, load
from standfast.daemon import EXIT_CONFIG, EXIT_FAILURE, log_mistakes
from standfast.detector.check import findings
from standfast.detector.check.config import CheckConfig
from standfast.detector.check.findings import Answer
from standfast.detector.check.memory import is_open
from standfast.detector.config import DetectorConfig
from standfast.detector.prober import look
from standfast.detector.probes.file import FileProbe
from standfast.detector.probes.sqlite import SqliteProbe
from standfast.detector.times import from_iso
from standfast.errors import StandfastError
from standfast.journal import Journal, configure_logging
from standfast.systemd1 import Systemd1

log = logging.getLogger(__name__)

IDENTIFIER: Final = "standfast-check"
WATCHERS: Final = {
    "standfast-detector.service": paths.DETECTOR_STATUS,
    "standfast-notifier.service": paths.NOTIFIER_STATUS,
}
FILE_TIMEOUT_S: Final = 10.0
LOOK_AGAIN_AFTER_S: Final = 15.0
# journald reads the unit of a sender from its process: it must be there still (measured: 5 ms are enough).
LINGER_S: Final = 0.05


def main() -> int:
    """Check once; 0 when it could be checked, whatever was found, 78 on bad configuration."""
    configure_logging(IDENTIFIER)
    try:
        config = load(CheckConfig, paths.CHECK_CONFIG, os.environ)
        fleet = load(DetectorConfig, paths.DETECTOR_CONFIG, os.environ)
    except ConfigError as error:
        log_mistakes(error)
        return EXIT_CONFIG
    try:
        answers = asyncio.run(_check(config, fleet))
    except StandfastError as error:
        log.error("%s", error)
        return EXIT_FAILURE
    _tell(answers)
    return 0


async def _check(config: CheckConfig, fleet: DetectorConfig) -> list[Answer]:
    async with await Systemd1.connect() as systemd:
        found = await watchers_after_all(systemd, config.stale_after_s)
    usage = shutil.disk_usage(paths.STATE)
    found.append(findings.disk(usage.free, usage.total, config.disk.lowest_share, str(paths.STATE)))
    databases = {
        database.name: await look(
            SqliteProbe(database.path, config.database_timeout_s, deep=True), config.database_timeout_s
        )
        for database in fleet.database
    }
    files = {path: await look(FileProbe(path), FILE_TIMEOUT_S) for path in fleet.critical_files}
    return [*found, findings.together(findings.DATABASES, databases), findings.together(findings.FILES, files)]


async def watchers_after_all(systemd: Systemd1, stale_after_s: float) -> list[Answer]:
    """What is found of the watchers, twice where the first look finds trouble.

    One that is just being started, or that has not noticed yet that the clock was set, is none.
    """
    found = await _watchers(systemd, stale_after_s)
    if all(answer.well is not False for answer in found):
        return found
    await asyncio.sleep(LOOK_AGAIN_AFTER_S)
    return await _watchers(systemd, stale_after_s)


async def _watchers(systemd: Systemd1, stale_after_s: float) -> list[Answer]:
    rows = await systemd.list_units(WATCHERS)
    found = [findings.runs(row.name, row.active_state) for row in rows]
    return found + [_turns(unit, path, stale_after_s) for unit, path in WATCHERS.items()]


def _turns(unit: str, path: Path, limit_s: float) -> Answer:
    try:
        status = statusfile.read(path)
        age_s = time.time() - from_iso(status["checked_at"]) if status is not None else None
    except (StandfastError, KeyError, TypeError, ValueError) as error:
        log.warning("Cannot tell how fresh %s is: %s", path, error)
        age_s = None
    return findings.turns(unit, age_s, limit_s)


def _tell(answers: list[Answer]) -> None:
    journal = Journal(IDENTIFIER)
    said = findings.events(answers, is_open)
    for event in said:
        journal.emit(event)
    unwell = sum(1 for answer in answers if answer.well is False)
    unknown = [answer.words for answer in answers if answer.well is None]
    log.info("Checked %d things: %d not well, %d could not be told", len(answers), unwell, len(unknown))
    time.sleep(LINGER_S)
    journal.close()


if __name__ == "__main__":
    raise SystemExit(main())
