"""`standfastctl ack`: somebody takes a problem on."""

import argparse

from standfast.ctl import names, numbered
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import followed
from standfast.ctl.screen import Screen
from standfast.web.report import Tone


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    problem = numbered.in_words(arguments.id)
    followed(f"acknowledge {arguments.id}", "ACK", f"Acknowledge problem {problem}", id=arguments.id)
    screen.line(f"Acknowledged: {problem}. There are no more reminders of it; its end is told.", Tone.GOOD)
    return Exit.OK


COMMAND = Command(
    name="ack",
    summary="take a problem on: no more reminders of it",
    description=(
        "Acknowledges an unresolved problem: no reminders and no further channels; its recovery is told. For root and "
        "the members of standfast-admin. Exits 0 when it is acknowledged, 1 when it is not, 2 when called wrongly."
    ),
    configure=numbered.configure,
    run=_run,
    names={"id": names.problems},
)
