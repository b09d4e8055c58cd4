"""Commands about problems, which people name by the number that `standfastctl errors` shows."""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from standfast.ctl import names
from standfast.ctl.answers import Entry
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import OrderError, answered, notifier, refusal, silent
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
        """Have the notifier do it, of several problems at once."""
        known = about(dict.fromkeys(arguments.id))
        called = {number: _called(number, one) for number, one in known.items()}
        # The numbers are the notifier's own: for whoever reads the history it says what it is about.
        commands = {
            str(number): (f"{self.verb} problem {called[number]}", {"id": number, **one})
            for number, one in known.items()
        }
        what = f"{self.name} {', '.join(commands)}"
        answers = answered(what, self.name.upper(), commands)
        done = [number for number in known if str(number) in answers and not refusal(answers[str(number)])]
        self._show([called[number] for number in done], screen)
        for number in done:
            if doubt := self.doubt(known[number]):
                screen.line(doubt, Tone.WARNING)
        self._require_all([number for number in known if number not in done], answers)
        return Exit.OK

    def _show(self, done: Sequence[str], screen: Screen) -> None:
        """What was done, a line each, and once what comes of it."""
        for problem in done:
            screen.line(f"{self.done}: {problem}.", Tone.GOOD)
        for line in self.then if done else ():
            screen.line(line)

    def _require_all(self, left: Sequence[int], answers: Mapping[str, Entry]) -> None:
        """Raise an OrderError where any is left, with why, said once for all of which it is so."""
        by_reason: dict[str, list[str]] = {}
        for number in map(str, left):
            by_reason.setdefault(refusal(answers[number]) if number in answers else "", []).append(number)
        said = []
        for why, numbers in by_reason.items():
            what = f"{self.name} {', '.join(numbers)}"
            said.append(f"cannot {what}: {why}" if why else str(silent(what)))
        if said:
            raise OrderError("; ".join(said))

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


def about(numbers: Iterable[int]) -> dict[int, dict[str, str]]:
    """Of each problem its `type` and `unit`, as far as they are known."""
    listed = shots.rows(notifier().get("unresolved_errors"))
    rows = {row["id"]: row for row in listed if isinstance(row.get("id"), int)}
    return {number: _type_and_unit(rows.get(number, {})) for number in numbers}


def _type_and_unit(row: shots.Row) -> dict[str, str]:
    return {name: str(row[key]) for name, key in (("type", "error_type"), ("unit", "unit")) if row.get(key)}


def _called(number: int, known: Mapping[str, str]) -> str:
    return f"{number} ({', '.join(known.values())})" if known else str(number)
