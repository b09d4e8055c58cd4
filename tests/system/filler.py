"""A unit that fills a small disk (and its own memory) as soon as it runs, before a detector that watches closely."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from tests.system.machine import Machine

DETECTOR = "standfast-detector.service"
CONFIG = "/etc/standfast/detector.toml"
DISK = "/srv/small"
FILL = f"""
import time
held, room = [], open("{DISK}/log", "wb", buffering=0)
while True:
    held.append(bytearray(b"x") * 400_000)
    room.write(bytes(270_000))
    time.sleep(0.1)
"""
UNIT = """
[Service]
ExecStart=/usr/bin/python3 /srv/fill.py
MemoryMax=512M
"""
# Everything three hundred times as fast as by default.
WATCH = f"""
mode = "act"
check_interval_s = 1
clock_grace_s = 0
critical_files = ["{DISK}/ports.json"]
[prediction]
window_s = 36
[[watch]]
unit = "filler.service"
"""
REPLAY = """
import sys
sys.path.insert(0, "/usr/lib/standfast")
from pathlib import Path
from standfast.config import load
from standfast.detector.config import DetectorConfig
from standfast.detector.recorded import recorded
from standfast.detector.replay import replay
config = load(DetectorConfig, Path("/etc/standfast/detector.toml"), {})
found = recorded(float(sys.argv[1]), float(sys.argv[2]))
for one in replay(found.observations, config, state=found.before, lives=found.lives):
    print(one.to_dict())
"""


@contextlib.contextmanager
def filling(machine: Machine) -> Iterator[None]:
    """It has just begun when this is entered; all is as before when it is left."""
    before = machine.read(CONFIG)
    machine.run(f"mkdir -p {DISK} && mount -t tmpfs -o size=64M,mode=0755 small {DISK}")
    machine.write(f"{DISK}/ports.json", "{}")
    machine.write("/srv/fill.py", FILL)
    machine.write("/etc/systemd/system/filler.service", UNIT)
    machine.write(CONFIG, WATCH)
    machine.run(f"systemctl daemon-reload && systemctl start filler.service && systemctl restart {DETECTOR}")
    try:
        yield
    finally:
        machine.run(f"systemctl stop filler.service; umount -l {DISK}")
        machine.write(CONFIG, before)
        machine.run(f"systemctl restart {DETECTOR}")


def replayed(machine: Machine, since_s: float, until_s: float) -> list[str]:
    """What a replay of what the detector recorded between two times comes to, a line each."""
    return machine.run(["python3", "-", str(since_s), str(until_s)], stdin=REPLAY).stdout.splitlines()
