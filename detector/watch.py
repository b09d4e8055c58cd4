"""The watch over units: what systemd says on D-Bus becomes observations.

Signals only say which unit to look at, and when; what is observed comes from asking. The
watcher subscribes before it reads, so that nothing happens unseen in between.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from standfast.detector.clockwork import SteadyClock
from standfast.detector.endings import Endings
from standfast.detector.exits import exit_words
from standfast.detector.gauges import Gauges, Place
from standfast.detector.model import DOWN, RESTART_PENDING, UP, Ending, UnitObservation, is_gone
from standfast.detector.prediction.model import FigureObservation
from standfast.detector.start_limit import HIT, StartLimit
from standfast.detector.watched import Watching
from standfast.systemd1 import SERVICE, UNIT, UNIT_PATHS, ListedUnit, Signal, Systemd1, Systemd1Error
from standfast.unit_names import MASTER_RESTART

log = logging.getLogger(__name__)

NEEDS: Final = ("Requires", "Requisite", "BindsTo", "PartOf")
# Units of other types do not fail in ways that take a service along.
_NEEDED_TYPES: Final = (".service", ".socket", ".mount", ".device")
# How many units that did not change are read in full at each reconciliation, to find what signals did not tell.
_READ_AGAIN: Final = 50
# What failed with its job may be restarted within a moment of that; if it is not, it is given up.
CONFIRMED_AFTER_S: Final = 0.3
# systemd's "infinity".
_FOR_EVER_US: Final = 2**64 - 1


class UnitWatcher:
    """Watches the units of a configuration on one bus connection.

    Attributes that the caller hands in: `origin` tells by whose doing a unit is down that was down
    at the first look; `wake` is set when there is something to look at; `names` are units that
    globs matched on an earlier connection; `unclean` tells of units that ended unclean while nobody
    watched, what systemd called that; `is_configured` tells whether there is such a unit for us:
    systemd loads an instance of a template for whoever asks after it; `was_refused` tells whether systemd refused to
    start a unit again after that run of it, while nobody watched.
    """

    def __init__(
        self,
        systemd: Systemd1,
        watching: Watching,
        clock: SteadyClock,
        origin: Callable[[str, str], Ending],
        wake: asyncio.Event,
        names: Iterable[str] = (),
        unclean: Mapping[str, str] | None = None,
        is_configured: Callable[[str], bool] = lambda unit: True,
        was_refused: Callable[[str, str], bool] = lambda unit, run: False,
    ) -> None:
        self._systemd = systemd
        self._watching = watching
        self._clock = clock
        self._origin = origin
        self._endings = Endings()
        self._unclean = unclean or {}
        self._is_configured = is_configured
        self._was_refused = was_refused
        self._wake = wake
        self._names: set[str] = {*watching.names, *names, MASTER_RESTART}
        self._needed: set[str] = set()
        self._rows: dict[str, ListedUnit] = {}
        self._observed: dict[str, UnitObservation] = {}
        self._fixed: dict[str, tuple[tuple[str, ...], str]] = {}
        self._after: dict[str, tuple[str, ...]] = {}
        self._dirty: set[str] = set()
        self._passed: set[str] = set()
        self._read_again_from = 0
        self._reloads = 0
        self._gauges = Gauges(systemd, clock, watching.prediction)

    @property
    def names(self) -> frozenset[str]:
        """What is watched: by name, and what globs matched so far."""
        return frozenset(self._names)

    @property
    def after(self) -> Mapping[str, tuple[str, ...]]:
        """The watched units that each watched unit is ordered after; for showing only, no decision rests on it."""
        return self._after

    async def start(self) -> None:
        """Subscribe; from now on `wake` is set when there is something to look at."""
        await self._systemd.subscribe(self._on_signal)

    async def reconcile(self) -> list[UnitObservation]:
        """Look at every unit, also at what signals did not tell of."""
        self._passed.clear()
        await self._match_globs()
        dirty, self._dirty = self._dirty, set()
        names = self._all_names()
        rows = await self._list(names)
        moved = {name for name, row in rows.items() if self._rows.get(name) != row}
        return await self._observe(rows, dirty | moved | self._next_to_read_again(names))

    async def look(self) -> list[UnitObservation]:
        """Look at the units that signals told of."""
        dirty, self._dirty = self._dirty, set()
        if not dirty:
            return []
        return await self._observe(await self._list(dirty), dirty)

    async def figures(self) -> list[FigureObservation]:
        """How near to their limits some of the units are that run."""
        return await self._gauges.read(
            {
                name: Place(self._rows[name].path, seen.invocation_id)
                for name, seen in self._observed.items()
                if name.endswith(".service") and seen.active_state == "active" and self._watching.watches(name)
            }
        )

    def clock_set(self, by_s: float) -> None:
        """The clock was set."""
        self._gauges.clock_set(by_s)

    def _all_names(self) -> list[str]:
        return sorted(self._names | self._needed)

    def _next_to_read_again(self, names: list[str]) -> set[str]:
        start = self._read_again_from
        self._read_again_from = start + _READ_AGAIN if start + _READ_AGAIN < len(names) else 0
        return set(names[start : start + _READ_AGAIN])

    async def _match_globs(self) -> None:
        if self._watching.patterns:
            listed = await self._systemd.list_units_matching(self._watching.patterns)
            # A stopped instance of a template is unloaded: a glob watches it on, as long as there is such a unit.
            there = (row.name for row in listed if self._load_state(row) != "not-found")
            self._names |= {name for name in there if self._watching.watches(name)}

    def _load_state(self, row: ListedUnit) -> str:
        """Of an instance that does not run, and that nobody configures any more, there is no unit."""
        is_there = row.active_state not in DOWN or row.job_type or self._is_configured(row.name)
        return row.load_state if is_there else "not-found"

    async def _list(self, names: Iterable[str]) -> dict[str, ListedUnit]:
        return {row.name: row for row in await self._systemd.list_units(names)}

    async def _observe(self, rows: dict[str, ListedUnit], names: Collection[str]) -> list[UnitObservation]:
        known = self._observed.keys() | self._needed
        seen = await asyncio.gather(*(self._observe_one(rows[name]) for name in sorted(names) if name in rows))
        gone = {one.unit for one in seen if is_gone(one) and self._is_passing(one.unit)}
        for name in gone:
            self._forget(name)
        found = [one for one in seen if one.unit in known or one.unit not in gone]
        fresh = {name for seen in found for name in seen.needs} - self._needed - self._names
        if fresh:
            self._needed |= fresh
            found += await self._observe(await self._list(fresh), fresh)
        return found

    def _is_passing(self, name: str) -> bool:
        return name not in self._needed and self._watching.is_passing(name)

    def _forget(self, name: str) -> None:
        """The end of a transient unit; its name is not heard of until the next reconciliation.

        Asking for a unit that is not there makes systemd say that it is new.
        """
        self._passed.add(name)
        self._names.discard(name)
        for memory in (self._rows, self._observed, self._fixed, self._after):
            memory.pop(name, None)
        self._endings.forget(name)

    async def _observe_one(self, row: ListedUnit) -> UnitObservation:
        at = self._clock.now()
        first = row.name not in self._observed
        self._endings.job_type(row.name, row.job_type)
        self._endings.seen(row.name, row.active_state, row.sub_state)
        details = await self._details(row, first)
        needs, unit_type = await self._fixed_properties(row)
        ended_by = self._endings.ended_by(row.name)
        if first and row.active_state in DOWN and ended_by is Ending.UNKNOWN and self._watching.watches(row.name):
            ended_by = self._origin(row.name, details["invocation_id"])
        start_limit = await self._start_limit(row, details, first)
        seen = UnitObservation(
            at=at,
            unit=row.name,
            load_state=self._load_state(row),
            active_state=row.active_state,
            sub_state=row.sub_state,
            job=row.job_type,
            needs=needs,
            unit_type=unit_type,
            ended_by=ended_by,
            job_result=self._endings.job_result(row.name),
            start_limit=start_limit,
            **details,
        )
        before = self._observed.get(row.name)
        if seen.active_state == "failed" and not seen.job and before is not None and before.job:
            # No signal need tell that the end of its job brings no restart.
            asyncio.get_running_loop().call_later(CONFIRMED_AFTER_S, self._mark_known, row.name)
        self._rows[row.name] = row
        self._observed[row.name] = seen
        return seen

    async def _details(self, row: ListedUnit, first: bool) -> dict[str, Any]:
        """What the list of units does not say, by the names of the observation's fields."""
        wanted: list[tuple[str, str, Any]] = [(UNIT, "InvocationID", b"")]
        if first:
            wanted.append((UNIT, "StateChangeTimestampMonotonic", 0))
        if row.name.endswith(".service") and row.load_state == "loaded":
            wanted += [(SERVICE, "NRestarts", 0), (SERVICE, "Result", "success")]
            if row.active_state not in UP:
                wanted += [(SERVICE, "ExecMainCode", 0), (SERVICE, "ExecMainStatus", 0)]
            if row.sub_state in RESTART_PENDING:  # what RestartSteps= makes of it, systemd tells from 254 on
                wanted += [(SERVICE, "RestartUSec", _FOR_EVER_US), (SERVICE, "RestartUSecNext", 0)]
        values = await asyncio.gather(*(self._get(row.path, *one) for one in wanted))
        found = {name: value for (_, name, _), value in zip(wanted, values, strict=True)}
        stamp = found.get("StateChangeTimestampMonotonic", 0)
        since = self._clock.from_monotonic_us(stamp) if stamp else None
        waits_us = max(found.get("RestartUSec", _FOR_EVER_US), found.get("RestartUSecNext", 0))
        return {
            "invocation_id": bytes(found["InvocationID"]).hex(),
            "n_restarts": found.get("NRestarts", 0),
            "result": self._result(row, found.get("Result", "success")),
            "since": since,
            "restart_s": waits_us / 1e6 if waits_us < _FOR_EVER_US else None,
            "main_exit": self._main_exit(row, found.get("ExecMainCode", 0), found.get("ExecMainStatus", 0)),
        }

    def _main_exit(self, row: ListedUnit, code: int, status: int) -> str:
        """How its main process ended, of a unit that is down."""
        return exit_words(code, status) or ("" if row.active_state in UP else self._endings.main_exit(row.name))

    async def _start_limit(self, row: ListedUnit, details: Mapping[str, Any], first: bool) -> StartLimit | None:
        """The limit for which systemd refused to start it; None where it did not, or has none."""
        run, is_failed = details["invocation_id"], row.active_state == "failed" and not row.job_type
        if first:
            self._endings.found(row.name, run, is_refused=is_failed and self._was_refused(row.name, run))
        if not is_failed or not (details["result"] == HIT or self._endings.is_refused(row.name)):
            return None
        burst = await self._get(row.path, UNIT, "StartLimitBurst", 0)
        interval_us = await self._get(row.path, UNIT, "StartLimitIntervalUSec", 0)
        return StartLimit(burst, interval_us / 1e6) if burst and 0 < interval_us < _FOR_EVER_US else None

    def _result(self, row: ListedUnit, found: str) -> str:
        """Of a unit that crashed and was stopped before the look, unloaded by now, only the signals told it.

        Of one that did so while nobody listened to them, the journal does.
        """
        if row.active_state != "inactive":
            return found
        before = self._unclean.get(row.name, found) if found in ("", "success") else found
        return self._endings.result(row.name) or before

    async def _fixed_properties(self, row: ListedUnit) -> tuple[tuple[str, ...], str]:
        """What changes only with a reload: dependencies and the type of service."""
        if row.load_state != "loaded" or not self._watching.watches(row.name):
            return (), ""
        known = self._fixed.get(row.name)
        if known is None:
            reloads = self._reloads
            lists = await asyncio.gather(*(self._get(row.path, UNIT, name, []) for name in NEEDS))
            needs = {name for names in lists for name in names if name.endswith(_NEEDED_TYPES)} - {row.name}
            is_service = row.name.endswith(".service")
            unit_type = await self._get(row.path, SERVICE, "Type", "") if is_service else ""
            ordered = await self._get(row.path, UNIT, "After", [])
            known = (tuple(sorted(needs)), unit_type)
            if reloads == self._reloads:  # what was asked before a reload may be of before it
                self._fixed[row.name] = known
            self._after[row.name] = tuple(sorted(name for name in ordered if self._watching.watches(name)))
        return known

    async def _get(self, path: str, interface: str, name: str, default: Any) -> Any:
        try:
            return await self._systemd.get(path, interface, name)
        except Systemd1Error as error:
            if not error.code:  # no answer at all is the manager's trouble, not this unit's
                raise
            log.debug("%s of %s: %s", name, path, error)
            return default

    # Signals: they must be handled quickly, so they only note where to look.

    def _on_signal(self, signal: Signal) -> None:
        handler = _HANDLERS.get(signal.member)
        if handler is not None:
            handler(self, signal)

    def _on_properties(self, signal: Signal) -> None:
        name = unit_name(signal.path)
        if self._is_known(name):
            interface, changed = signal.body[0], signal.body[1]
            if interface == UNIT:
                self._endings.unit_changed(name, changed)
            elif interface == SERVICE:
                self._endings.service_changed(name, changed)
            self._mark(name)

    def _on_job_new(self, signal: Signal) -> None:
        job, _, name = signal.body[:3]
        if self._is_known(name):
            self._endings.job_new(name, job)
            self._mark(name)

    def _on_job_removed(self, signal: Signal) -> None:
        job, _, name, result = signal.body[:4]
        if self._is_known(name):
            self._endings.job_removed(name, job, result)
            self._mark(name)

    def _on_unit_new(self, signal: Signal) -> None:
        name = str(signal.body[0])
        # Of a known unit it is no news: looking at one that is not loaded loads it, which says this again.
        if (
            not self._is_known(name)
            and name not in self._passed
            and any(fnmatchcase(name, pattern) for pattern in self._watching.patterns)
        ):
            self._names.add(name)
            self._mark(name)

    def _on_reloading(self, signal: Signal) -> None:
        if not signal.body[0]:
            self._reloads += 1
            self._fixed.clear()  # the unit files may say something else now
            for name in self._names:
                self._mark(name)

    def _is_known(self, name: str) -> bool:
        return name in self._names or name in self._needed

    def _mark_known(self, name: str) -> None:
        if self._is_known(name):
            self._mark(name)

    def _mark(self, name: str) -> None:
        self._dirty.add(name)
        self._wake.set()


_HANDLERS: Final[dict[str, Callable[[UnitWatcher, Signal], None]]] = {
    "PropertiesChanged": UnitWatcher._on_properties,
    "JobNew": UnitWatcher._on_job_new,
    "JobRemoved": UnitWatcher._on_job_removed,
    "UnitNew": UnitWatcher._on_unit_new,
    "Reloading": UnitWatcher._on_reloading,
}


def unit_name(path: str) -> str:
    """The unit of an object path, in which systemd writes other characters as _ and two hex digits."""
    escaped = path.removeprefix(f"{UNIT_PATHS}/")
    return re.sub(r"_([0-9a-f]{2})", lambda match: chr(int(match[1], 16)), escaped)
