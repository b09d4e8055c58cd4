"""`standfastctl plan`: what a master restart would do now, in order; nothing is touched."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING

from standfast import paths
from standfast.config import load
from standfast.ctl.command import Command, Exit
from standfast.ctl.envfile import read_environment
from standfast.ctl.patience import told_while
from standfast.ctl.screen import Screen
from standfast.journal_files import may_read_journal

if TYPE_CHECKING:
    from standfast.detector.restart.plan import Plan


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    # The detector's modules and the bus are loaded for this command only.
    from standfast.detector.restart.report import plan_lines

    with told_while("Asking systemd about every watched unit ..."):
        plan = asyncio.run(_plan())
    if not may_read_journal():
        print("Without a right to read the journal: how a unit that is down ended may be missed.", file=sys.stderr)
    if arguments.json:
        lists = (("restarted", plan.restarted), ("left_alone", plan.left_alone))
        screen.json({name: [{"unit": item.unit, "why": item.why} for item in items] for name, items in lists})
    else:
        for line in plan_lines(plan):
            screen.line(line)
    return Exit.OK


async def _plan() -> "Plan":
    from standfast.detector.config import DetectorConfig
    from standfast.detector.restart.survey import survey
    from standfast.systemd1 import Systemd1

    # As the unit of the master restart reads it.
    config = load(DetectorConfig, paths.DETECTOR_CONFIG, read_environment(paths.CONFIG / "environment"))
    async with await Systemd1.connect() as systemd:
        return await survey(systemd, config, paths.DETECTOR_STATUS)


COMMAND = Command(
    name="plan",
    summary="show what a master restart would do now",
    description=(
        "Prints the units that a master restart would restart, in order, those that it would leave alone, and why. "
        "It changes nothing. Exits 0 when there is a plan, 1 when none can be made, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
