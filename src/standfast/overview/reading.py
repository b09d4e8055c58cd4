"""Reading the status files: the edge beneath the status service and standfastctl."""

import stat
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from standfast import paths, statusfile
from standfast.agent.flags import MAX_BYTES, Flag, FlagKind, flag_path, parse
from standfast.overview import snapshot as shots
from standfast.overview.daemons import DETECTOR, NOTIFIER, Daemon, agent_daemon
from standfast.overview.idle import ALSO
from standfast.overview.problems import not_running
from standfast.overview.snapshot import Snapshot, Source
from standfast.time_words import moment
from standfast.unit_names import CHECK, short

# A status of a thousand units is some 300 kB; whoever writes more than this has lost its mind, and is not read.
LARGEST_BYTES: Final = 4_000_000


def read_snapshot(now: datetime, runtime: Path = paths.RUNTIME, configured: Path = paths.AGENTS_CONFIG) -> Snapshot:
    """All status files under `runtime` as they are now; what cannot be read says why.

    Args:
        configured: where the agents' configuration files lie.
    """
    names, trouble = _agent_names(runtime / "agent")
    return Snapshot(
        now=now,
        detector=_source(runtime, DETECTOR),
        notifier=_source(runtime, NOTIFIER),
        agents={name: _source(runtime, agent_daemon(name)) for name in names},
        agents_trouble=trouble,
        check=_source(runtime, Daemon("check", short(CHECK), "check")),
        idle={
            path.stem: flagged(path)
            for path in paths.listed(configured, ".toml", ".json")
            if path.stem not in names and not trouble
        },
    )


def flagged(config: Path) -> str:
    """What a human put beside an agent's configuration, in words: killed or paused, by whom and when; "" for nothing.

    It is there whether the agent runs or not. One that is killed may be paused as well.
    """
    found = {kind: flag_path(config, kind) for kind in (FlagKind.KILLED, FlagKind.PAUSED)}
    return ALSO.join(f"{kind} {_flag(path)}" for kind, path in found.items() if paths.is_there(path))


def _flag(path: Path) -> Flag:
    try:
        with path.open(errors="replace") as file:
            flag = parse(file.read(MAX_BYTES))
    except OSError:
        return Flag()
    at = shots.moment(flag.at)
    return replace(flag, at=moment(at, None)) if at else flag


def _agent_names(directory: Path) -> tuple[list[str], str]:
    """The agents that have run since the boot, and why they cannot be looked for."""
    try:
        return sorted(entry.name for entry in directory.iterdir() if entry.is_dir()), ""
    except PermissionError as error:
        return [], f"cannot look for agents in {directory}: {error.strerror}; see the modes of its directories"
    except OSError:
        return [], ""


def _source(runtime: Path, whose: Daemon) -> Source:
    path = runtime / whose.place / "status.json"
    try:
        if odd := _oddness(path):
            what = f"cannot read the status of the {whose.what}: {path} is {odd}"
            return Source(None, f"{what}; systemctl restart {whose.unit}")
        status = statusfile.read(path)
    except statusfile.StatusFileError as error:
        return Source(None, str(error))
    return Source(None, not_running(whose)) if status is None else Source(status)


def _oddness(path: Path) -> str:
    """What makes a file unfit to be opened: a strategy may put anything where its agent's status belongs."""
    try:
        found = path.stat()
    except OSError:
        return ""
    if not stat.S_ISREG(found.st_mode):
        return "not a regular file"
    return "too large" if found.st_size > LARGEST_BYTES else ""
