"""The package on both Debians: what an installation gives, an upgrade leaves alone and a removal leaves behind."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from standfast.events import AGENT_ENDED_UNCLEAN_ID, MESSAGE_IDS, UNIT_STATE_ID, WATCHER_STARTED_ID, Kind
from tests.system.agents import OpenAlgo, openalgo_agent, paper_agent
from tests.system.machine import CommandError, Machine
from tests.system.stage import wait_until
from tests.system.traces import traces
from tests.system.tree import REPOSITORY

DAEMONS = ("standfast-notifier.service", "standfast-detector.service", "standfast-agent@paper.service")
LISTENERS = ("standfast-status.socket", "standfast-check.timer", "standfast.target")
ON_DEMAND = ("standfast-check.service", "standfast-alarm.service", "standfast-status.service")
SERVICES = (*DAEMONS, "standfast-master-restart.service", *ON_DEMAND)
UNITS = (*SERVICES, *LISTENERS, "standfast.slice")
MAX_EXPOSURE = 1.5


@pytest.fixture
def fresh(debian: str) -> Iterator[Machine]:
    """A machine of the test's own, without the package."""
    with Machine(debian, name="fresh") as booted:
        yield booted


def get(machine: Machine, path: str) -> str:
    url = f"http://127.0.0.1:3000{path}"
    program = f"from urllib.request import urlopen; print(urlopen({url!r}, timeout=10).read().decode())"
    return machine.run(["python3", "-c", program]).stdout


class TestInstalled:
    def test_everything_runs(self, machine: Machine) -> None:
        for unit in (*DAEMONS, *LISTENERS):
            machine.wait_unit(unit)
        assert machine.run("systemctl is-system-running").stdout == "running\n"
        assert machine.run("systemctl is-enabled standfast-agent@paper.service").stdout == "enabled\n"

    def test_the_paper_agent_trades(self, machine: Machine) -> None:
        entry = machine.wait_journal(STANDFAST_EVENT="state", STANDFAST_STATE="ACTIVE")
        assert entry["STANDFAST_UNIT"] == entry["_SYSTEMD_UNIT"] == "standfast-agent@paper.service"

    @pytest.mark.parametrize("unit", DAEMONS)
    def test_the_status_is_in_words(self, machine: Machine, unit: str) -> None:
        assert re.search(r"^ +Status: \".+\"$", machine.run(["systemctl", "status", unit]).stdout, re.MULTILINE)

    def test_there_is_a_first_page(self, machine: Machine) -> None:
        assert "<html" in get(machine, "/").lower()
        assert json.loads(get(machine, "/api/failure_detector_status"))["failure_level"] == "NONE"
        assert machine.wait_unit("standfast-status.service")["StatusText"]

    @pytest.mark.parametrize("unit", DAEMONS)
    def test_a_reload_keeps_the_process(self, machine: Machine, unit: str) -> None:
        before = machine.wait_unit(unit)
        machine.run(["systemctl", "reload", unit])
        assert machine.wait_unit(unit)["MainPID"] == before["MainPID"]

    @pytest.mark.parametrize("unit", DAEMONS)
    def test_a_killed_daemon_is_back_within_ten_seconds(self, machine: Machine, unit: str) -> None:
        restarts = int(machine.wait_unit(unit)["NRestarts"])
        machine.run(["systemctl", "kill", "--signal=KILL", unit])
        machine.wait_unit(unit, timeout_s=10, NRestarts=str(restarts + 1))

    def test_the_preset_enables_what_the_installation_enabled(self, machine: Machine) -> None:
        links = "find /etc/systemd/system -name '*standfast*' -type l | sort"
        before = machine.run(links).stdout
        machine.run(["systemctl", "preset", *LISTENERS, "standfast-notifier", "standfast-detector", "standfast-agent@"])
        assert machine.run(links).stdout == before
        machine.run("systemctl enable --quiet standfast-agent@other; systemctl preset standfast-agent@other")
        assert machine.run(links).stdout == before

    def test_needrestart_proposes_to_restart_no_agent(self, machine: Machine) -> None:
        for unit, chosen in (("standfast-agent@paper.service", False), ("standfast-detector.service", True)):
            assert (machine.run(["perl", "-e", NEEDRESTART, unit], check=False).returncode == 0) == chosen

    def test_the_command_runs_for_everybody(self, machine: Machine) -> None:
        assert machine.run("runuser -u nobody -- standfastctl --help").stdout


