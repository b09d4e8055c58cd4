"""Where in a user's own code something is: an exception's origin, a callback that does not return."""

import sysconfig
import traceback
from collections.abc import Iterable
from pathlib import Path
from traceback import FrameSummary
from typing import Final

from standfast.errors import StandfastError

# How many of the user's frames are shown of an exception, and how many causes.
FRAMES: Final = 3
CAUSES: Final = 2

_OURS: Final = (str(Path(__file__).parents[1]), "<frozen")
_STANDARD: Final = tuple(f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib"))
_INSTALLED: Final = frozenset({"dist-packages", "site-packages"})


def users_trace(error: BaseException) -> str:
    """An exception in one line: its type, its text, where in the user's own code it came from, and what caused it."""
    told = [_one(error)]
    for _ in range(CAUSES):
        cause = _cause(error)
        if cause is None:
            break
        told.append(_one(cause))
        error = cause
    return ", caused by ".join(told)


def users_frames(error: BaseException) -> list[str]:
    """The user's own frames that an exception passed through; see `own_frames`."""
    return own_frames(traceback.extract_tb(error.__traceback__))


def own_frames(stack: Iterable[FrameSummary]) -> list[str]:
    """The user's own frames of a stack, "/srv/bots/dip.py:7 in tick", innermost first.

    Where there are none those of libraries.
    """
    frames = [one for one in stack if not one.filename.startswith(_OURS)]
    own = [one for one in frames if is_users(one)]
    found = own or [one for one in frames if not one.filename.startswith(_STANDARD)]
    return [f"{one.filename}:{one.lineno} in {one.name}" for one in reversed(found[-FRAMES:])]


def is_users(frame: FrameSummary) -> bool:
    """Whether a frame is the user's own code: neither Standfast's nor a library's."""
    return not frame.filename.startswith(_OURS) and not _is_library(frame.filename)


def _one(error: BaseException) -> str:
    where = " <- ".join(users_frames(error))
    text = " ".join(str(error).split())
    return (f"{type(error).__name__}: {text}" if text else type(error).__name__) + (f" (at {where})" if where else "")


def _cause(error: BaseException) -> BaseException | None:
    """What Python itself would show above it; an error of the agent's own says in its text what caused it."""
    if isinstance(error, StandfastError):
        return None
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _is_library(path: str) -> bool:
    return not _INSTALLED.isdisjoint(Path(path).parts) or path.startswith(_STANDARD)
