"""What a shell may complete: `standfastctl __complete WORDS` prints the candidates for the last word, one a line.

The shells' own files (packaging/completions) only ask this, so that they can never disagree with the commands.
A candidate is followed by a tab and a word of help where there is one. A line that is FILES alone asks the shell to
complete file names.
"""

import argparse
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from standfast.ctl.command import Command, Names

ASKED: Final = "__complete"
FILES: Final = "\tFILES"


def candidates(commands: Sequence[Command], words: Sequence[str]) -> Iterator[str]:
    """The lines for the last of the words, which may be empty; the words before it are taken as they are."""
    *before, last = words or [""]
    if not before:
        listed = [(command.name, command.summary) for command in commands]
        yield from _fitting(last, {**dict(listed), "--help": "", "--version": ""})
        return
    command = next((one for one in commands if one.name == before[0]), None)
    if command is not None:
        yield from _of_command(command, before[1:], last)


def _of_command(command: Command, before: Sequence[str], last: str) -> Iterator[str]:
    parser = argparse.ArgumentParser(add_help=False)
    command.configure(parser)
    options = {name: action for action in parser._actions for name in action.option_strings}
    awaited = options.get(before[-1]) if before else None
    if awaited is not None and awaited.nargs is None:
        yield from _values(command.names, awaited, last)
        return
    if last.startswith("-"):
        unused = {name: action.help or "" for name, action in options.items() if name not in before}
        yield from _fitting(last, {**unused, "--help": ""})
        return
    action = _positional(parser, options, before)
    if action is not None:
        yield from _values(command.names, action, last)


def _positional(
    parser: argparse.ArgumentParser, options: Mapping[str, argparse.Action], before: Sequence[str]
) -> argparse.Action | None:
    """The argument without a name whose turn it is."""
    given, skipped = 0, False
    for word in before:
        if skipped:
            skipped = False
        elif word in options:
            skipped = options[word].nargs is None
        elif not word.startswith("-"):
            given += 1
    actions = [action for action in parser._actions if not action.option_strings]
    if given < len(actions):
        return actions[given]
    return actions[-1] if actions and actions[-1].nargs in ("*", "+") else None


def _values(names: Mapping[str, Names], action: argparse.Action, last: str) -> Iterator[str]:
    if action.choices is not None:
        yield from _fitting(last, dict.fromkeys(map(str, action.choices), ""))
    elif action.dest in names:
        # A daemon that is away, or a directory that is shut, leaves nothing to offer.
        with contextlib.suppress(OSError):
            yield from _fitting(last, dict.fromkeys(names[action.dest](), ""))
    elif action.dest == "file":
        yield FILES


def _fitting(last: str, offered: Mapping[str, str]) -> Iterator[str]:
    for name, help_text in offered.items():
        if name.startswith(last):
            yield f"{name}\t{help_text}" if help_text else name
