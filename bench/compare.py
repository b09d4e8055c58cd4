"""How soon a failure is known: Standfast beside OnFailure= with curl, supervisord with an event listener, and Monit.

    python -m bench.compare [--kills 100] [--others 20] [--cascades 10] [--debian trixie]

All in one machine, one after the other, each with a hundred watched processes. Standfast says nothing to people of a
single crash that systemd mends: there the time is that until it stands classified in the journal; the others send a
message for each. Of three processes at once the others are timed until the third message has come.
"""

import argparse
import json
import math
import statistics
from collections.abc import Sequence

from tests.system.machine import Machine
from tests.system.package import built_deb
from tests.system.tree import REPOSITORY

INSIDE = REPOSITORY / "bench/inside_compare.py"
PACKAGES = ("curl", "monit", "supervisor")
SINK = "http://127.0.0.1:9998"
NAMES = {"standfast": "Standfast", "onfailure": "OnFailure= + curl", "supervisord": "supervisord", "monit": "Monit"}
UNITS = 100
LIMITS = "mission: classified, median < 50 ms and p99 < 250 ms; three given up on -> message, median < 500 ms"

NO_LIMIT = "[Unit]\nStartLimitIntervalSec=0\n"
SLEEP = f"{NO_LIMIT}[Service]\nExecStart=sleep infinity\n"
FILES = {
    "/etc/systemd/system/idler@.service": f"{SLEEP}Restart=on-failure\nRestartSec=100ms\n",
    "/etc/systemd/system/victim@.service": SLEEP,
    "/etc/systemd/system/bare@.service": SLEEP,
    "/etc/systemd/system/plain@.service": f"[Unit]\nOnFailure=tell@%n.service\n{SLEEP}",
    "/etc/systemd/system/tell@.service": f"{NO_LIMIT}[Service]\nExecStart=curl --silent --data %i {SINK}\n",
    # Without the grace after a boot, in which nothing is judged.
    # A cascade ends two looks after all is up, and the next waits for that; what is measured comes by signals.
    "/etc/standfast/detector.toml": 'clock_grace_s = 0\ncheck_interval_s = 2\n[[watch]]\nunit = "[iv]*@*.service"\n',
    "/etc/standfast/notifier.toml": f'[channels.webhook]\nurl = "{SINK}/hook"\n',
    "/srv/bench/supervisord.conf": """
[unix_http_server]
file=/run/bench-supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisord]
logfile=/var/log/bench-supervisord.log
pidfile=/run/bench-supervisord.pid
[program:idle]
command=sleep infinity
process_name=%(program_name)s_%(process_num)02d
numprocs=100
[eventlistener:tell]
command=python3 /srv/bench/listener.py
events=PROCESS_STATE_EXITED
buffer_size=1000
""",
    "/srv/bench/listener.py": f"""
import sys, urllib.request
while True:
    print("READY", end="\\n", flush=True)
    head = dict(word.split(":", 1) for word in sys.stdin.readline().split())
    event = dict(word.split(":", 1) for word in sys.stdin.read(int(head["len"])).split())
    urllib.request.urlopen("{SINK}", (event["groupname"] + ":" + event["processname"]).encode()).read()
    print("RESULT 2", end="\\nOK", flush=True)
""",
}


def monitrc() -> str:
    """A hundred processes, looked at every second."""
    checks = (
        f"check process idle{number} with pidfile /run/bench/idle{number}.pid\n"
        f'    if does not exist then exec "/usr/bin/curl --silent --data idle{number} {SINK}"\n'
        for number in range(1, UNITS + 1)
    )
    files = "set pidfile /run/bench-monit.pid\nset statefile /run/bench-monit.state\nset idfile /run/bench-monit.id\n"
    httpd = "set httpd unixsocket /run/bench-monit.sock\n    allow root:root\n"
    return f"set daemon 1\n{files}{httpd}{''.join(checks)}"


def prepare(machine: Machine) -> None:
    """Put everything in place; nothing of the others runs."""
    for path, text in FILES.items():
        machine.write(path, text)
    machine.write("/srv/bench/monitrc", monitrc(), mode="0600")
    machine.run("systemctl disable --now monit.service supervisor.service", check=False)
    machine.run(
        f"systemctl daemon-reload && systemctl start $(seq -f 'idler@%g.service' {UNITS}) victim@{{1,2,3}}.service"
    )
    machine.run("systemctl restart standfast-detector.service standfast-notifier.service")
    for unit in ("standfast-detector.service", "standfast-notifier.service"):
        machine.wait_unit(unit)


def measured(machine: Machine, watcher: str, kills: int, cascades: int) -> dict[str, list[float]]:
    """The seconds of one watcher."""
    command = ["python3", "-", watcher, str(kills), str(cascades)]
    found: dict[str, list[float]] = json.loads(machine.run(command, stdin=INSIDE.read_bytes(), timeout_s=900).stdout)
    return found


def spread(seconds: Sequence[float]) -> str:
    """Median and 99th percentile in milliseconds."""
    ranked = sorted(seconds)
    p99 = ranked[math.ceil(0.99 * len(ranked)) - 1]
    return f"{statistics.median(ranked) * 1000:7.0f} {p99 * 1000:7.0f} {len(ranked):5}"


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=UNITS, help="each of another unit: its next crash is no news")
    arguments.add_argument("--others", type=int, default=20, help="kills under each of the other watchers")
    arguments.add_argument("--cascades", type=int, default=10)
    arguments.add_argument("--debian", default="trixie")
    options = arguments.parse_args()
    with Machine(options.debian, built_deb(), name="compare", more=PACKAGES) as machine:
        prepare(machine)
        print(f"Killed -> known, {UNITS} processes watched, Debian {options.debian} (ms):")
        print(f"  {'':34} median     p99     n")
        for watcher, name in NAMES.items():
            kills = options.kills if watcher == "standfast" else options.others
            found = measured(machine, watcher, kills, options.cascades)
            print(f"  {name + ', one killed':34}{spread(found['kills'])}")
            print(f"  {name + ', three at once -> sink':34}{spread(found['cascades'])}")
            if "cold" in found:
                print(f"  {name + ', the same, worker cold':34}{spread(found['cold'])}", flush=True)
    print(f"  ({LIMITS})")


if __name__ == "__main__":
    main()
