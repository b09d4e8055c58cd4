"""Coroutines that a strategy made and never awaited: nothing was done, and all that Python does is to warn once.

Python has one place for warnings in a process, and the agent is a process of its own: it listens there, once for all
strategies that it has in its life.
"""

import re
import warnings
from typing import Any, Final, TextIO

_TEXT: Final = re.compile(r"coroutine '(.+)' was never awaited")

_found: dict[str, None] = {}
_previous = warnings.showwarning
_filter: Any = None


def listen() -> None:
    """Hear of each one, whatever the strategy, or a library of its, has made of Python's warnings meanwhile."""
    global _previous, _filter
    if not warnings.filters or warnings.filters[0] is not _filter:
        warnings.filterwarnings("always", _TEXT.pattern, RuntimeWarning)
        _filter = warnings.filters[0]
    if warnings.showwarning is not _show:
        _previous, warnings.showwarning = warnings.showwarning, _show


def take() -> str:
    """What was not awaited since the last time, in words; "" when all was."""
    found = ", ".join(_found)
    _found.clear()
    return found


def _show(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    made = _TEXT.fullmatch(str(message))
    if made is None:
        _previous(message, category, filename, lineno, file, line)
        return
    _found[f"{made[1]} ({filename}:{lineno})"] = None
