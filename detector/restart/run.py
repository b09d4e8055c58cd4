"""Carries a plan out: queues all jobs together, so that systemd orders them, waits, and verifies."""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from standfast.clock import monotonic_s, utc_now
from standfast.detector.model import RESTART_PENDING, UP
from standfast.detector.restart.plan import Plan
from standfast.detector.restart.report import UnitReport, Up
from standfast.systemd1 import SERVICE, UNIT, Signal, Systemd1, Systemd1Error

log = logging.getLogger(__name__)

# Within the unit's TimeoutStartSec of ten minutes there must be time left to settle and to report.
JOBS_MAY_TAKE_S: Final = 480.0


@dataclass(slots=True)
class _Jobs:
    """The results of jobs, by object path; they may be there before anybody asks for them."""

    results: dict[str, tuple[str, float]] = field(default_factory=dict)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def on_signal(self, signal: Signal) -> None:
        if signal.member == "JobRemoved":
            self.results[signal.body[1]] = (signal.body[3], monotonic_s())
            self.changed.set()

    async def wait(self, paths: Iterable[str], timeout_s: float) -> None:
        """Return when all these jobs have ended, or the time is up."""
        wanted = set(paths)
        try:
            async with asyncio.timeout(timeout_s):
                while not wanted <= self.results.keys():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            log.error("%d restart jobs have not ended after %g s", len(wanted - self.results.keys()), timeout_s)


@dataclass(frozen=True, slots=True)
class _Standing:
    """How a unit stands; another invocation or a counted restart means that it did not stay up."""

    active_state: str
    sub_state: str
    invocation_id: bytes
    n_restarts: int
    active_at_s: float  # on the monotonic clock; 0 where it never was

    @property
    def is_up(self) -> bool:
        return self.active_state in UP

    @property
    def up(self) -> Up | None:
        """Since when it is up at this moment; None where it is not."""
        if not self.is_up:
            return None
        for_s = monotonic_s() - self.active_at_s
        return Up(utc_now().timestamp() - for_s, for_s)


async def carry_out(systemd: Systemd1, plan: Plan, settle_s: float) -> tuple[UnitReport, ...]:
    """Restart what the plan names and tell for each unit whether it is up, and stays up for `settle_s`.

    Raises:
        Systemd1Error: systemd does not answer any more.
    """
    jobs = _Jobs()
    await systemd.subscribe(jobs.on_signal)
    began_s = monotonic_s()
    for unit in plan.units:
        await _clear_limits(systemd, unit)
    paths, refused = await _queue(systemd, plan.units)
    await jobs.wait(paths.values(), JOBS_MAY_TAKE_S)
    # What was about to fall while it was asked for may be restarted by now: no job of another is in the way.
    again, refused = await _queue(systemd, refused)
    paths |= again
    await jobs.wait(again.values(), JOBS_MAY_TAKE_S)
    first = await _standings(systemd, paths)
    await asyncio.sleep(settle_s)
    # Whatever its job came to, a unit may be up by now: somebody may have mended it in the meantime.
    second = await _standings(systemd, plan.units)
    reports = []
    for unit in plan.units:
        result, ended_s = jobs.results.get(paths.get(unit, ""), ("no end", None))
        took_s = ended_s - began_s if ended_s is not None else None
        last = second.get(unit)
        why = refused.get(unit) or _why_not(result, first.get(unit), last)
        up = last.up if why and last is not None else None
        reports.append(UnitReport(unit, not why, took_s, why or "up", up))
    return tuple(reports)


async def _clear_limits(systemd: Systemd1, unit: str) -> None:
    """A unit at its start limit would refuse to start."""
    try:
        await systemd.reset_failed_unit(unit)
    except Systemd1Error as error:
        if not error.code:
            raise
        log.debug("%s: %s", unit, error)  # it is not loaded, so it has no limit to clear


async def _queue(systemd: Systemd1, units: Iterable[str]) -> tuple[dict[str, str], dict[str, str]]:
    """The job of each unit, and why some have none: mode `fail` never replaces somebody else's job."""
    paths, refused = {}, {}
    for unit in units:
        try:
            paths[unit] = await systemd.restart_unit(unit, "fail")
        except Systemd1Error as error:
            if not error.code:
                raise
            refused[unit] = str(error)
    return paths, refused


async def _standings(systemd: Systemd1, units: Iterable[str]) -> dict[str, _Standing]:
    rows = await systemd.list_units(units)
    found = {}
    for row in rows:
        invocation_id = bytes(await systemd.get(row.path, UNIT, "InvocationID"))
        is_service = row.name.endswith(".service") and row.load_state == "loaded"
        n_restarts = await systemd.get(row.path, SERVICE, "NRestarts") if is_service else 0
        active_at_s = await systemd.get(row.path, UNIT, "ActiveEnterTimestampMonotonic") / 1e6
        found[row.name] = _Standing(row.active_state, row.sub_state, invocation_id, n_restarts, active_at_s)
    return found


def _why_not(result: str, first: _Standing | None, second: _Standing | None) -> str:
    """Why a unit does not count as up; "" when it does."""
    if first is None or second is None:
        return "systemd knows it no more"
    if result != "done":
        return {"failed": "its start failed", "dependency": "a unit that it needs failed"}.get(result, f"job: {result}")
    if not second.is_up:
        return _down(second)
    stayed = (first.invocation_id, first.n_restarts) == (second.invocation_id, second.n_restarts)
    return "" if stayed else "did not stay up"


def _down(standing: _Standing) -> str:
    """A unit that was up after its job, and is no more."""
    if standing.sub_state in RESTART_PENDING:
        return "it crashed again"
    states = dict.fromkeys((standing.active_state, standing.sub_state))
    return f"it is {'/'.join(states)}"
