"""The commands that put or take away an agent's flags: pause, kill and resume."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from standfast.agent.flags import FlagKind
from standfast.ctl import flagging, names
from standfast.ctl.command import Command, Exit
from standfast.ctl.screen import Screen
from standfast.overview.snapshot import Source
from standfast.overview.tones import Tone

Flags = tuple[FlagKind, ...]
Lines = list[tuple[str, Tone]]


def when_started(word: str) -> Callable[[str, Flags], Lines]:
    """What is said of an agent that does not run when a flag was put."""
    return lambda name, _: [(f"Agent {name} does not run; when it is started, it is {word}.", Tone.WARNING)]


@dataclass(frozen=True, slots=True)
class Flagging:
    """What an agent is told by its flags.

    Attributes:
        name: the command as it is typed.
        kind: the flag that is put; None takes all of them away.
        word: what the agent is then.
        is_so: whether its status says so.
        done: what is said of an agent that runs, from its name and status: lines with their tone.
        idle: what is said of one that does not, from its name and the flags that were put or taken away.
        after: the last line, in either case; {name} stands for the agent's.
        untouched: what is said of one that runs when there was no flag to take away.
        reloaded: what is said then as well, for it is reloaded all the same.
    """

    name: str
    kind: FlagKind | None
    word: str
    is_so: Callable[[Source], bool]
    done: Callable[[str, Source], Lines]
    idle: Callable[[str, Flags], Lines]
    after: str = ""
    untouched: str = ""
    reloaded: str = ""

    def run(self, arguments: argparse.Namespace, screen: Screen) -> Exit:
        """Put the flag or take them away, and see that the agent takes it up."""
        name: str = arguments.name
        config = flagging.agent_config(name)
        flags = self._do(config, arguments)
        found = flagging.taken_up(name, self.word, self.is_so, must_reload=not flags)
        if not flags and found:
            # The reload itself is a word of a human's: an agent in ERROR looks anew.
            flagging.note(name, "reload")
        for words, tone in self._lines(name, found, flags):
            screen.line(words, tone)
        if self.after:
            screen.line(self.after.format(name=name))
        return Exit.OK

    def _lines(self, name: str, found: Source | None, flags: Flags) -> Lines:
        if found is None:
            return self.idle(name, flags)
        if flags:
            return self.done(name, found)
        return [(self.untouched.format(name=name), Tone.PLAIN), (self.reloaded, Tone.PLAIN)]

    def _do(self, config: Path, arguments: argparse.Namespace) -> Flags:
        """Put the flag or take them away; those that were."""
        if self.kind is None:
            return flagging.take_away(config, arguments.why)
        flagging.put(config, self.kind, arguments.why)
        return (self.kind,)

    def command(self, summary: str, description: str) -> Command:
        """The command that does it."""
        return Command(self.name, summary, description, self._configure, self.run, {"name": names.agents})

    def _configure(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help="the agent, as in standfast-agent@NAME")
        parser.add_argument("--why", default="", help="for those who wonder later")
