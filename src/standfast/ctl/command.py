"""What a command of standfastctl is made of."""

import argparse
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from standfast.ctl.screen import Screen

Names = Callable[[], Iterable[str]]


class Exit(IntEnum):
    """The exit codes that scripts may rely on."""

    OK = 0
    WRONG = 1
    USAGE = 2
    INTERRUPTED = 130


class UsageError(Exception):
    """The command was called in a way that its parser could not see to be wrong; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        name: as it is typed.
        summary: one line for the list of commands.
        description: what it does and what its exit codes mean, for `--help`.
        configure: adds its arguments to its parser.
        run: does it; a StandfastError out of it is told in one line and exits 1.
        names: what a shell may complete, by the argument that takes it.
    """

    name: str
    summary: str
    description: str
    configure: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace, Screen], Exit]
    names: Mapping[str, Names] = field(default_factory=dict)


def takes_wide(parser: argparse.ArgumentParser) -> None:
    """Add the option of a command whose tables may be too wide for a terminal."""
    parser.add_argument(
        "--wide", action="store_true", help="show every column; where there is no room, each row on lines of its own"
    )