# As needrestart reads it; it fails for a unit that is not chosen.
NEEDRESTART = """
my $unit = shift;
my %nrconf = (override_rc => {});
eval do { local(@ARGV, $/) = "/etc/needrestart/conf.d/standfast.conf"; <> };
print STDERR $@ if $@;
exit scalar grep { $unit =~ /$_/ && !$nrconf{override_rc}{$_} } keys %{$nrconf{override_rc}};
"""


class TestUnits:
    @pytest.mark.parametrize("unit", UNITS)
    def test_systemd_has_nothing_to_say_against_it(self, machine: Machine, unit: str) -> None:
        said = machine.run(["systemd-analyze", "verify", "--man=no", unit])
        assert (said.stdout + said.stderr).strip() == ""

    @pytest.mark.parametrize("unit", SERVICES)
    def test_it_exposes_little(self, machine: Machine, unit: str) -> None:
        report = machine.run(["systemd-analyze", "security", "--no-pager", unit]).stdout
        exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)
        assert exposure is not None
        assert float(exposure[1]) <= MAX_EXPOSURE, report

    def test_the_detector_may_start_the_master_restart_and_nothing_else(self, machine: Machine) -> None:
        restart = "standfast-master-restart.service"
        assert "/job/" in manage(machine, "standfast", "StartUnit", restart)
        machine.wait_journal(UNIT=restart, JOB_RESULT="done")
        for user, method, unit in (
            ("standfast", "StopUnit", restart),
            ("standfast", "RestartUnit", restart),
            ("standfast", "StartUnit", "standfast-check.service"),
            ("standfast", "RestartUnit", "standfast-agent@paper.service"),
            ("standfast-status", "StartUnit", restart),
            ("standfast-agent", "StartUnit", restart),
        ):
            with pytest.raises(CommandError, match=r"(?i)authentication"):
                manage(machine, user, method, unit)

    def test_systemd_itself_limits_master_restarts(self, machine: Machine) -> None:
        restart, detector = "standfast-master-restart.service", "/etc/standfast/detector.toml"
        hasten = "[Service]\nEnvironment=STANDFAST_RESTART_SETTLE_S=0\n"
        machine.write(f"/run/systemd/system/{restart}.d/hasten.conf", hasten)
        # A run that finds nothing to restart does not count.
        machine.write("/run/systemd/system/idler.service", "[Service]\nExecStart=sleep infinity\n")
        machine.run("systemctl daemon-reload; systemctl start idler")
        watched = machine.read(detector)
        machine.write(detector, watched + '\n[[watch]]\nunit = "idler.service"\n')
        machine.run(f"systemctl reset-failed {restart}")
        results = [machine.run(["systemctl", "start", restart], check=False).returncode == 0 for _ in range(5)]
        machine.run(["systemctl", "reset-failed", restart])
        assert results == [True] * 3 + [False] * 2
        machine.run(["systemctl", "start", restart])
        machine.run(["systemctl", "reset-failed", restart])
        machine.write(detector, watched)
        machine.run("systemctl stop idler")

    def test_the_journal_explains_every_kind_of_event(self, machine: Machine) -> None:
        machine.run(["python3", "-c", SAY_ALL])
        explained = machine.run("journalctl --sync; journalctl -x --no-pager SYSLOG_IDENTIFIER=catalogue").stdout
        found = re.split(r"MESSAGE of (\w+)", explained)
        assert found[1::2] == [kind.value for kind in Kind]
        for kind, text in zip(found[1::2], found[2::2], strict=True):
            assert re.search(r"Subject: \S", text), kind
            assert re.search(r"Next step: \S", text), kind
        assert "Next step: do this" in found[2]
        assert "Its class: TRANSIENT (" in found[2]

    def test_no_explanation_names_a_field_that_the_event_lacks(self, machine: Machine) -> None:
        machine.wait_journal(STANDFAST_EVENT="state", STANDFAST_STATE="ACTIVE")
        explained = machine.run("journalctl --sync; journalctl -x --no-pager STANDFAST=1").stdout
        assert "Next step:" in explained
        assert [line for line in explained.splitlines() if re.search(r"^(?:░░|--) .*STANDFAST_[A-Z]+", line)] == []

    def test_each_state_directory_is_its_owners(self, machine: Machine) -> None:
        listed = machine.run("stat -c '%a %U %n' /var/lib/standfast/* /var/lib/standfast/agent/*").stdout
        assert {"750 standfast", "750 standfast-agent"} <= {line.rpartition(" ")[0] for line in listed.splitlines()}
        credentials = machine.run("stat -c '%a %U' /etc/standfast/credentials").stdout
        assert credentials == "700 root\n"


