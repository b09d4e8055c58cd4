"""The connection to systemd: made, lost, made again; and whether systemd answers on it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final

from standfast.detector.clockwork import SteadyClock
from standfast.detector.model import Ending, ManagerObservation, Observation
from standfast.detector.watch import UnitWatcher
from standfast.detector.watched import Watching
from standfast.systemd1 import MANAGER, MANAGER_PATH, Systemd1, Systemd1Error
from standfast.unit_names import MASTER_RESTART

log = logging.getLogger(__name__)

# The bus may be away for a moment (dbus-daemon is restarted) without systemd being in trouble.
SILENCE_S: Final = 15.0

Connect = Callable[[], Awaitable[Systemd1]]
Origin = Callable[[str, str], Ending]


class Link:
    """Observes through one bus connection at a time.

    `wake` is set when there is something to observe, or the connection went away.
    """

    def __init__(
        self,
        connect: Connect,
        watching: Watching,
        clock: SteadyClock,
        origin: Origin,
        silence_s: float = SILENCE_S,
        is_configured: Callable[[str], bool] = lambda unit: True,
        was_refused: Callable[[str, str], bool] = lambda unit, run: False,
    ) -> None:
        self._connect = connect
        self._watching = watching
        self._clock = clock
        self._origin = origin
        self._silence_s = silence_s
        self._is_configured = is_configured
        self._was_refused = was_refused
        self._systemd: Systemd1 | None = None
        self._watcher: UnitWatcher | None = None
        self._names: frozenset[str] = frozenset()
        self._unclean: Mapping[str, str] = {}
        self._loss: asyncio.Task[None] | None = None
        self._asked_at = clock.now()
        self._silent_since: float | None = None
        self._is_fresh = False
        self.wake = asyncio.Event()
        self.booted_at: float | None = None

    @property
    def is_up(self) -> bool:
        """Whether there is a connection."""
        return self._systemd is not None

    def recall(self, names: Iterable[str]) -> None:
        """Watch these too, where a glob fits them: a stopped unit is unloaded, and no glob finds it any more."""
        self._names |= {name for name in names if self._watching.watches(name)}

    def recall_ends(self, unclean: Mapping[str, str]) -> None:
        """Watch these as well, which ended unclean while nobody watched; with what systemd called that."""
        self._unclean = unclean
        self.recall(unclean)

    @property
    def after(self) -> Mapping[str, tuple[str, ...]]:
        """What the watched units are ordered after, as far as it is known."""
        return self._watcher.after if self._watcher is not None else {}

    async def ensure(self) -> bool:
        """Connect and subscribe if that is to be done; whether there is a connection now."""
        if self._systemd is not None:
            return True
        self._asked_at = self._clock.now()
        try:
            systemd = await self._connect()
        except Systemd1Error as error:
            self._lost(str(error))
            return False
        self._systemd = systemd
        self._watcher = UnitWatcher(
            systemd,
            self._watching,
            self._clock,
            self._origin,
            self.wake,
            self._watcher.names if self._watcher else self._names,
            self._unclean,
            self._is_configured,
            self._was_refused,
        )
        self._loss = asyncio.create_task(self._watch_loss(systemd))
        try:
            await self._watcher.start()
            booted = await systemd.get(MANAGER_PATH, MANAGER, "UserspaceTimestampMonotonic")
        except Systemd1Error as error:
            await self._drop(str(error))
            return False
        self.booted_at = self._clock.from_monotonic_us(booted)
        self._is_fresh = True
        return True

    async def observe(self, *, everything: bool) -> list[Observation]:
        """What signals told of, or all there is to see; without an answer, that there is none."""
        if not await self.ensure() or self._systemd is None or self._watcher is None:
            return self._silence()
        self._asked_at = self._clock.now()
        try:
            if not (everything or self._is_fresh):
                return await self._look(self._systemd, self._watcher)
            state = await self._systemd.system_state()
            units = await self._watcher.reconcile()
            figures = await self._watcher.figures()
        except Systemd1Error as error:
            await self._drop(str(error))
            return self._silence()
        if self._silent_since is not None:
            log.info("systemd answers again")
        self._silent_since, self._is_fresh = None, False
        return [ManagerObservation(self._clock.now(), True, state), *units, *figures]

    async def _look(self, systemd: Systemd1, watcher: UnitWatcher) -> list[Observation]:
        """What signals told of, and what that makes of the host: the status is to have both as of one moment."""
        units = await watcher.look()
        return [ManagerObservation(self._clock.now(), True, await systemd.system_state()), *units] if units else []

    def _silence(self) -> list[Observation]:
        now = self._clock.now()
        if self._silent_since is None or now - self._silent_since < self._silence_s:
            return []
        return [ManagerObservation(now, False)]

    async def system_state(self) -> str:
        """What systemd says of itself now; "" without an answer."""
        try:
            return await self._systemd.system_state() if self._systemd is not None else ""
        except Systemd1Error:
            return ""

    async def start_master_restart(self) -> None:
        """Ask systemd for the oneshot.

        Raises:
            Systemd1Error: it refused, or there is no connection.
        """
        if self._systemd is None:
            raise Systemd1Error("there is no connection to systemd")
        await self._systemd.start_unit(MASTER_RESTART)

    def clock_set(self, by_s: float) -> None:
        """The clock was set: what is remembered in its times is too."""
        self._asked_at += by_s
        if self._watcher is not None:
            self._watcher.clock_set(by_s)
        if self._silent_since is not None:
            self._silent_since += by_s

    async def rewatch(self, watching: Watching) -> None:
        """Watch what another configuration names."""
        names = self._watcher.names if self._watcher is not None else self._names
        self._watching, self._names = watching, frozenset()
        self.recall(names)
        await self.close()
        self._watcher = None
        self._silent_since = None

    async def close(self) -> None:
        """Disconnect."""
        systemd, self._systemd = self._systemd, None
        if systemd is not None:
            await systemd.close()
        if self._loss is not None:
            await self._loss  # it ends with the connection
            self._loss = None

    async def _watch_loss(self, systemd: Systemd1) -> None:
        await systemd.disconnected()
        if self._systemd is systemd:
            self._systemd = None
            self._asked_at = self._clock.now()
            self._lost("the bus closed the connection")
            self.wake.set()
            await systemd.close()

    async def _drop(self, why: str) -> None:
        self._lost(why)
        await self.close()

    def _lost(self, why: str) -> None:
        if self._silent_since is None:
            self._silent_since = self._asked_at
            log.warning("Lost systemd: %s; trying again every second", why)
