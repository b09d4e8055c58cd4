"""Each daemon on a real systemd: what it says of itself, and that SIGKILL costs nothing."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

import pytest

from tests.system.machine import Entry, Machine
from tests.system.stage import wait_until

DETECTOR = "standfast-detector.service"
NOTIFIER = "standfast-notifier.service"
AGENT = "standfast-agent@paper.service"
BACK_WITHIN_S = 10


def status_text(machine: Machine, unit: str) -> str:
    return machine.run(["systemctl", "show", "-P", "StatusText", unit]).stdout.strip()


def kill(machine: Machine, unit: str) -> float:
    """SIGKILL the main process of a unit; return how many seconds passed until it was ready again."""
    before = machine.wait_unit(unit)
    started_s = time.monotonic()
    machine.run(["kill", "-KILL", before["MainPID"]])
    machine.wait_unit(unit, "active", NRestarts=str(int(before["NRestarts"]) + 1), timeout_s=30)
    return time.monotonic() - started_s


@pytest.mark.parametrize(("unit", "words"), [(DETECTOR, "NONE: "), (NOTIFIER, "unresolved problem"), (AGENT, "ACTIVE")])
def test_systemctl_status_shows_the_state_in_words(machine: Machine, unit: str, words: str) -> None:
    machine.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)
    assert words in status_text(machine, unit)
    assert words in machine.run(["systemctl", "status", unit]).stdout


def test_the_status_service_says_so_too(machine: Machine) -> None:
    url = "http://127.0.0.1:3000/api/failure_detector_status"
    status = json.loads(machine.run(["python3", "-c", f"import requests; print(requests.get('{url}').text)"]).stdout)
    assert status["failure_level"] == "NONE"
    machine.wait_unit("standfast-status.service", "active")
    assert status_text(machine, "standfast-status.service")


@pytest.mark.parametrize("unit", [DETECTOR, NOTIFIER, AGENT])
def test_killed_it_is_back_within_ten_seconds(machine: Machine, unit: str) -> None:
    took_s = kill(machine, unit)
    print(f"{machine.debian}: {unit} was back {took_s:.1f} s after SIGKILL")
    assert took_s < BACK_WITHIN_S


def test_the_notifier_killed_between_events_loses_none(machine: Machine) -> None:
    since = machine.cursor()
    troubles = [f"trouble number {number}" for number in range(6)]
    for number, trouble in enumerate(troubles):
        entry = f"MESSAGE={trouble}\nPRIORITY=2\nSTANDFAST=1\nSTANDFAST_EVENT=problem\nSTANDFAST_SEVERITY=critical\n"
        entry += f"STANDFAST_TYPE=TROUBLE_{number}\nSTANDFAST_UNIT=fleet.service\n"
        machine.run("logger --journald", stdin=entry)
        if number % 2:
            kill(machine, NOTIFIER)
    for trouble in troubles:
        machine.wait_journal(partial(is_told, trouble), since=since, SYSLOG_IDENTIFIER="standfast-notifier")
    counts = "SELECT occurrence_count FROM error_notifications_log WHERE error_type LIKE 'TROUBLE_%'"
    script = f"""
import sqlite3
print(sqlite3.connect('/var/lib/standfast/notifier/notifier.db').execute("{counts}").fetchall())
"""
    assert machine.run(["python3", "-"], stdin=script).stdout.strip() == str([(1,)] * len(troubles))


def is_told(trouble: str, entry: Entry) -> bool:
    return trouble in entry["MESSAGE"]


def test_the_detector_killed_remembers_its_restarts(machine: Machine) -> None:
    machine.run(["systemctl", "start", "standfast-master-restart.service"], timeout_s=120)
    wait_until(lambda: detector_status(machine)["restart_count"] == 1, "the detector to count the restart")
    kill(machine, DETECTOR)
    wait_until(lambda: detector_status(machine) != {}, "the detector's status")
    assert detector_status(machine)["restart_count"] == 1
    assert len(detector_status(machine)["restart_history"]) == 1


def detector_status(machine: Machine) -> dict[str, Any]:
    status = machine.run("cat /run/standfast/detector/status.json || echo '{}'").stdout
    return dict(json.loads(status))
