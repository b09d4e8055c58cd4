"""`standfastctl status`: the level, and everything that it is made of."""

import argparse
from collections.abc import Container
from contextlib import suppress
from dataclasses import replace
from typing import Final

from standfast.clock import utc_now
from standfast.ctl.command import Command, Exit, takes_wide
from standfast.ctl.hosted import DEGRADED, NOT_ASKED, Host, listed
from standfast.ctl.report import Report, report
from standfast.ctl.screen import Screen
from standfast.ctl.systemctl import SystemctlError, systemctl
from standfast.overview.documents import everything
from standfast.overview.endings import endings
from standfast.overview.problems import problems
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import watched
from standfast.overview.tones import Tone

# A systemd that hangs keeps nobody from the rest.
_ANSWERS_WITHIN_S: Final = 2.0


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")
    takes_wide(parser)


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    found = read_snapshot(utc_now())
    snapshot = replace(found, endings=endings(found.idle))
    if arguments.json:
        screen.json(everything(snapshot))
    else:
        _show(report(snapshot, _host(watched(snapshot))), screen)
    return Exit.WRONG if problems(snapshot) else Exit.OK


def _host(watched_units: Container[str]) -> Host:
    """What systemd says now; the detector asks it only when it looks."""
    with suppress(SystemctlError):
        state = _said("is-system-running").strip()
        return listed(state, _failed_units(), watched_units) if state == DEGRADED else Host(state)
    return NOT_ASKED


def _failed_units() -> list[str]:
    with suppress(SystemctlError):
        return _said("list-units", "--failed", "--plain", "--no-legend", "--full").splitlines()
    return []


def _said(*words: str) -> str:
    return systemctl(*words, limit_s=_ANSWERS_WITHIN_S).stdout


def _show(shown: Report, screen: Screen) -> None:
    screen.line(f"{shown.level}: {shown.headline}", shown.tone)
    for problem in shown.problems:
        screen.line(f"- {problem}")
    for remark in shown.remarks:
        screen.line(f"- {remark}", Tone.WARNING)
    screen.line()
    width = max(len(name) for name, _ in shown.facts)
    for name, cell in shown.facts:
        tone = cell.tone if cell.tone is Tone.BAD else Tone.PLAIN
        screen.line(f"{name.ljust(width)}  {cell.words}", tone, hang=width + len("  "))
    for table in shown.tables:
        screen.table(table)


COMMAND = Command(
    name="status",
    summary="show the failure level, units, agents, errors and restarts",
    description=(
        "Shows what the detector, the notifier and the agents say of themselves. "
        "Exits 0 when all is well, 1 when something is wrong (it is listed first), 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
