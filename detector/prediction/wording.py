"""Sizes and counts as people say them in a prediction. Pure."""

from typing import Final

from standfast.time_words import two_digits

_UNITS: Final = ((2**40, "TiB"), (2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB"))


def size(count: float) -> str:
    """Bytes, in the largest unit of which there is one."""
    for factor, name in _UNITS:
        if abs(count) >= factor:
            return f"{two_digits(count / factor)} {name}"
    return f"{count:.0f} bytes"


def times(count: int) -> str:
    """How often."""
    return {0: "not at all", 1: "once", 2: "twice"}.get(count, f"{count} times")
