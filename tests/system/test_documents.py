"""What the documents tell people to type works as it stands there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.documents.tables import commands
from tests.system.agents import OpenAlgo
from tests.system.machine import Machine
from tests.system.stage import put_directory, wait_until
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
# One after the other, as somebody types them; who asks for a secret gets one.
_RUN_ALL = """
import json, subprocess, sys
def run(line):
    options = {"capture_output": True, "text": True, "errors": "replace", "timeout": 60}
    done = subprocess.run(line, shell=True, input="a secret\\n", **options)
    return done.returncode, done.stdout, done.stderr
print(json.dumps([run(line) for line in json.loads(sys.argv[1])]))
"""
# The machines have neither; what they are asked for here is the same in Python.
_CURL = "#!/usr/bin/python3\nimport sys, urllib.request\nprint(urllib.request.urlopen(sys.argv[-1]).read().decode())\n"
_SQLITE = """#!/usr/bin/python3
import sqlite3, sys
for row in sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True).execute(sys.argv[2]):
    print(*row, sep="|")
"""


@pytest.fixture(scope="module")
def machine(debian: str, deb: Path) -> Iterator[Machine]:
    """A machine with the package, and with what carries journals from host to host."""
    with Machine(debian, deb, name="box1", more=["systemd-journal-remote"]) as booted:
        yield booted


@pytest.fixture(scope="module", autouse=True)
def hastened(machine: Machine) -> None:
    """Recoveries are told at once here."""
    machine.write("/etc/standfast/environment", "STANDFAST_RECOVERY_HOLD_S=0\n")
    machine.run(["systemctl", "restart", "standfast-notifier"])


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


def test_each_new_form_of_the_migration_page_works(migrated: Machine) -> None:
    assert len(COMMANDS) > 60
    lines = [f"timeout {FOLLOW_S} {command}" if " -f " in command else command for command in COMMANDS]
    answers = json.loads(migrated.run(["python3", "-c", _RUN_ALL, json.dumps(lines)], timeout_s=120).stdout)
    found = zip(COMMANDS, answers, strict=True)
    assert [f"{command}: {why}" for command, answer in found if (why := trouble(command, *answer))] == []


def trouble(command: str, code: int, out: str, err: str) -> str:
    """What is wrong with what a command of the page said, "" for nothing."""
    if code != (TIMED_OUT if " -f " in command else 0):
        return f"exit {code}, {err.strip()}"
    asks = command.split()[0] in ("cat", "curl", "sqlite3") and "is_resolved = 0" not in command
    return "no answer" if asks and not out.strip() else ""


# The first steps


def test_an_agent_waits_as_the_first_steps_say(machine: Machine) -> None:
    page = (REPOSITORY / "docs/getting-started.md").read_text()
    step = page[page.index("## 2.") : page.index("## 3.")]
    since = machine.cursor()
    for line in [line for line in step.splitlines() if line.startswith("    ")]:
        command, _, state = line.partition("  # ")
        if state:
            entry = machine.wait_journal(since=since, STANDFAST_STATE=state.split(",")[0], STANDFAST_UNIT=AGENT)
            since = entry["__CURSOR"]
        # `errors` says by its exit that there are some, within a second.
        expected = 1 if "errors" in command else 0
        wait_until(partial(exits, machine, command, expected), command, timeout_s=5)
    assert machine.wait_unit(AGENT)["NRestarts"] == "0"


def test_the_strategy_of_the_first_steps_trades_and_stops_flat(machine: Machine) -> None:
    page = (REPOSITORY / "docs/getting-started.md").read_text()
    step = page[page.index("## 6.") : page.index("Every other key")]
    *start, stop = [line.removeprefix("    ") for line in step.splitlines() if line.startswith("    ")]
    unit, since = "standfast-agent@average.service", machine.cursor()
    machine.run("\n".join(start[:-1]))
    machine.wait_journal(since=since, STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=unit)
    holds = re.compile(r"^  average  ACTIVE .* [+-]1 NSE:SBIN MIS$", re.MULTILINE)
    wait_until(lambda: bool(holds.search(machine.run(start[-1], check=False).stdout)), "it to hold a position")
    machine.run(stop)
    entry = machine.wait_journal(since=since, STANDFAST_EVENT="shutdown", STANDFAST_UNIT=unit)
    assert "flat (closed " in entry["MESSAGE"]


def exits(machine: Machine, command: str, code: int) -> bool:
    return machine.run(command, check=False).returncode == code


# The smoke test of the package, as autopkgtest runs it


def test_the_smoke_test_of_the_package(machine: Machine) -> None:
    machine.write("/tmp/smoke", (REPOSITORY / "packaging/debian/tests/smoke").read_bytes(), mode="0755")
    result = machine.run("/tmp/smoke", check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.endswith("ok: all of it\n")


# The example of an agent at OpenAlgo

OPENALGO = "standfast-agent@openalgo.service"
KEY = "0123456789abcdef0123456789abcdef"
_SERVER = "[Service]\nExecStart=sleep infinity\n"
# The fake has other ports than a real server, and the test runs at any hour.
_HERE = """
STANDFAST_OPENALGO_URL={url}
STANDFAST_OPENALGO_WEBSOCKET_URL={websocket_url}
STANDFAST_SESSION_DAYS=Mon..Sun
STANDFAST_SESSION_START=00:00
STANDFAST_SESSION_STOP=00:00
"""


def test_the_openalgo_example_trades_and_ends_flat(machine: Machine) -> None:
    server = OpenAlgo(machine, "unused", KEY)
    put_directory(machine, REPOSITORY / "examples/openalgo-agent", "/opt/openalgo-agent")
    machine.write("/etc/standfast/agents/openalgo.environment", _HERE.format(**vars(server)))
    missing = machine.run("/opt/openalgo-agent/install", check=False)
    assert "there is no unit openalgo.service here" in missing.stderr

    machine.write("/etc/systemd/system/openalgo.service", _SERVER)
    machine.run("systemctl daemon-reload")
    # On a new host there is no key of any agent.
    machine.run("standfastctl secret remove openalgo-api-key", check=False)
    said = machine.run("/opt/openalgo-agent/install", stdin=f"{KEY}\n")
    assert KEY not in said.stdout + said.stderr
    machine.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT=OPENALGO)
    machine.wait_unit("openalgo.service")
    after = machine.run(["systemctl", "show", "--property=After", "--value", OPENALGO]).stdout.split()
    assert "openalgo.service" in after

    status = "/run/standfast/agent/openalgo/status.json"
    wait_until(lambda: json.loads(machine.read(status))["last_tick_at"], "a price")
    wait_until(lambda: server.turn(prices={"SBIN": 790.0})["net"] == {"SBIN:MIS": 1}, "a bought dip")
    machine.run(["systemctl", "stop", OPENALGO])
    end = machine.wait_journal(STANDFAST_EVENT="shutdown", STANDFAST_UNIT=OPENALGO)
    assert "flat (closed +1 NSE:SBIN MIS)" in end["MESSAGE"]
    # What somebody wrote is neither overwritten nor removed.
    config = "/etc/standfast/agents/openalgo.toml"
    machine.write(config, mine := f"{machine.read(config)}# mine\n")
    refused = machine.run("/opt/openalgo-agent/install", check=False)
    assert (refused.returncode, "stays as it is; take another name" in refused.stderr) == (1, True)
    removed = machine.run("/opt/openalgo-agent/install --remove")
    assert f"Kept {config}: it was changed since" in removed.stdout
    assert machine.read(config) == mine
    refused = machine.run("/opt/openalgo-agent/install --remove", check=False)
    assert "nothing was removed" in refused.stderr
    machine.run(["rm", config])
    assert machine.run("ls -d /srv/openalgo-agent", check=False).stdout == ""
    assert OPENALGO.removesuffix(".service") not in machine.run("ls /etc/standfast/credentials").stdout


# The example of one notifier for another host's journal

HOST = "box-2"
# The other host is a journal of its own on this one; its users have other numbers.
OTHER_STANDFAST, OTHER_AGENT = 4001, 4002
_OTHER_PASSWD = f"""root:x:0:0::/:/bin/sh
standfast:x:{OTHER_STANDFAST}:4001::/:/bin/sh
standfast-agent:x:{OTHER_AGENT}:4002::/:/bin/sh
"""
_SAY = """
import socket, sys
fields = {"STANDFAST": 1, "STANDFAST_EVENT": "problem", "STANDFAST_TYPE": sys.argv[2], "STANDFAST_UNIT": sys.argv[3],
          "STANDFAST_SEVERITY": "critical", "PRIORITY": 4, "MESSAGE": "there"}
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
    sender.sendto("".join(f"{key}={value}\\n" for key, value in fields.items()).encode(), sys.argv[1])
