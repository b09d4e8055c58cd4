"""standfastctl: finds the command and runs it."""

import argparse
import contextlib
import io
import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Final

from standfast import __version__
from standfast.config import ConfigError
from standfast.ctl import (
    ack,
    check_config,
    completion,
    errors,
    history,
    import_env,
    kill,
    pause,
    plan,
    release,
    replay,
    resolve,
    resume,
    secret,
    silence,
    status,
    test_notify,
    units,
    unsilence,
)
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.doctor import command as doctor
from standfast.ctl.layout import printable
from standfast.ctl.moment import glued
from standfast.ctl.screen import Screen
from standfast.errors import StandfastError

COMMANDS: Final[tuple[Command, ...]] = (
    status.COMMAND,
    units.COMMAND,
    errors.COMMAND,
    history.COMMAND,
    ack.COMMAND,
    resolve.COMMAND,
    silence.COMMAND,
    unsilence.COMMAND,
    test_notify.COMMAND,
    plan.COMMAND,
    release.COMMAND,
    replay.COMMAND,
    pause.COMMAND,
    resume.COMMAND,
    kill.COMMAND,
    secret.COMMAND,
    import_env.COMMAND,
    check_config.COMMAND,
    doctor.COMMAND,
)


def main(words: Sequence[str] | None = None) -> int:
    """Run the command that the words name; argparse itself exits 2 on words that it does not know."""
    given = sys.argv[1:] if words is None else words
    if given[:1] == [completion.ASKED]:
        print(*completion.candidates(COMMANDS, given[1:]), sep="\n")
        return Exit.OK
    arguments = _parsed(glued(given))
    command: Command = arguments.command
    try:
        code = command.run(arguments, Screen(sys.stdout, wide=getattr(arguments, "wide", False)))
        sys.stdout.flush()
    except UsageError as error:
        print(f"standfastctl {command.name}: {error}", file=sys.stderr)
        return Exit.USAGE
    except ConfigError as error:
        return _failed(command, *map(str, error.mistakes))
    except StandfastError as error:
        return _failed(command, str(error))
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough; Python's own flush at exit must not complain.
        _write_no_more()
        return Exit.OK
    except OSError as error:
        # What no command expects of a host: its own output on a full disk, a directory that is shut.
        _write_no_more()
        where = f" with {error.filename}" if error.filename else ""
        return _failed(command, f"cannot go on{where}: {error.strerror or error}; mend that, or use sudo")
    return code


def _parsed(words: Sequence[str]) -> argparse.Namespace:
    """The arguments; a word too many is told with the usage of its command, where argparse would give that of all.

    Who says nothing is shown what there is to say, and a slip in a command what it is like.
    """
    parser = _parser()
    if not words:
        parser.print_help(sys.stderr)
        raise SystemExit(Exit.USAGE)
    if meant := _meant(words[0]):
        parser.error(f'there is no command "{words[0]}"; did you mean {meant}?')
    arguments, strays = parser.parse_known_args(words)
    if strays:
        arguments.parser.error(f"unrecognized arguments: {' '.join(strays)}")
    return arguments


def _meant(word: str) -> str:
    """The command that a word is most like which is none; "" where it is one, an option, or like none."""
    names = [command.name for command in COMMANDS]
    return "" if word in names or word.startswith("-") else next(iter(get_close_matches(word, names, n=1)), "")


def _write_no_more() -> None:
    with contextlib.suppress(io.UnsupportedOperation):  # an output that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(command: Command, *lines: str) -> int:
    for line in lines:
        print(f"standfastctl {command.name}: {printable(line)}", file=sys.stderr)
    return Exit.WRONG


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="standfastctl",
        description="Looks at a fleet of trading daemons and at what keeps it standing.",
        epilog="Exit codes: 0 all is well, 1 something is wrong, 2 called wrongly. "
        "`standfastctl COMMAND --help` tells more of a command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"standfastctl {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        sub = subparsers.add_parser(
            command.name, help=command.summary, description=command.description, allow_abbrev=False
        )
        command.configure(sub)
        sub.set_defaults(command=command, parser=sub)
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
