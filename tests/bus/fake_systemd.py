"""A systemd1 of a test's own: answers what the detector asks, in states that the real one shows only by chance."""

from __future__ import annotations

import asyncio
import contextlib
import fnmatch
from dataclasses import dataclass, field
from typing import Any

from dbus_fast import Message, MessageType, Variant
from dbus_fast.aio.message_bus import MessageBus

from standfast.systemd1 import MANAGER, MANAGER_PATH, NAME, PROPERTIES, SERVICE, UNIT, UNIT_PATHS

# systemd's word for a limit that is not set, and for a figure that it does not have.
UNLIMITED = 2**64 - 1
NO_SUCH_UNIT = "org.freedesktop.systemd1.NoSuchUnit"


@dataclass
class FakeUnit:
    """One unit; `job` is (id, type)."""

    name: str
    active: str = "active"
    sub: str = "running"
    load: str = "loaded"
    result: str = "success"
    main_exit: tuple[int, int] = (0, 0)  # ExecMainCode and ExecMainStatus
    n_restarts: int = 0
    invocation: bytes = b"\x01"
    active_us: int = 2_000_000  # when it became active, on the monotonic clock
    job: tuple[int, str] = (0, "")
    needs: list[str] = field(default_factory=list)
    type: str = "notify"
    memory: int = UNLIMITED
    memory_max: int = UNLIMITED
    watchdog_us: int = 0
    restart_us: int = 100_000
    restart_next_us: int = 0  # 0: as a systemd before 254, which does not tell it
    heartbeat_us: int = 0
    start_limit: tuple[int, int] = (5, 10_000_000)  # StartLimitBurst and StartLimitIntervalUSec
    cgroup: str = ""

    @property
    def path(self) -> str:
        return f"{UNIT_PATHS}/{''.join(c if c.isalnum() else f'_{ord(c):02x}' for c in self.name)}"


