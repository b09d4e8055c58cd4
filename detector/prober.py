"""Runs the probes of a configuration, each at its own interval, and hands on what they find."""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from standfast.detector.check_tables import Check, Database
from standfast.detector.clockwork import SteadyClock
from standfast.detector.model import CheckObservation, FileObservation, Observation, Outcome
from standfast.detector.probes import Finding, Probe, probe_for
from standfast.detector.probes.file import FileProbe

log = logging.getLogger(__name__)

# Threads, sockets and children at the same time.
PROBES_AT_ONCE = 16
FILE_TIMEOUT_S = 5.0

_FILE = "file"
_OF_NO_UNIT = ("", _FILE)


@dataclass(frozen=True, slots=True)
class Task:
    """A probe to run every `interval_s`; `unit` is "" for a database of the fleet."""

    unit: str
    name: str
    probe: Probe
    interval_s: float
    timeout_s: float
    failures: int = 1


class Prober:
    """Keeps one loop per probe; a probe that hangs or breaks stops no other."""

    def __init__(self, clock: SteadyClock, on_found: Callable[[Observation], None]) -> None:
        self._clock = clock
        self._on_found = on_found
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(PROBES_AT_ONCE)

    def watch_unit(self, unit: str, checks: Iterable[Check]) -> None:
        """Run a unit's checks from now on; those that run already go on."""
        for check in checks:
            self._check((unit, check.label), check, self._tell_check)

    def watch_database(self, database: Database) -> None:
        """Check a database of the fleet from now on."""
        self._check(("", database.name), database, self._tell_check)

    def watch_file(self, path: str, interval_s: float) -> None:
        """Check a critical file from now on."""
        self._start((_FILE, path), Task("", path, FileProbe(path), interval_s, FILE_TIMEOUT_S), self._tell_file)

    def keep_units(self, units: Collection[str]) -> None:
        """End the checks of units that are gone."""
        for key in [key for key in self._running if key[0] not in units and key[0] not in _OF_NO_UNIT]:
            task = self._running.pop(key)
            task.cancel()
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def stop(self) -> None:
        """End all probes."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), *self._ending, return_exceptions=True)
        self._running.clear()

    def _check(self, key: tuple[str, str], check: Check | Database, tell: Callable[[Task, Finding], None]) -> None:
        if key not in self._running:  # asked at each turn of the detector: only a new one is worth a probe
            unit, label = key
            task = Task(unit, label, probe_for(check), check.interval_s, check.timeout_s, check.failures)
            self._start(key, task, tell)

    def _start(self, key: tuple[str, str], task: Task, tell: Callable[[Task, Finding], None]) -> None:
        if key not in self._running:
            self._running[key] = asyncio.create_task(self._loop(task, tell))

    async def _loop(self, task: Task, tell: Callable[[Task, Finding], None]) -> None:
        failed = 0
        while True:
            async with self._free:
                finding = await look(task.probe, task.timeout_s)
            failed = failed + 1 if finding.outcome is Outcome.FAIL else 0
            if finding.outcome is not Outcome.FAIL or failed >= task.failures:
                tell(task, finding)
            await asyncio.sleep(task.interval_s)

    def _tell_check(self, task: Task, finding: Finding) -> None:
        now = self._clock.now()
        self._on_found(CheckObservation(now, task.name, task.unit, finding.outcome, finding.detail, finding.expires_at))

    def _tell_file(self, task: Task, finding: Finding) -> None:
        ok = {Outcome.OK: True, Outcome.FAIL: False}.get(finding.outcome)
        self._on_found(FileObservation(self._clock.now(), task.name, ok, finding.detail))


async def look(probe: Probe, timeout_s: float) -> Finding:
    """One look, bounded in time; whatever goes wrong with the probe itself is unknown."""
    # Gathered, so that a fault of one probe becomes a value instead of the end of its loop.
    (found,) = await asyncio.gather(_bounded(probe, timeout_s), return_exceptions=True)
    if isinstance(found, Finding):
        return found
    log.error("A probe broke", exc_info=found)
    return Finding(Outcome.UNKNOWN, f"the probe broke: {found}")


async def _bounded(probe: Probe, timeout_s: float) -> Finding:
    try:
        async with asyncio.timeout(timeout_s):
            return await probe.look()
    except TimeoutError:
        # Aside: it may look a name up, and the name server may be what is silent.
        return await asyncio.to_thread(probe.silence, timeout_s)
