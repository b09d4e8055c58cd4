"""`make demo`: a disposable Debian 13 in which things break, one after the other, and what Standfast does about each.

usage: python -m tests.system.demo [--debian trixie|bookworm]

Exits 0 only if everything was as expected. On a terminal the machine stays up afterwards, with the dashboard on
http://127.0.0.1:3000, until Ctrl-C.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time

from tests.system import story
from tests.system.inbox import PORT
from tests.system.machine import Machine, MachineError, post_mortems, why_not
from tests.system.package import built_deb
from tests.system.stage import AGENT, prepare
from tests.system.tree import SUITES

DASHBOARD_PORT = 3000
FLEET_PORTS = range(8001, 8010)
WIDTH = 100


class Teller:
    """Says lines with the seconds since the start in front; messages arrive from another thread."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self._lock = threading.Lock()

    def __call__(self, text: str) -> None:
        self.plain(f"{time.monotonic() - self._began_s:6.1f} s  {text}")

    def plain(self, text: str) -> None:
        with self._lock:
            print(text, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description="Break things, and see what Standfast does.")
    parser.add_argument("--debian", choices=SUITES, default=SUITES[0])
    debian = parser.parse_args().debian
    if reason := why_not():
        print(f"make demo: cannot boot a machine: {reason}", file=sys.stderr)
        return 1
    try:
        return play(debian, stay=sys.stdout.isatty() and sys.stdin.isatty())
    except KeyboardInterrupt:
        print("\nInterrupted; the machine is gone.")
        return 130
    except MachineError as error:
        print(f"\nmake demo: {error}", file=sys.stderr)
        for name, journal in post_mortems:
            print(f"\nThe end of the journal of {name}:\n{journal}", file=sys.stderr)
        return 1


def play(debian: str, *, stay: bool) -> int:
    """Tell the whole story in a machine; `stay` keeps it afterwards, for looking at the dashboard."""
    tell = Teller()
    shared = stay and _is_free_for_the_dashboard(tell)
    tell("Building the package ...")
    deb = built_deb()
    tell(f"Booting a disposable Debian ({debian}) and installing {deb.name} there with apt ...")
    with Machine(debian, deb, name="demo", private_network=not shared) as machine:
        tell("Installed: detector, notifier, status socket and one paper agent run.")
        stage = prepare(machine, tell)
        seen: list[story.Expectation] = []
        for number, step in enumerate(story.STEPS, 1):
            tell.plain(f"\n--- {number}. {story.title(step)}")
            seen += story.played(step, stage)
            if not all(one.ok for one in seen):
                break
        print_table(seen)
        ok = all(one.ok for one in seen)
        if not ok:
            print(
                f"Not all of it was as expected. The end of the machine's journal:\n{machine.journal_text(lines=150)}"
            )
        else:
            print("All of it was as expected.", flush=True)
        if shared:
            machine.run(["systemctl", "start", AGENT])
            _stay()
    return 0 if ok else 1


def print_table(seen: list[story.Expectation]) -> None:
    expected_width = max(len(one.expected) for one in seen)
    print(f"\n{'expected'.ljust(expected_width)}  {'ok'.ljust(3)}  seen\n{'-' * WIDTH}")
    for one in seen:
        print(f"{one.expected.ljust(expected_width)}  {'yes' if one.ok else 'NO '}  {one.seen}")
    print(flush=True)


def _stay() -> None:
    print(f"\nThe dashboard: http://127.0.0.1:{DASHBOARD_PORT}    (Ctrl-C ends the machine)", flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        print("\nThe machine is gone.")


def _is_free_for_the_dashboard(tell: Teller) -> bool:
    """Whether the machine may share this host's loopback; it says why not."""
    for port in (DASHBOARD_PORT, PORT, *FLEET_PORTS):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                tell(f"Port {port} is taken on this host: the story is told without the dashboard at its end.")
                return False
    return True


if __name__ == "__main__":
    raise SystemExit(main())
