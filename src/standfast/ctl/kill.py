"""`standfastctl kill`: an agent cancels its pending orders, keeps its positions, and waits for a human."""

import argparse

from standfast.agent.flags import FlagKind
from standfast.ctl import flagging, names
from standfast.ctl.command import Command, Exit
from standfast.ctl.screen import Screen
from standfast.web.report import Tone


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", help="the agent, as in standfast-agent@NAME")
    parser.add_argument("--why", default="", help="for those who wonder later")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    name = arguments.name
    flagging.put(flagging.agent_config(name), FlagKind.KILLED, arguments.why)
    found = flagging.taken_up(name, "killed", flagging.is_killed)
    if found is not None:
        screen.line(f"Agent {name} is killed. It says: {found.get('reason')}", Tone.GOOD)
        if found.get("flat") is not True:
            screen.line("It is not flat: its positions are kept; look at them at your broker.", Tone.WARNING)
    else:
        screen.line(f"Agent {name} does not run; when it is started, it is killed.", Tone.WARNING)
    screen.line(f"This outlives restarts. To let it trade again: standfastctl resume {name}")
    return Exit.OK


COMMAND = Command(
    name="kill",
    summary="cancel an agent's pending orders and let it trade no more",
    description=(
        "Kills an agent's trading: pending orders are cancelled, positions are kept, and it stays in ERROR until "
        "`resume`, also over restarts. For root. Exits 0 when it is so, 1 when it is not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"name": names.agents},
)
