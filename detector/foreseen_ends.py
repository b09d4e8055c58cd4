"""Why a prediction is over: it came true, its unit began anew, or what rose rises no more. Pure."""

from collections.abc import Callable, Mapping
from typing import Final

from standfast.detector.levels import Health
from standfast.detector.prediction.certificate import CERTIFICATE
from standfast.detector.prediction.disk import DISK
from standfast.detector.prediction.memory import MEMORY
from standfast.detector.prediction.restarts import RESTARTS
from standfast.detector.prediction.watchdog import WATCHDOG
from standfast.detector.reading import Meaning
from standfast.detector.times import clock_at

# How systemd calls the end that was foreseen, and what it was.
_CAME_TRUE: Final[Mapping[str, tuple[str, str]]] = {
    MEMORY.type: ("oom-kill", "the kernel killed it for its memory"),
    WATCHDOG.type: ("watchdog", "systemd killed it, for no heartbeat came in time"),
}
_CALM: Final[Mapping[str, str]] = {
    MEMORY.type: "its memory rises no more towards its limit",
    WATCHDOG.type: "the waits for its heartbeats grow no more",
    DISK.type: "it fills no more, or not so fast that it will be full soon",
    RESTARTS.type: "systemd restarts it less often again",
    CERTIFICATE.type: "the certificate holds for longer again, or is not looked at any more",
}
_FULL: Final = "it was as good as full, and fills no more; df -h says whether there is room again"
# These are of one run of a unit; the others go on with the next one.
_OF_A_RUN: Final = frozenset(_CAME_TRUE)


def why_over(type_: str, since: float, health: Health | None, *, was_reached: bool = False) -> str:
    """Why the prediction of this type is over that was told since then, by how its unit stands now.

    Args:
        health: of the unit; None for a disk, and for a unit that is not watched.
        was_reached: whether it was at its end when that was last told.
    """
    if type_ == DISK.type:
        return _FULL if was_reached else _CALM[type_]
    if health is None:
        return "the unit is not watched any more"
    return next((why for rule in _RULES if (why := rule(type_, since, health))), _CALM[type_])


def _fails(type_: str, since: float, health: Health) -> str:
    if not health.reading.failing or type_ == CERTIFICATE.type:
        return ""
    return f"{_came_true(type_, since, health) or 'the unit fails now'}; {health.reading.why}"


def _stopped(type_: str, since: float, health: Health) -> str:
    is_down = health.reading.meaning in (Meaning.STOPPED, Meaning.FINISHED)
    return f"the unit is down: {health.reading.why}" if is_down and type_ != CERTIFICATE.type else ""


def _restarted(type_: str, since: float, health: Health) -> str:
    at = health.restarted_at
    if type_ not in _OF_A_RUN or at is None or at < since:
        return ""
    cause = _came_true(type_, since, health)
    return f"{cause or 'its process ended'}, and systemd restarted it at {clock_at(at)}; {_ANEW}"


def _begun_anew(type_: str, since: float, health: Health) -> str:
    if type_ not in _OF_A_RUN or health.up_at is None or health.up_at < since:
        return ""
    return f"it was restarted by its operator at {clock_at(health.up_at)}; {_ANEW}"


def _came_true(type_: str, since: float, health: Health) -> str:
    result, words = _CAME_TRUE.get(type_, ("", ""))
    is_so = health.failed_at is not None and health.failed_at >= since and health.failed_with == result != ""
    return f"it came true: {words}" if is_so else ""


_ANEW: Final = "it is watched anew from there"
_RULES: Final[tuple[Callable[[str, float, Health], str], ...]] = (_fails, _stopped, _restarted, _begun_anew)
