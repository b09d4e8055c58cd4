"""`standfastctl pause`: no new orders of an agent; its feed, its checks and cancelling go on."""

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
    flagging.put(flagging.agent_config(name), FlagKind.PAUSED, arguments.why)
    if flagging.taken_up(name, "paused", lambda source: source.get("paused") is True):
        screen.line(f"Agent {name} is paused: no new orders, all else goes on.", Tone.GOOD)
    else:
        screen.line(f"Agent {name} does not run; when it is started, it is paused.", Tone.WARNING)
    screen.line(f"This outlives restarts. To end it: standfastctl resume {name}")
    return Exit.OK


COMMAND = Command(
    name="pause",
    summary="let an agent place no new orders",
    description=(
        "Pauses an agent: no new orders; the feed, the checks and cancelling go on. It outlives restarts. For root. "
        "Exits 0 when the agent is paused, 1 when it is not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"name": names.agents},
)
