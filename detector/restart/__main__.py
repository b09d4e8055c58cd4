"""standfast-master-restart: restarts the watched units in systemd's order and verifies them; --plan only tells."""

import argparse
import asyncio
import logging
import os
import signal
import time
from typing import Final

from standfast import paths
from standfast.clock import monotonic_s
from standfast.config import ConfigError, load
from standfast.daemon import EXIT_CONFIG, log_mistakes
from standfast.detector.config import DetectorConfig
from standfast.detector.restart.next_one import next_automatic
from standfast.detector.restart.report import (
    EXIT_STATUSES,
    Verdict,
    broken,
    ended,
    nothing,
    plan_lines,
    started,
    unit_lines,
    verdict,
)
from standfast.detector.restart.requester import is_by_hand
from standfast.detector.restart.run import carry_out
from standfast.detector.restart.survey import detector_status, survey
from standfast.errors import StandfastError
from standfast.events import Topic
from standfast.heartbeat import Heartbeat
from standfast.journal import Journal, configure_logging
from standfast.systemd1 import Systemd1, Systemd1Error
from standfast.unit_names import MASTER_RESTART

log = logging.getLogger(__name__)

IDENTIFIER: Final = "standfast-master-restart"
# journald reads the unit of a sender from its process: it must be there still (measured: 5 ms are enough).
LINGER_S: Final = 0.05
# When journald is down its socket is back within a few seconds.
JOURNAL_MAY_TAKE_S: Final = 10.0


def main() -> int:
    """Restart, or with --plan only print what would be done; 0 all up, 1 some, 9 none, 78 bad configuration."""
    parser = argparse.ArgumentParser(prog=IDENTIFIER, description=__doc__)
    parser.add_argument("--plan", action="store_true", help="print what would be restarted, in order, and why")
    arguments = parser.parse_args()
    configure_logging(IDENTIFIER, logging.WARNING if arguments.plan else logging.INFO)
    try:
        config = load(DetectorConfig, paths.DETECTOR_CONFIG, os.environ)
    except ConfigError as error:
        log_mistakes(error)
        if not arguments.plan:
            _tell_mistake(error)
        return EXIT_CONFIG
    try:
        return asyncio.run(_print_plan(config) if arguments.plan else _restart(config))
    except StandfastError as error:
        log.error("%s", error)
        return EXIT_STATUSES[Verdict.FAILURE]


def _tell_mistake(error: ConfigError) -> None:
    """The detector runs on with its old configuration; this program has no other than the file."""
    journal = Journal(IDENTIFIER)
    journal.emit(broken(f"{error.first_line}; correct that, then start it again"))
    _let_the_journal_finish(journal)


async def _print_plan(config: DetectorConfig) -> int:
    async with await Systemd1.connect() as systemd:
        plan = await survey(systemd, config, paths.DETECTOR_STATUS)
    print("\n".join(plan_lines(plan)))
    return 0


async def _restart(config: DetectorConfig) -> int:
    journal = Journal(IDENTIFIER)
    task = asyncio.create_task(_restart_and_tell(config, journal))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        result = await task
    except asyncio.CancelledError:
        journal.emit(broken("it was stopped"))
        result = Verdict.FAILURE
    except StandfastError as error:
        journal.emit(broken(str(error)))
        result = Verdict.FAILURE
    _let_the_journal_finish(journal)
    return EXIT_STATUSES[result]


async def _restart_and_tell(config: DetectorConfig, journal: Journal) -> Verdict:
    heartbeat = Heartbeat()
    began_s, began_at = monotonic_s(), time.time()
    async with await Systemd1.connect() as systemd:
        plan = await survey(systemd, config, paths.DETECTOR_STATUS)
        if not plan.restarted:
            journal.emit(nothing(plan))
            await _do_not_count(systemd)
            return Verdict.SUCCESS
        journal.emit(started(plan, is_by_hand=is_by_hand(time.time())))
        heartbeat.status(f"Restarting {len(plan.units)} units")
        reports = await carry_out(systemd, plan, config.restart.settle_s)
    for line in unit_lines(reports):
        log.info("%s %s", Topic.STATE, line)
    next_one = next_automatic(config, detector_status(paths.DETECTOR_STATUS), began_at)
    event = ended(reports, monotonic_s() - began_s, plan, config.restart.settle_s, next_one)
    journal.emit(event)
    heartbeat.status(event.message)
    return verdict(reports)


async def _do_not_count(systemd: Systemd1) -> None:
    """What restarted nothing is not to be one of the three starts that systemd allows in an hour."""
    try:
        await systemd.reset_failed_unit(MASTER_RESTART)
    except Systemd1Error as error:
        log.warning("This start counts towards systemd's limit on %s: %s", MASTER_RESTART, error)


def _let_the_journal_finish(journal: Journal) -> None:
    deadline_s = monotonic_s() + JOURNAL_MAY_TAKE_S
    while not journal.flush() and monotonic_s() < deadline_s:
        time.sleep(0.1)
    time.sleep(LINGER_S)
    journal.close()


if __name__ == "__main__":
    raise SystemExit(main())
