"""A damaged database makes room for a new one, which knows from its first moment that it took another's place."""

import contextlib
from datetime import datetime
from pathlib import Path

from standfast.agent.failures import FailureType, failed
from standfast.agent.store import Store


def begin_anew(path: Path, why: str, now: datetime) -> None:
    """Set the damaged database aside and begin a new one, in which DATABASE_CORRUPT stands.

    The new one is made first: where the disk has no room for it, the damaged one stays for the next attempt to find.

    Raises:
        AgentError: it cannot be made, or the damaged one not be renamed.
    """
    new, aside = _new(path), path.with_name(f"{path.name}.corrupt-{now:%Y%m%dT%H%M%S}")
    try:
        for one in _files(new):
            one.unlink(missing_ok=True)
        with contextlib.closing(Store.open(new)) as store:
            store.open_problem(FailureType.DATABASE_CORRUPT, f"{why}; set aside as {aside}", now)
        for one, other in zip(_files(path), _files(aside), strict=True):
            with contextlib.suppress(FileNotFoundError):
                one.rename(other)
        new.rename(path)
    except OSError as error:
        raise failed(FailureType.DATABASE_ERROR, f"cannot set {path} aside: {error.strerror}") from error


def go_on(path: Path) -> None:
    """Bring to its end what a crash interrupted between the two renamings.

    Raises:
        AgentError: the new database cannot be renamed.
    """
    if path.exists() or not _new(path).exists():
        return
    try:
        _new(path).rename(path)
    except OSError as error:
        raise failed(FailureType.DATABASE_ERROR, f"cannot begin {path} anew: {error.strerror}") from error


def _new(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")


def _files(path: Path) -> list[Path]:
    """What belongs to a database; its log first, which beside another database would be taken for that one's."""
    return [path.with_name(path.name + suffix) for suffix in ("-wal", "-shm", "")]
