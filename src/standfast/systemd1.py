"""The only D-Bus client: systemd's manager, org.freedesktop.systemd1(5), over dbus-fast.

It speaks low-level messages, which cost a third of the CPU of proxies, and hands out plain values:
what a unit's state *means* is decided elsewhere.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from dbus_fast import BusType, DBusError, Message, MessageType, Variant
from dbus_fast.aio.message_bus import MessageBus
from dbus_fast.errors import AuthError

from standfast.errors import StandfastError

log = logging.getLogger(__name__)

NAME: Final = "org.freedesktop.systemd1"
MANAGER_PATH: Final = "/org/freedesktop/systemd1"
UNIT_PATHS: Final = "/org/freedesktop/systemd1/unit"
MANAGER: Final = f"{NAME}.Manager"
UNIT: Final = f"{NAME}.Unit"
SERVICE: Final = f"{NAME}.Service"
PROPERTIES: Final = "org.freedesktop.DBus.Properties"

# dbus-fast drops the connection when the socket is full (measured with 1000 calls at once).
CALLS_IN_FLIGHT: Final = 32
CALL_TIMEOUT_S: Final = 10.0


# What the bus answers in systemd's place while that is away, such as in a daemon-reexec.
_NO_ANSWER: Final = frozenset(
    f"org.freedesktop.DBus.Error.{name}" for name in ("NoReply", "ServiceUnknown", "NameHasNoOwner", "Disconnected")
)


class Systemd1Error(StandfastError):
    """systemd did not do what it was asked.

    Attributes:
        code: the D-Bus error name, such as org.freedesktop.systemd1.NoSuchUnit; "" when there was no answer.
    """

    def __init__(self, text: str, code: str = "") -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class ListedUnit:
    """A row of ListUnitsByNames or ListUnitsByPatterns; `job_type` is "" without a queued job."""

    name: str
    load_state: str
    active_state: str
    sub_state: str
    path: str
    job_type: str


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal of the manager or of one of its units.

    Attributes:
        member: PropertiesChanged, UnitNew, UnitRemoved, JobNew, JobRemoved or Reloading.
        path: the object that sent it (of a unit, for PropertiesChanged).
        body: its arguments as plain values, variants unpacked.
    """

    member: str
    path: str
    body: tuple[Any, ...]


class Systemd1:
    """A connection to the system bus for talking to systemd; an async context manager."""

    def __init__(self, bus: MessageBus) -> None:
        self._bus = bus
        self._free = asyncio.Semaphore(CALLS_IN_FLIGHT)

    @classmethod
    async def connect(cls, bus_address: str = "") -> Self:
        """Connect to the system bus, or to the one at `bus_address` (tests have a private one).

        Raises:
            Systemd1Error: the bus is not there.
        """
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                bus = await MessageBus(bus_address=bus_address, bus_type=BusType.SYSTEM).connect()
        except (OSError, DBusError, AuthError, EOFError) as error:
            reason = str(error) or "no answer"
            raise Systemd1Error(f"cannot reach the system bus: {reason}; see systemctl status dbus") from error
        return cls(bus)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Disconnect and give the socket back, also when the bus has gone by itself."""
        self._bus.disconnect()
        await self.disconnected()

    async def disconnected(self) -> None:
        """Return when the bus has gone, by whomsoever's doing."""
        try:
            await self._bus.wait_for_disconnect()
        except (OSError, EOFError) as error:
            log.debug("The bus went away: %s", error)

    async def subscribe(self, callback: Callable[[Signal], None]) -> None:
        """Call `callback` for every signal of the manager and of its units from now on.

        One match rule covers all units: one for each would hit the bus daemon's limit of 512.
        The callback runs on the loop: it must be quick.
        """
        self._bus.add_message_handler(lambda message: _pass_signal(message, callback))
        for rule in (
            f"type='signal',sender='{NAME}',path='{MANAGER_PATH}',interface='{MANAGER}'",
            f"type='signal',sender='{NAME}',path_namespace='{UNIT_PATHS}',interface='{PROPERTIES}'",
        ):
            await self._call(
                "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", "s", [rule]
            )
        await self._manager("Subscribe")

    async def list_units(self, names: Iterable[str]) -> list[ListedUnit]:
        """The units of these names, in any state; unknown ones have load_state not-found."""
        return _listed(await self._manager("ListUnitsByNames", "as", [list(names)]))

    async def list_units_matching(self, patterns: Iterable[str]) -> list[ListedUnit]:
        """The loaded units whose names match one of the globs."""
        return _listed(await self._manager("ListUnitsByPatterns", "asas", [[], list(patterns)]))

    async def get(self, path: str, interface: str, name: str) -> Any:
        """One property as a plain value."""
        body = await self._call(NAME, path, PROPERTIES, "Get", "ss", [interface, name])
        return unpacked(body[0])

    async def system_state(self) -> str:
        """What `systemctl is-system-running` says: running, degraded, starting, stopping, maintenance, ..."""
        return str(await self.get(MANAGER_PATH, MANAGER, "SystemState"))

    async def start_unit(self, name: str, mode: str = "replace") -> str:
        """Queue a start job and return its object path; how it ended comes with the signal JobRemoved."""
        return str((await self._manager("StartUnit", "ss", [name, mode]))[0])

    async def restart_unit(self, name: str, mode: str = "replace") -> str:
        """Queue a restart job and return its object path; mode `fail` refuses to replace a queued job."""
        return str((await self._manager("RestartUnit", "ss", [name, mode]))[0])

    async def reset_failed_unit(self, name: str) -> None:
        """Clear a unit's failed state and its start counter."""
        await self._manager("ResetFailedUnit", "s", [name])

    async def _manager(self, member: str, signature: str = "", body: list[Any] | None = None) -> list[Any]:
        return await self._call(NAME, MANAGER_PATH, MANAGER, member, signature, body or [])

    async def _call(
        self, destination: str, path: str, interface: str, member: str, signature: str, body: list[Any]
    ) -> list[Any]:
        message = Message(
            destination=destination, path=path, interface=interface, member=member, signature=signature, body=body
        )
        async with self._free:
            try:
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    reply = await self._bus.call(message)
            except TimeoutError as error:
                raise Systemd1Error(f"systemd did not answer {member} within {CALL_TIMEOUT_S:g} s") from error
            except (OSError, EOFError, DBusError) as error:
                raise Systemd1Error(f"cannot call {member} on systemd: {error or 'the bus has gone'}") from error
        if reply is None:
            raise Systemd1Error(f"the bus closed before systemd answered {member}")
        if reply.message_type is MessageType.ERROR:
            code = str(reply.error_name)
            if code in _NO_ANSWER:
                code = ""
            raise Systemd1Error(f"systemd refused {member}: {reply.body[0] if reply.body else code}", code)
        return list(reply.body)


def unpacked(value: Any) -> Any:
    """A D-Bus value without its variants."""
    if isinstance(value, Variant):
        return unpacked(value.value)
    if isinstance(value, Mapping):
        return {key: unpacked(one) for key, one in value.items()}
    if isinstance(value, list):
        return [unpacked(one) for one in value]
    return value


def _pass_signal(message: Message, callback: Callable[[Signal], None]) -> None:
    path = message.path or ""
    if message.message_type is MessageType.SIGNAL and path.startswith(MANAGER_PATH):
        callback(Signal(message.member or "", path, tuple(unpacked(value) for value in message.body)))


def _listed(body: list[Any]) -> list[ListedUnit]:
    # A row is (name, description, load, active, sub, following, path, job id, job type, job path).
    return [ListedUnit(row[0], row[2], row[3], row[4], row[6], row[8]) for row in body[0]]
