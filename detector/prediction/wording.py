"""Sizes and times as people say them in a prediction. Pure."""

from typing import Final

_UNITS: Final = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))
_MINUTE_S: Final = 60.0
_HOUR_S: Final = 3600.0
_DAY_S: Final = 86400.0


def size(count: float) -> str:
    """Bytes, in the largest unit of which there is one."""
    for factor, name in _UNITS:
        if abs(count) >= factor:
            return f"{_digits(count / factor)} {name}"
    return f"{count:.0f} bytes"


def span(seconds: float) -> str:
    """A time in the unit that fits: 40 s, 35 min, 4 h, 3 days."""
    for factor, least, name in ((_DAY_S, 3 * _DAY_S, "days"), (_HOUR_S, 1.75 * _HOUR_S, "h"), (_MINUTE_S, 120, "min")):
        if seconds >= least:
            return f"{_digits(seconds / factor)} {name}"
    return f"{max(seconds, 0):.0f} s"


def times(count: int) -> str:
    """How often."""
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")


def _digits(number: float) -> str:
    """Two digits that say something, no more."""
    return f"{number:.1f}".removesuffix(".0") if abs(number) < 10 else f"{number:.0f}"
