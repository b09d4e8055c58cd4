"""What is said of a watched unit beside the detector's word for it: why, and what cannot be looked at. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from standfast.overview import snapshot as shots

# A unit that is up: of any other its checks say nothing that matters.
_UP: Final = ("healthy", "settling", "check failed")
_CANNOT: Final = "cannot look"
# What the detector calls a unit that is up, and that systemd restarted since the last look; the first time it is this.
LOOPING: Final = "looping"
RESTARTED: Final = "restarted"
# What nothing will start again by itself: it counts as if so many looks had found it failing (see
# standfast.detector.counting), though it may have failed a second ago.
FINAL: Final = ("given up", "taken along")
# What failed when it was looked at last, and is up.
HEALTHY: Final = "healthy"
UP_AGAIN: Final = "up again"


def state(row: Mapping[str, Any]) -> str:
    """The detector's word for a unit, where that says what a person sees.

    One that was restarted, and is up, is in no loop before it is a worry; one that failed at the last look, and is up,
    is healthy only when the next look has found it so.
    """
    word, failures = shots.words(row.get("status")), shots.number(row.get("consecutive_failures"))
    if word == LOOPING and failures < max(shots.number(shots.table(row.get("thresholds")).get("warning")), 2):
        return RESTARTED
    return UP_AGAIN if word == HEALTHY and failures else word


def is_at_once(row: Mapping[str, Any]) -> bool:
    """Whether a unit counts as failing for as long as any threshold asks for, however often it was looked at."""
    cascading = shots.number(shots.table(row.get("thresholds")).get("cascading"))
    return row.get("status") in FINAL and 0 < cascading <= shots.number(row.get("consecutive_failures"))


def failing_looks(row: Mapping[str, Any]) -> str:
    """How many looks in a row found a unit failing, or as how many it counts."""
    looks = shots.number(row.get("consecutive_failures"))
    said = f"{looks} failing look{'' if looks == 1 else 's'}"
    return f"counts as {said}" if is_at_once(row) else f"{said} in a row"


def why(row: Mapping[str, Any]) -> str:
    """Why the detector calls a unit what it does, with the checks of it that cannot look; "" where there is nothing."""
    said = row.get("why")
    return "; ".join([*([said] if isinstance(said, str) and said else []), *blind(row)])


def blind(row: Mapping[str, Any]) -> list[str]:
    """The checks of a unit that cannot look, each in words; until they can, they tell of nothing."""
    return [f"check {name} {_hindrance(detail)}" for name, detail in hindered(row).items()]


def hindered(row: Mapping[str, Any]) -> dict[str, str]:
    """The same checks by name, with what hinders each."""
    if row.get("status") not in _UP:
        return {}
    checks = {name: shots.table(found) for name, found in shots.table(row.get("checks")).items()}
    return {
        name: shots.words(found.get("detail"), "it does not say why")
        for name, found in checks.items()
        if found.get("last_check") and shots.outcome(found) == "unknown"
    }


def _hindrance(detail: str) -> str:
    return detail if detail.startswith(_CANNOT) else f"{_CANNOT}: {detail}"
