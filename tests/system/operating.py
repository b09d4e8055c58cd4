"""What an operator does in a machine: standfastctl as any user, and what it says of problems."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.system.machine import Machine
from tests.system.stage import wait_until


def ctl(machine: Machine, *words: str, user: str = "root") -> subprocess.CompletedProcess[str]:
    """Run standfastctl in the machine as a user."""
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"] if user != "root" else []
    return machine.run([*as_user, "standfastctl", *words], check=False)


def problem(machine: Machine, error_type: str, unit: str = "fleet.service") -> int:
    """Raise a problem as any program can, and return its number."""
    entry = f"MESSAGE=it broke\nPRIORITY=4\nSTANDFAST=1\nSTANDFAST_EVENT=problem\nSTANDFAST_TYPE={error_type}\n"
    machine.run("logger --journald", stdin=f"{entry}STANDFAST_UNIT={unit}\n")
    wait_until(lambda: number(machine, error_type) > 0, f"the notifier to take in {error_type}")
    return number(machine, error_type)


def number(machine: Machine, error_type: str) -> int:
    """The number of an unresolved problem of this type; 0 when there is none."""
    return next((int(row["id"]) for row in errors(machine)["unresolved_errors"] if row["error_type"] == error_type), 0)


def errors(machine: Machine) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(ctl(machine, "errors", "--json").stdout)
    return found
