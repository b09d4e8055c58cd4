"""Reads what is predicted from: the memory of units, and how long their heartbeats are waited for.

A few units at each look, in turn, so that a look costs the same however many are watched; and only
those that have a limit: the others have nothing to run into.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from standfast.detector.clockwork import SteadyClock
from standfast.detector.prediction.model import Figure, FigureObservation
from standfast.detector.prediction.settings import PredictionSettings
from standfast.systemd1 import SERVICE, Systemd1, Systemd1Error

log = logging.getLogger(__name__)

CGROUPS: Final = Path("/sys/fs/cgroup")
# How many units are read at one look.
_AT_ONCE: Final = 50
# systemd's word for "no limit" and for "not known".
_NONE: Final = 2**64 - 1
# The longest wait of the last so many readings: one of them says only how old a heartbeat was just then.
_WAITS: Final = 10
# What the kernel takes back before it kills anybody: a unit that reads files is not a unit that leaks.
_RECLAIMABLE: Final = ("inactive_file", "active_file", "slab_reclaimable")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a unit that runs is found: its object on the bus, and the id of its run."""

    path: str
    run: str


@dataclass(frozen=True, slots=True)
class _Limits:
    run: str
    memory: int
    watchdog_us: int
    cgroup: str


class Gauges:
    """Reads the units of one connection in turn, each at most once in a sampling interval.

    Heartbeats are listened for at each look: whoever looks once, at whatever moment, seldom finds the longest wait.
    """

    def __init__(
        self, systemd: Systemd1, clock: SteadyClock, settings: PredictionSettings, cgroups: Path = CGROUPS
    ) -> None:
        self._systemd = systemd
        self._clock = clock
        self._settings = settings
        self._cgroups = cgroups
        self._limits: dict[str, _Limits] = {}
        self._waits: dict[str, deque[float]] = {}
        self._turn: list[str] = []
        self._listen_from = 0
        self._turn_began = float("-inf")

    async def read(self, units: Mapping[str, Place]) -> list[FigureObservation]:
        """The figures of those units whose turn it is."""
        if not (self._settings.wants(Figure.MEMORY) or self._settings.wants(Figure.WATCHDOG)):
            return []
        names = self._next(units)
        found = await asyncio.gather(*(self._figures(name, units[name]) for name in names))
        await self._listen({name: place for name, place in units.items() if name not in names})
        return [figure for figures in found for figure in figures]

    def clock_set(self, by_s: float) -> None:
        """The clock was set."""
        self._turn_began += by_s

    def _next(self, units: Mapping[str, Place]) -> list[str]:
        now = self._clock.now()
        if not self._turn and now - self._turn_began >= self._settings.sample_s * 0.99:
            self._turn, self._turn_began = sorted(units), now
            self._forget(units)
        names, self._turn = self._turn[:_AT_ONCE], self._turn[_AT_ONCE:]
        return [name for name in names if name in units]

    def _forget(self, units: Mapping[str, Place]) -> None:
        self._limits = {name: limits for name, limits in self._limits.items() if name in units}
        self._waits = {name: waits for name, waits in self._waits.items() if name in units}

    async def _figures(self, name: str, place: Place) -> list[FigureObservation]:
        try:
            limits = await self._limits_of(name, place)
            found = [await self._memory(name, place, limits), await self._heartbeat(name, place, limits)]
        except Systemd1Error as error:
            if not error.code:  # no answer at all is the manager's trouble, not this unit's
                raise
            log.debug("The figures of %s: %s", name, error)
            return []
        return [figure for figure in found if figure is not None]

    async def _limits_of(self, name: str, place: Place) -> _Limits:
        known = self._limits.get(name)
        if known is not None and known.run == place.run:
            return known
        memory, watchdog_us, cgroup = await asyncio.gather(
            *(self._get(place, key) for key in ("MemoryMax", "WatchdogUSec", "ControlGroup"))
        )
        self._waits.pop(name, None)
        self._limits[name] = _Limits(place.run, memory, watchdog_us, cgroup)
        return self._limits[name]

    async def _memory(self, name: str, place: Place, limits: _Limits) -> FigureObservation | None:
        if limits.memory in (0, _NONE) or not self._settings.wants(Figure.MEMORY):
            return None
        used = await self._get(place, "MemoryCurrent")
        reclaimable = self._reclaimable(limits.cgroup)
        if used == _NONE or reclaimable is None:
            return None
        # It can be set while the unit runs.
        limit = await self._get(place, "MemoryMax")
        own = max(used - reclaimable, 0)
        return (
            FigureObservation(self._clock.now(), Figure.MEMORY, name, own, limit, place.run) if limit < _NONE else None
        )

    def _reclaimable(self, cgroup: str) -> int | None:
        """How much of its memory is only a cache of files; None when the kernel does not say."""
        try:
            text = (self._cgroups / cgroup.lstrip("/") / "memory.stat").read_text()
            rows = dict(line.split() for line in text.splitlines())
            return sum(int(rows[name]) for name in _RECLAIMABLE if name in rows)
        except (OSError, ValueError):
            return None

    async def _listen(self, units: Mapping[str, Place]) -> None:
        """Take longer waits into the sample that is under way, of some of the units with heartbeats."""
        known = ((name, self._limits.get(name)) for name in sorted(units) if self._waits.get(name))
        names = [name for name, limits in known if limits is not None and limits.run == units[name].run]
        start = self._listen_from if self._listen_from < len(names) else 0
        self._listen_from = start + _AT_ONCE
        names = names[start : start + _AT_ONCE]
        waits = await asyncio.gather(*(self._heard(units[name]) for name in names))
        for name, wait in zip(names, waits, strict=True):
            if wait is not None:
                self._waits[name][-1] = max(self._waits[name][-1], wait)

    async def _heard(self, place: Place) -> float | None:
        try:
            return await self._wait(place)
        except Systemd1Error as error:
            if not error.code:
                raise
            return None

    async def _wait(self, place: Place) -> float | None:
        """How long ago the last heartbeat was sent; None where none was."""
        stamp_us = await self._get(place, "WatchdogTimestampMonotonic")
        return self._clock.now() - self._clock.from_monotonic_us(stamp_us) if stamp_us else None

    async def _heartbeat(self, name: str, place: Place, limits: _Limits) -> FigureObservation | None:
        if limits.watchdog_us in (0, _NONE) or not self._settings.wants(Figure.WATCHDOG):
            return None
        wait = await self._wait(place)
        if wait is None:
            return None
        now, limit_s = self._clock.now(), limits.watchdog_us / 1e6
        waits = self._waits.setdefault(name, deque(maxlen=_WAITS))
        waits.append(wait)
        # A daemon is to send one in each half of its time: shorter waits say nothing.
        longest_s = max(limit_s / 2, *waits)
        return FigureObservation(now, Figure.WATCHDOG, name, longest_s, limit_s, place.run)

    async def _get(self, place: Place, name: str) -> Any:
        return await self._systemd.get(place.path, SERVICE, name)
