"""`standfastctl plan`: what a master restart would do now, in order; nothing is touched."""

import argparse
import asyncio
import sys
from typing import TYPE_CHECKING, Final

from standfast import paths
from standfast.clock import utc_now
from standfast.config import load
from standfast.ctl.command import Command, Exit
from standfast.ctl.envfile import read_environment
from standfast.ctl.patience import told_while
from standfast.ctl.screen import Screen
from standfast.journal_files import may_read_journal
from standfast.overview import snapshot as shots
from standfast.overview.documents import taken
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Source, words
from standfast.time_words import moment
from standfast.unit_names import DETECTOR, MASTER_RESTART, short

if TYPE_CHECKING:
    from standfast.detector.restart.plan import Plan


_BY_HAND: Final = f"systemctl start {short(MASTER_RESTART)}"


def stance(detector: Source) -> str:
    """Whether the detector would have this done now, by itself; of a plan alone nobody can tell."""
    if detector.status is None:
        return f"The detector does not run, so it asks for none: systemctl start {short(DETECTOR)}"
    why, until = words(detector.get("restart_blocked"), "it gives no reason"), shots.blocked_until(detector)
    limit = "until" if detector.get("hold_until") else "the next, if a cascade lasts, not before"
    why += f"; {limit} {moment(until, None)}" if until else ""
    is_allowed = detector.get("can_restart") is True or shots.is_possible_again(detector, utc_now())
    if detector.get("mode") == "observe":
        now = shots.limits(detector) if is_allowed else f"nor would one be allowed now: {why}"
        return f"The detector's mode is observe: it says what it would do, and asks for none; {now}."
    if is_allowed:
        return f"The detector asks for it when a cascade lasts: {shots.limits(detector)}."
    return f"The detector asks for none now: {why}."


def by_hand(detector: Source) -> str:
    """How a human has it done: systemd's own limit holds for humans too, until it is lifted."""
    release = "standfastctl release, then, unless one follows by itself, " if detector.get("hold_until") else ""
    return f"By hand: {release}{_BY_HAND}"


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    # The detector's modules and the bus are loaded for this command only.
    from standfast.detector.restart.report import plan_lines

    with told_while("Asking systemd about every watched unit ..."):
        plan = asyncio.run(_plan())
    detector = read_snapshot(utc_now()).detector
    if not may_read_journal():
        print("Without a right to read the journal: how a unit that is down ended may be missed.", file=sys.stderr)
    if arguments.json:
        lists = (("restarted", plan.restarted), ("left_alone", plan.left_alone))
        planned = {name: [{"unit": item.unit, "why": item.why} for item in items] for name, items in lists}
        screen.json({**planned, "detector": taken(detector, ("mode", "can_restart", "restart_blocked"))})
    else:
        for line in plan_lines(plan):
            screen.line(line)
        screen.line()
        screen.line(stance(detector))
        if plan.restarted:
            screen.line(by_hand(detector))
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
        "Says too whether the detector would have it done now by itself: its mode, and what blocks it. "
        "It changes nothing. Exits 0 when there is a plan, 1 when none can be made, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
