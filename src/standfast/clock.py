"""Time at the edges; the pure core is handed `now` and never asks for it."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path


def monotonic_s() -> float:
    """Seconds that no clock step moves, for measuring durations."""
    return time.monotonic()


def utc_now() -> datetime:
    """The wall clock as an aware datetime in UTC."""
    return datetime.now(UTC)


def boot_id() -> str:
    """The kernel's id of this boot: it changes exactly when the host was restarted.

    A unit with ProcSubset=pid cannot read it and is handed it as STANDFAST_BOOT_ID=%b; "" where neither is so.
    """
    try:
        found = os.environ.get("STANDFAST_BOOT_ID") or Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        return ""
    return found.strip().replace("-", "")
