"""The harness itself: it boots both Debians, waits by events, and leaves nothing behind, however it ends."""

from __future__ import annotations

import contextlib
import datetime
import os
import select
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system import leftovers, machine
from tests.system.machine import CommandError, Machine, WaitError
from tests.system.tree import package_dependencies, tree_key

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bare(debian: str) -> Iterator[Machine]:
    """A machine without the package."""
    with Machine(debian, name="bare") as booted:
        yield booted


def test_runs_the_wanted_debian_to_the_end_of_its_boot(bare: Machine, debian: str) -> None:
    assert f"VERSION_CODENAME={debian}" in bare.read("/etc/os-release")
    assert bare.run("systemctl is-system-running").stdout == "running\n"
    assert bare.run("uname -n").stdout == "bare\n"


def test_has_no_network_but_its_own_loopback(bare: Machine) -> None:
    assert bare.run("ip -brief link").stdout.split()[0] == "lo"
    assert len(bare.run("ip -brief link").stdout.splitlines()) == 1


def test_a_failed_command_says_what_it_said(bare: Machine) -> None:
    with pytest.raises(CommandError, match="exited 3\nout\nerr"):
        bare.run("echo out; echo err >&2; exit 3")


def test_a_command_past_its_time_is_killed_and_reaped(bare: Machine) -> None:
    with pytest.raises(WaitError, match="longer than"):
        bare.run("exec sleep 4242", timeout_s=0.5)
    assert "4242" not in bare.run(["ps", "-eo", "args"]).stdout


def test_files_arrive_with_their_mode(bare: Machine) -> None:
    bare.write("/srv/new/file", "text\n", mode="0640")
    assert bare.read("/srv/new/file") == "text\n"
    assert bare.run("stat -c %a /srv/new/file").stdout == "640\n"


def test_waits_for_a_unit(bare: Machine) -> None:
    bare.run("systemd-run --unit=waited sh -c 'sleep 0.3; exit 3'")
    assert bare.wait_unit("waited.service", "failed", timeout_s=10)["Result"] == "exit-code"


def test_says_what_it_waited_for_in_vain(bare: Machine) -> None:
    with pytest.raises(WaitError, match=r"missing\.service has not .*not-found"):
        bare.wait_unit("missing.service", timeout_s=0.5)
    with pytest.raises(WaitError, match="no journal entry"):
        bare.wait_journal(MESSAGE="never said", timeout_s=0.5)


def test_waits_for_a_journal_entry_and_reads_it_again(bare: Machine) -> None:
    before = bare.cursor()
    bare.run("systemd-run --no-block sh -c 'sleep 0.3; echo spoken'")
    entry = bare.wait_journal(
        lambda entry: entry["MESSAGE"] == "spoken", since=before, timeout_s=10, _TRANSPORT="stdout"
    )
    assert [entry] == bare.journal(since=before, MESSAGE="spoken")


def test_a_reboot_keeps_the_disk(bare: Machine) -> None:
    bare.write("/srv/kept", "kept")
    boot = bare.run("journalctl --output=json -n1").stdout
    bare.reboot()
    assert bare.read("/srv/kept") == "kept"
    assert bare.run("systemctl is-system-running").stdout == "running\n"
    assert bare.journal()[0]["_BOOT_ID"] in boot
    assert bare.journal()[-1]["_BOOT_ID"] not in boot


def test_two_machines_do_not_share_services() -> None:
    with Machine(name="one") as one, Machine(name="two") as two:
        for each in (one, two):
            each.run("systemd-run --unit=same sleep 1000")
        one.run("systemctl kill --signal=KILL same.service")
        one.wait_unit("same.service", "failed")
        assert two.wait_unit("same.service")["SubState"] == "running"


def traces(owner: int) -> list[str]:
    """What machines of the process *owner* have left: directories and locks, mounts, processes, cgroups."""
    part = f"-{owner}-"
    found = [str(path) for path in leftovers.machines_directory().glob(f"*{part}*")]
    found += [line for line in Path("/proc/mounts").read_text().splitlines() if part in line]
    found += subprocess.run(["pgrep", "--full", f"standfast-.*{part}"], capture_output=True, text=True).stdout.split()
    show = 'mount -t cgroup2 cgroup2 /mnt; find /mnt -type d -name "standfast-*$1*"'
    listing = ["unshare", "--mount", "--propagation=private", "sh", "-c", show, "sh", part]
    return found + subprocess.run(listing, capture_output=True, text=True, check=True).stdout.splitlines()


def test_an_exception_leaves_nothing_but_the_journal_in_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[tuple[str, str]] = []
    monkeypatch.setattr(machine, "post_mortems", kept)
    monkeypatch.setattr(machine, "_numbers", iter([77]))
    with pytest.raises(CommandError), Machine(name="unlucky") as doomed:
        doomed.run("logger last words; journalctl --sync; false")
    assert [trace for trace in traces(os.getpid()) if trace.endswith("-77")] == []
    assert "last words" in kept[0][1]


OWNER = textwrap.dedent("""
    import os, signal, sys
    from tests.conftest import end_on_sigterm
    from tests.system.machine import Machine
    # Whatever runs in a shell's background ignores Ctrl-C from its birth.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    end_on_sigterm()
    with Machine(name="orphan") as machine:
        machine.spawn("sleep 1000")
        print(machine.leader, flush=True)
        sys.stdin.read()
""")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_killed_owner_leaves_nothing(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        container = os.pidfd_open(int(owner.stdout.readline()))
        assert traces(owner.pid)
        owner.send_signal(number)
        owner.wait(20)
    ended_within(container, 10)
    if number == signal.SIGKILL:
        leftovers.sweep()  # as the next machine does
    assert traces(owner.pid) == []


def ended_within(pidfd: int, timeout_s: float) -> None:
    with contextlib.closing(os.fdopen(pidfd)):
        assert select.select([pidfd], [], [], timeout_s)[0], "the container outlived its owner"


@pytest.mark.anywhere
def test_says_why_it_cannot_boot(monkeypatch: pytest.MonkeyPatch) -> None:
    machine.why_not.cache_clear()
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert machine.why_not() == "booting a test machine needs root"
    machine.why_not.cache_clear()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "/nowhere")
    assert machine.why_not().startswith("not installed: mmdebstrap, nsenter")
    machine.why_not.cache_clear()


def test_says_that_a_chroot_will_not_do() -> None:
    ask = "from tests.system.machine import why_not; print(why_not())"
    enter = 'mount --rbind / /mnt; exec chroot /mnt env --chdir="$1" "$2" -c "$3"'
    command = ["unshare", "--mount", "--propagation=private", "sh", "-euc", enter, "sh", str(ROOT), sys.executable, ask]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.startswith("no user namespaces here, as in a chroot: ")


@pytest.mark.anywhere
def test_a_tree_is_keyed_by_what_is_in_it() -> None:
    day = datetime.date(2026, 1, 31)
    keys = {
        tree_key(suite, names, when)
        for suite in ("trixie", "bookworm")
        for names in (["a"], ["a", "b"])
        for when in (day, day + datetime.timedelta(days=1))
    }
    assert len(keys) == 8


@pytest.mark.anywhere
def test_reads_the_dependencies_from_the_package() -> None:
    control = (
        "Source: x\n\nPackage: x\nDepends:\n a (>= 1),\n b | c,\n ${misc:Depends}\nRecommends: d\nDescription: e\n f\n"
    )
    assert package_dependencies(control) == ["a", "b", "d"]
