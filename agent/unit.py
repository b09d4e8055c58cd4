"""What systemd was told about this agent's unit."""

import asyncio
import logging
import os

from standfast.config.schema import seconds

log = logging.getLogger(__name__)


async def stop_timeout_s(unit: str) -> float | None:
    """The unit's TimeoutStopSec, None where it has none or systemd cannot be asked."""
    try:
        process = await asyncio.create_subprocess_exec(
            *("systemctl", "show", "--property=TimeoutStopUSec", "--value", unit),
            env={"PATH": os.environ.get("PATH", os.defpath)},  # not NOTIFY_SOCKET: systemctl would speak for the agent
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        said, _ = await process.communicate()
    except OSError as error:
        log.debug("systemctl could not be run: %s", error)
        return None
    return timespan_s(said.decode(errors="replace"))


def timespan_s(text: str) -> float | None:
    """The seconds of a time span as systemd writes it, such as "1min 30s"; None for "infinity" and for nonsense."""
    parts = [seconds(part) for part in text.split()]
    found = [part for part in parts if part is not None]
    return sum(found) if found and len(found) == len(parts) else None
