"""How an end is worded: as `systemctl status` has it, and by what is known of the process where that says more."""

from __future__ import annotations

import pytest
from tests.unit.detector.make import failed, pending, reading, stopping, up

from standfast.detector.exits import end_words, exit_words
from standfast.detector.history import from_line, to_line


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [
        (1, 0, "status 0"),
        (1, 1, "status 1"),
        (1, 203, "status 203/EXEC"),
        (2, 15, "SIGTERM"),
        (3, 11, "SIGSEGV"),
        (2, 90, "signal 90"),
        (0, 0, ""),
    ],
)
def test_the_end_of_a_process(code: int, status: int, words: str) -> None:
    assert exit_words(code, status) == words


@pytest.mark.parametrize(
    ("result", "main_exit", "words"),
    [
        ("exit-code", "status 3", "with status 3"),
        ("signal", "SIGKILL", "by SIGKILL"),
        ("core-dump", "SIGSEGV", "by SIGSEGV, with a core dump"),
        # Restart=always restarts what ended in order, too.
        ("success", "SIGTERM", "by SIGTERM"),
        ("success", "status 0", "with status 0"),
        # An ExecStartPre= failed; the main process has its status from before.
        ("exit-code", "status 0", "(exit-code)"),
        ("watchdog", "SIGABRT", "by its watchdog, for it gave no sign of life (watchdog)"),
        ("oom-kill", "SIGKILL", "by the kernel, for its memory (oom-kill)"),
        ("timeout", "", "by systemd, for it took too long to start or to stop (timeout)"),
        ("start-limit-hit", "", "(start-limit-hit)"),
    ],
)
def test_the_end_of_a_unit(result: str, main_exit: str, words: str) -> None:
    assert end_words(result, main_exit) == words


def test_what_fails_is_said_with_its_status_and_in_a_replay_too() -> None:
    crashed = pending(1, main_exit="status 1")
    assert reading(up(0), crashed).why == "ended with status 1; systemd is going to restart it"
    assert reading(up(0), stopping(1, job="", main_exit="SIGKILL", result="signal")).why == (
        "ended by SIGKILL; systemd still cleans up after it (ExecStopPost=)"
    )
    assert reading(up(0), failed(1, main_exit="SIGKILL", result="signal")).why == (
        "it ended by SIGKILL, and no restart is pending"
    )
    assert from_line(to_line(crashed)) == crashed
    assert reading(up(0), crashed, up(2, n=1)).why == (
        "active, and systemd restarted it once since the last look; it ended with status 1"
    )
