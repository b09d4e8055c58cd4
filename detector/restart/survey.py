"""One look at the fleet, as the plan needs it."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from standfast import statusfile
from standfast.detector.clockwork import SteadyClock
from standfast.detector.config import DetectorConfig
from standfast.detector.engine import Engine, Step
from standfast.detector.model import Ending, State
from standfast.detector.origins import journal_ending
from standfast.detector.problems import causes
from standfast.detector.restart.known import known
from standfast.detector.restart.plan import Plan, make_plan
from standfast.detector.watch import UnitWatcher
from standfast.statusfile import StatusFileError
from standfast.systemd1 import UNIT, Systemd1


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
    told = known(detector_status(status_path), time.time(), config.check_interval_s)
    after, wants = await asyncio.gather(*(_lists(systemd, _restartable(step), name) for name in ("After", "Wants")))
    units, scope = step.assessment.facts.units, config.restart.scope
    plan = make_plan(units, step.state.units, told, after, wants, scope)
    # The detector saw in which order they failed; a single look knows only what needs what.
    return replace(plan, root_causes=told.root_causes or tuple(causes(step.assessment)), files=told.bad_files)


def detector_status(path: Path) -> Mapping[str, Any] | None:
    """What the running detector says; None where it does not run, or what it wrote cannot be read."""
    try:
        return statusfile.read(path)
    except StatusFileError:
        return None


def _origin(unit: str, invocation_id: str) -> Ending:
    return journal_ending(unit)


def _restartable(step: Step) -> list[str]:
    return [unit.unit for unit in step.assessment.facts.units if unit.rules.restart]


async def _lists(systemd: Systemd1, units: Iterable[str], name: str) -> dict[str, list[str]]:
    """For each unit the others that it is ordered after, or wants."""
    rows = await systemd.list_units(units)
    lists = await asyncio.gather(*(systemd.get(row.path, UNIT, name) for row in rows))
    return {row.name: others for row, others in zip(rows, lists, strict=True)}
