"""What the detector costs with very many units: idle, during a daemon-reload, and while a hundred of them are killed.

    python -m bench.scale [--units 1000] [--seconds 60] [--debian trixie]

CPU is what the kernel accounted to the detector's cgroup; the units do nothing, and systemd restarts what is killed.
"""

import argparse
import json
from dataclasses import dataclass

from tests.system.machine import Machine
from tests.system.package import built_deb

from bench.idle import measure

DETECTOR = "standfast-detector.service"
KILLS = 100
UNIT = "[Service]\nExecStart=sleep infinity\nRestart=on-failure\nRestartSec=100ms\n"
WATCH = '[[watch]]\nunit = "idler@*.service"\nrestart = false\n'
START_TIMEOUT_S = 600
# In the machine: what one act costs the detector, until it has been at rest for three seconds.
COST = """
import json, subprocess, sys, time
from pathlib import Path

unit = "standfast-detector.service"
shown = subprocess.run(["systemctl", "show", "-P", "ControlGroup", unit], capture_output=True, text=True, check=True)
stat = Path("/sys/fs/cgroup", shown.stdout.strip().lstrip("/"), "cpu.stat")

def cpu_s():
    return int(dict(line.split() for line in stat.read_text().splitlines())["usage_usec"]) / 1e6

began, began_s = time.monotonic(), cpu_s()
subprocess.run(sys.argv[1:], check=True)
acted, rested_at, before_s = time.monotonic(), time.monotonic(), cpu_s()
while time.monotonic() - rested_at < 3:
    time.sleep(0.2)  # the load is a counter: it raises no event
    now_s = cpu_s()
    if now_s - before_s > 0.005:
        rested_at, before_s = time.monotonic(), now_s
print(json.dumps({"cpu_s": cpu_s() - began_s, "act_s": acted - began, "took_s": rested_at - began}))
"""


@dataclass(frozen=True)
class Cost:
    """CPU seconds of the detector for one act, how long the act took, and how long until all was quiet again."""

    cpu_s: float
    act_s: float
    took_s: float


def cost(machine: Machine, *act: str) -> Cost:
    """What an act costs the detector."""
    found = json.loads(machine.run(["python3", "-", *act], stdin=COST, timeout_s=START_TIMEOUT_S).stdout)
    return Cost(**found)


def watch_many(machine: Machine, count: int) -> None:
    """Start that many units that do nothing, and have the detector watch them."""
    machine.write("/etc/systemd/system/idler@.service", UNIT)
    machine.write("/etc/standfast/detector.toml", WATCH)
    machine.run("systemctl daemon-reload")
    machine.run(f"systemctl start $(seq -f 'idler@%g.service' {count})", timeout_s=START_TIMEOUT_S)
    machine.run(["systemctl", "restart", DETECTOR])
    machine.wait_unit(DETECTOR)
    cost(machine, "true")  # once it is at rest


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--units", type=int, default=1000)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--debian", default="trixie")
    options = arguments.parse_args()
    with Machine(options.debian, built_deb(), name="scale") as machine:
        watch_many(machine, options.units)
        percent, mib = measure(machine, options.seconds)[DETECTOR]
        print(f"The detector with {options.units} units watched, Debian {options.debian}:")
        print(
            f"  idle over {options.seconds:g} s: {percent:.3f} % of one core (limit 1), {mib:.1f} MiB PSS", flush=True
        )
        reload = cost(machine, "systemctl", "daemon-reload")
        print(
            f"  a daemon-reload ({reload.act_s:.1f} s): {reload.cpu_s:.2f} s of CPU, quiet after {reload.took_s:.1f} s"
        )
        count = min(KILLS, options.units)
        kills = cost(machine, "sh", "-c", f"systemctl kill --signal=KILL $(seq -f 'idler@%g.service' {count})")
        print(f"  {count} kills at once: {kills.cpu_s:.2f} s of CPU, quiet after {kills.took_s:.1f} s")
        _, mib = measure(machine, 1)[DETECTOR]
        print(f"  after that: {mib:.1f} MiB PSS")


if __name__ == "__main__":
    main()
