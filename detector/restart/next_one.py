"""From when on the detector may ask for the next master restart, for whoever mends what this one did not help. Pure."""

from collections.abc import Mapping
from typing import Any

from standfast.detector.config import DetectorConfig, Mode
from standfast.detector.times import clock_at, from_iso


def next_automatic(config: DetectorConfig, status: Mapping[str, Any] | None, began: float) -> str:
    """That in words; "" where none follows by itself, as far as that is known.

    Args:
        status: the detector's, read at the end of a master restart; it counts that one by now.
        began: when that one began.
    """
    if config.mode is not Mode.ACT or _is_used_up(status or {}):
        return ""
    at = _gap_until(status or {}) or began + config.restart.min_gap_s
    return f"the detector may ask for the next from {clock_at(at)} on, where a cascade lasts"


def _is_used_up(status: Mapping[str, Any]) -> bool:
    """Whether three an hour are enough, or a human looks after what was restarted in vain."""
    used, most = status.get("restart_count"), status.get("max_per_hour")
    is_enough = isinstance(used, int) and isinstance(most, int) and used >= most
    return is_enough or bool(status.get("hold_until") or status.get("not_for"))


def _gap_until(status: Mapping[str, Any]) -> float | None:
    """As the detector has it, which counts from when it asked."""
    try:
        return from_iso(status["gap_until"])
    except (KeyError, TypeError, ValueError):
        return None
