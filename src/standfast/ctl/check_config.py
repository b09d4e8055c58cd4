"""`standfastctl check-config`: every mistake in the configuration, a line each, before a daemon meets it."""

import argparse
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from standfast.config import Mistake
from standfast.config.schema import fields_of
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.configuration import SHAPES, ConfigFile, Verdict, installed, judge, strangers
from standfast.ctl.importing import load_plain
from standfast.ctl.screen import Screen
from standfast.paths import is_there
from standfast.web.report import Tone


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, help="a file to check; without one all under /etc/standfast")
    parser.add_argument(
        "--as", dest="program", choices=SHAPES, help="which program the file is for; else its name and keys tell"
    )
    parser.add_argument("--json", action="store_true", help="print a JSON document for programs")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    if arguments.file is None and arguments.program:
        raise UsageError("--as says what FILE is for: name the file too")
    if arguments.file:
        verdicts, others = [judge(_named(arguments.file, arguments.program))], []
    else:
        verdicts, others = [judge(file) for file in installed()], list(strangers())
    if arguments.json:
        screen.json(_document(verdicts, others))
    else:
        _show(verdicts, others, screen)
    return Exit.WRONG if others or any(verdict.mistakes or verdict.secrets for verdict in verdicts) else Exit.OK


def _named(path: Path, program: str | None) -> ConfigFile:
    """A file that the user named is judged by itself, whatever the environment of the daemons says."""
    guessed = program or _guess(path)
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


def _show(verdicts: Sequence[Verdict], others: Sequence[Mistake], screen: Screen) -> None:
    for verdict in verdicts:
        for mistake in verdict.mistakes:
            screen.line(str(mistake), Tone.BAD)
        path = verdict.file.path
        if verdict.mistakes and is_there(path) and not os.access(path, os.R_OK):
            screen.line(f"{path}: only its daemon and root may read it; try: sudo standfastctl check-config")
        elif not verdict.mistakes:
            word = "correct" if verdict.file.there else "not there, the defaults hold"
            screen.line(f"{path}: {word} ({verdict.file.program})", Tone.GOOD)
    # One environment file serves many programs: what it holds too much of is said once.
    for line in dict.fromkeys(line for verdict in verdicts for line in verdict.secrets):
        screen.line(line, Tone.BAD)
    for mistake in others:
        screen.line(str(mistake), Tone.BAD)


def _document(verdicts: Sequence[Verdict], others: Sequence[Mistake]) -> dict[str, Any]:
    return {
        "files": [
            {
                "file": str(verdict.file.there or verdict.file.path),
                "program": verdict.file.program,
                "exists": verdict.file.there is not None,
                "mistakes": [asdict(mistake) for mistake in verdict.mistakes],
                "secrets_in_environment": list(verdict.secrets),
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
        "Prints a line for each mistake: file, key, what was expected, what stood there; and, as root, each file that "
        "its own daemon may not read. Exits 0 when there is none, 1 when there is, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
