"""Asking systemd through systemctl, as the calling user and without a question to anybody."""

import subprocess
from typing import Final

from standfast.errors import StandfastError

_LIMIT_S: Final = 15.0


class SystemctlError(StandfastError):
    """systemctl could not be run, or did not end in time."""


def systemctl(*words: str, limit_s: float = _LIMIT_S) -> subprocess.CompletedProcess[str]:
    """Run it; what it said and how it exited is the caller's to judge.

    Raises:
        SystemctlError: there is none, or systemd did not answer it.
    """
    try:
        return subprocess.run(
            ["systemctl", "--no-ask-password", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=limit_s,
        )
    except OSError as error:
        raise SystemctlError(f"cannot run systemctl: {error.strerror}; Standfast needs systemd") from error
    except subprocess.TimeoutExpired as error:
        raise SystemctlError(
            f"systemctl {words[0]} did not end within {limit_s:.0f} s; see systemctl list-jobs"
        ) from error


def complaint(done: subprocess.CompletedProcess[str]) -> str:
    """What systemctl said last, in one line."""
    lines = done.stderr.strip().splitlines()
    return lines[0] if lines else f"systemctl exited {done.returncode}"
