"""Runs all tests, in parts that run at the same time: `python -m tests.everything [PYTEST-OPTION]...`

System tests mostly wait, for what systemd and the daemons do; one after the other they would take three times as long.
Each part's output is printed whole when it ends, the sum of all in the last line.
"""

from __future__ import annotations

import collections
import re
import subprocess
import sys
import threading
from collections.abc import Sequence

from tests.conftest import HOST_PART, end_on_sigterm
from tests.system.tree import SUITES

PARTS = (*SUITES, HOST_PART)
# What pytest's closing line counts.
COUNTED = re.compile(r"(\d+) (passed|failed|skipped|error)s?\b")
NO_TESTS = 5


class Part:
    """One pytest process; its output is kept until it ends."""

    def __init__(self, name: str, options: Sequence[str]) -> None:
        self.name = name
        self.text = ""
        command = [sys.executable, "-m", "pytest", f"--part={name}", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def show(self) -> None:
        """Wait for its end, and print what it said."""
        self.text, _ = self._process.communicate()
        print(f"\n======== {self.name}\n{self.text}", flush=True)

    def stop(self) -> None:
        """End it, if it has not ended, and let its fixtures clean up."""
        self._process.terminate()
        self._process.wait()

    @property
    def is_well(self) -> bool:
        """Whether all went well; a part may be empty, as with -k."""
        return self._process.returncode in (0, NO_TESTS)


def main(options: Sequence[str]) -> int:
    """Run all parts; 0 when every one of them is well."""
    end_on_sigterm()
    parts = [Part(name, options) for name in PARTS]
    try:
        return report(parts)
    finally:
        for part in parts:
            part.stop()


def report(parts: Sequence[Part]) -> int:
    """Print each part as it ends, and the sums."""
    showing = [threading.Thread(target=part.show, daemon=True) for part in parts]
    for thread in showing:
        thread.start()
    for thread in showing:
        thread.join()
    sums = collections.Counter[str]()
    for part in parts:
        for number, what in COUNTED.findall(part.text[part.text.rstrip().rfind("\n") :]):
            sums["failed" if what == "error" else what] += int(number)
    unwell = [part.name for part in parts if not part.is_well]
    if unwell:
        print(f"not well: {', '.join(unwell)}")
    print(f"{sums['passed']} passed, {sums['failed']} failed, {sums['skipped']} skipped", flush=True)
    return 1 if unwell else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
