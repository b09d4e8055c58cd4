"""What systemd was told about this agent's unit."""

import logging
import os
import subprocess
from typing import Final

from standfast.timespan import timespan_s

log = logging.getLogger(__name__)

SYSTEMCTL_TIMEOUT_S: Final = 10.0
# In the middle of an end there is no time to wait for a systemd that does not answer.
JOBS_TIMEOUT_S: Final = 1.0


def warn_of_short_stop_timeout(unit: str, wanted_s: float) -> None:
    """Say it when systemd would kill the agent in the middle of its end. Blocks until systemd answered."""
    allowed_s = stop_timeout_s(unit)
    if allowed_s is not None and wanted_s >= allowed_s:
        log.warning(
            "[SHUTDOWN] shutdown.timeout_s = %g does not fit into TimeoutStopSec=%g of %s: "
            "systemd would kill the agent in the middle of its end; lower the one or raise the other",
            *(wanted_s, allowed_s, unit),
        )


def stop_timeout_s(unit: str) -> float | None:
    """The unit's TimeoutStopSec, None where it has none or systemd cannot be asked."""
    return timespan_s(_asked("show", "--property=TimeoutStopUSec", "--value", unit, timeout_s=SYSTEMCTL_TIMEOUT_S))


def is_being_restarted(unit: str) -> bool:
    """Whether systemd is to start the unit again as soon as it has stopped. Blocks until systemd answered."""
    jobs = _asked("list-jobs", "--no-legend", unit, timeout_s=JOBS_TIMEOUT_S)
    return any(row.split()[1:3] in ([unit, "restart"], [unit, "try-restart"]) for row in jobs.splitlines())


def _asked(*words: str, timeout_s: float) -> str:
    """What systemctl says, "" when systemd cannot be asked."""
    try:
        asked = subprocess.run(
            ["systemctl", *words],
            env={"PATH": os.environ.get("PATH", os.defpath)},  # not NOTIFY_SOCKET: systemctl would speak for the agent
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        log.debug("systemd could not be asked: %s", error)
        return ""
    return asked.stdout
