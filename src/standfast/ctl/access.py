"""What the daemons' users may read: tried as that user, so that groups and access lists count as they do in earnest."""

import grp
import os
import pwd
import stat
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

# Who reads what: the detector, the notifier and the checks; the agents; and the master restart, which is root without
# any of root's rights over other users' files.
DAEMONS: Final = "standfast"
AGENTS: Final = "standfast-agent"
BARE_ROOT: Final = "root"

_TRIAL: Final = """
for path do
    if [ -r "$path" ] && { [ ! -d "$path" ] || [ -x "$path" ]; }; then echo 1; else echo 0; fi
done
"""
_LIMIT_S: Final = 10.0


def can_tell(user: str) -> bool:
    """Whether it can be tried: by root, for a user that there is."""
    return os.geteuid() == 0 and _id_of(user) is not None


def unreadable(user: str, paths: Iterable[Path]) -> dict[Path, str]:
    """Those of the paths that are there and that the user may not read, each with what is in the way.

    Empty where it cannot be told (see `can_tell`); a path that does not exist is nobody's to read.
    """
    there = [path for path in paths if path.exists()] if can_tell(user) else []
    if not there:
        return {}
    refused = [path for path, may in zip(there, _tried(user, there), strict=True) if not may]
    return {path: _obstacle(user, path) for path in refused}


def _tried(user: str, paths: Sequence[Path]) -> list[bool]:
    command = [*_as(user), "sh", "-c", _TRIAL, "sh", *map(str, paths)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_LIMIT_S)
    except (OSError, subprocess.TimeoutExpired):
        return [True] * len(paths)
    answers = [line == "1" for line in done.stdout.split()]
    return answers if len(answers) == len(paths) else [True] * len(paths)


def _as(user: str) -> list[str]:
    # Without a bounding set whatever is started next has no capability, as in the units.
    return ["setpriv", f"--reuid={user}", f"--regid={_id_of(user)}", "--init-groups", "--bounding-set=-all"]


def _id_of(user: str) -> int | None:
    try:
        return pwd.getpwnam(user).pw_gid
    except KeyError:
        return None


def _obstacle(user: str, path: Path) -> str:
    """The first of the directories above, or else the path itself, that is shut, with its owner and mode."""
    chain = [*reversed(path.parents), path]
    shut = next((one for one, may in zip(chain, _tried(user, chain), strict=True) if not may), path)
    return f"{shut} is {owner_and_mode(shut)}"


def owner_and_mode(path: Path) -> str:
    """Whose a file is and who may what, such as "root:root 0600"."""
    found = path.stat()
    return f"{_name(found.st_uid)}:{_group(found.st_gid)} {stat.S_IMODE(found.st_mode):04o}"


def homes(paths: Iterable[str]) -> Iterator[str]:
    """Those of the paths that ProtectHome=yes hides from a unit, whoever may read them."""
    hidden = (Path("/home"), Path("/root"), Path("/run/user"))
    for path in paths:
        if any(Path(path).is_relative_to(one) for one in hidden):
            yield path


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
