"""`standfastctl resume`: undoes `pause` and `kill`."""

import argparse

from standfast.ctl import flagging, names
from standfast.ctl.command import Command, Exit
from standfast.ctl.screen import Screen
from standfast.web.report import Tone
from standfast.web.snapshot import Source


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the agent, as in standfast-agent@NAME")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    name = arguments.name
    was = flagging.take_away(flagging.agent_config(name))
    if not was:
        screen.line(f"Agent {name} was neither paused nor killed; it is reloaded all the same.")
    if flagging.taken_up(name, "resumed", _is_free):
        screen.line(f"Agent {name} is neither paused nor killed now.", Tone.GOOD)
        screen.line("It looks at its dependencies first; standfastctl status shows what it does.")
    else:
        screen.line(f"Agent {name} does not run; start it with: systemctl start standfast-agent@{name}", Tone.WARNING)
    return Exit.OK


def _is_free(source: Source) -> bool:
    return source.get("paused") is False and not flagging.is_killed(source)


COMMAND = Command(
    name="resume",
    summary="let a paused or killed agent trade again",
    description=(
        "Undoes `pause` and `kill`; the agent checks its dependencies and goes on. For root. "
        "Exits 0 when it is so, 1 when it is not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"name": names.agents},
)
