"""`standfastctl resolve`: somebody says that a problem is over."""

import argparse

from standfast.ctl import names, numbered
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import followed
from standfast.ctl.screen import Screen
from standfast.web.report import Tone


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    problem = numbered.in_words(arguments.id)
    # The detector goes by what it is about: the number is the notifier's own.
    about = numbered.about(arguments.id)
    followed(f"resolve {arguments.id}", "RESOLVE", f"Resolve problem {problem}", id=arguments.id, **about)
    screen.line(f"Resolved: {problem}. If it occurs again, it is a new problem.", Tone.GOOD)
    screen.line("What goes on is not over: what the detector watches it says anew at once, see standfastctl errors.")
    screen.line("To take a problem on that lasts: standfastctl ack; to hear nothing of it: standfastctl silence")
    return Exit.OK


COMMAND = Command(
    name="resolve",
    summary="say that a problem is over",
    description=(
        "Marks an unresolved problem as resolved, for what nobody reports the end of. What still fails is not over: "
        "the detector says it anew at once. For root and the members of standfast-admin. "
        "Exits 0 when it is resolved, 1 when it is not, 2 when called wrongly."
    ),
    configure=numbered.configure,
    run=_run,
    names={"id": names.problems},
)
