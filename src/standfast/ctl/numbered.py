"""Commands about a problem, which people name by the number that `standfastctl errors` shows."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from standfast.ctl import names
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import OrderError, followed, notifier
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
        then: what comes of it, for people, in lines.
        doubt: from what is known of the problem, why it is perhaps not so; "" where nothing speaks against it.
    """

    name: str
    verb: str
    done: str
    then: tuple[str, ...]
    doubt: Callable[[Mapping[str, str]], str] = lambda known: ""

    def run(self, arguments: argparse.Namespace, screen: Screen) -> Exit:
        """Have the notifier do it to each; where one cannot be done, to the others all the same."""
        numbers = list(dict.fromkeys(arguments.id))
        if len(numbers) == 1:
            self._tell([self._follow(numbers[0], screen)], screen)
            return Exit.OK
        done = [known for number in numbers if (known := self._tried(number, screen)) is not None]
        if done:
            self._tell(done, screen)
        return Exit.OK if len(done) == len(numbers) else Exit.WRONG

    def _tried(self, number: int, screen: Screen) -> Mapping[str, str] | None:
        try:
            return self._follow(number, screen)
        except OrderError as error:
            print(f"standfastctl {self.name}: {error}", file=sys.stderr)
            return None

    def _follow(self, number: int, screen: Screen) -> Mapping[str, str]:
        """Have the notifier do it to one; what is known of that."""
        known = about(number)
        problem = f"{number} ({', '.join(known.values())})" if known else str(number)
        # The numbers are the notifier's own: for whoever reads the history it says what it is about.
        followed(f"{self.name} {number}", self.name.upper(), f"{self.verb} problem {problem}", id=number, **known)
        screen.line(f"{self.done}: {problem}.", Tone.GOOD)
        return known

    def _tell(self, done: Sequence[Mapping[str, str]], screen: Screen) -> None:
        """What comes of it."""
        for line in self.then:
            screen.line(line)
        for doubt in filter(None, map(self.doubt, done)):
            screen.line(doubt, Tone.WARNING)

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
    """Adds the argument that names problems."""
    parser.add_argument("id", type=problem_number, nargs="+", help="the number that `standfastctl errors` shows")


def about(number: int) -> dict[str, str]:
    """A problem's `type` and `unit`, as far as they are known."""
    rows: list[Mapping[str, Any]] = list(shots.rows(notifier().get("unresolved_errors")))
    row = next((row for row in rows if row.get("id") == number), {})
    return {name: str(row[key]) for name, key in (("type", "error_type"), ("unit", "unit")) if row.get(key)}
