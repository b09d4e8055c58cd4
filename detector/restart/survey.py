"""One look at the fleet, as the plan needs it."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from standfast import statusfile
from standfast.detector.clockwork import SteadyClock
from standfast.detector.config import DetectorConfig
from standfast.detector.engine import Engine, Step
from standfast.detector.levels import FILE_MISSING_LOOKS
from standfast.detector.model import Ending, State
from standfast.detector.origins import journal_ending
from standfast.detector.problems import causes
from standfast.detector.reading import Meaning
from standfast.detector.restart.plan import Plan, make_plan
from standfast.detector.times import from_iso
from standfast.detector.watch import UnitWatcher
from standfast.errors import StandfastError
from standfast.systemd1 import UNIT, Systemd1

# A detector that has not looked for this long does not know how things are now.
FRESH_S: Final = 60.0


async def survey(systemd: Systemd1, config: DetectorConfig, status_path: Path) -> Plan:
    """What a master restart would do now.

    Raises:
        Systemd1Error: systemd does not answer.
    """
    engine = Engine(config)
    clock = SteadyClock()
    watcher = UnitWatcher(systemd, engine.watching, clock, _origin, asyncio.Event())
    observations = await watcher.reconcile()
    step = engine.step(State(), observations, clock.now(), scheduled=False)
    hints = fresh_hints(status_path, time.time(), config.check_interval_s)
    after = await _orderings(systemd, _restartable(step))
    failed = fresh_failed(status_path, time.time(), config.check_interval_s)
    plan = make_plan(step.assessment.facts.units, step.state.units, hints, after, config.restart.scope, failed)
    # The detector saw in which order they failed; a single look knows only what needs what.
    known = fresh_root_causes(status_path, time.time(), config.check_interval_s)
    files = fresh_bad_files(status_path, time.time(), config.check_interval_s)
    return replace(plan, root_causes=known or tuple(causes(step.assessment)), files=files)


def _origin(unit: str, invocation_id: str) -> Ending:
    return journal_ending(unit)


def _restartable(step: Step) -> list[str]:
    return [unit.unit for unit in step.assessment.facts.units if unit.rules.restart]


async def _orderings(systemd: Systemd1, units: Iterable[str]) -> dict[str, list[str]]:
    """For each unit the ones that it is ordered after."""
    rows = await systemd.list_units(units)
    lists = await asyncio.gather(*(systemd.get(row.path, UNIT, "After") for row in rows))
    return {row.name: after for row, after in zip(rows, lists, strict=True)}


def fresh_hints(status_path: Path, now: float, check_interval_s: float) -> dict[str, Meaning]:
    """What the running detector says of its units; empty when it does not run or hangs."""
    try:
        return _meanings(_fresh(status_path, now, check_interval_s).get("service_health", {}))
    except (AttributeError, KeyError, TypeError, ValueError):
        return {}


def fresh_failed(status_path: Path, now: float, check_interval_s: float) -> frozenset[str]:
    """The units that have failed for all the running detector knows; one that crash-loops is up at times."""
    try:
        rows = _fresh(status_path, now, check_interval_s).get("service_health", {})
        return frozenset(
            unit for unit, row in rows.items() if row["consecutive_failures"] >= row["thresholds"]["critical"]
        )
    except (AttributeError, KeyError, TypeError):
        return frozenset()


def fresh_root_causes(status_path: Path, now: float, check_interval_s: float) -> tuple[str, ...]:
    """The units that failed first for all the running detector knows; empty when it does not run or hangs."""
    found = _fresh(status_path, now, check_interval_s).get("root_cause")
    return tuple(map(str, found)) if isinstance(found, list) else ()


def fresh_bad_files(status_path: Path, now: float, check_interval_s: float) -> dict[str, str]:
    """The critical files that make a cascade, for all the running detector knows, and what is wrong with each."""
    try:
        files = _fresh(status_path, now, check_interval_s).get("critical_files", {})
        return {
            path: str(file["detail"])
            for path, file in files.items()
            if file["consecutive_failures"] >= FILE_MISSING_LOOKS
        }
    except (AttributeError, KeyError, TypeError):
        return {}


def _fresh(status_path: Path, now: float, check_interval_s: float) -> Mapping[str, Any]:
    try:
        status = statusfile.read(status_path)
        if status is None or now - from_iso(status["checked_at"]) > max(FRESH_S, 2 * check_interval_s):
            return {}
    except (StandfastError, KeyError, TypeError, ValueError):
        return {}
    return status


def _meanings(service_health: Mapping[str, Any]) -> dict[str, Meaning]:
    words = {unit: health["status"] for unit, health in service_health.items()}
    return {unit: Meaning(word) for unit, word in words.items() if word in list(Meaning)}
