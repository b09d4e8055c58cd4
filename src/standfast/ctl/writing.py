"""Files that change together: all of them, or none.

First every new content lies on the disk beside its file, which is when a disk is full or a directory shut. Then each is
renamed into its place, which needs no room; if one cannot be, those that were are put back.
"""

import contextlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from standfast.errors import StandfastError

_LOOK: Final = "see that there is room for it, and that it can be changed"


class WriteError(StandfastError):
    """Files could not be written; the text says what became of them."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a file is to hold; at no moment can anybody read it who may not. `owner` is its user and group by number."""

    path: Path
    content: bytes
    mode: int = 0o600
    owner: tuple[int, int] | None = None


def like(model: Path, path: Path, content: bytes) -> Change:
    """A file that has the owner and mode of another.

    Raises:
        WriteError: there is no such other.
    """
    with _told(model):
        found = model.stat()
    return Change(path, content, found.st_mode & 0o777, (found.st_uid, found.st_gid))


def write_all(changes: Sequence[Change]) -> None:
    """Write all files, or leave all as they were.

    Raises:
        WriteError: nothing was changed; or, which the text says, what could not be put back.
    """
    with contextlib.ExitStack() as tidying:
        staged = [_staged(change, tidying) for change in changes]
        done: list[tuple[Path, Path | None]] = []
        try:
            for change, beside in zip(changes, staged, strict=True):
                with _told(change.path):
                    old = _kept(change.path, tidying)
                    os.replace(beside, change.path)
                done.append((change.path, old))
        except BaseException as error:
            lost = list(_put_back(done))
            if lost:
                raise WriteError(f"{error}; and these could not be put back: {', '.join(lost)}") from error
            raise


def _staged(change: Change, tidying: contextlib.ExitStack) -> Path:
    """The new content on the disk, beside its file."""
    with _told(change.path):
        _make_directory(change.path.parent, tidying)
        number, name = tempfile.mkstemp(dir=change.path.parent, prefix=f".{change.path.name}.")
        tidying.callback(Path(name).unlink, missing_ok=True)
        with open(number, "wb") as file:
            if change.owner:
                os.fchown(file.fileno(), *change.owner)
            os.fchmod(file.fileno(), change.mode)
            file.write(change.content)
            file.flush()
            os.fsync(file.fileno())
    return Path(name)


def _make_directory(directory: Path, tidying: contextlib.ExitStack) -> None:
    """Make it and those above; one that stays empty goes away again."""
    missing = [one for one in (directory, *directory.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir()
        tidying.callback(_remove_if_empty, one)


def _remove_if_empty(directory: Path) -> None:
    with contextlib.suppress(OSError):
        directory.rmdir()


def _kept(path: Path, tidying: contextlib.ExitStack) -> Path | None:
    """Another name of what is there, for as long as it may have to be put back."""
    name = path.with_name(f".{path.name}.{os.getpid()}.old")
    try:
        os.link(path, name)
    except FileNotFoundError:
        return None
    tidying.callback(name.unlink, missing_ok=True)
    return name


def _put_back(done: Sequence[tuple[Path, Path | None]]) -> Iterator[str]:
    """Undo what was done, the last first; what could not be undone."""
    for path, old in reversed(done):
        try:
            if old is None:
                path.unlink()
            else:
                os.replace(old, path)
        except OSError as error:
            yield f"{path} ({error.strerror})"


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        is_root = os.geteuid() == 0
        hint = "only root may, use sudo" if isinstance(error, PermissionError) and not is_root else _LOOK
        raise WriteError(f"cannot write {path}: {error.strerror}; nothing was changed; {hint}") from error
