"""What the status service costs, and how soon it answers.

    PYTHONPATH=src python -m bench.status [--rounds 10] [--debian trixie]

In a machine: from the connection to the first byte when the service was not running and when it was, its memory and
its CPU time while one page watches. In a Chromium on this host: the first paint, and from the writing of a status
file to the page that shows it.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

from tests.browser import fleets
from tests.browser.browser import Browser, why_not
from tests.system.machine import Machine
from tests.system.package import built_deb
from tests.unit.web.serving import Service

from bench.idle import MEASURE

UNIT = "standfast-status.service"
FIRST_BYTE = """
import socket, subprocess, sys, time

def first_byte_ms(path):
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", 3000)) as connection:
        connection.sendall(b"GET %s HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n" % path)
        connection.recv(1)
        took = (time.monotonic() - began) * 1000
        while connection.recv(65536):
            pass
    return took

def stop():
    # More than five starts in ten seconds would be too many for systemd.
    for verb in ("stop", "reset-failed"):
        subprocess.run(["systemctl", verb, "standfast-status.service"], check=True, stderr=subprocess.DEVNULL)

for _ in range(int(sys.argv[1])):
    stop()
    print("cold", first_byte_ms(b"/api/status"))
    for _ in range(5):
        print("warm", first_byte_ms(b"/api/status"))
    stop()
    print("cold_page", first_byte_ms(b"/"))
    for _ in range(5):
        print("warm_page", first_byte_ms(b"/"))
"""
LISTEN = """
import urllib.request

for _ in urllib.request.urlopen("http://127.0.0.1:3000/api/events"):
    pass
"""
PAINT = "return performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1"
WATCH = """
window.seen = 0;
new MutationObserver(() => { window.seen = Date.now(); }).observe(document.getElementById('level'),
    {childList: true, characterData: true, subtree: true});
"""


def in_machine(debian: str, rounds: int) -> None:
    """Print what is measured in a machine."""
    with Machine(debian, built_deb(), name="status") as machine:
        printed = machine.run(["python3", "-c", FIRST_BYTE, str(rounds)], timeout_s=300).stdout
        found: dict[str, list[float]] = {}
        for kind, ms in (line.split() for line in printed.splitlines()):
            found.setdefault(kind, []).append(float(ms))
        for kind, times in found.items():
            print(f"  first byte, {kind:10} {statistics.median(times):7.1f} ms median {max(times):7.1f} ms at most")
        watching = machine.spawn(["python3", "-c", LISTEN])
        seconds = 20
        measured = machine.run(["python3", "-", str(seconds), UNIT], stdin=MEASURE, timeout_s=seconds + 30).stdout
        _, cpu_us, pss_kib = measured.split()
        watching.kill()
        percent, mib = int(cpu_us) / seconds / 1e4, int(pss_kib) / 1024
        print(f"  while one page watches: {percent:.2f} % of one core, {mib:.1f} MiB PSS")


def in_browser(rounds: int) -> None:
    """Print what is measured in a Chromium."""
    runtime = Path(tempfile.mkdtemp())
    fleets.none(runtime)
    paints, updates = [], []
    with Service(runtime) as service, Browser() as browser:
        browser.look_like()
        browser.open(service.url + "/")  # the first page of a new Chromium is about the Chromium
        for _ in range(rounds):
            browser.open(service.url + "/")
            browser.until(lambda: browser.text("#link") == "Live", "the page to be live")
            browser.until(lambda: browser.script(PAINT) > 0, "the first paint")
            paints.append(browser.script(PAINT))
        for fleet in (fleets.cascading, fleets.none) * rounds:
            browser.script(WATCH)
            fleet(runtime)
            wrote_ms = time.time() * 1000
            browser.until(lambda: browser.script("return window.seen") > 0, "the change to be shown")
            updates.append(browser.script("return window.seen") - wrote_ms)
        print(f"  first paint            {statistics.median(paints):7.1f} ms median {max(paints):7.1f} ms at most")
        print(f"  change to page         {statistics.median(updates):7.1f} ms median {max(updates):7.1f} ms at most")
        print(f"  memory                 {service.pss_mib():7.1f} MiB PSS")


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=10)
    arguments.add_argument("--debian", default="trixie")
    options = arguments.parse_args()
    print(f"The status service on Debian {options.debian}:")
    in_machine(options.debian, options.rounds)
    if reason := why_not():
        print(f"  no Chromium: {reason}")
    else:
        in_browser(options.rounds)


if __name__ == "__main__":
    main()
