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


@dataclass(frozen=True, slots=True)
class Flagging:
    """What an agent is told by its flags.

    Attributes:
        name: the command as it is typed.
        kind: the flag that is put; None takes all of them away.
        word: what the agent is then.
        is_so: whether its status says so.
        done: what is said of an agent that runs, from its name and status: lines with their tone.
        idle: what is said of one that does not, whether there was a flag to take away or not.
        after: the last line, in either case; {name} stands for the agent's.
        untouched: what is said of one that runs when there was no flag to take away.
        reloaded: what is said then as well, for it is reloaded all the same.
    """

    name: str
    kind: FlagKind | None
    word: str
    is_so: Callable[[Source], bool]
    done: Callable[[str, Source], list[tuple[str, Tone]]]
    idle: str
    after: str = ""
    untouched: str = ""
    reloaded: str = ""

    def run(self, arguments: argparse.Namespace, screen: Screen) -> Exit:
        """Put the flag or take them away, and see that the agent takes it up."""
        name: str = arguments.name
        config = flagging.agent_config(name)
        is_done = self._do(config, arguments)
        found = flagging.taken_up(name, self.word, self.is_so, must_reload=not is_done)
        if not is_done and found:
            # The reload itself is a word of a human's: an agent in ERROR looks anew.
            flagging.note(name, "reload")
        for words, tone in self._lines(name, found, is_done):
            screen.line(words, tone)
        if self.after:
            screen.line(self.after.format(name=name))
        return Exit.OK

    def _lines(self, name: str, found: Source | None, is_done: bool) -> list[tuple[str, Tone]]:
        if found is None:
            return [(self.idle.format(name=name), Tone.WARNING)]
        if is_done:
            return self.done(name, found)
        return [(self.untouched.format(name=name), Tone.PLAIN), (self.reloaded, Tone.PLAIN)]

    def _do(self, config: Path, arguments: argparse.Namespace) -> bool:
        """Put the flag or take them away; whether there was anything to do."""
        if self.kind is None:
            return bool(flagging.take_away(config, arguments.why))
        flagging.put(config, self.kind, arguments.why)
        return True

    def command(self, summary: str, description: str) -> Command:
        """The command that does it."""
        return Command(self.name, summary, description, self._configure, self.run, {"name": names.agents})

    def _configure(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", help="the agent, as in standfast-agent@NAME")
        parser.add_argument("--why", default="", help="for those who wonder later")
