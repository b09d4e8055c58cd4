"""Pausing and killing an agent: a flag file beside its configuration, a reload, and a look whether it took it."""

import os
import pwd
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from standfast import paths
from standfast.agent.flags import MAX_BYTES, Flag, FlagKind, flag_path, parse, render
from standfast.clock import utc_now
from standfast.ctl.ordering import say
from standfast.ctl.patience import Patience
from standfast.ctl.systemctl import complaint, systemctl
from standfast.errors import StandfastError
from standfast.events import Event, Kind
from standfast.moments import iso
from standfast.overview.endings import endings
from standfast.overview.idle import Idle, idle
from standfast.overview.reading import read_snapshot
from standfast.overview.snapshot import Source, table
from standfast.unit_names import agent_unit

# A killed agent cancels its orders first, and a broker may take its time.
TAKEN_S: Final = 20.0
# The agent replaces its status file without a word to anybody; a look at it costs next to nothing.
_LOOK_EVERY_S: Final = 0.1
_DEEDS: Final = {FlagKind.PAUSED: "pause", FlagKind.KILLED: "kill"}
_NAME: Final = re.compile(r"[A-Za-z0-9_:@\\-][A-Za-z0-9_:@.\\-]*")


class FlagError(StandfastError):
    """An agent could not be paused, resumed or killed."""


def is_agent_name(name: str) -> bool:
    """Whether an agent can have this name."""
    return _NAME.fullmatch(name) is not None


def agent_config(name: str) -> Path:
    """The configuration file beside which an agent's flags lie.

    Raises:
        FlagError: there is no such agent.
    """
    path = paths.agent_config(name)
    if is_agent_name(name) and (paths.is_there(path) or paths.is_there(path.with_suffix(".json"))):
        return path
    known = paths.agent_names()
    listed = f"there are: {', '.join(known)}" if known else "there is none"
    raise FlagError(f'cannot find an agent "{name}": no configuration {path}; {listed}')


def put(config: Path, kind: FlagKind, why: str) -> None:
    """Put a flag, in one step and onto the disk: it must outlive what it is put for.

    One that is there already stays as it is where no reason is given for another.

    Raises:
        FlagError: this user may not, or the disk is full.
    """
    path = flag_path(config, kind)
    # Who says no reason takes none away from those who wonder later.
    flag = (None if why else _there(path)) or Flag(_caller(), iso(utc_now()), why)
    beside = path.with_name(f".{path.name}.new")
    try:
        with beside.open("w") as file:
            os.fchmod(file.fileno(), 0o644)  # the agent reads it as its own user
            file.write(render(flag))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError as error:
        raise _refused(path, error) from error
    note(config.stem, _DEEDS[kind], why)


def _there(path: Path) -> Flag | None:
    """The flag that is there already."""
    try:
        return parse(path.read_text(errors="replace")[:MAX_BYTES])
    except OSError:
        return None


def note(name: str, what: str, why: str = "") -> None:
    """Say in the journal, for the history, what was done to an agent; it holds though nobody hears it."""
    because = f": {why}" if why else ""
    say(Event(Kind.COMMAND, f"{what.capitalize()} agent {name}{because}", what.upper(), unit=agent_unit(name)))


def take_away(config: Path, why: str = "") -> tuple[FlagKind, ...]:
    """Take away all flags of an agent; tells which there were. That there was none is no deed, and is noted nowhere.

    Raises:
        FlagError: this user may not.
    """
    found = []
    for kind in FlagKind:
        path = flag_path(config, kind)
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _refused(path, error) from error
        found.append(kind)
    if found:
        note(config.stem, "resume", why)
    return tuple(found)


def taken_up(name: str, what: str, is_so: Callable[[Source], bool], *, must_reload: bool) -> Source | None:
    """Reload an agent, wait until its status says so, and return that; None when it does not run.

    Args:
        what: what is waited for, in words.
        must_reload: whether the reload itself is what is wanted, for there is no flag to be taken up.

    Raises:
        FlagError: it did not take it up in time, or could not be reloaded and must be.
        SystemctlError: systemd does not answer.
    """
    unit = agent_unit(name)
    if systemctl("is-active", "--quiet", unit).returncode != 0:
        return None
    # An agent takes flags up at a reload that is refused for a mistake in its configuration, too.
    reload = systemctl("reload", unit)
    if must_reload and reload.returncode:
        because = complaint(reload).rstrip(".")
        raise FlagError(f"cannot reload {unit}: {because}; agent {name} is as it was; try sudo, or see its log")
    trouble = f"cannot be reloaded: {complaint(reload)}" if reload.returncode else "was reloaded"
    patience = Patience(TAKEN_S, f"agent {name} to be {what}")
    while not is_so(found := _status(name)):
        wait_s = patience.next_s()
        if not wait_s:
            raise FlagError(
                f"the flag is there and {unit} {trouble}, but it is not {what} after {TAKEN_S:.0f} s; "
                f"see systemctl status {unit}"
            )
        time.sleep(min(wait_s, _LOOK_EVERY_S))
    return found


def held_while_down(name: str) -> str:
    """What an agent that does not run holds, as `status` says it, and that nothing manages it."""
    found = read_snapshot(utc_now())
    shown = replace(found, endings=endings([name]))
    one = next((one for one in idle(shown) if one.name == name), Idle(name, "stopped"))
    return one.holds if one.is_flat else f"{one.holds}; nothing manages that until it runs again"


def _status(name: str) -> Source:
    return read_snapshot(utc_now()).agents.get(name, Source(None))


def is_killed(source: Source) -> bool:
    """Whether an agent's status says that a human killed it."""
    return source.get("state") == "ERROR" and table(source.get("failure")).get("type") == "KILLED"


def _caller() -> str:
    """Who it was: behind sudo the one who called it."""
    return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name


def _refused(path: Path, error: OSError) -> FlagError:
    hint = "; only root may, use sudo" if isinstance(error, PermissionError) else ""
    return FlagError(f"cannot change {path}: {error.strerror}{hint}")
