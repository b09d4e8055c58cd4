"""What a process leaves of itself that a signal ends: the stack that it stood in, which is read once it is gone.

The watchdog's SIGABRT ends a strategy with `async def` callbacks that blocks the agent's loop: nothing is left in the
process that could tell of it. A library that crashes the process takes everything with it as well. Which of the two it
was systemd knows, and tells the unit's last word.
"""

import contextlib
import faulthandler
import re
from itertools import takewhile
from pathlib import Path
from traceback import FrameSummary
from typing import Final

from standfast.agent.traces import is_users, own_frames

# What Python writes at a signal that ends it, the innermost frame first.
_FATAL: Final = "Fatal Python error: "
_ABORTED: Final = f"{_FATAL}Aborted"
_LOOP: Final = re.compile(r'  File ".+/asyncio/events.py", line \d+ in _run')
_FRAME: Final = re.compile(r'  File "(.+)", line (\d+) in (.+)')


def beside(database: Path) -> Path:
    """The file of the agent whose database that is."""
    return database.with_name("remains")


def listen(path: Path) -> None:
    """Have a signal that ends this process leave the stack it stands in there, in a file that is empty until then."""
    with contextlib.suppress(OSError):  # a full disk: the agent trades without it
        faulthandler.enable(path.open("w"), all_threads=False)


def where(path: Path) -> str:
    """Where in the user's code a signal ended the process that left that; "" where it was in none, or is not known."""
    _, frames = _left(path)
    return " <- ".join(own_frames(reversed(frames))) if any(map(is_users, frames)) else ""


def where_blocked(path: Path) -> str:
    """Where in the user's code the loop was aborted; "" where it was not, or not in one.

    A library that aborts the process from another thread blocked no loop.
    """
    lines, frames = _left(path)
    is_of_thread = any(line.endswith(" in _bootstrap") for line in lines)
    was_aborted = lines[:1] == [_ABORTED] and not is_of_thread
    return where(path) if was_aborted and frames else ""


def note_end(database: Path, how: str) -> None:
    """Leave how and when the process ended for the next start, beside its database."""
    with contextlib.suppress(OSError):
        ended(database).write_text(how)


def noted_end(database: Path) -> str:
    """How and when a process ended last that did not end in order; "" where that was not noted."""
    try:
        return " ".join(ended(database).read_text(errors="replace").split())
    except OSError:
        return ""


def ended(database: Path) -> Path:
    """Where it is noted how a process ended, beside its database."""
    return database.with_name("ended")


def forget(path: Path) -> None:
    """Nothing that blocked the loop is left there: it was a crash, of which all was said."""
    with contextlib.suppress(OSError):
        if path.stat().st_size:
            path.write_text("")


def _left(path: Path) -> tuple[list[str], list[FrameSummary]]:
    """The lines that the process left, and the frames that the loop or a thread called, the innermost first."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:
        return [], []
    if not lines or not lines[0].startswith(_FATAL):
        return [], []
    called = takewhile(lambda line: not _LOOP.fullmatch(line), lines)
    return lines, [FrameSummary(one[1], int(one[2]), one[3]) for line in called if (one := _FRAME.fullmatch(line))]
