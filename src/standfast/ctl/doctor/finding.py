"""What the doctor finds. Pure."""

from dataclasses import dataclass
from enum import StrEnum


class Gravity(StrEnum):
    """Whether it has to be mended, or is only worth knowing."""

    WRONG = "wrong"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing, in words: what it is, and the next step."""

    gravity: Gravity
    what: str
    step: str


def wrong(what: str, step: str) -> Finding:
    """Something that has to be mended."""
    return Finding(Gravity.WRONG, what, step)


def note(what: str, step: str) -> Finding:
    """Something that may be as it is meant to be, but that its operator should know."""
    return Finding(Gravity.NOTE, what, step)
