"""Commands about a problem, which people name by the number that `standfastctl errors` shows."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from standfast.ctl import names
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import followed, notifier
from standfast.ctl.screen import Screen
from standfast.overview import snapshot as shots
from standfast.overview.tones import Tone

_LARGEST = 2**63


@dataclass(frozen=True, slots=True)
class Deed:
    """What can be done about a problem.

    Attributes:
        name: the command as it is typed; in capitals the order that the notifier follows.
        verb: the same as a sentence begins, such as "Acknowledge".
        done: what it is then, such as "Acknowledged".
        then: what comes of it, for people: a first phrase, and further lines.
        doubt: from what is known of the problem, why it is perhaps not so; "" where nothing speaks against it.
    """

    name: str
    verb: str
    done: str
    then: tuple[str, ...]
    doubt: Callable[[Mapping[str, str]], str] = lambda known: ""

    def run(self, arguments: argparse.Namespace, screen: Screen) -> Exit:
        """Have the notifier do it."""
        number: int = arguments.id
        known = about(number)
        problem = f"{number} ({', '.join(known.values())})" if known else str(number)
        # The numbers are the notifier's own: for whoever reads the history it says what it is about.
        followed(f"{self.name} {number}", self.name.upper(), f"{self.verb} problem {problem}", id=number, **known)
        first, *further = self.then
        screen.line(f"{self.done}: {problem}. {first}", Tone.GOOD)
        for line in further:
            screen.line(line)
        if doubt := self.doubt(known):
            screen.line(doubt, Tone.WARNING)
        return Exit.OK

    def command(self, summary: str, description: str) -> Command:
        """The command that does it."""
        return Command(self.name, summary, description, configure, self.run, {"id": names.problems})


def problem_number(text: str) -> int:
    """The number of a problem.

    Raises:
        argparse.ArgumentTypeError: it can be none.
    """
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else 0
    if not 0 < number < _LARGEST:
        raise argparse.ArgumentTypeError(f'"{text}" is no problem\'s number; see: standfastctl errors')
    return number


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the argument that names a problem."""
    parser.add_argument("id", type=problem_number, help="the number that `standfastctl errors` shows")


def about(number: int) -> dict[str, str]:
    """A problem's `type` and `unit`, as far as they are known."""
    rows: list[Mapping[str, Any]] = list(shots.rows(notifier().get("unresolved_errors")))
    row = next((row for row in rows if row.get("id") == number), {})
    return {name: str(row[key]) for name, key in (("type", "error_type"), ("unit", "unit")) if row.get(key)}
