"""`standfastctl doctor`."""

import argparse
from typing import TYPE_CHECKING, Final

from standfast.ctl.command import Command, Exit
from standfast.ctl.doctor.finding import Finding, Gravity
from standfast.ctl.patience import told_while
from standfast.ctl.screen import Screen
from standfast.overview.tones import Tone

if TYPE_CHECKING:
    from standfast.ctl.doctor.facts import Facts

# What only root can look at.
_NOT_SEEN: Final = (
    "credentials and their modes",
    "what the daemons' users may read",
    "what polkit grants the detector",
)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    # All programs' models and the probing of the network are loaded for this command only.
    from standfast.ctl.doctor.gather.everything import gather
    from standfast.ctl.doctor.rules import RULES

    with told_while("Looking at units, files and what is configured to be spoken to ..."):
        facts = gather()
    found = [(name, one) for name, rule in RULES for one in rule(facts)]
    not_seen = (*(f"what {file} names, before its mistakes are corrected" for file in facts.unusable), *_unseen(facts))
    if arguments.json:
        rows = [{"rule": name, "gravity": one.gravity.value, "what": one.what, "step": one.step} for name, one in found]
        screen.json({"findings": rows, "rules": [name for name, _ in RULES], "not_looked_at": list(not_seen)})
    else:
        _show([one for _, one in found], not_seen, screen, is_root=facts.is_root)
    return Exit.WRONG if any(one.gravity is Gravity.WRONG for _, one in found) else Exit.OK


def _unseen(facts: "Facts") -> tuple[str, ...]:
    return () if facts.is_root else _NOT_SEEN


def _show(found: list[Finding], not_seen: tuple[str, ...], screen: Screen, *, is_root: bool) -> None:
    wrong = [one for one in found if one.gravity is Gravity.WRONG]
    for one in (*wrong, *(one for one in found if one.gravity is Gravity.NOTE)):
        screen.line(f"{one.gravity.value:<5}  {one.what}", Tone.BAD if one in wrong else Tone.WARNING)
        screen.line(f"       -> {one.step}")
    notes = len(found) - len(wrong)
    if wrong:
        screen.line(f"{_count(len(wrong), 'thing')} wrong, {_count(notes, 'note')}.")
    else:
        told = f"; {_count(notes, 'note')}" if notes else ""
        screen.line(f"Nothing is wrong with this installation{told}.", Tone.GOOD)
    if not_seen:
        again = "" if is_root else "; try: sudo standfastctl doctor"
        screen.line(f"Not looked at: {', '.join(not_seen)}{again}", Tone.WARNING)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


COMMAND = Command(
    name="doctor",
    summary="find what is wrong with this installation, each finding with a next step",
    description=(
        "Looks at the units and their drop-ins, what the daemons say is wrong with them and their channels (as "
        "`status` has it), users, polkit, the journal, disk room, the clock, configuration, credentials, libraries, "
        "what is configured to be spoken to (a connection is opened, nothing is said), watched units, thresholds, "
        "files that the detector must see, and agents. It changes nothing; as root it sees more. "
        "Exits 0 when nothing is wrong (notes are no fault), 1 when something is, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
