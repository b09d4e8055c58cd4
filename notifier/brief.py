"""Shortening a message for a channel that costs by the piece: what happened and the next step stay. Pure."""

from collections.abc import Callable
from typing import Final

from standfast.notifier.parts import numbered
from standfast.notifier.words import NEXT, SEE_ALL

Measure = Callable[[str], int]

# So many pieces a message may take in all.
MOST_PARTS: Final = 2
_REST: Final = f"More: {SEE_ALL}"
_CUT: Final = "..."
# A step is not cut but for the sake of what it is about: so much is for the title and the first line, if they need it.
_FOR_WHAT: Final = 80
# By how much less is tried where the places at which a text may be split leave it in one piece too many.
_TIGHTER: Final = 8
_NUMBER_TAKES: Final = len("(1/2) ") + 2


def in_brief(text: str, limit: int, measure: Measure = len) -> list[str]:
    """The text in at most `MOST_PARTS` parts of at most `limit` each.

    What does not fit is left out from the middle: lists of units, times, how to end reminders; where something is left
    out, the last line says where all of it is.
    """
    parts = numbered(text, limit, measure)
    room = MOST_PARTS * (limit - _NUMBER_TAKES)
    while len(parts) > MOST_PARTS:
        parts = numbered(_shortened(text, room, measure), limit, measure)
        room -= _TIGHTER
    return parts


def _shortened(text: str, room: int, measure: Measure) -> str:
    lines = text.split("\n")
    steps = [line for line in lines[1:] if line.startswith(NEXT)]
    others = [line for line in lines if line not in steps]
    room -= measure(_REST) + 1
    kept_steps = _fitting(steps, room - min(_FOR_WHAT, measure("\n".join(others))), measure)
    kept_others = _fitting(others, room - sum(measure(line) + 1 for line in kept_steps), measure)
    return "\n".join([*kept_others, *kept_steps, _REST])


def _fitting(lines: list[str], room: int, measure: Measure) -> list[str]:
    """The first of the lines, of which the last may be cut."""
    kept: list[str] = []
    for line in lines:
        left = room - sum(measure(one) + 1 for one in kept)
        if measure(line) <= left:
            kept.append(line)
        elif left > len(_CUT):
            return [*kept, _cut(line, left - len(_CUT), measure) + _CUT]
        else:
            break
    return kept


def _cut(line: str, room: int, measure: Measure) -> str:
    size = min(len(line), room)
    while measure(line[:size]) > room:
        size -= 1
    return line[:size].rstrip()
