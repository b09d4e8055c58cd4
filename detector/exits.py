"""How a main process ended, in the words that systemd's own tools have for it. Pure."""

import signal
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

# CLD_EXITED, CLD_KILLED and CLD_DUMPED of waitid(2), as systemd passes them on in ExecMainCode.
_EXITED: Final = 1
_KILLED: Final = frozenset({2, 3})

# What systemd ends a process with that it could not start: systemd.exec(5), "Process Exit Codes".
_BEFORE_ITS_START: Final[Mapping[int, str]] = {
    200: "CHDIR",
    203: "EXEC",
    208: "STDIN",
    209: "STDOUT",
    216: "GROUP",
    217: "USER",
    218: "CAPABILITIES",
    226: "NAMESPACE",
    243: "CREDENTIALS",
}

# What else systemd calls an end, in words; its own word beside them, for whoever looks that up.
_WORDS: Final[Mapping[str, str]] = {
    "watchdog": "by its watchdog, for it gave no sign of life (watchdog)",
    "oom-kill": "by the kernel, for its memory (oom-kill)",
    "timeout": "by systemd, for it took too long to start or to stop (timeout)",
}

# The results of systemd of which the end of the main process says more than they do.
_SAYS_MORE: Final = frozenset({"exit-code", "signal", "core-dump", "success"})


def exit_words(code: int, status: int) -> str:
    """The end of a main process: "status 1", "SIGKILL"; "" for none that is known."""
    if code == _EXITED:
        name = _BEFORE_ITS_START.get(status)
        return f"status {status}/{name}" if name else f"status {status}"
    if code in _KILLED:
        with suppress(ValueError):
            return signal.Signals(status).name
        return f"signal {status}"
    return ""


def end_words(result: str, main_exit: str) -> str:
    """How a unit ended, after "it ended": by its main process where that tells, else as systemd calls it."""
    is_by_another = result == "exit-code" and main_exit == "status 0"  # what ran before or after it failed
    if not main_exit or is_by_another or result not in _SAYS_MORE:
        return _WORDS.get(result, f"({result})")
    return f"with {main_exit}" if main_exit.startswith("status") else f"by {main_exit}{_dumped(result)}"


def _dumped(result: str) -> str:
    return ", with a core dump" if result == "core-dump" else ""
