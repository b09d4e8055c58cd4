"""Where the agent's loop stood when its watchdog ended it: the process leaves its stack, the next start reads it.

A strategy with `async def` callbacks runs on the loop: where it blocks that, nothing is left in the process that could
tell of it.
"""

import contextlib
import faulthandler
import re
from itertools import takewhile
from pathlib import Path
from traceback import FrameSummary
from typing import Final

from standfast.agent.traces import is_users, own_frames

# What Python writes at the watchdog's SIGABRT, the innermost frame first.
_ABORTED: Final = "Fatal Python error: Aborted"
_LOOP: Final = re.compile(r'  File ".+/asyncio/events.py", line \d+ in _run')
_FRAME: Final = re.compile(r'  File "(.+)", line (\d+) in (.+)')


def listen(path: Path) -> None:
    """Have an abort of this process leave the stack of its loop in that file, which is empty until then."""
    with contextlib.suppress(OSError):  # a full disk: the agent trades without it
        faulthandler.enable(path.open("w"), all_threads=False)


def where(path: Path) -> str:
    """Where in the user's code the loop of the run before this one was aborted; "" where it was not, or not in one.

    A library that aborts the process from another thread blocked no loop.
    """
    try:
        head, *lines = path.read_text(errors="replace").splitlines() or [""]
    except OSError:
        return ""
    called = takewhile(lambda line: not _LOOP.fullmatch(line), lines)
    frames = [FrameSummary(one[1], int(one[2]), one[3]) for line in called if (one := _FRAME.fullmatch(line))]
    is_of_thread = any(line.endswith(" in _bootstrap") for line in lines)
    if head != _ABORTED or is_of_thread or not any(map(is_users, frames)):
        return ""
    return " <- ".join(own_frames(reversed(frames)))
