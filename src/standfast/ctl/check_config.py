"""`standfastctl check-config`: every mistake in the configuration, a line each, before a daemon meets it."""

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

from standfast.config import ConfigError, Mistake
from standfast.config.schema import fields_of
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.configuration import SHAPES, ConfigFile, Verdict, installed, judge, strangers
from standfast.ctl.doctor.finding import Finding, Gravity
from standfast.ctl.importing import load_plain
from standfast.ctl.patience import told_while
from standfast.ctl.screen import Screen
from standfast.overview.tones import Tone
from standfast.paths import is_there

Around = Mapping[Path, Sequence[Finding]]

_NOT_SEEN: Final = (
    "Not looked at: which secrets are stored, what the daemons' users may read; try: sudo standfastctl check-config"
)


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, help="a file to check; without one all under /etc/standfast")
    parser.add_argument(
        "--as", dest="program", choices=SHAPES, help="which program the file is for; else its name and keys tell"
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="print a JSON document for programs")
    shown.add_argument(
        "--quiet",
        action="store_true",
        help="say nothing: the exit code tells whether the daemon of FILE would take it, with the caller's environment",
    )


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    if arguments.file is None and (arguments.program or arguments.quiet):
        raise UsageError(f"{'--as' if arguments.program else '--quiet'} is about FILE: name the file too")
    verdicts, others = _judged(arguments)
    if arguments.quiet:
        return Exit.WRONG if any(map(_is_refused, verdicts)) else Exit.OK
    # The programs' models and what looks at the host are loaded for people only, not at each reload of a unit.
    from standfast.ctl.of_files import found_around

    with told_while("Looking at what the files name ..."):
        around = found_around(verdicts)
    if arguments.json:
        screen.json(_document(verdicts, others, around))
    else:
        _show(verdicts, others, around, screen)
    wrong = any(one.gravity is Gravity.WRONG for found in around.values() for one in found)
    return Exit.WRONG if wrong or others or any(one.mistakes or one.secrets for one in verdicts) else Exit.OK


def _is_refused(verdict: Verdict) -> bool:
    """Whether its daemon does not take the file over: the notifier looks for its channels' secrets too."""
    if verdict.config is None or verdict.file.program != "notifier":
        return verdict.config is None
    from standfast.ctl.doctor.gather.secrets import can_read_all

    return not can_read_all(verdict.config)


def _judged(arguments: argparse.Namespace) -> tuple[list[Verdict], list[Mistake]]:
    """The files that are asked for; and, where these are all, what is wrong between and beside them."""
    if arguments.file:
        file = _named(arguments.file, arguments.program)
        # As its daemon reads it: with the unit's environment, and with the defaults where only an agent needs a file.
        own = replace(file, environ=os.environ, required=file.program == "agent")
        return [judge(own if arguments.quiet else file)], []
    found = installed()
    return [judge(file) for file in found.files], [*found.mistakes, *strangers()]


def _named(path: Path, program: str | None) -> ConfigFile:
    """A file that the user named is judged by itself, whatever the environment of the daemons says."""
    if not program and (path.suffix == ".environment" or path.name == "environment"):
        raise UsageError(f"{path} is read with the files that it overrides: run standfastctl check-config without FILE")
    guessed = program or _guess(path)
    if guessed is None and not is_there(path):
        raise ConfigError([Mistake(str(path), "", "a configuration file", "none", "correct the name")])
    if guessed is None:
        raise UsageError(f"cannot tell what {path} is for: add --as agent, --as detector, --as notifier or --as check")
    return ConfigFile(path, guessed, {})


def _guess(path: Path) -> str | None:
    if path.stem in ("detector", "notifier", "check"):
        return path.stem
    return "agent" if path.absolute().parent.name == "agents" else _by_its_keys(path)


def _by_its_keys(path: Path) -> str | None:
    """The program that knows more of the keys than any other; None where that cannot be told."""
    try:
        values: Any = load_plain(path.read_text(), as_json=path.suffix == ".json")
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    known = {program: len(values.keys() & fields_of(shape()).keys()) for program, shape in SHAPES.items()}
    best = [program for program, count in known.items() if count == max(known.values())]
    return best[0] if len(best) == 1 else None


def _show(verdicts: Sequence[Verdict], others: Sequence[Mistake], around: Around, screen: Screen) -> None:
    for verdict in verdicts:
        _show_one(verdict, around.get(verdict.file.path, ()), screen)
    # One environment file serves many programs: what it holds too much of is said once.
    for line in dict.fromkeys(line for verdict in verdicts for line in verdict.secrets):
        screen.line(line, Tone.BAD)
    for mistake in others:
        screen.line(str(mistake), Tone.BAD)
    if os.geteuid() != 0:
        screen.line(_NOT_SEEN, Tone.WARNING)


def _show_one(verdict: Verdict, around: Sequence[Finding], screen: Screen) -> None:
    path = verdict.file.path
    for mistake in verdict.mistakes:
        screen.line(str(mistake), Tone.BAD)
    for one in around:
        is_wrong = one.gravity is Gravity.WRONG
        screen.line(f"{path}: {one.what}; {one.step}", Tone.BAD if is_wrong else Tone.WARNING)
    if verdict.mistakes and is_there(path) and not os.access(path, os.R_OK):
        screen.line(f"{path}: only its daemon and root may read it; try: sudo standfastctl check-config")
    elif not verdict.mistakes and not any(one.gravity is Gravity.WRONG for one in around):
        word = "correct" if verdict.file.there else "not there, the defaults hold"
        noted = "; see the notes above" if around else ""
        screen.line(f"{path}: {word} ({verdict.file.program}){noted}", Tone.GOOD)


def _document(verdicts: Sequence[Verdict], others: Sequence[Mistake], around: Around) -> dict[str, Any]:
    return {
        "files": [
            {
                "file": str(verdict.file.there or verdict.file.path),
                "program": verdict.file.program,
                "exists": verdict.file.there is not None,
                "mistakes": [asdict(mistake) for mistake in verdict.mistakes],
                "secrets_in_environment": list(verdict.secrets),
                "findings": [
                    {"gravity": one.gravity.value, "what": one.what, "step": one.step}
                    for one in around.get(verdict.file.path, ())
                ],
            }
            for verdict in verdicts
        ],
        "environment": [asdict(mistake) for mistake in others],
    }


COMMAND = Command(
    name="check-config",
    summary="print every mistake in a configuration file",
    description=(
        "Checks FILE, or without one everything under /etc/standfast together with its environment files. "
        "Prints a line for each mistake: file, key, what was expected, what stood there; for what a file names and "
        "this host has not, such as a secret or a strategy's class; and, as root, for each file that its own daemon "
        "may not read. Exits 0 when there is none, 1 when there is, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