# An event of each kind, as the installed programs make them.
SAY_ALL = """
import sys
sys.path.insert(0, "/usr/lib/standfast")
from systemd import journal
from standfast.events import Event, FailureClass, Kind, to_fields
for kind in Kind:
    common = {"unit": "x.service", "state": "ACTIVE", "level": "NONE", "action": "do this"}
    common["failure_class"] = FailureClass.TRANSIENT
    fields = to_fields(Event(kind, f"MESSAGE of {kind}", "CATALOGUE", **common))
    journal.send(fields.pop("MESSAGE"), SYSLOG_IDENTIFIER="catalogue", **fields)
"""


def manage(machine: Machine, user: str, method: str, unit: str) -> str:
    command = ["runuser", "-u", user, "--", "busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1"]
    command += ["org.freedesktop.systemd1.Manager", method, "ss", unit, "fail"]
    return machine.run(command).stdout


@pytest.mark.anywhere
def test_every_kind_of_event_is_in_the_catalogue() -> None:
    catalogue = (REPOSITORY / "units/standfast.catalog").read_text()
    more = (AGENT_ENDED_UNCLEAN_ID, UNIT_STATE_ID, WATCHER_STARTED_ID)
    assert set(re.findall(r"^-- (\w+)$", catalogue, re.MULTILINE)) == {*MESSAGE_IDS.values(), *more}


# A package as the one that is given, of a version that counts up.
NEWER = """#!/bin/sh
set -e
rm -rf /tmp/tree
dpkg-deb --raw-extract "$1" /tmp/tree
sed -i "s/^Version: .*/Version: $(dpkg-query --show --showformat='${Version}' standfast)+1/" /tmp/tree/DEBIAN/control
echo '# theirs' >>/tmp/tree/etc/standfast/notifier.toml
dpkg-deb --build /tmp/tree /tmp/newer.deb
"""


class TestUpgrade:
    def test_keeps_configuration_and_agents_and_restarts_the_rest(self, fresh: Machine, deb: Path) -> None:
        fresh.install(deb)
        fresh.run("echo '# mine' >>/etc/standfast/notifier.toml")
        fresh.run("systemctl disable standfast-check.timer")
        # One that has failed does not run on.
        fails = "[Service]\nExecStartPre=false\nRestart=no\n"
        fresh.write("/etc/systemd/system/standfast-agent@broken.service.d/a.conf", fails)
        fresh.run("systemctl daemon-reload; systemctl start standfast-agent@broken", check=False)
        fresh.wait_unit("standfast-agent@broken.service", "failed")
        agent = fresh.wait_unit("standfast-agent@paper.service")
        detector = fresh.wait_unit("standfast-detector.service")
        target = fresh.wait_unit("standfast.target")

        said = self.upgrade(fresh, deb)

        assert fresh.wait_unit("standfast-agent@paper.service")["InvocationID"] == agent["InvocationID"]
        assert fresh.wait_unit("standfast-detector.service")["InvocationID"] != detector["InvocationID"]
        assert fresh.wait_unit("standfast.target")["InvocationID"] == target["InvocationID"]
        assert fresh.read("/etc/standfast/notifier.toml").endswith("# mine\n")
        assert fresh.run("dpkg-query --show --showformat='${Version}' standfast").stdout.endswith("+1")
        assert fresh.run("systemctl is-enabled standfast-check.timer", check=False).stdout == "disabled\n"
        assert "run on with the old version until you restart them: standfast-agent@paper.service (a" in said
        assert "standfast.target is stopped" not in said
        again = fresh.run("apt-get -q install -y --reinstall /tmp/newer.deb", timeout_s=120).stdout
        assert re.search(r"these agents were not restarted.*: standfast-agent@paper\.service\s", again, re.MULTILINE)
        assert "old version" not in again

    def test_does_not_start_an_agent_that_its_operator_stopped(self, fresh: Machine, deb: Path) -> None:
        fresh.install(deb)
        fresh.run("systemctl stop standfast-agent@paper.service")
        self.upgrade(fresh, deb)
        assert fresh.wait_unit("standfast-agent@paper.service", "inactive")["Result"] == "success"
        fresh.run("systemctl disable standfast-agent@paper.service")
        self.upgrade(fresh, deb)
        assert fresh.run("systemctl is-enabled standfast-agent@paper.service", check=False).stdout == "disabled\n"

    def test_what_runs_on_needs_no_file_any_more_to_end_flat(self, fresh: Machine, deb: Path) -> None:
        fresh.install(deb)
        server = OpenAlgo(fresh, "a-key", "0123456789abcdef" * 2)
        holder = openalgo_agent(fresh, "holder", "Holder", server)
        holder.start()
        holder.logged("HOLDING")
        # As an upgrade of Standfast, its libraries or Python may leave it, only more so.
        fresh.run("for all in /usr/lib/python3* /usr/lib/standfast /srv/bots; do mv $all $all.gone; done")
        holder.stop()
        assert "flat (closed +5 NSE:SBIN MIS" in holder.event("shutdown")["MESSAGE"]
        assert set(server.turn()["net"].values()) == {0}

    @staticmethod
    def upgrade(machine: Machine, deb: Path) -> str:
        """Install a later version, in which a default file has changed too, as an unattended upgrade does."""
        machine.write("/tmp/newer", NEWER, mode="0755")
        machine.run(["/tmp/newer", f"/tmp/{deb.name}"])
        keep = "Dpkg::Options::=--force-confold"
        return machine.run(["apt-get", "-q", "install", "-y", "-o", keep, "/tmp/newer.deb"], timeout_s=120).stdout


