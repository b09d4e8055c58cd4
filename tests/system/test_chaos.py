"""What the detector stands on is taken away while units die: nothing is missed, nothing is restarted for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.system.machine import Machine
from tests.system.stage import unix_s, wait_until

DETECTOR = "standfast-detector.service"
STATE = "/var/lib/standfast/detector"
# What is killed is given up at once: by itself, no unit of the crowd is ever started again.
UNIT = "[Service]\nExecStart=sleep infinity\n"
CROWD = tuple(f"crowd@{number}.service" for number in range(1, 13))
VICTIMS = tuple(f"victim@{number}.service" for number in range(1, 7))
DETECTOR_TOML = """
mode = "act"
check_interval_s = 1
clock_grace_s = 0
[restart]
min_gap_s = 0
settle_s = 0
max_per_hour = 100
[[watch]]
unit = "victim@*.service"
[[watch]]
unit = "crowd@*.service"
tier = "important"
restart = false
"""


@pytest.fixture(scope="module", autouse=True)
def fleet(machine: Machine) -> None:
    """Six units that a master restart restarts, and a crowd that only counts."""
    for name in ("victim", "crowd"):
        machine.write(f"/etc/systemd/system/{name}@.service", UNIT)
    machine.write("/etc/standfast/detector.toml", DETECTOR_TOML)
    machine.run(f"systemctl daemon-reload && systemctl start {' '.join((*VICTIMS, *CROWD))}")
    machine.run(["systemctl", "restart", DETECTOR])


def detector(machine: Machine) -> dict[str, Any]:
    """What the detector says of itself; nothing while it is away."""
    found: dict[str, Any] = json.loads(machine.run("cat /run/standfast/detector/status.json || echo {}").stdout)
    return found


def level(machine: Machine) -> str:
    return str(detector(machine).get("failure_level"))


def results(machine: Machine) -> list[str]:
    """How the master restarts that the detector remembers ended."""
    return [run["result"] for run in detector(machine).get("restart_history", [])]


def given_up(machine: Machine, since: str, unit: str) -> float:
    """Wait for the detector's word that a unit is given up; when it was said."""
    entry = machine.wait_journal(
        lambda entry: "is given up" in entry["MESSAGE"], since=since, STANDFAST_UNIT=unit, _SYSTEMD_UNIT=DETECTOR
    )
    return unix_s(entry)


def mended(machine: Machine) -> None:
    machine.run(["systemctl", "restart", *CROWD])
    wait_until(lambda: level(machine) == "NONE", "all to be well again")


def a_true_cascade_is_answered(machine: Machine, number: int) -> None:
    """The detector has kept all its senses, and may still act; each time other units, the same would be a human's."""
    before = results(machine)
    machine.run(["systemctl", "kill", "--signal=KILL", *VICTIMS[number : number + 3]])
    wait_until(lambda: results(machine) == [*before, "success"], "the master restart")
    wait_until(lambda: level(machine) == "NONE", "the cascade to be over")


def test_dbus_is_restarted_while_units_die(machine: Machine) -> None:
    since = machine.cursor()
    before = machine.wait_unit(DETECTOR)
    machine.run("systemctl stop dbus.socket dbus.service")
    machine.wait_journal(lambda entry: entry["MESSAGE"].startswith("Lost systemd: the bus closed"), since=since)
    machine.run(f"systemctl kill --signal=KILL {CROWD[0]} {CROWD[1]}; systemctl start dbus.socket dbus.service")
    for unit in CROWD[:2]:
        given_up(machine, since, unit)
    machine.wait_journal(lambda entry: entry["MESSAGE"] == "systemd answers again", since=since)
    assert results(machine) == []
    assert machine.wait_unit(DETECTOR)["MainPID"] == before["MainPID"]
    mended(machine)
    a_true_cascade_is_answered(machine, 0)


def test_journald_is_restarted_while_units_die(machine: Machine) -> None:
    before = results(machine)
    since = machine.cursor()
    machine.run(f"systemctl restart systemd-journald & systemctl kill --signal=KILL {' '.join(CROWD[:5])}; wait")
    for unit in CROWD[:5]:
        given_up(machine, since, unit)
    machine.wait_journal(since=since, STANDFAST_EVENT="level", STANDFAST_LEVEL="CRITICAL")
    assert results(machine) == before
    mended(machine)
    a_true_cascade_is_answered(machine, 1)


STORM = """
for unit in $UNITS; do
    systemctl daemon-reload & systemctl kill --signal=KILL $unit; wait $!
    case $unit in *5.service) systemctl daemon-reexec;; esac
done
"""


def test_reloads_and_reexecs_while_units_die(machine: Machine) -> None:
    before = results(machine)
    since = machine.cursor()
    machine.run(f"UNITS='{' '.join(CROWD)}'\n{STORM}", timeout_s=120)
    for unit in CROWD:
        given_up(machine, since, unit)
    said = [e["MESSAGE"] for e in machine.journal(since=since, _SYSTEMD_UNIT=DETECTOR) if "is given up" in e["MESSAGE"]]
    assert len(said) == len(CROWD)  # each once
    levels = {e["STANDFAST_LEVEL"] for e in machine.journal(since=since, STANDFAST_EVENT="level")}
    assert "CRITICAL" in levels <= {"WARNING", "CRITICAL"}, "as they were seen, one by one or several at once"
    assert results(machine) == before
    mended(machine)
    a_true_cascade_is_answered(machine, 2)


def test_a_full_disk(machine: Machine) -> None:
    """What must survive cannot be kept: that is said, and the detector goes on; the journal fills the gap later."""
    machine.run(
        f"systemctl stop {DETECTOR} && mount -t tmpfs -o size=300k,mode=0750,uid=standfast,gid=standfast full {STATE}"
    )
    machine.run(["systemctl", "start", DETECTOR])
    machine.run(["systemctl", "reset-failed", "standfast-master-restart.service"])  # three there were
    wait_until(lambda: level(machine) == "NONE", "the detector's status")
    machine.run(f"head -c 1M /dev/zero > {STATE}/filler", check=False)
    since = machine.cursor()
    a_true_cascade_is_answered(machine, 3)
    entry = machine.wait_journal(lambda entry: "see that its disk has room" in entry["MESSAGE"], since=since)
    assert entry["PRIORITY"] == "3"
    assert "see that its disk has room" in detector(machine)["notes"][0]
    assert "see that its disk has room" in machine.run(["systemctl", "status", DETECTOR], check=False).stdout
    before = results(machine)
    machine.run(f"rm {STATE}/filler")
    machine.wait_journal(lambda entry: "is kept again" in entry["MESSAGE"], since=since)
    machine.run(["systemctl", "kill", "--signal=KILL", DETECTOR])
    wait_until(lambda: results(machine) == before, "the ledger that was kept")