class FakeSystemd:
    """Owns the name on a bus; `calls` are the members that were called, in order."""

    def __init__(self) -> None:
        self.units: dict[str, FakeUnit] = {}
        self.calls: list[str] = []
        self.started: list[str] = []
        self.restarted: list[tuple[str, str]] = []
        self.system_state = "running"
        self.is_silent = False
        self.reloads_when_asked_for = ""  # the property at which a daemon-reload ends, just before it is answered
        self.refuses: dict[str, tuple[str, str]] = {}
        self.refused_restarts: dict[str, str] = {}
        self._called = asyncio.Event()
        self._jobs = 100
        self._bus: MessageBus | None = None

    def add(self, *names: str, **more: Any) -> None:
        for name in names:
            self.units[name] = FakeUnit(name, **more)

    async def serve(self, address: str) -> None:
        self._bus = await MessageBus(bus_address=address).connect()
        self._bus.add_message_handler(self._answer)
        await self._bus.request_name(NAME)

    async def close(self) -> None:
        if self._bus is not None:
            self._bus.disconnect()
            with contextlib.suppress(OSError, EOFError):
                await self._bus.wait_for_disconnect()

    # Waiting

    async def until_called(self, member: str, times: int = 1) -> None:
        while self.calls.count(member) < times:
            self._called.clear()
            await self._called.wait()

    async def until_restarted(self, count: int) -> None:
        while len(self.restarted) < count:
            self._called.clear()
            await self._called.wait()

    # Signals

    async def change(self, name: str, **changes: Any) -> None:
        """Change a unit and tell, as systemd does."""
        unit = self.units[name]
        for key, value in changes.items():
            setattr(unit, key, value)
        result = {"Result": Variant("s", unit.result)}
        await self._signal(unit.path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [SERVICE, result, []])
        told = {
            "ActiveState": Variant("s", unit.active),
            "SubState": Variant("s", unit.sub),
            "InvocationID": Variant("ay", unit.invocation),
            "Job": Variant("(uo)", [unit.job[0], f"{MANAGER_PATH}/job/{unit.job[0]}" if unit.job[0] else "/"]),
        }
        await self._signal(unit.path, PROPERTIES, "PropertiesChanged", "sa{sv}as", [UNIT, told, []])

    async def job_new(self, name: str, number: int) -> None:
        await self._signal(MANAGER_PATH, MANAGER, "JobNew", "uos", [number, f"{MANAGER_PATH}/job/{number}", name])

    async def job_removed(self, name: str, number: int, result: str) -> None:
        path = f"{MANAGER_PATH}/job/{number}"
        await self._signal(MANAGER_PATH, MANAGER, "JobRemoved", "uoss", [number, path, name, result])

    async def unit_new(self, name: str) -> None:
        await self._signal(MANAGER_PATH, MANAGER, "UnitNew", "so", [name, self.units[name].path])

    async def reloading(self, active: bool) -> None:
        await self._signal(MANAGER_PATH, MANAGER, "Reloading", "b", [active])

    async def _signal(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> None:
        await self._send(path, interface, member, signature, body)

    def _send(self, path: str, interface: str, member: str, signature: str, body: list[Any]) -> asyncio.Future[Any]:
        assert self._bus is not None
        return self._bus.send(Message.new_signal(path, interface, member, signature, body))

    # Answers

    def _answer(self, message: Message) -> Message | bool | None:
        if message.message_type is not MessageType.METHOD_CALL or not (message.path or "").startswith(MANAGER_PATH):
            return None
        self.calls.append(message.member or "")
        self._called.set()
        if self.is_silent:
            return True  # taken, and never answered
        if message.member == "RestartUnit" and message.body[0] in self.refused_restarts:
            return Message.new_error(message, self.refused_restarts[message.body[0]], "there is another job")
        if message.member in self.refuses:
            return Message.new_error(message, *self.refuses[message.member or ""])
        handler = getattr(self, f"_on_{(message.member or '').lower()}", None)
        if handler is None:
            return Message.new_error(message, "org.freedesktop.DBus.Error.UnknownMethod", message.member or "")
        signature, body = handler(*message.body, path=message.path)
        return Message.new_method_return(message, signature, body)

    def _on_subscribe(self, path: str) -> tuple[str, list[Any]]:
        return "", []

    def _on_listunitsbynames(self, names: list[str], path: str) -> tuple[str, list[Any]]:
        return "a(ssssssouso)", [[self._row(self._unit(name)) for name in names]]

    def _on_listunitsbypatterns(self, states: list[str], patterns: list[str], path: str) -> tuple[str, list[Any]]:
        found = [u for u in self.units.values() if any(fnmatch.fnmatchcase(u.name, pattern) for pattern in patterns)]
        return "a(ssssssouso)", [[self._row(unit) for unit in found]]

    def _on_startunit(self, name: str, mode: str, path: str) -> tuple[str, list[Any]]:
        self.started.append(name)
        return "o", [self._job()]

    def _on_restartunit(self, name: str, mode: str, path: str) -> tuple[str, list[Any]]:
        self.restarted.append((name, mode))
        return "o", [self._job()]

    def _on_resetfailedunit(self, name: str, path: str) -> tuple[str, list[Any]]:
        return "", []

    def _on_get(self, interface: str, name: str, path: str) -> tuple[str, list[Any]]:
        if path == MANAGER_PATH:
            return "v", [self._manager_property(name)]
        if name == self.reloads_when_asked_for:
            self._send(MANAGER_PATH, MANAGER, "Reloading", "b", [False])
        unit = next(unit for unit in self.units.values() if unit.path == path)
        return "v", [_unit_property(unit, interface, name)]

    def _manager_property(self, name: str) -> Variant:
        return Variant("s", self.system_state) if name == "SystemState" else Variant("t", 1_000_000)

    def _unit(self, name: str) -> FakeUnit:
        # systemd knows every name that it is asked for, if only as not found.
        return self.units.setdefault(name, FakeUnit(name, "inactive", "dead", "not-found"))

    def _row(self, unit: FakeUnit) -> list[Any]:
        number, job_type = unit.job
        path = f"{MANAGER_PATH}/job/{number}" if number else "/"
        return [unit.name, "", unit.load, unit.active, unit.sub, "", unit.path, number, job_type, path]

    def _job(self) -> str:
        self._jobs += 1
        return f"{MANAGER_PATH}/job/{self._jobs}"


def _unit_property(unit: FakeUnit, interface: str, name: str) -> Variant:
    values = {
        (UNIT, "InvocationID"): Variant("ay", unit.invocation),
        (UNIT, "ActiveEnterTimestampMonotonic"): Variant("t", unit.active_us),
        (UNIT, "StateChangeTimestampMonotonic"): Variant("t", 2_000_000),
        (UNIT, "StartLimitBurst"): Variant("u", unit.start_limit[0]),
        (UNIT, "StartLimitIntervalUSec"): Variant("t", unit.start_limit[1]),
        (UNIT, "Requires"): Variant("as", unit.needs),
        (UNIT, "After"): Variant("as", unit.needs),
        (SERVICE, "NRestarts"): Variant("u", unit.n_restarts),
        (SERVICE, "Result"): Variant("s", unit.result),
        (SERVICE, "ExecMainCode"): Variant("i", unit.main_exit[0]),
        (SERVICE, "ExecMainStatus"): Variant("i", unit.main_exit[1]),
        (SERVICE, "RestartUSec"): Variant("t", unit.restart_us),
        (SERVICE, "RestartUSecNext"): Variant("t", unit.restart_next_us),
        (SERVICE, "Type"): Variant("s", unit.type),
        (SERVICE, "MemoryCurrent"): Variant("t", unit.memory),
        (SERVICE, "MemoryMax"): Variant("t", unit.memory_max),
        (SERVICE, "WatchdogUSec"): Variant("t", unit.watchdog_us),
        (SERVICE, "WatchdogTimestampMonotonic"): Variant("t", unit.heartbeat_us),
        (SERVICE, "ControlGroup"): Variant("s", unit.cgroup),
    }
    return values.get((interface, name), Variant("as", []))