"""


def test_one_notifier_tells_what_another_hosts_journal_says(machine: Machine) -> None:
    put_directory(machine, REPOSITORY / "examples/more-hosts", "/opt/more-hosts")
    machine.write("/opt/passwd", _OTHER_PASSWD)
    machine.write("/opt/group", "standfast-admin:x:4000:\n")
    machine.run(f"/opt/more-hosts/install {HOST} 19532 /opt/passwd /opt/group")
    machine.wait_unit(f"standfast-notifier@{HOST}.service")

    machine.run(f"systemd-run --quiet --unit={HOST} --property=LogNamespace={HOST} sleep infinity")
    say(machine, 0, "FIRST", "pump.service")
    upload = "/usr/lib/systemd/systemd-journal-upload --url=http://127.0.0.1:19532 --save-state=/tmp/uploaded"
    directory = f"--directory=/var/log/journal/$(cat /etc/machine-id).{HOST}"
    machine.run(f"journalctl --namespace={HOST} --sync; systemd-run --quiet --unit=upload {upload} {directory}")
    here = int(machine.run(["id", "-u", "standfast"]).stdout)
    for uid, error_type, unit in (
        (here, "FORGED", "x.service"),
        (OTHER_AGENT, "AGENT_DOWN", "x.service"),
        (OTHER_STANDFAST, "CASCADING_FAILURE", "standfast-detector.service"),
    ):
        say(machine, uid, error_type, unit)
    machine.wait_journal(
        lambda entry: f"{HOST}: CRITICAL: CASCADING_FAILURE" in entry["MESSAGE"], SYSLOG_IDENTIFIER="standfast-notifier"
    )
    status = json.loads(machine.read(f"/run/standfast/notifier-{HOST}/status.json"))
    assert status["ignored_events"] == 2
    types = {row["error_type"] for row in status["unresolved_errors"]}
    assert types <= {"FIRST", "CASCADING_FAILURE"}
    told = machine.run("journalctl -u standfast-notifier --grep CASCADING_FAILURE", check=False).stdout
    assert "CASCADING" not in told, "this host's own notifier told it"
    machine.run(f"systemctl stop upload {HOST}; /opt/more-hosts/install --remove {HOST}")
    units = "cd /etc/systemd/system && ls -d /etc/standfast/hosts standfast-notifier@.* standfast-journal-from@.*"
    assert machine.run(units, check=False).stdout == ""


def say(machine: Machine, uid: int, error_type: str, unit: str) -> None:
    """Log a problem in the other host's journal, as one of its users."""
    machine.write("/srv/say.py", _SAY)
    as_user = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    machine.run([*as_user, "python3", "/srv/say.py", f"/run/systemd/journal.{HOST}/socket", error_type, unit])
