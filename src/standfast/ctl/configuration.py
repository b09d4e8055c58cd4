"""The daemons' configuration files, each with the environment that its unit reads, and what is wrong with them."""

import difflib
import importlib.util
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from standfast import paths
from standfast.config import VARIABLE, ConfigError, Mistake, load, secrets_in
from standfast.config.environment import PREFIX, variables
from standfast.ctl.access import AGENTS, BARE_ROOT, DAEMONS, unreadable
from standfast.ctl.envfile import odd_lines, read_environment


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
READERS: Final[Mapping[str, tuple[str, ...]]] = {
    "agent": (AGENTS,),
    "detector": (DAEMONS, BARE_ROOT),
    "notifier": (DAEMONS,),
    "check": (DAEMONS,),
}
# Variables that belong to no file's key.
_OTHERS: Final = ("STANDFAST_STATUS_IDLE_S", "STANDFAST_STATUS_LINES")


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file, the program that reads it, and the environment that it is read with.

    Attributes:
        set_in: by variable, the environment file that sets it, where that is known.
    """

    path: Path
    program: str
    environ: Mapping[str, str]
    required: bool = True
    set_in: Mapping[str, Path] = field(default_factory=dict)

    @property
    def there(self) -> Path | None:
        """The file as it is there, in TOML or in JSON; None when it is not."""
        return next((one for one in (self.path, self.path.with_suffix(".json")) if paths.is_there(one)), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a file holds, None where it cannot be used; and its mistakes, all of them."""

    file: ConfigFile
    config: Any
    mistakes: tuple[Mistake, ...]
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installed:
    """The files that there are, and why others cannot be looked for."""

    files: tuple[ConfigFile, ...]
    mistakes: tuple[Mistake, ...] = ()


def installed() -> Installed:
    """What the daemons read at their next start, with the environment files that their units read."""
    mistakes: list[Mistake] = []
    file = paths.CONFIG / "environment"
    shared = _environment(file, mistakes)
    set_in = dict.fromkeys(shared, file)
    found = [
        ConfigFile(path, program, shared, required=False, set_in=set_in)
        for path, program in (
            (paths.DETECTOR_CONFIG, "detector"),
            (paths.NOTIFIER_CONFIG, "notifier"),
            (paths.CHECK_CONFIG, "check"),
        )
    ]
    if paths.is_there(paths.AGENTS_CONFIG) and not os.access(paths.AGENTS_CONFIG, os.R_OK | os.X_OK):
        mistakes.append(Mistake(str(paths.AGENTS_CONFIG), "", "a readable directory", "Permission denied", "try sudo"))
    for path in paths.listed(paths.AGENTS_CONFIG, ".toml", ".json"):
        file = path.with_suffix(".environment")
        own = _environment(file, mistakes)
        found.append(ConfigFile(path, "agent", {**shared, **own}, set_in={**set_in, **dict.fromkeys(own, file)}))
    return Installed(tuple(found), tuple(mistakes))


def _environment(path: Path, mistakes: list[Mistake]) -> dict[str, str]:
    """The variables of an environment file; what is wrong with one hides nothing that is wrong with the others."""
    try:
        return read_environment(path)
    except ConfigError as error:
        mistakes += error.mistakes
        return {}


def judge(file: ConfigFile) -> Verdict:
    """Read a file as its daemon would, and as this user may."""
    shape = SHAPES[file.program]()
    secrets = tuple(secrets_in(shape, file.environ))
    shut = tuple(shut_to_its_daemon(file))
    try:
        config = load(shape, file.path, file.environ, required=file.required)
    except ConfigError as error:
        return Verdict(file, None, (*(_placed(one, file) for one in error.mistakes), *shut), secrets)
    return Verdict(file, config, (*shut, *_missing_library(file, config)), secrets)


def _placed(mistake: Mistake, file: ConfigFile) -> Mistake:
    """The same, with the environment file that a variable is set in."""
    place = file.set_in.get(mistake.source.removeprefix(VARIABLE))
    return replace(mistake, source=f"{place}: {mistake.source}") if place else mistake


def _missing_library(file: ConfigFile, config: Any) -> Iterator[Mistake]:
    """What a correct configuration of the detector asks for and this host has not."""
    if file.program != "detector":
        return
    checks = (*config.database, *(check for watch in config.watch for check in watch.check))
    if any(check.kind == "postgresql" for check in checks) and importlib.util.find_spec("psycopg") is None:
        wanted = 'the library of checks of kind "postgresql", which find nothing out without it'
        yield Mistake(str(file.there or file.path), "", wanted, "none", "apt install python3-psycopg")


def shut_to_its_daemon(file: ConfigFile) -> Iterator[Mistake]:
    """That a daemon which has to read the file may not: root alone can find that out."""
    if file.there is None or not file.there.absolute().is_relative_to(paths.CONFIG.absolute()):
        return
    for user in READERS[file.program]:
        for obstacle in unreadable(user, [file.there]).values():
            who = "root without rights over others' files (the master restart)" if user == BARE_ROOT else f"user {user}"
            hint = f"chgrp {user} {file.there} && chmod 0640 {file.there}"
            if user == BARE_ROOT:
                hint = f"chown root {file.there}"
            yield Mistake(str(file.there), "", f"a file that {who} may read", obstacle, hint)


def environment_files() -> list[Path]:
    """Where the units' variables are set."""
    return [paths.CONFIG / "environment", *paths.listed(paths.AGENTS_CONFIG, ".environment")]


def _odd_lines(path: Path) -> Iterator[Mistake]:
    """The lines that systemd passes over; that a file cannot be read is said elsewhere."""
    try:
        numbers = odd_lines(path.read_text())
    except (OSError, UnicodeDecodeError):
        return
    for number in numbers:
        yield Mistake(
            f"{path}:{number}", "", "NAME=value", "a line that nobody reads", "correct it, or begin it with #"
        )


def known_variables() -> set[str]:
    """Every variable that overrides something."""
    return {variable for shape in SHAPES.values() for _, variable, _ in variables(shape())} | set(_OTHERS)


def strangers() -> Iterator[Mistake]:
    """What is there and read by nobody: variables that no program knows, and a file in JSON beside one in TOML."""
    for path in [*paths.listed(paths.CONFIG, ".json"), *paths.listed(paths.AGENTS_CONFIG, ".json")]:
        toml = path.with_suffix(".toml")
        if paths.is_there(toml):
            yield Mistake(
                str(path), "", "one file of this name", f"{toml}, which is the one that is read", "remove one"
            )
    known = known_variables()
    for path in environment_files():
        yield from _odd_lines(path)
        for name in _environment(path, []):
            if name.startswith(PREFIX) and name not in known:
                close = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {close[0]}?" if close else "remove it or correct its name"
                yield Mistake(str(path), name, "the variable of a plain key", f'"{name}"', hint)
