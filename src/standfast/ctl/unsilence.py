"""`standfastctl unsilence`: ends a silence before its time."""

import argparse

from standfast.clock import utc_now
from standfast.ctl import names
from standfast.ctl.command import Command, Exit
from standfast.ctl.ordering import followed
from standfast.ctl.screen import Screen
from standfast.overview.reading import read_snapshot
from standfast.overview.silences import silenced
from standfast.overview.tones import Tone


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", type=silence_id, help="as `silence` and `errors` print it")


def silence_id(text: str) -> str:
    """The id of a silence.

    Raises:
        argparse.ArgumentTypeError: it can be none.
    """
    if not 8 <= len(text) <= 32 or set(text) - set("0123456789abcdef"):
        raise argparse.ArgumentTypeError(f'"{text}" is no silence\'s id; those in force are in: standfastctl errors')
    return text


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    found = arguments.id
    known = next((one for one in silenced(read_snapshot(utc_now())) if one.id == found), None)
    words = f"{found} ({known.what})" if known else found
    followed(f"end the silence {found}", "UNSILENCE", f"End the silence {words}", id=found)
    screen.line(f"The silence {words} has ended.", Tone.GOOD)
    return Exit.OK


COMMAND = Command(
    name="unsilence",
    summary="end a silence",
    description=(
        "Ends a silence; what it held back and is unresolved is told now. For root and the members of "
        "standfast-admin. Exits 0 when it has ended, 1 when it has not, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
    names={"id": names.silences},
)
