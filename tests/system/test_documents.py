"""What the documents tell people to type works as it stands there."""

from __future__ import annotations

import pytest

from tests.documents.tables import commands
from tests.system.machine import Machine
from tests.system.tree import REPOSITORY

AGENT = "standfast-agent@paper.service"
PAGE = (REPOSITORY / "docs/migrating.md").read_text()
COMMANDS = list(commands(PAGE, "now"))
# What follows a log is looked at for so long.
FOLLOW_S = 0.3
TIMED_OUT = 124

_SERVICE = """
[Service]
ExecStart=sh -c 'trap "" HUP; exec sleep infinity'
[Install]
WantedBy=multi-user.target
"""
_PROBLEM = """MESSAGE=it broke
PRIORITY=4
STANDFAST=1
STANDFAST_EVENT={event}
STANDFAST_TYPE=PUMP_DRY
STANDFAST_SEVERITY=critical
STANDFAST_UNIT=pump.service
"""
# The machines have neither; what they are asked for here is the same in Python.
_CURL = "#!/usr/bin/python3\nimport sys, urllib.request\nprint(urllib.request.urlopen(sys.argv[-1]).read().decode())\n"
_SQLITE = """#!/usr/bin/python3
import sqlite3, sys
for row in sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute(sys.argv[2]):
    print(*row, sep="|")
"""


@pytest.fixture(scope="module")
def migrated(machine: Machine) -> Machine:
    """A host as the page has it: an agent "paper", a service trade_manager, and something that happened."""
    machine.write("/usr/local/bin/curl", _CURL, mode="0755")
    machine.write("/usr/local/bin/sqlite3", _SQLITE, mode="0755")
    machine.write("/etc/systemd/system/trade_manager.service", _SERVICE)
    hasten = "[Service]\nEnvironment=STANDFAST_RESTART_SETTLE_S=0\nRestartSec=100ms\n"
    for unit in ("standfast-master-restart.service", AGENT):
        machine.write(f"/run/systemd/system/{unit}.d/hasten.conf", hasten)
    machine.write("/etc/standfast/agents/paper.environment", "STANDFAST_PAPER_FAULTS_FILE=/srv/faults\n")
    machine.write("/srv/faults", "down\n")
    machine.run(f"systemctl daemon-reload && systemctl start trade_manager && systemctl restart {AGENT}")
    machine.wait_journal(lambda entry: entry["MESSAGE"].startswith("[HEALTH-CHECK]"), _SYSTEMD_UNIT=AGENT)
    since = machine.cursor()
    machine.write("/srv/faults", "")
    machine.run(["systemctl", "reload", AGENT])
    machine.wait_journal(since=since, STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=AGENT)
    for event in ("problem", "resolved"):
        machine.run("logger --journald", stdin=_PROBLEM.format(event=event))
    machine.wait_journal(lambda entry: "RESOLVED: PUMP_DRY" in entry["MESSAGE"], SYSLOG_IDENTIFIER="standfast-notifier")
    return machine


@pytest.mark.anywhere
def test_the_page_has_commands() -> None:
    assert len(COMMANDS) > 60


def test_each_new_form_of_the_migration_page_works(migrated: Machine) -> None:
    wrong = [f"{command}: {why}" for command in COMMANDS if (why := trouble(migrated, command))]
    assert wrong == []


def trouble(machine: Machine, command: str) -> str:
    """What is wrong with a command of the page, "" for nothing."""
    follows = " -f " in command
    result = machine.run(f"timeout {FOLLOW_S} {command}" if follows else command, check=False, stdin="a secret\n")
    if result.returncode != (TIMED_OUT if follows else 0):
        return f"exit {result.returncode}, {result.stderr.strip()}"
    asks = command.split()[0] in ("cat", "curl", "sqlite3") and "is_resolved = 0" not in command
    return "no answer" if asks and not result.stdout.strip() else ""