class TestRemoval:
    def test_purge_leaves_nothing(self, fresh: Machine, deb: Path) -> None:
        before = traces(fresh)
        fresh.install(deb)
        fresh.wait_unit("standfast-agent@paper.service")
        fresh.write("/etc/systemd/system/standfast-agent@paper.service.d/mine.conf", "[Service]\nEnvironment=A=b\n")
        fresh.run("systemctl start standfast-check.service")
        fresh.write("/etc/systemd/system/standfast-check.service.d/mine.conf", "[Service]\nExecStartPre=false\n")
        fresh.run("systemctl daemon-reload; systemctl start standfast-check.service", check=False)
        # As the example of more hosts leaves it; a later installation would start what has no files any more.
        wants = "/etc/systemd/system/standfast.target.wants"
        fresh.run(f"ln -s ../standfast-notifier@.service {wants}/standfast-notifier@box2.service")
        get(fresh, "/")

        fresh.run("apt-get -q remove -y standfast", timeout_s=120)
        assert fresh.run("systemctl list-units --plain --no-legend 'standfast*'").stdout == ""
        assert fresh.run("pgrep --full /usr/lib/standfast", check=False).stdout == ""
        left = fresh.run("ls -d /run/standfast /usr/lib/standfast", check=False).stdout
        assert left == ""

        fresh.run("apt-get -q purge -y standfast", timeout_s=120)
        assert traces(fresh) == before

    def test_a_removed_package_can_come_back_and_starts_no_agent_by_itself(self, fresh: Machine, deb: Path) -> None:
        fresh.install(deb)
        keeper = paper_agent(fresh, "keeper", "Buyer")
        keeper.start()
        wait_until(lambda: bool(keeper.status["positions"]), "a position")
        fresh.run("standfastctl kill keeper")
        said = fresh.run("apt-get -q remove -y standfast", timeout_s=120).stdout
        (line,) = re.findall("^Agent .*$", said, re.MULTILINE)
        assert re.match(r"Agent keeper does not run and holds \+\d+ NSE:SBIN MIS \(on paper\): nothing manages", line)
        assert "unless they are killed: standfast-agent@keeper.service standfast-agent@paper.service" in said
        ends = re.findall(
            r"^\[SHUTDOWN\] Agent (\w+)(?: \(killed by root [^)]+\))? stopped from \w+ in [\d.]+ s: (\w+) ",
            said,
            re.MULTILINE,
        )
        assert sorted(ends) == [("keeper", "held"), ("paper", "flat")]
        came = fresh.run(["apt-get", "-q", "install", "-y", f"/tmp/{deb.name}"], timeout_s=120).stdout
        assert "no agent was started (standfast.target is stopped); to start all that is enabled, agents too" in came
        keeper.start()
        keeper.wait("ERROR", "KILLED")
        keeper.stop()
        fresh.wait_unit("standfast-detector.service")
        fresh.wait_unit("standfast-agent@paper.service", "inactive")
        fresh.run("systemctl start standfast.target")
        fresh.wait_unit("standfast-agent@paper.service")

    def test_what_an_upgrade_that_broke_off_left_ends_with_the_package(self, fresh: Machine, deb: Path) -> None:
        before = traces(fresh)
        fresh.install(deb)
        fresh.wait_journal(STANDFAST_STATE="ACTIVE", STANDFAST_UNIT="standfast-agent@paper.service")
        fresh.run(["dpkg", "--unpack", f"/tmp/{deb.name}"])
        fresh.run("apt-get -q purge -y standfast", timeout_s=120)
        assert "flat" in fresh.wait_journal(STANDFAST_EVENT="shutdown")["MESSAGE"]
        assert fresh.run("systemctl list-units --plain --no-legend 'standfast*.service'").stdout == ""
        assert traces(fresh) == before


