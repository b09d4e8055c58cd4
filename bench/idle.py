"""What the detector and the notifier cost while nothing happens: CPU time and memory, with 100 units watched.

    python -m bench.idle [--seconds 60] [--units 100] [--debian trixie]

CPU is what the kernel accounted to each unit's cgroup; PSS shares out the pages that processes have in common.
"""

import argparse
from pathlib import Path

from tests.system.machine import Machine
from tests.system.package import built_deb

UNITS = ("standfast-detector.service", "standfast-notifier.service")
# With limits, so that what is predicted from is read of each.
IDLER = "[Service]\nExecStart=/bin/sleep infinity\nMemoryMax=1G\nWatchdogSec=1d\n"
WATCH = '[[watch]]\nunit = "idler@*.service"\n'
MEASURE = """
import pathlib, subprocess, sys, time

def cpu_us(unit):
    stat = pathlib.Path("/sys/fs/cgroup", cgroup(unit), "cpu.stat").read_text()
    return int(dict(line.split() for line in stat.splitlines())["usage_usec"])

def cgroup(unit):
    command = ["systemctl", "show", "-P", "ControlGroup", unit]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    return shown.stdout.strip().lstrip("/")

def pss_kib(unit):
    pids = pathlib.Path("/sys/fs/cgroup", cgroup(unit), "cgroup.procs").read_text().split()
    rollups = (pathlib.Path("/proc", pid, "smaps_rollup").read_text() for pid in pids)
    return sum(int(line.split()[1]) for text in rollups for line in text.splitlines() if line.startswith("Pss:"))

seconds, *units = float(sys.argv[1]), *sys.argv[2:]
before = {unit: cpu_us(unit) for unit in units}
time.sleep(seconds)  # the measured span itself
for unit in units:
    print(unit, cpu_us(unit) - before[unit], pss_kib(unit))
"""


def measure(machine: Machine, seconds: float) -> dict[str, tuple[float, float]]:
    """For each unit the share of one core in percent and the PSS in MiB, over `seconds`."""
    command = ["python3", "-", str(seconds), *UNITS]
    printed = machine.run(command, stdin=MEASURE, timeout_s=seconds + 30).stdout
    rows = (line.split() for line in printed.splitlines())
    return {unit: (int(cpu_us) / seconds / 1e4, int(pss_kib) / 1024) for unit, cpu_us, pss_kib in rows}


def watch_idlers(machine: Machine, count: int) -> None:
    """Start `count` units that do nothing and have the detector watch them."""
    machine.write("/etc/systemd/system/idler@.service", IDLER)
    machine.write("/etc/standfast/detector.toml", machine.read("/etc/standfast/detector.toml") + WATCH)
    machine.run(f"systemctl daemon-reload && systemctl start $(seq -f 'idler@%g.service' {count})")
    machine.run("systemctl restart standfast-detector.service")
    machine.wait_unit("standfast-detector.service")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--units", type=int, default=100)
    arguments.add_argument("--debian", default="trixie")
    options = arguments.parse_args()
    deb: Path = built_deb()
    with Machine(options.debian, deb, name="idle") as machine:
        watch_idlers(machine, options.units)
        figures = measure(machine, options.seconds)
    print(f"Idle over {options.seconds:g} s, {options.units} units watched, Debian {options.debian}:")
    for unit, (percent, mib) in figures.items():
        print(f"  {unit:30} {percent:6.3f} % of one core {mib:7.1f} MiB PSS")
    total_percent, total_mib = (sum(column) for column in zip(*figures.values(), strict=True))
    print(f"  {'together':30} {total_percent:6.3f} % of one core {total_mib:7.1f} MiB PSS")


if __name__ == "__main__":
    main()
