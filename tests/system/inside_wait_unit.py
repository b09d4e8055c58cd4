"""Runs inside a test machine: waits, by D-Bus signals, until a unit's properties have the wanted values.

usage: python3 - UNIT WANTED-JSON TIMEOUT_S; prints the properties as JSON; exits 1 when time is up.
Works with the dbus-fast of Debian 12 and 13.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from dbus_fast import BusType, Message, MessageType
from dbus_fast.aio.message_bus import MessageBus

SYSTEMD = "org.freedesktop.systemd1"
MANAGER = f"{SYSTEMD}.Manager"
SHOWN = ("LoadState", "ActiveState", "SubState", "Result", "NRestarts", "MainPID", "InvocationID", "StatusText")


async def call(bus: MessageBus, path: str, interface: str, member: str, *arguments: str) -> list[Any]:
    message = Message(SYSTEMD, path, interface, member, signature="s" * len(arguments), body=list(arguments))
    reply = await bus.call(message)
    if reply is None or reply.message_type is MessageType.ERROR:
        raise RuntimeError(f"{member}{arguments}: {reply and reply.body}")
    return list(reply.body)


async def properties(bus: MessageBus, unit: str) -> dict[str, str]:
    (path,) = await call(bus, "/org/freedesktop/systemd1", MANAGER, "LoadUnit", unit)
    (found,) = await call(bus, path, "org.freedesktop.DBus.Properties", "GetAll", "")
    return {name: text(variant.value) for name, variant in found.items()}


def text(value: object) -> str:
    return value.hex() if isinstance(value, bytes | bytearray) else str(value)


async def wait(unit: str, wanted: dict[str, str], seen: dict[str, str]) -> None:
    bus = await MessageBus(bus_type=BusType.SYSTEM).connect()
    changed = asyncio.Event()
    bus.add_message_handler(lambda message: changed.set() if message.message_type is MessageType.SIGNAL else None)
    await call(bus, "/org/freedesktop/systemd1", MANAGER, "Subscribe")
    rule = f"type='signal',sender='{SYSTEMD}'"
    await bus.call(
        Message(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "AddMatch",
            signature="s",
            body=[rule],
        )
    )
    while True:
        changed.clear()
        seen.update(await properties(bus, unit))
        if all(seen.get(name) == value for name, value in wanted.items()):
            return
        await changed.wait()


def main() -> int:
    unit, wanted, timeout_s = sys.argv[1], json.loads(sys.argv[2]), float(sys.argv[3])
    seen: dict[str, str] = {}
    status = 0
    try:
        asyncio.run(asyncio.wait_for(wait(unit, wanted, seen), timeout_s))
    except TimeoutError:
        status = 1
    print(json.dumps({name: seen.get(name, "") for name in {*SHOWN, *wanted}}))
    return status


if __name__ == "__main__":
    raise SystemExit(main())
