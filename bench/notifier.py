"""What the notifier does: durable events a second beside Alertmanager's, a critical event's way to a webhook, memory.

    python -m bench.notifier [--events 20000] [--debian trixie]

Everything runs in one container. Debian's prometheus-alertmanager is installed into it over the host's network, for
this measurement only; with --no-alertmanager it is left out.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.system.machine import Machine
from tests.system.package import built_deb

UNIT = "standfast-notifier.service"
ALERTMANAGER = "http://127.0.0.1:9093"
IDENTITIES = 100
# Otherwise this one user would be a flood; a window that does not close leaves the sink to the latencies.
CONFIG = """
aggregation_window_s = 3600
flood_limit = 1000000
[channels.webhook]
url = "http://127.0.0.1:9998/hook"
"""
_JOURNALD = "[Journal]\nRateLimitBurst=0\nSystemMaxUse=1G\nRuntimeMaxUse=1G\n"
_INSIDE = Path(__file__).with_name("inside_notifier.py")
_MEMORY = """
import pathlib, subprocess
shown = subprocess.run(["systemctl", "show", "-P", "ControlGroup", "standfast-notifier.service"],
                       capture_output=True, text=True, check=True).stdout.strip().lstrip("/")
pids = pathlib.Path("/sys/fs/cgroup", shown, "cgroup.procs").read_text().split()
lines = [line for pid in pids for line in pathlib.Path("/proc", pid, "smaps_rollup").read_text().splitlines()]
print(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")), len(pids))
"""


def ask(machine: Machine, *words: object) -> Any:
    """The figures of one measurement inside the machine."""
    command = ["python3", "-", *map(str, words)]
    return json.loads(machine.run(command, stdin=_INSIDE.read_bytes(), timeout_s=600).stdout)


def install_alertmanager(machine: Machine) -> str:
    """Install it with the network of the host, which the machine has not; its version."""
    machine.write("/etc/resolv.conf", Path("/etc/resolv.conf").read_bytes())
    # Its own unit would look for a cluster; it is started without one below.
    machine.run("ln -s /dev/null /etc/systemd/system/prometheus-alertmanager.service")
    script = "apt-get -q update && apt-get -q install -y --no-install-recommends prometheus-alertmanager"
    enter = ["nsenter", f"--target={machine.leader}", "--mount", "--uts", "--ipc", "--pid", "--root", "--wd"]
    subprocess.run(
        [*enter, "env", "DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "sh", "-c", script],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    machine.write("/srv/alertmanager.yml", 'route: {receiver: "none"}\nreceivers: [{name: "none"}]\n')
    machine.run(
        "systemd-run --quiet --unit=alertmanager prometheus-alertmanager --config.file=/srv/alertmanager.yml"
        " --storage.path=/srv --cluster.listen-address= --web.listen-address=127.0.0.1:9093"
    )
    machine.run(f"timeout 20 bash -c 'until printf x >/dev/tcp/{ALERTMANAGER.removeprefix('http://').replace(':', '/')}"
                "; do sleep 0.1; done' 2>/dev/null")  # fmt: skip
    return machine.run(["dpkg-query", "-W", "-f${Version}", "prometheus-alertmanager"]).stdout


def spread(seconds: Sequence[float]) -> str:
    """Median and worst of a few, in milliseconds."""
    ranked = sorted(seconds)
    p95 = ranked[math.ceil(0.95 * len(ranked)) - 1]
    words = (
        f"median {statistics.median(ranked) * 1000:.0f} ms",
        f"p95 {p95 * 1000:.0f}",
        f"worst {ranked[-1] * 1000:.0f}",
    )
    return ", ".join(words) + f" (n {len(ranked)})"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--events", type=int, default=20000)
    arguments.add_argument("--debian", default="trixie")
    arguments.add_argument("--no-alertmanager", action="store_true")
    options = arguments.parse_args()
    with Machine(options.debian, built_deb(), name="notifier") as machine:
        machine.write("/etc/systemd/journald.conf.d/bench.conf", _JOURNALD)
        machine.write("/etc/standfast/notifier.toml", CONFIG)
        machine.run(f"systemctl restart systemd-journald && systemctl restart {UNIT}")
        machine.wait_unit(UNIT)
        pss_kib, processes = machine.run(["python3", "-"], stdin=_MEMORY).stdout.split()
        print(f"Notifier on Debian {options.debian}; {options.events} events of {IDENTITIES} identities each:")
        print(f"  idle: {int(pss_kib) / 1024:.1f} MiB PSS in {processes} process(es)")
        for name, words in (("events", "sent while it reads"), ("backlog", "waiting at its start")):
            found = ask(machine, name, options.events, IDENTITIES)
            print(f"  {words}: {found['per_s']:.0f} a second, committed (sending took {found['sending_s']:.1f} s)")
        if not options.no_alertmanager:
            version = install_alertmanager(machine)
            for batch in (1, 100):
                found = ask(machine, "alertmanager", ALERTMANAGER, options.events, IDENTITIES, batch)
                print(f"  Alertmanager {version}, {batch} in a POST: {found['per_s']:.0f} a second, in memory only")
        found = ask(machine, "latency", 40)
        print(f"  critical event -> webhook, warm worker: {spread(found['warm'])}")
        print(f"  critical event -> webhook, cold worker: {spread(found['cold'])}")


if __name__ == "__main__":
    main()
