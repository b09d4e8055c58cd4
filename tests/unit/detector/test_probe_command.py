"""The exec probe and real children."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.unit.detector.probing import probed

from standfast.detector.finding import Finding
from standfast.detector.model import Outcome
from standfast.detector.probes.command import CommandProbe

OK, FAIL, UNKNOWN = Outcome.OK, Outcome.FAIL, Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("script", "outcome", "detail"),
    [
        ("exit 0", OK, ""),
        ("echo fine", OK, "fine"),
        ("echo first; echo 'it is broken' >&2; exit 3", FAIL, "exit 3: first it is broken"),
        ("kill -9 $$", FAIL, "killed by signal 9"),
        ("head -c 100000 /dev/zero | tr '\\0' x; exit 1", FAIL, "exit 1: " + "x" * 400),
    ],
)
def test_command(script: str, outcome: Outcome, detail: str) -> None:
    assert probed(CommandProbe(("/bin/sh", "-c", script))) == Finding(outcome, detail)


def test_a_command_that_is_not_there_is_unknown() -> None:
    assert probed(CommandProbe(("/no/such/thing",))).outcome is UNKNOWN


def test_a_command_that_hangs_is_ended_with_its_children(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! > {pids}; sleep 60"
    assert probed(CommandProbe(("/bin/sh", "-c", script)), timeout_s=0.5) == Finding(FAIL, "no answer within 0.5 s")
    child = int(pids.read_text())
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split()[2]:
        assert time.monotonic() < deadline
        os.sched_yield()