TAKE_PORT = """
import signal, socket, sdnotify
with socket.create_server(("127.0.0.1", 3000)):
    sdnotify.SystemdNotifier().notify("READY=1")
    signal.pause()
"""


class TestHardConditions:
    def test_installs_where_no_systemd_runs_and_starts_at_the_next_boot(self, fresh: Machine, deb: Path) -> None:
        fresh.write("/root/standfast.deb", deb.read_bytes())
        # The same disk seen through another mount has an empty /run: no systemd to talk to.
        fresh.run(
            "mkdir /target; mount --bind / /target; mount --bind /proc /target/proc; mount --bind /dev /target/dev"
        )
        fresh.run("chroot /target apt-get -q install -y /root/standfast.deb", timeout_s=120)
        fresh.wait_unit("standfast-detector.service", "inactive")
        fresh.reboot()
        for unit in (*DAEMONS, *LISTENERS):
            fresh.wait_unit(unit)

    def test_a_taken_port_stops_nothing_but_the_page(self, fresh: Machine, deb: Path) -> None:
        fresh.run(["systemd-run", "--unit=taken", "--property=Type=notify", "python3", "-c", TAKE_PORT])
        said = fresh.install(deb).stdout
        assert "most likely another program has its port, 3000 (ss -ltnp). To take another one: " in said
        fresh.wait_unit("standfast-status.socket", "failed")
        assert "Address already in use" in fresh.run("systemctl status standfast-status.socket", check=False).stdout
        assert "ss -ltnp; to take another one" in fresh.run("standfastctl doctor", check=False).stdout
        for unit in DAEMONS:
            fresh.wait_unit(unit)

    def test_a_purge_comes_to_its_end_and_leaves_what_is_not_its_own(self, fresh: Machine, deb: Path) -> None:
        fresh.run("useradd --comment 'A person' standfast")
        fresh.run("mkdir /var/lib/standfast; mount -t tmpfs tmpfs /var/lib/standfast")
        fresh.install(deb)
        fresh.wait_unit("standfast-agent@paper.service")
        said = fresh.run("apt-get -q purge -y standfast", timeout_s=120).stdout
        assert "could not remove all of /var/lib/standfast; it may be mounted" in said
        assert fresh.run("ls -A /var/lib/standfast").stdout == ""
        left = fresh.run("getent passwd | grep standfast").stdout
        assert re.findall("^(.+?):.*?:([^:]*):[^:]*:[^:]*$", left, re.MULTILINE) == [("standfast", "A person")]
        assert fresh.run("dpkg-query --show standfast", check=False).stdout == ""


NOT_FOR_US = (
    # Without systemd there is nothing to start. Only Debian 12's lintian asks; 13's calls an override of it an error.
    "package-supports-alternative-init-but-no-init.d-script",
    # One lintian raises what the other does not.
    "unused-override",
)


@pytest.mark.anywhere
@pytest.mark.skipif(shutil.which("lintian") is None, reason="not installed: lintian")
def test_lintian_is_content(deb: Path) -> None:
    command = ["lintian", "--allow-root", "--display-info", "--display-experimental", "--pedantic", str(deb)]
    result = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    said = re.findall(r"^[EWIPX]: .*", result.stdout, re.MULTILINE)
    assert [line for line in said if not any(tag in line for tag in NOT_FOR_US)] == []


@pytest.mark.anywhere
def test_every_lintian_override_has_a_reason() -> None:
    lines = (REPOSITORY / "packaging/debian/standfast.lintian-overrides").read_text().splitlines()
    bare = [line for before, line in itertools.pairwise(["", *lines]) if "#" not in (before[:1], line[:1])]
    assert bare == []
