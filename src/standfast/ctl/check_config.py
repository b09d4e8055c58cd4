"""`standfastctl check-config`: every mistake in the configuration, a line each, before a daemon meets it."""

import argparse
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from standfast import paths
from standfast.config import ConfigError, Mistake, load
from standfast.ctl.command import Command, Exit, UsageError
from standfast.ctl.envfile import read_environment
from standfast.ctl.screen import Screen
from standfast.web.report import Tone


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    program: str
    environ: Mapping[str, str]
    required: bool = True


def _agent() -> type[Any]:
    from standfast.agent.config import AgentConfig

    return AgentConfig


def _detector() -> type[Any]:
    from standfast.detector.config import DetectorConfig

    return DetectorConfig


def _check_timer() -> type[Any]:
    from standfast.check.config import CheckConfig

    return CheckConfig


def _notifier() -> type[Any]:
    from standfast.notifier.config import NotifierConfig

    return NotifierConfig


# Imported when asked for: looking at one program's file must not need the others.
SHAPES: Final[Mapping[str, Callable[[], type[Any]]]] = {
    "agent": _agent,
    "detector": _detector,
    "notifier": _notifier,
    "check": _check_timer,
}


def _configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", type=Path, help="a file to check; without one all under /etc/standfast")
    parser.add_argument("--as", dest="program", choices=SHAPES, help="which program the file is for")


def _run(arguments: argparse.Namespace, screen: Screen) -> Exit:
    if arguments.file is None and arguments.program:
        raise UsageError("--as says what FILE is for: name the file too")
    files = [_named(arguments.file, arguments.program)] if arguments.file else list(_installed())
    return Exit.WRONG if sum(_check(file, screen) for file in files) else Exit.OK


def _named(path: Path, program: str | None) -> _File:
    """A file that the user named is judged by itself, whatever the environment of the daemons says."""
    guessed = program or _guess(path)
    if guessed is None:
        raise UsageError(f"cannot tell what {path} is for: add --as agent, --as detector, --as notifier or --as check")
    return _File(path, guessed, {})


def _guess(path: Path) -> str | None:
    if path.stem in ("detector", "notifier", "check"):
        return path.stem
    return "agent" if path.absolute().parent.name == "agents" else None


def _installed() -> Iterator[_File]:
    """What the daemons read at their next start, with the environment files that their units read."""
    shared = read_environment(paths.CONFIG / "environment")
    yield _File(paths.DETECTOR_CONFIG, "detector", shared, required=False)
    yield _File(paths.NOTIFIER_CONFIG, "notifier", shared, required=False)
    yield _File(paths.CHECK_CONFIG, "check", shared, required=False)
    if paths.AGENTS_CONFIG.exists() and not os.access(paths.AGENTS_CONFIG, os.R_OK | os.X_OK):
        raise ConfigError(
            [Mistake(str(paths.AGENTS_CONFIG), "", "a readable directory", "Permission denied", "try sudo")]
        )
    for path in sorted([*paths.AGENTS_CONFIG.glob("*.toml"), *paths.AGENTS_CONFIG.glob("*.json")]):
        own = read_environment(path.with_suffix(".environment"))
        yield _File(path, "agent", {**shared, **own})


def _check(file: _File, screen: Screen) -> int:
    """The number of mistakes in a file, after saying each."""
    try:
        config = load(SHAPES[file.program](), file.path, file.environ, required=file.required)
    except ConfigError as error:
        for mistake in error.mistakes:
            screen.line(str(mistake), Tone.BAD)
        if file.path.exists() and not os.access(file.path, os.R_OK):
            screen.line(f"{file.path}: only its daemon and root may read it; try: sudo standfastctl check-config")
        return len(error.mistakes)
    if file.program == "detector" and (missing := _missing_library(config)):
        screen.line(f"{file.path}: {missing}", Tone.BAD)
        return 1
    verdict = "correct" if _is_there(file.path) else "not there, the defaults hold"
    screen.line(f"{file.path}: {verdict} ({file.program})", Tone.GOOD)
    return 0


def _missing_library(config: Any) -> str:
    """What a correct configuration of the detector asks for and this host has not; "" for nothing."""
    checks = (*config.database, *(check for watch in config.watch for check in watch.check))
    if all(check.kind != "postgresql" for check in checks) or importlib.util.find_spec("psycopg") is not None:
        return ""
    return 'checks of kind "postgresql" find nothing out without their library: apt install python3-psycopg'


def _is_there(path: Path) -> bool:
    return path.exists() or path.with_suffix(".json").exists()


COMMAND = Command(
    name="check-config",
    summary="print every mistake in a configuration file",
    description=(
        "Checks FILE, or without one everything under /etc/standfast together with its environment files. "
        "Prints a line for each mistake: file, key, what was expected, what stood there. "
        "Exits 0 when there is none, 1 when there is, 2 when called wrongly."
    ),
    configure=_configure,
    run=_run,
)
